#include "ops/modulated_conv/modulated_conv.h"

namespace tfdisco {
namespace {

template <typename T>
struct Pass {
  ModulateShape shape;
  Activation act;
  ModulateInputs<T> in;

  // Both of value k = pixel i * channels + channel c of image n.
  __device__ float Output(int64_t n, int64_t i, int64_t c, int64_t k) const {
    return Modulated(act, ToFloat(in.x[k]), in.scale[n * shape.channels + c],
                     in.noise == nullptr ? 0.f : in.noise[i], in.bias[c]);
  }
  __device__ float Slope(int64_t n, int64_t i, int64_t c, int64_t k) const {
    return DerivativeFrom(act, Output(n, i, c, k));
  }
};

template <typename T>
struct Forward : Pass<T> {  // one value
  T* output;
  Forward(const Pass<T>& pass, T* output) : Pass<T>(pass), output(output) {}
  __device__ void operator()(int64_t k) const {
    const int64_t i = k / this->shape.channels, c = k % this->shape.channels;
    FromFloat(this->Output(i / this->shape.pixels, i, c, k), output + k);
  }
};

template <typename T>
struct NoiseBackward : Pass<T> {  // one pixel
  const T* grad;
  float* grad_noise;
  NoiseBackward(const Pass<T>& pass, const T* grad, float* grad_noise)
      : Pass<T>(pass), grad(grad), grad_noise(grad_noise) {}
  __device__ void operator()(int64_t i) const {
    float sum = 0.f;
    for (int64_t c = 0; c < this->shape.channels; ++c) {
      const int64_t k = i * this->shape.channels + c;
      sum += ToFloat(grad[k]) *
             this->Slope(i / this->shape.pixels, i, c, k);
    }
    grad_noise[i] = sum;
  }
};

template <typename T>
struct Backward : Pass<T> {  // one channel of a band
  const T* grad;
  float* sums;
  T* grad_x;
  Backward(const Pass<T>& pass, const T* grad, float* sums, T* grad_x)
      : Pass<T>(pass), grad(grad), sums(sums), grad_x(grad_x) {}
  __device__ void operator()(int64_t thread) const {
    const int64_t channels = this->shape.channels, bands = this->shape.bands();
    const int64_t c = thread % channels, task = thread / channels;
    const int64_t n = task / bands, band = task % bands;
    const float scale = this->in.scale[n * channels + c];
    float scale_sum = 0.f, bias_sum = 0.f;
    for (int64_t p = this->shape.band_begin(band); p < this->shape.band_begin(band + 1); ++p) {
      const int64_t i = n * this->shape.pixels + p, k = i * channels + c;
      const float product = ToFloat(grad[k]) * this->Slope(n, i, c, k);
      scale_sum += product * ToFloat(this->in.x[k]);
      bias_sum += product;
      FromFloat(product * scale, grad_x + k);
    }
    sums[2 * task * channels + c] = scale_sum;
    sums[(2 * task + 1) * channels + c] = bias_sum;
  }
};

template <typename T>
struct SecondBackward : Pass<T> {  // one channel of a band
  const T* grad;
  ModulateSeconds<T> seconds;
  float* sums;
  ModulateSecondGrads<T> to;
  SecondBackward(const Pass<T>& pass, const T* grad, const ModulateSeconds<T>& seconds,
                 float* sums, const ModulateSecondGrads<T>& to)
      : Pass<T>(pass), grad(grad), seconds(seconds), sums(sums), to(to) {}
  __device__ void operator()(int64_t thread) const {
    const int64_t channels = this->shape.channels, bands = this->shape.bands();
    const int64_t c = thread % channels, task = thread / channels;
    const int64_t n = task / bands, band = task % bands;
    const float scale = this->in.scale[n * channels + c];
    const float second_scale = seconds.scale[n * channels + c];
    float sum = 0.f;
    for (int64_t p = this->shape.band_begin(band); p < this->shape.band_begin(band + 1); ++p) {
      const int64_t i = n * this->shape.pixels + p, k = i * channels + c;
      const float value = ToFloat(this->in.x[k]), second = ToFloat(seconds.x[k]);
      const float slope = this->Slope(n, i, c, k);
      const float product = ToFloat(grad[k]) * slope;
      const float second_noise = this->in.noise == nullptr ? 0.f : seconds.noise[i];
      sum += second * product;
      FromFloat(second_scale * product, to.x + k);
      FromFloat(slope * (second * scale + second_scale * value + second_noise + seconds.bias[c]),
                to.grad + k);
    }
    sums[thread] = sum;
  }
};

struct AddBands {  // one channel of an image; `stride` floats lie between bands
  int64_t bands, channels, stride;
  const float* sums;
  float* total;
  __device__ void operator()(int64_t i) const {
    const float* from = sums + i / channels * bands * stride + i % channels;
    float sum = 0.f;
    for (int64_t band = 0; band < bands; ++band) sum += from[band * stride];
    total[i] = sum;
  }
};

}  // namespace

template <typename T>
const char* ModulateGpu(const ModulateShape& shape, const Activation& act,
                        const ModulateInputs<T>& inputs, T* output, void* stream) {
  return ProblemOf(ForEachGpu(shape.batch * shape.pixels * shape.channels,
                              Forward<T>({shape, act, inputs}, output),
                              static_cast<cudaStream_t>(stream)));
}

template <typename T>
const char* ModulateGradGpu(const ModulateShape& shape, const Activation& act,
                            const ModulateInputs<T>& inputs, const T* grad, float* sums,
                            const ModulateGrads<T>& grads, void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  const Pass<T> pass = {shape, act, inputs};
  const int64_t bands = shape.bands(), channels = shape.channels;
  cudaError_t error = cudaSuccess;
  if (grads.noise != nullptr) {  // first, as grads.x may overwrite grad
    error = ForEachGpu(shape.batch * shape.pixels, NoiseBackward<T>(pass, grad, grads.noise), s);
  }
  if (error == cudaSuccess) {
    error = ForEachGpu(shape.batch * bands * channels,
                       Backward<T>(pass, grad, sums, grads.x), s);
  }
  if (error == cudaSuccess) {
    error = ForEachGpu(shape.batch * channels,
                       AddBands{bands, channels, 2 * channels, sums, grads.scale}, s);
  }
  if (error == cudaSuccess) {  // over the bands of all images
    error = ForEachGpu(channels,
                       AddBands{shape.batch * bands, channels, 2 * channels, sums + channels,
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
  const int64_t bands = shape.bands(), channels = shape.channels;
  cudaError_t error = ForEachGpu(
      shape.batch * bands * channels,
      SecondBackward<T>({shape, act, inputs}, grad, seconds, sums, second_grads), s);
  if (error == cudaSuccess) {
    error = ForEachGpu(shape.batch * channels,
                       AddBands{bands, channels, channels, sums, second_grads.scale}, s);
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
