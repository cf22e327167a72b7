#include "ops/upfirdn2d/upfirdn2d.h"

namespace tfdisco {
namespace {

template <typename T>
struct Forward {
  UpfirdnShape shape;
  const T* input;
  const float* filter_y;
  const float* filter_x;
  T* output;
  __device__ void operator()(int64_t i) const {
    const int64_t channel = i % shape.channels, pixel = i / shape.channels;
    const int64_t row = pixel / shape.x.output;
    const TapRange across = TapsOf(shape.x, pixel % shape.x.output);
    const TapRange down = TapsOf(shape.y, row % shape.y.output);
    const T* image = input + row / shape.y.output * shape.y.input * shape.x.input *
                                 shape.channels + channel;
    float sum = 0.f;
    for (int64_t r = 0; r < shape.terms; ++r) {
      const float* weights_y = filter_y + r * shape.y.taps;
      const float* weights_x = filter_x + r * shape.x.taps;
      for (int64_t j = 0; j < down.count; ++j) {
        const float weight = weights_y[down.tap + j * shape.y.up];
        if (weight == 0.f) continue;
        const T* pixels = image + (down.first + j) * shape.x.input * shape.channels;
        float row_sum = 0.f;
        for (int64_t k = 0; k < across.count; ++k) {
          const float tap = weights_x[across.tap + k * shape.x.up];
          if (tap != 0.f) row_sum += tap * ToFloat(pixels[(across.first + k) * shape.channels]);
        }
        sum += weight * row_sum;
      }
    }
    FromFloat(sum, output + i);
  }
};

}  // namespace

template <typename T>
const char* UpfirdnGpu(const UpfirdnShape& shape, const T* input, const float* filter_y,
                       const float* filter_x, T* output, void* stream) {
  return ProblemOf(ForEachGpu(shape.batch * shape.y.output * shape.x.output * shape.channels,
                              Forward<T>{shape, input, filter_y, filter_x, output},
                              static_cast<cudaStream_t>(stream)));
}

#define TFDISCO_INSTANTIATE(T)                                                             \
  template const char* UpfirdnGpu<T>(const UpfirdnShape&, const T*, const float*, const float*, \
                                     T*, void*);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
