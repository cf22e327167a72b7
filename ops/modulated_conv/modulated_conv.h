// What surrounds the convolution of a modulated convolution, the same one pass before
// and after it:
//   output = Activate(x * scale + noise + bias)
// with a scale for each channel of each image. Before the convolution the scale is
// the style and nothing else is done; after it the scale demodulates. Its gradient
// and the gradient of that recompute the sum, which costs less than to store it.
#ifndef TFDISCO_OPS_MODULATED_CONV_H_
#define TFDISCO_OPS_MODULATED_CONV_H_

#include <cstdint>

#include "ops/common/accumulate.h"
#include "ops/common/activation.h"
#include "ops/common/float16.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

struct ModulateShape {
  int64_t batch, pixels, channels;

  // Of the gradients that add up over pixels, in each image.
  TFDISCO_HOST_DEVICE int64_t bands() const { return BandsOf(pixels, channels); }
  TFDISCO_HOST_DEVICE int64_t band_begin(int64_t band) const { return pixels * band / bands(); }
};

template <typename T>
struct ModulateInputs {
  const T* x;          // [batch, pixels, channels]
  const float* scale;  // [batch, channels]
  const float* noise;  // [batch, pixels], or nullptr for none
  const float* bias;   // [channels]
};

template <typename T>
struct ModulateGrads {  // of the inputs; noise is nullptr where they have none
  T* x;
  float* scale;
  float* noise;
  float* bias;
};

template <typename T>
struct ModulateSeconds {  // gradients of the gradients, as large as those
  const T* x;
  const float* scale;
  const float* noise;
  const float* bias;
};

template <typename T>
struct ModulateSecondGrads {  // what follows for x, scale and grad; 0 for noise and bias
  T* x;
  float* scale;
  T* grad;
};

// One value of the output, and its derivative with respect to the sum.
TFDISCO_HOST_DEVICE float Modulated(const Activation& act, float x, float scale, float noise,
                                    float bias) {
  return Activate(act, x * scale + noise + bias);
}

TFDISCO_HOST_DEVICE float SlopeOf(const Activation& act, float x, float scale, float noise,
                                  float bias) {
  return DerivativeFrom(act, Modulated(act, x, scale, noise, bias));
}

// Launchers, for float, Float16 and BFloat16. `output` may be x, `grads.x` may be
// `grad` and `second_grads.grad` may be `seconds.x`: the same memory.
template <typename T>
void ModulateCpu(const ModulateShape& shape, const Activation& act,
                 const ModulateInputs<T>& inputs, T* output, const ParallelFor& parallel_for);

// `sums` holds batch * bands() * 2 * channels floats: of scale, then of bias.
template <typename T>
void ModulateGradCpu(const ModulateShape& shape, const Activation& act,
                     const ModulateInputs<T>& inputs, const T* grad, float* sums,
                     const ModulateGrads<T>& grads, const ParallelFor& parallel_for);

// `sums` holds batch * bands() * channels floats.
template <typename T>
void ModulateGradGradCpu(const ModulateShape& shape, const Activation& act,
                         const ModulateInputs<T>& inputs, const T* grad,
                         const ModulateSeconds<T>& seconds, float* sums,
                         const ModulateSecondGrads<T>& second_grads,
                         const ParallelFor& parallel_for);

#if defined(TFDISCO_CUDA)
// Return nullptr, or what went wrong. `stream` is a cudaStream_t.
template <typename T>
const char* ModulateGpu(const ModulateShape& shape, const Activation& act,
                        const ModulateInputs<T>& inputs, T* output, void* stream);

template <typename T>
const char* ModulateGradGpu(const ModulateShape& shape, const Activation& act,
                            const ModulateInputs<T>& inputs, const T* grad, float* sums,
                            const ModulateGrads<T>& grads, void* stream);

template <typename T>
const char* ModulateGradGradGpu(const ModulateShape& shape, const Activation& act,
                                const ModulateInputs<T>& inputs, const T* grad,
                                const ModulateSeconds<T>& seconds, float* sums,
                                const ModulateSecondGrads<T>& second_grads, void* stream);
#endif

}  // namespace tfdisco

#endif  // TFDISCO_OPS_MODULATED_CONV_H_
