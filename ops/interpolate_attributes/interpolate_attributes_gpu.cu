#include "ops/common/pack.h"
#include "ops/interpolate_attributes/interpolate_attributes.h"

namespace tfdisco {
namespace {

struct Forward {
  InterpolationShape shape;
  const float* attributes;
  const int32_t* triangles;
  const int32_t* ids;
  const float* barycentrics;
  float* output;
  __device__ void operator()(int64_t i) const {
    const int64_t image = i / shape.pixels;
    InterpolatePixel(shape.channels, attributes + image * shape.vertices * shape.channels,
                     CornersOf(shape, triangles, ids[i]), barycentrics + 3 * i,
                     output + shape.channels * i);
  }
};

struct Backward {
  InterpolationShape shape;
  const float* attributes;
  const int32_t* triangles;
  const int32_t* ids;
  const float* barycentrics;
  const float* grad;
  float* grad_barycentrics;
  template <typename Target>
  __device__ void operator()(int64_t i, Target grad_attributes) const {
    const int64_t offset = i / shape.pixels * shape.vertices * shape.channels;
    AddInterpolationGradient(shape.channels, attributes + offset,
                             CornersOf(shape, triangles, ids[i]), barycentrics + 3 * i,
                             grad + shape.channels * i, grad_attributes + offset,
                             grad_barycentrics + 3 * i);
  }
};

}  // namespace

const char* InterpolateAttributesGpu(const InterpolationShape& shape, const float* attributes,
                                     const int32_t* triangles, const int32_t* triangle_ids,
                                     const float* barycentrics, float* output, void* stream) {
  return ProblemOf(ForEachGpu(
      shape.batch * shape.pixels,
      Forward{shape, attributes, triangles, triangle_ids, barycentrics, output},
      static_cast<cudaStream_t>(stream)));
}

const char* InterpolateAttributesGradGpu(const InterpolationShape& shape,
                                         const float* attributes, const int32_t* triangles,
                                         const int32_t* triangle_ids, const float* barycentrics,
                                         const float* grad, void* scratch,
                                         float* grad_attributes, float* grad_barycentrics,
                                         void* stream) {
  return ProblemOf(SumInAnyOrder(
      shape.batch * shape.pixels, Log2Above(3 * shape.pixels, 62),
      shape.batch * shape.vertices * shape.channels,
      Backward{shape, attributes, triangles, triangle_ids, barycentrics, grad, grad_barycentrics},
      scratch, grad_attributes, static_cast<cudaStream_t>(stream)));
}

}  // namespace tfdisco
