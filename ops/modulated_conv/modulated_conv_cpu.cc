#include <algorithm>

#include "ops/modulated_conv/modulated_conv.h"

namespace tfdisco {
namespace {

constexpr int64_t kLanes = 16;  // partial sums over channels that do not wait for each other

// The functions below work on pixels [begin, end) of image n. Loops over channels
// never look back, whatever the compiler can prove: arrays are distinct or identical.
template <typename T>
TFDISCO_INLINE void ForwardBody(const ModulateShape& shape, Activation act, int64_t n,
                                int64_t begin, int64_t end, const ModulateInputs<T>& inputs,
                                T* output) {
  const float *scale = inputs.scale + n * shape.channels, *bias = inputs.bias;
  for (int64_t i = n * shape.pixels + begin; i < n * shape.pixels + end; ++i) {
    const float noise = inputs.noise == nullptr ? 0.f : inputs.noise[i];
    const T* x = inputs.x + i * shape.channels;
    T* to = output + i * shape.channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < shape.channels; ++c) {
      FromFloat(Modulated(act, ToFloat(x[c]), scale[c], noise, bias[c]), to + c);
    }
  }
}

// `sums` are this band's.
template <typename T>
TFDISCO_INLINE void GradBody(const ModulateShape& shape, Activation act, int64_t n,
                             int64_t begin, int64_t end, const ModulateInputs<T>& inputs,
                             const T* grad, float* sums, const ModulateGrads<T>& grads) {
  const int64_t channels = shape.channels, in_lanes = channels / kLanes * kLanes;
  const float *scale = inputs.scale + n * channels, *bias = inputs.bias;
  float *scale_sums = sums, *bias_sums = sums + channels;
  std::fill(sums, sums + 2 * channels, 0.f);
  for (int64_t i = n * shape.pixels + begin; i < n * shape.pixels + end; ++i) {
    const float noise = inputs.noise == nullptr ? 0.f : inputs.noise[i];
    const T *x = inputs.x + i * channels, *upstream = grad + i * channels;
    T* grad_x = grads.x + i * channels;
    const auto back = [&](int64_t c) __attribute__((always_inline)) {
      const float value = ToFloat(x[c]);
      const float product =
          ToFloat(upstream[c]) * SlopeOf(act, value, scale[c], noise, bias[c]);
      scale_sums[c] += product * value;
      bias_sums[c] += product;
      FromFloat(product * scale[c], grad_x + c);
      return product;
    };
    float lanes[kLanes] = {};
    for (int64_t c = 0; c < in_lanes; c += kLanes) {
#pragma GCC ivdep
      for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += back(c + lane);
    }
    float sum = 0.f;
    for (int64_t c = in_lanes; c < channels; ++c) sum += back(c);
    if (grads.noise == nullptr) continue;
    for (const float lane : lanes) sum += lane;
    grads.noise[i] = sum;
  }
}

template <typename T>
TFDISCO_INLINE void GradGradBody(const ModulateShape& shape, Activation act, int64_t n,
                                 int64_t begin, int64_t end, const ModulateInputs<T>& inputs,
                                 const T* grad, const ModulateSeconds<T>& seconds, float* sums,
                                 const ModulateSecondGrads<T>& second_grads) {
  const int64_t channels = shape.channels;
  const float *scale = inputs.scale + n * channels, *bias = inputs.bias;
  const float *second_scale = seconds.scale + n * channels, *second_bias = seconds.bias;
  std::fill(sums, sums + channels, 0.f);
  for (int64_t i = n * shape.pixels + begin; i < n * shape.pixels + end; ++i) {
    const float noise = inputs.noise == nullptr ? 0.f : inputs.noise[i];
    const float second_noise = inputs.noise == nullptr ? 0.f : seconds.noise[i];
    const int64_t offset = i * channels;
    const T *x = inputs.x + offset, *upstream = grad + offset, *second_x = seconds.x + offset;
    T *to_x = second_grads.x + offset, *to_grad = second_grads.grad + offset;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) {
      const float value = ToFloat(x[c]), second = ToFloat(second_x[c]);
      const float slope = SlopeOf(act, value, scale[c], noise, bias[c]);
      const float product = ToFloat(upstream[c]) * slope;
      sums[c] += second * product;
      FromFloat(second_scale[c] * product, to_x + c);
      FromFloat(slope * (second * scale[c] + second_scale[c] * value + second_noise +
                         second_bias[c]),
                to_grad + c);
    }
  }
}

