#include "ops/common/channel_columns.h"
#include "ops/modulated_conv/modulated_conv.h"

namespace tfdisco {
namespace {

// What the passes share: a thread keeps scale and bias of its channels.
template <typename T, int kPackValues>
struct Pass {
  static constexpr int kValues = kPackValues;
  struct Own {
    float scale[kValues], bias[kValues];
  };

  Activation act;
  ModulateInputs<T> in;
  int64_t channels;

  __device__ void Open(int64_t image, int64_t channel, Own* own) const {
    for (int j = 0; j < kValues; ++j) {
      own->scale[j] = in.scale[image * channels + channel + j];
      own->bias[j] = in.bias[channel + j];
    }
  }
  __device__ float NoiseOf(int64_t row) const { return in.noise == nullptr ? 0.f : in.noise[row]; }
};

template <typename T, int kPackValues>
struct Forward : Pass<T, kPackValues> {
  static constexpr int kValues = kPackValues, kSums = 0, kUnroll = 4;
  static constexpr bool kRowSums = false;
  using Own = typename Pass<T, kValues>::Own;
  struct Held {
    Pack<T, kValues> x;
    float noise;
  };

  T* output;
  float* sums = nullptr;

  Forward(const Pass<T, kValues>& pass, T* output) : Pass<T, kValues>(pass), output(output) {}

  __device__ void Load(int64_t row, int64_t offset, Held* held) const {
    held->x = LoadPack<T, kValues>(this->in.x + offset);
    held->noise = this->NoiseOf(row);
  }
  template <typename Sums>
  __device__ float Step(const Own& own, const Held& held, int64_t offset, Sums&) const {
    float values[kValues];
    for (int j = 0; j < kValues; ++j) {
      values[j] = Modulated(this->act, ToFloat(held.x.values[j]), own.scale[j], held.noise,
                            own.bias[j]);
    }
    StorePack(values, output + offset);
    return 0.f;
  }
};

// Sums of scale, then of bias; and those of the noise, if it has a gradient.
template <typename T, int kPackValues, bool kNoise>
struct Backward : Pass<T, kPackValues> {
  static constexpr int kValues = kPackValues, kSums = 2, kUnroll = 2;
  static constexpr bool kRowSums = kNoise;
  using Own = typename Pass<T, kValues>::Own;
  struct Held {
    Pack<T, kValues> x, grad;
    float noise;
  };

  const T* grad;
  T* grad_x;
  float* grad_noise;
  float* sums;

  Backward(const Pass<T, kValues>& pass, const T* grad, const ModulateGrads<T>& grads, float* sums)
      : Pass<T, kValues>(pass), grad(grad), grad_x(grads.x), grad_noise(grads.noise), sums(sums) {}

