#include "ops/interpolate_attributes/interpolate_attributes.h"

namespace tfdisco {

void InterpolateAttributesCpu(const InterpolationShape& shape, const float* attributes,
                              const int32_t* triangles, const int32_t* triangle_ids,
                              const float* barycentrics, float* output,
                              const ParallelFor& parallel_for) {
  parallel_for(shape.batch * shape.pixels, 10 + 3 * shape.channels,
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t image = i / shape.pixels;
                   InterpolatePixel(shape.channels,
                                    attributes + image * shape.vertices * shape.channels,
                                    CornersOf(shape, triangles, triangle_ids[i]),
                                    barycentrics + 3 * i, output + shape.channels * i);
                 }
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
