#include "ops/bias_act/bias_act.h"
#include "ops/common/channel_columns.h"

namespace tfdisco {
namespace {

template <typename T, int kPackValues>
struct Forward {
  static constexpr int kValues = kPackValues, kSums = 0, kUnroll = 4;
  static constexpr bool kRowSums = false;
  struct Own {
    float bias[kValues];
  };
  using Held = Pack<T, kValues>;

  Activation act;
  const T* x;
  const float* bias;
  T* output;
  float* sums;

  __device__ void Open(int64_t, int64_t channel, Own* own) const {
    for (int j = 0; j < kValues; ++j) own->bias[j] = bias[channel + j];
  }
  __device__ void Load(int64_t, int64_t offset, Held* held) const {
    *held = LoadPack<T, kValues>(x + offset);
  }
  template <typename Sums>
  __device__ float Step(const Own& own, const Held& held, int64_t offset, Sums&) const {
    float values[kValues];
    for (int j = 0; j < kValues; ++j) {
      values[j] = Activate(act, ToFloat(held.values[j]) + own.bias[j]);
    }
    StorePack(values, output + offset);
    return 0.f;
  }
};

template <typename T, int kPackValues>
struct Backward {
  static constexpr int kValues = kPackValues, kSums = 1, kUnroll = 4;
  static constexpr bool kRowSums = false;
  struct Own {};
  struct Held {
    Pack<T, kValues> output, grad;
  };

  Activation act;
  const T* output;
  const T* grad;
  T* grad_x;
  float* sums;

  __device__ void Open(int64_t, int64_t, Own*) const {}
  __device__ void Load(int64_t, int64_t offset, Held* held) const {
    held->output = LoadPack<T, kValues>(output + offset);
    held->grad = LoadPack<T, kValues>(grad + offset);
  }
  template <typename Sums>
  __device__ float Step(const Own&, const Held& held, int64_t offset, Sums& totals) const {
    float products[kValues];
    for (int j = 0; j < kValues; ++j) {
      products[j] = ToFloat(held.grad.values[j]) *
                    DerivativeFrom(act, ToFloat(held.output.values[j]));
      totals[0][j] += products[j];
    }
    StorePack(products, grad_x + offset);
    return 0.f;
  }
};

template <typename T, int kPackValues>
struct SecondBackward {
  static constexpr int kValues = kPackValues, kSums = 0, kUnroll = 4;
  static constexpr bool kRowSums = false;
  struct Own {
    float second_bias[kValues];
  };
  struct Held {
    Pack<T, kValues> output, second_x;
  };

  Activation act;
  const T* output;
  const T* second_x;
  const float* second_bias;
  T* second_grad;
  float* sums;

  __device__ void Open(int64_t, int64_t channel, Own* own) const {
    for (int j = 0; j < kValues; ++j) own->second_bias[j] = second_bias[channel + j];
  }
  __device__ void Load(int64_t, int64_t offset, Held* held) const {
    held->output = LoadPack<T, kValues>(output + offset);
    held->second_x = LoadPack<T, kValues>(second_x + offset);
  }
  template <typename Sums>
  __device__ float Step(const Own& own, const Held& held, int64_t offset, Sums&) const {
    float values[kValues];
    for (int j = 0; j < kValues; ++j) {
      values[j] = (ToFloat(held.second_x.values[j]) + own.second_bias[j]) *
                  DerivativeFrom(act, ToFloat(held.output.values[j]));
    }
    StorePack(values, second_grad + offset);
    return 0.f;
  }
};

}  // namespace

template <typename T>
const char* BiasActGpu(const BiasActShape& shape, const Activation& act, const T* x,
                       const float* bias, T* output, void* stream) {
  return ProblemOf(WithPacks<T>(shape.channels, {x, output}, [&](auto values) {
    return RunColumns(1, shape.rows, shape.channels, 0,
                      Forward<T, decltype(values)::value>{act, x, bias, output, nullptr},
                      static_cast<cudaStream_t>(stream));
  }));
}

template <typename T>
const char* BiasActGradGpu(const BiasActShape& shape, const Activation& act, const T* output,
                           const T* grad, float* sums, T* grad_x, float* grad_bias,
                           void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  const int64_t bands = SummedBands(1, shape.bands()), channels = shape.channels;
  cudaError_t error = WithPacks<T>(channels, {output, grad, grad_x}, [&](auto values) {
    return RunColumns(1, shape.rows, channels, bands,
                      Backward<T, decltype(values)::value>{act, output, grad, grad_x, sums}, s);
  });
  if (error == cudaSuccess) error = SumBands({1, bands, channels, channels, sums, grad_bias}, s);
  return ProblemOf(error);
}

template <typename T>
const char* BiasActGradGradGpu(const BiasActShape& shape, const Activation& act,
                               const T* output, const T* second_x, const float* second_bias,
                               T* second_grad, void* stream) {
  return ProblemOf(WithPacks<T>(shape.channels, {output, second_x, second_grad}, [&](auto values) {
    return RunColumns(1, shape.rows, shape.channels, 0,
                      SecondBackward<T, decltype(values)::value>{act, output, second_x,
                                                                 second_bias, second_grad,
                                                                 nullptr},
                      static_cast<cudaStream_t>(stream));
  }));
}

#define TFDISCO_INSTANTIATE(T)                                                                 \
  template const char* BiasActGpu<T>(const BiasActShape&, const Activation&, const T*,         \
                                     const float*, T*, void*);                                 \
  template const char* BiasActGradGpu<T>(const BiasActShape&, const Activation&, const T*,     \
                                         const T*, float*, T*, float*, void*);                 \
  template const char* BiasActGradGradGpu<T>(const BiasActShape&, const Activation&, const T*, \
                                             const T*, const float*, T*, void*);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
