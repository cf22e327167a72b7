// The body of interpolate_attributes: out(pixel) = sum_i b_i attribute(corner i
// of the pixel's triangle), and its derivatives.
#ifndef TFDISCO_OPS_INTERPOLATE_ATTRIBUTES_H_
#define TFDISCO_OPS_INTERPOLATE_ATTRIBUTES_H_

#include <cstdint>

#include "ops/common/accumulate.h"
#include "ops/common/fixed_sums.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

struct InterpolationShape {
  int64_t batch, vertices, channels, triangles, pixels;
};

// The corners of triangle `id`, or nullptr where nothing is drawn.
TFDISCO_HOST_DEVICE const int32_t* CornersOf(const InterpolationShape& shape,
                                             const int32_t* triangles, int64_t id) {
  if (id < 0 || id >= shape.triangles) return nullptr;
  const int32_t* corner = triangles + 3 * id;
  for (int i = 0; i < 3; ++i) {
    if (corner[i] < 0 || corner[i] >= shape.vertices) return nullptr;
  }
  return corner;
}

// `attributes` are those of the pixel's image, [vertices, channels].
TFDISCO_HOST_DEVICE void InterpolatePixel(int64_t channels, const float* attributes,
                                          const int32_t* corner, const float* barycentrics,
                                          float* output) {
  if (corner == nullptr) {
    for (int64_t c = 0; c < channels; ++c) output[c] = 0.f;
    return;
  }
  const float b0 = barycentrics[0], b1 = barycentrics[1], b2 = barycentrics[2];
  const float* a0 = attributes + channels * corner[0];
  const float* a1 = attributes + channels * corner[1];
  const float* a2 = attributes + channels * corner[2];
  for (int64_t c = 0; c < channels; ++c) output[c] = b0 * a0[c] + b1 * a1[c] + b2 * a2[c];
}

// Target: float*, or what fixed_sums.h has in its place.
template <typename Target>
TFDISCO_HOST_DEVICE void AddInterpolationGradient(int64_t channels, const float* attributes,
                                                  const int32_t* corner,
                                                  const float* barycentrics, const float* grad,
                                                  Target grad_attributes,
                                                  float* grad_barycentrics) {
  for (int i = 0; i < 3; ++i) {
    float sum = 0.f;
    if (corner != nullptr) {
      const float* a = attributes + channels * corner[i];
      const Target grad_a = grad_attributes + channels * corner[i];
      for (int64_t c = 0; c < channels; ++c) {
        sum += grad[c] * a[c];
        Accumulate(grad_a + c, barycentrics[i] * grad[c]);
      }
    }
    grad_barycentrics[i] = sum;
  }
}

void InterpolateAttributesCpu(const InterpolationShape& shape, const float* attributes,
                              const int32_t* triangles, const int32_t* triangle_ids,
                              const float* barycentrics, float* output,
                              const ParallelFor& parallel_for);

// `height` and `width` multiply to shape.pixels.
void InterpolateAttributesGradCpu(const InterpolationShape& shape, int64_t height, int64_t width,
                                  const float* attributes, const int32_t* triangles,
                                  const int32_t* triangle_ids, const float* barycentrics,
                                  const float* grad, float* grad_attributes,
                                  float* grad_barycentrics, const ParallelFor& parallel_for);

#if defined(__CUDACC__) || defined(TFDISCO_CUDA)
// `stream` is a cudaStream_t. They return nullptr, or what went wrong.
const char* InterpolateAttributesGpu(const InterpolationShape& shape, const float* attributes,
                                     const int32_t* triangles, const int32_t* triangle_ids,
                                     const float* barycentrics, float* output, void* stream);

// Gives the same bits in each run. `scratch`: InterpolationGradScratch(shape) bytes.
const char* InterpolateAttributesGradGpu(const InterpolationShape& shape,
                                         const float* attributes, const int32_t* triangles,
                                         const int32_t* triangle_ids, const float* barycentrics,
                                         const float* grad, void* scratch,
                                         float* grad_attributes, float* grad_barycentrics,
                                         void* stream);

inline int64_t InterpolationGradScratch(const InterpolationShape& shape) {
  const int64_t targets = shape.batch * shape.vertices * shape.channels;
  return FixedSumMemory::Bytes(targets, targets);
}
#endif

}  // namespace tfdisco

#endif  // TFDISCO_OPS_INTERPOLATE_ATTRIBUTES_H_