  __device__ void Load(int64_t row, int64_t offset, Held* held) const {
    held->x = LoadPack<T, kValues>(this->in.x + offset);
    held->grad = LoadPack<T, kValues>(grad + offset);
    held->noise = this->NoiseOf(row);
  }
  template <typename Sums>
  __device__ float Step(const Own& own, const Held& held, int64_t offset, Sums& totals) const {
    float values[kValues], sum = 0.f;
    for (int j = 0; j < kValues; ++j) {
      const float x = ToFloat(held.x.values[j]);
      const float product = ToFloat(held.grad.values[j]) *
                            SlopeOf(this->act, x, own.scale[j], held.noise, own.bias[j]);
      totals[0][j] += product * x;
      totals[1][j] += product;
      sum += product;
      values[j] = product * own.scale[j];
    }
    StorePack(values, grad_x + offset);
    return sum;
  }
  __device__ void StoreRowSum(int64_t row, float sum) const { grad_noise[row] = sum; }
};

// The noise's gradient alone, a warp for each pixel: where channels need several blocks.
template <typename T>
__global__ void NoiseKernel(ModulateShape shape, Pass<T, 1> pass, const T* grad,
                            float* grad_noise) {
  const int lane = threadIdx.x % kWarpThreads;
  const int64_t pixels = shape.batch * shape.pixels;
  const int64_t warps = static_cast<int64_t>(gridDim.x) * (kColumnThreads / kWarpThreads);
  for (int64_t row = (static_cast<int64_t>(blockIdx.x) * kColumnThreads + threadIdx.x) /
                     kWarpThreads;
       row < pixels; row += warps) {
    const int64_t image = row / shape.pixels;
    const float noise = pass.NoiseOf(row);
    float sum = 0.f;
    for (int64_t c = lane; c < shape.channels; c += kWarpThreads) {
      const int64_t offset = row * shape.channels + c;
      sum += ToFloat(grad[offset]) * SlopeOf(pass.act, ToFloat(pass.in.x[offset]),
                                             pass.in.scale[image * shape.channels + c], noise,
                                             pass.in.bias[c]);
    }
    for (int mask = kWarpThreads / 2; mask > 0; mask /= 2) sum += __shfl_xor_sync(~0u, sum, mask);
    if (lane == 0) grad_noise[row] = sum;
  }
}

template <typename T, int kPackValues>
struct SecondBackward : Pass<T, kPackValues> {
  static constexpr int kValues = kPackValues, kSums = 1, kUnroll = 2;
  static constexpr bool kRowSums = false;
  struct Own {
    typename Pass<T, kValues>::Own first;
    float scale[kValues], bias[kValues];  // of the second gradients
  };
  struct Held {
    Pack<T, kValues> x, grad, second_x;
    float noise, second_noise;
  };

  const T* grad;
  ModulateSeconds<T> seconds;
  ModulateSecondGrads<T> to;
  float* sums;

  SecondBackward(const Pass<T, kValues>& pass, const T* grad, const ModulateSeconds<T>& seconds,
                 const ModulateSecondGrads<T>& to, float* sums)
      : Pass<T, kValues>(pass), grad(grad), seconds(seconds), to(to), sums(sums) {}

