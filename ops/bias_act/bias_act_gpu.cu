#include "ops/bias_act/bias_act.h"

namespace tfdisco {
namespace {

template <typename T>
struct Forward {  // one value
  BiasActShape shape;
  Activation act;
  const T* x;
  const float* bias;
  T* output;
  __device__ void operator()(int64_t i) const {
    FromFloat(Activate(act, ToFloat(x[i]) + bias[i % shape.channels]), output + i);
  }
};

template <typename T>
struct Backward {  // one channel of a band
  BiasActShape shape;
  Activation act;
  const T* output;
  const T* grad;
  float* sums;
  T* grad_x;
  __device__ void operator()(int64_t i) const {
    const int64_t c = i % shape.channels, band = i / shape.channels;
    const int64_t end = shape.band_begin(band + 1);
    float sum = 0.f;
    for (int64_t row = shape.band_begin(band); row < end; ++row) {
      const int64_t k = row * shape.channels + c;
      const float product = ToFloat(grad[k]) * DerivativeFrom(act, ToFloat(output[k]));
      sum += product;
      FromFloat(product, grad_x + k);
    }
    sums[i] = sum;
  }
};

struct AddBands {  // one channel
  BiasActShape shape;
  const float* sums;
  float* grad_bias;
  __device__ void operator()(int64_t c) const {
    float sum = 0.f;
    for (int64_t band = 0; band < shape.bands(); ++band) sum += sums[band * shape.channels + c];
    grad_bias[c] = sum;
  }
};

template <typename T>
struct SecondBackward {  // one value
  BiasActShape shape;
  Activation act;
  const T* output;
  const T* second_x;
  const float* second_bias;
  T* second_grad;
  __device__ void operator()(int64_t i) const {
    const float sum = ToFloat(second_x[i]) + second_bias[i % shape.channels];
    FromFloat(sum * DerivativeFrom(act, ToFloat(output[i])), second_grad + i);
  }
};

}  // namespace

template <typename T>
const char* BiasActGpu(const BiasActShape& shape, const Activation& act, const T* x,
                       const float* bias, T* output, void* stream) {
  return ProblemOf(ForEachGpu(shape.rows * shape.channels,
                              Forward<T>{shape, act, x, bias, output},
                              static_cast<cudaStream_t>(stream)));
}

template <typename T>
const char* BiasActGradGpu(const BiasActShape& shape, const Activation& act, const T* output,
                           const T* grad, float* sums, T* grad_x, float* grad_bias,
                           void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  cudaError_t error = ForEachGpu(shape.bands() * shape.channels,
                                 Backward<T>{shape, act, output, grad, sums, grad_x}, s);
  if (error == cudaSuccess) {
    error = ForEachGpu(shape.channels, AddBands{shape, sums, grad_bias}, s);
  }
  return ProblemOf(error);
}

template <typename T>
const char* BiasActGradGradGpu(const BiasActShape& shape, const Activation& act,
                               const T* output, const T* second_x, const float* second_bias,
                               T* second_grad, void* stream) {
  return ProblemOf(ForEachGpu(
      shape.rows * shape.channels,
      SecondBackward<T>{shape, act, output, second_x, second_bias, second_grad},
      static_cast<cudaStream_t>(stream)));
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