// A function with clones cannot be a template.
#define TFDISCO_RANGES(T)                                                                      \
  TFDISCO_CPU_CLONES                                                                           \
  void ForwardRange(const ModulateShape& shape, const Activation& act, int64_t n,              \
                    int64_t begin, int64_t end, const ModulateInputs<T>& inputs, T* output) {  \
    ForwardBody(shape, act, n, begin, end, inputs, output);                                    \
  }                                                                                            \
  TFDISCO_CPU_CLONES                                                                           \
  void GradRange(const ModulateShape& shape, const Activation& act, int64_t n, int64_t begin,  \
                 int64_t end, const ModulateInputs<T>& inputs, const T* grad, float* sums,     \
                 const ModulateGrads<T>& grads) {                                              \
    GradBody(shape, act, n, begin, end, inputs, grad, sums, grads);                            \
  }                                                                                            \
  TFDISCO_CPU_CLONES                                                                           \
  void GradGradRange(const ModulateShape& shape, const Activation& act, int64_t n,             \
                     int64_t begin, int64_t end, const ModulateInputs<T>& inputs,              \
                     const T* grad, const ModulateSeconds<T>& seconds, float* sums,            \
                     const ModulateSecondGrads<T>& second_grads) {                             \
    GradGradBody(shape, act, n, begin, end, inputs, grad, seconds, sums, second_grads);        \
  }
TFDISCO_RANGES(float)
TFDISCO_RANGES(Float16)
TFDISCO_RANGES(BFloat16)
#undef TFDISCO_RANGES

// Calls body(n, task, first pixel, past the last one) for every band of every
// image; tasks count the bands of all images.
template <typename Body>
void ForEachBand(const ModulateShape& shape, const ParallelFor& parallel_for, const Body& body) {
  constexpr int64_t kCyclesAValue = 2;
  const int64_t bands = shape.bands();
  parallel_for(shape.batch * bands, shape.pixels * shape.channels / bands * kCyclesAValue,
               [&](int64_t begin, int64_t end) {
                 for (int64_t task = begin; task < end; ++task) {
                   const int64_t n = task / bands, band = task % bands;
                   body(n, task, shape.band_begin(band), shape.band_begin(band + 1));
                 }
               });
}

}  // namespace

template <typename T>
void ModulateCpu(const ModulateShape& shape, const Activation& act,
                 const ModulateInputs<T>& inputs, T* output, const ParallelFor& parallel_for) {
  ForEachBand(shape, parallel_for, [&](int64_t n, int64_t, int64_t begin, int64_t end) {
    ForwardRange(shape, act, n, begin, end, inputs, output);
  });
}

template <typename T>
void ModulateGradCpu(const ModulateShape& shape, const Activation& act,
                     const ModulateInputs<T>& inputs, const T* grad, float* sums,
                     const ModulateGrads<T>& grads, const ParallelFor& parallel_for) {
  const int64_t bands = shape.bands(), channels = shape.channels;
  ForEachBand(shape, parallel_for, [&](int64_t n, int64_t task, int64_t begin, int64_t end) {
    GradRange(shape, act, n, begin, end, inputs, grad, sums + task * 2 * channels, grads);
  });
  std::fill(grads.bias, grads.bias + channels, 0.f);
  for (int64_t n = 0; n < shape.batch; ++n) {
    float* grad_scale = grads.scale + n * channels;
    std::fill(grad_scale, grad_scale + channels, 0.f);
    for (int64_t band = 0; band < bands; ++band, sums += 2 * channels) {
      for (int64_t c = 0; c < channels; ++c) grad_scale[c] += sums[c];
      for (int64_t c = 0; c < channels; ++c) grads.bias[c] += sums[channels + c];
    }
  }
}

template <typename T>
void ModulateGradGradCpu(const ModulateShape& shape, const Activation& act,
                         const ModulateInputs<T>& inputs, const T* grad,
                         const ModulateSeconds<T>& seconds, float* sums,
                         const ModulateSecondGrads<T>& second_grads,
                         const ParallelFor& parallel_for) {
  const int64_t bands = shape.bands(), channels = shape.channels;
  ForEachBand(shape, parallel_for, [&](int64_t n, int64_t task, int64_t begin, int64_t end) {
    GradGradRange(shape, act, n, begin, end, inputs, grad, seconds, sums + task * channels,
                  second_grads);
  });
  for (int64_t n = 0; n < shape.batch; ++n) {
    float* second_scale = second_grads.scale + n * channels;
    std::fill(second_scale, second_scale + channels, 0.f);
    for (int64_t band = 0; band < bands; ++band, sums += channels) {
      for (int64_t c = 0; c < channels; ++c) second_scale[c] += sums[c];
    }
  }
}

#define TFDISCO_INSTANTIATE(T)                                                                  \
  template void ModulateCpu<T>(const ModulateShape&, const Activation&,                         \
                               const ModulateInputs<T>&, T*, const ParallelFor&);               \
  template void ModulateGradCpu<T>(const ModulateShape&, const Activation&,                     \
                                   const ModulateInputs<T>&, const T*, float*,                  \
                                   const ModulateGrads<T>&, const ParallelFor&);                \
  template void ModulateGradGradCpu<T>(                                                         \
      const ModulateShape&, const Activation&, const ModulateInputs<T>&, const T*,              \
      const ModulateSeconds<T>&, float*, const ModulateSecondGrads<T>&, const ParallelFor&);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