  __device__ void Open(int64_t image, int64_t channel, Own* own) const {
    Pass<T, kValues>::Open(image, channel, &own->first);
    for (int j = 0; j < kValues; ++j) {
      own->scale[j] = seconds.scale[image * this->channels + channel + j];
      own->bias[j] = seconds.bias[channel + j];
    }
  }
  __device__ void Load(int64_t row, int64_t offset, Held* held) const {
    held->x = LoadPack<T, kValues>(this->in.x + offset);
    held->grad = LoadPack<T, kValues>(grad + offset);
    held->second_x = LoadPack<T, kValues>(seconds.x + offset);
    held->noise = this->NoiseOf(row);
    held->second_noise = this->in.noise == nullptr ? 0.f : seconds.noise[row];
  }
  template <typename Sums>
  __device__ float Step(const Own& own, const Held& held, int64_t offset, Sums& totals) const {
    float grad_x[kValues], grad_grad[kValues];
    for (int j = 0; j < kValues; ++j) {
      const float x = ToFloat(held.x.values[j]), second = ToFloat(held.second_x.values[j]);
      const float slope =
          SlopeOf(this->act, x, own.first.scale[j], held.noise, own.first.bias[j]);
      const float product = ToFloat(held.grad.values[j]) * slope;
      totals[0][j] += second * product;
      grad_x[j] = own.scale[j] * product;
      grad_grad[j] = slope * (second * own.first.scale[j] + own.scale[j] * x +
                              held.second_noise + own.bias[j]);
    }
    StorePack(grad_x, to.x + offset);
    StorePack(grad_grad, to.grad + offset);
    return 0.f;
  }
};

}  // namespace

template <typename T>
const char* ModulateGpu(const ModulateShape& shape, const Activation& act,
                        const ModulateInputs<T>& inputs, T* output, void* stream) {
  return ProblemOf(WithPacks<T>(shape.channels, {inputs.x, output}, [&](auto values) {
    constexpr int kValues = decltype(values)::value;
    return RunColumns(shape.batch, shape.pixels, shape.channels, 0,
                      Forward<T, kValues>({act, inputs, shape.channels}, output),
                      static_cast<cudaStream_t>(stream));
  }));
}

template <typename T>
const char* ModulateGradGpu(const ModulateShape& shape, const Activation& act,
                            const ModulateInputs<T>& inputs, const T* grad, float* sums,
                            const ModulateGrads<T>& grads, void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  const int64_t bands = SummedBands(shape.batch, shape.bands()), channels = shape.channels;
  cudaError_t error = WithPacks<T>(channels, {inputs.x, grad, grads.x}, [&](auto values) {
    constexpr int kValues = decltype(values)::value;
    const Pass<T, kValues> pass = {act, inputs, channels};
    using WithNoise = Backward<T, kValues, true>;
    if (grads.noise != nullptr && channels <= kChannelsABlock<WithNoise>) {
      return RunColumns(shape.batch, shape.pixels, channels, bands,
                        WithNoise(pass, grad, grads, sums), s);
    }
    cudaError_t launched = cudaSuccess;
    const int64_t pixels = shape.batch * shape.pixels;
    if (grads.noise != nullptr && pixels > 0) {  // first, as grads.x may overwrite grad
      launched = Launch(NoiseKernel<T>, dim3(BlocksFor(pixels)), kColumnThreads, s, shape,
                        Pass<T, 1>{act, inputs, channels}, grad, grads.noise);
    }
    if (launched != cudaSuccess) return launched;
    return RunColumns(shape.batch, shape.pixels, channels, bands,
                      Backward<T, kValues, false>(pass, grad, grads, sums), s);
  });
  if (error == cudaSuccess) {
    error = SumBands({shape.batch, bands, channels, 2 * channels, sums, grads.scale}, s);
  }
  if (error == cudaSuccess) {  // over the bands of all images
    error = SumBands({1, shape.batch * bands, channels, 2 * channels, sums + channels,
                      grads.bias}, s);
  }
  return ProblemOf(error);
}

template <typename T>
const char* ModulateGradGradGpu(const ModulateShape& shape, const Activation& act,
                                const ModulateInputs<T>& inputs, const T* grad,
                                const ModulateSeconds<T>& seconds, float* sums,
                                const ModulateSecondGrads<T>& second_grads, void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  const int64_t bands = SummedBands(shape.batch, shape.bands()), channels = shape.channels;
  cudaError_t error = WithPacks<T>(
      channels, {inputs.x, grad, seconds.x, second_grads.x, second_grads.grad}, [&](auto values) {
        constexpr int kValues = decltype(values)::value;
        return RunColumns(shape.batch, shape.pixels, channels, bands,
                          SecondBackward<T, kValues>({act, inputs, channels}, grad, seconds,
                                                     second_grads, sums), s);
      });
  if (error == cudaSuccess) {
    error = SumBands({shape.batch, bands, channels, channels, sums, second_grads.scale}, s);
  }
  return ProblemOf(error);
}

#define TFDISCO_INSTANTIATE(T)                                                                  \
  template const char* ModulateGpu<T>(const ModulateShape&, const Activation&,                  \
                                      const ModulateInputs<T>&, T*, void*);                     \
  template const char* ModulateGradGpu<T>(const ModulateShape&, const Activation&,              \
                                          const ModulateInputs<T>&, const T*, float*,           \
                                          const ModulateGrads<T>&, void*);                      \
  template const char* ModulateGradGradGpu<T>(                                                  \
      const ModulateShape&, const Activation&, const ModulateInputs<T>&, const T*,              \
      const ModulateSeconds<T>&, float*, const ModulateSecondGrads<T>&, void*);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
