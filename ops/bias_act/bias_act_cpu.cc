#include <algorithm>

#include "ops/bias_act/bias_act.h"

namespace tfdisco {
namespace {

// Loops over channels never look back, whatever the compiler can prove: arrays are
// distinct or identical.
template <typename T>
TFDISCO_INLINE void ForwardBody(const BiasActShape& shape, Activation act, int64_t begin,
                                int64_t end, const T* x, const float* bias, T* output) {
  for (int64_t row = begin; row < end; ++row) {
    const T* from = x + row * shape.channels;
    T* to = output + row * shape.channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < shape.channels; ++c) {
      FromFloat(Activate(act, ToFloat(from[c]) + bias[c]), to + c);
    }
  }
}

template <typename T>
TFDISCO_INLINE void GradBody(const BiasActShape& shape, Activation act, int64_t begin,
                             int64_t end, const T* output, const T* grad, float* sums,
                             T* grad_x) {
  std::fill(sums, sums + shape.channels, 0.f);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t offset = row * shape.channels;
    const T *from = output + offset, *upstream = grad + offset;
    T* to = grad_x + offset;
#pragma GCC ivdep
    for (int64_t c = 0; c < shape.channels; ++c) {
      const float product = ToFloat(upstream[c]) * DerivativeFrom(act, ToFloat(from[c]));
      sums[c] += product;
      FromFloat(product, to + c);
    }
  }
}

template <typename T>
TFDISCO_INLINE void GradGradBody(const BiasActShape& shape, Activation act, int64_t begin,
                                 int64_t end, const T* output, const T* second_x,
                                 const float* second_bias, T* second_grad) {
  for (int64_t row = begin; row < end; ++row) {
    const int64_t offset = row * shape.channels;
    const T *from = output + offset, *upstream = second_x + offset;
    T* to = second_grad + offset;
#pragma GCC ivdep
    for (int64_t c = 0; c < shape.channels; ++c) {
      const float sum = ToFloat(upstream[c]) + second_bias[c];
      FromFloat(sum * DerivativeFrom(act, ToFloat(from[c])), to + c);
    }
  }
}

// A function with clones cannot be a template.
#define TFDISCO_RANGES(T)                                                                      \
  TFDISCO_CPU_CLONES                                                                           \
  void ForwardRange(const BiasActShape& shape, const Activation& act, int64_t begin,           \
                    int64_t end, const T* x, const float* bias, T* output) {                   \
    ForwardBody(shape, act, begin, end, x, bias, output);                                      \
  }                                                                                            \
  TFDISCO_CPU_CLONES                                                                           \
  void GradRange(const BiasActShape& shape, const Activation& act, int64_t begin, int64_t end, \
                 const T* output, const T* grad, float* sums, T* grad_x) {                     \
    GradBody(shape, act, begin, end, output, grad, sums, grad_x);                              \
  }                                                                                            \
  TFDISCO_CPU_CLONES                                                                           \
  void GradGradRange(const BiasActShape& shape, const Activation& act, int64_t begin,          \
                     int64_t end, const T* output, const T* second_x,                          \
                     const float* second_bias, T* second_grad) {                               \
    GradGradBody(shape, act, begin, end, output, second_x, second_bias, second_grad);          \
  }
TFDISCO_RANGES(float)
TFDISCO_RANGES(Float16)
TFDISCO_RANGES(BFloat16)
#undef TFDISCO_RANGES

constexpr int64_t kCyclesAValue = 2;

}  // namespace

template <typename T>
void BiasActCpu(const BiasActShape& shape, const Activation& act, const T* x, const float* bias,
                T* output, const ParallelFor& parallel_for) {
  parallel_for(shape.rows, shape.channels * kCyclesAValue, [&](int64_t begin, int64_t end) {
    ForwardRange(shape, act, begin, end, x, bias, output);
  });
}

template <typename T>
void BiasActGradCpu(const BiasActShape& shape, const Activation& act, const T* output,
                    const T* grad, float* sums, T* grad_x, float* grad_bias,
                    const ParallelFor& parallel_for) {
  const int64_t bands = shape.bands(), channels = shape.channels;
  parallel_for(bands, shape.rows * channels / bands * kCyclesAValue,
               [&](int64_t begin, int64_t end) {
                 for (int64_t band = begin; band < end; ++band) {
                   GradRange(shape, act, shape.band_begin(band), shape.band_begin(band + 1),
                             output, grad, sums + band * channels, grad_x);
                 }
               });
  std::copy(sums, sums + channels, grad_bias);
  for (int64_t band = 1; band < bands; ++band) {
    for (int64_t c = 0; c < channels; ++c) grad_bias[c] += sums[band * channels + c];
  }
}

template <typename T>
void BiasActGradGradCpu(const BiasActShape& shape, const Activation& act, const T* output,
                        const T* second_x, const float* second_bias, T* second_grad,
                        const ParallelFor& parallel_for) {
  parallel_for(shape.rows, shape.channels * kCyclesAValue, [&](int64_t begin, int64_t end) {
    GradGradRange(shape, act, begin, end, output, second_x, second_bias, second_grad);
  });
}

#define TFDISCO_INSTANTIATE(T)                                                                \
  template void BiasActCpu<T>(const BiasActShape&, const Activation&, const T*, const float*, \
                              T*, const ParallelFor&);                                        \
  template void BiasActGradCpu<T>(const BiasActShape&, const Activation&, const T*, const T*, \
                                  float*, T*, float*, const ParallelFor&);                    \
  template void BiasActGradGradCpu<T>(const BiasActShape&, const Activation&, const T*,       \
                                      const T*, const float*, T*, const ParallelFor&);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
