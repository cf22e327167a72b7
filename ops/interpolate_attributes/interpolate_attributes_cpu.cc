#include <algorithm>

#include "ops/interpolate_attributes/interpolate_attributes.h"

namespace tfdisco {
namespace {

// `kChannels` known to the compiler where it is one of the usual numbers, else 0.
template <int kChannels>
void InterpolateRange(const InterpolationShape& shape, const float* attributes,
                      const int32_t* triangles, const int32_t* triangle_ids,
                      const float* barycentrics, float* output, int64_t begin, int64_t end) {
  const int64_t channels = kChannels > 0 ? kChannels : shape.channels;
  for (int64_t i = begin; i < end;) {
    const int64_t image = i / shape.pixels, stop = std::min(end, (image + 1) * shape.pixels);
    const float* image_attributes = attributes + image * shape.vertices * channels;
    for (; i < stop; ++i) {
      const int32_t id = triangle_ids[i];  // the op has checked all indices
      InterpolatePixel(channels, image_attributes,
                       id < 0 ? nullptr : triangles + 3 * static_cast<int64_t>(id),
                       barycentrics + 3 * i, output + channels * i);
    }
  }
}

}  // namespace

void InterpolateAttributesCpu(const InterpolationShape& shape, const float* attributes,
                              const int32_t* triangles, const int32_t* triangle_ids,
                              const float* barycentrics, float* output,
                              const ParallelFor& parallel_for) {
  const auto range = shape.channels == 3   ? InterpolateRange<3>
                     : shape.channels == 4 ? InterpolateRange<4>
                                           : InterpolateRange<0>;
  parallel_for(shape.batch * shape.pixels, 10 + 3 * shape.channels,
               [&](int64_t begin, int64_t end) {
                 range(shape, attributes, triangles, triangle_ids, barycentrics, output, begin,
                       end);
               });
}

void InterpolateAttributesGradCpu(const InterpolationShape& shape, int64_t height, int64_t width,
                                  const float* attributes, const int32_t* triangles,
                                  const int32_t* triangle_ids, const float* barycentrics,
                                  const float* grad, float* grad_attributes,
                                  float* grad_barycentrics, const ParallelFor& parallel_for) {
  const int64_t size = shape.vertices * shape.channels;
  ScatterInBands(shape.batch, height, width, size, grad_attributes, parallel_for,
                 [&](int64_t image, int64_t row_begin, int64_t row_end, float* sums) {
                   const int64_t first = image * shape.pixels;
                   for (int64_t i = first + row_begin * width; i < first + row_end * width; ++i) {
                     AddInterpolationGradient(
                         shape.channels, attributes + image * size,
                         CornersOf(shape, triangles, triangle_ids[i]), barycentrics + 3 * i,
                         grad + shape.channels * i, sums, grad_barycentrics + 3 * i);
                   }
                 });
}

}  // namespace tfdisco
