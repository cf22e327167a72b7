// The body of bias_act: output = Activate(x + bias), its gradient, and the gradient
// of that. The derivatives need the output only, so that it may replace x in memory.
#ifndef TFDISCO_OPS_BIAS_ACT_H_
#define TFDISCO_OPS_BIAS_ACT_H_

#include <cstdint>

#include "ops/common/accumulate.h"
#include "ops/common/activation.h"
#include "ops/common/float16.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

struct BiasActShape {
  int64_t rows, channels;

  // Of the bias' gradient: each band has `channels` sums.
  TFDISCO_HOST_DEVICE int64_t bands() const { return BandsOf(rows, channels); }
  TFDISCO_HOST_DEVICE int64_t band_begin(int64_t band) const { return rows * band / bands(); }
};

// Launchers, for float, Float16 and BFloat16. x, output and gradients of either are
// [rows, channels]; an output may be the same memory as an input of its size.
template <typename T>
void BiasActCpu(const BiasActShape& shape, const Activation& act, const T* x, const float* bias,
                T* output, const ParallelFor& parallel_for);

// `sums` holds bands() * channels floats.
template <typename T>
void BiasActGradCpu(const BiasActShape& shape, const Activation& act, const T* output,
                    const T* grad, float* sums, T* grad_x, float* grad_bias,
                    const ParallelFor& parallel_for);

// From `second_x` and `second_bias`, gradients of grad_x and grad_bias, that of grad.
// Those of x and bias are 0.
template <typename T>
void BiasActGradGradCpu(const BiasActShape& shape, const Activation& act, const T* output,
                        const T* second_x, const float* second_bias, T* second_grad,
                        const ParallelFor& parallel_for);

#if defined(TFDISCO_CUDA)
// Return nullptr, or what went wrong. `stream` is a cudaStream_t.
template <typename T>
const char* BiasActGpu(const BiasActShape& shape, const Activation& act, const T* x,
                       const float* bias, T* output, void* stream);

template <typename T>
const char* BiasActGradGpu(const BiasActShape& shape, const Activation& act, const T* output,
                           const T* grad, float* sums, T* grad_x, float* grad_bias,
                           void* stream);

template <typename T>
const char* BiasActGradGradGpu(const BiasActShape& shape, const Activation& act,
                               const T* output, const T* second_x, const float* second_bias,
                               T* second_grad, void* stream);
#endif

}  // namespace tfdisco

#endif  // TFDISCO_OPS_BIAS_ACT_H_
