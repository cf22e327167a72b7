#include "ops/common/accumulate.h"
#include "ops/image_warp/image_warp.h"

namespace tfdisco {
namespace {

// `image` is the pixel's image, `flow` and `output` the pixel's own.
template <typename T>
void WarpPixel(const WarpShape& shape, int64_t x, int64_t y, const T* image, const float* flow,
               T* output) {
  const auto corners = CornersAt(shape, x, y, flow);
  const T* at[4];
  for (int k = 0; k < 4; ++k) at[k] = image + shape.channels * corners.pixel[k];
  for (int64_t c = 0; c < shape.channels; ++c) {
    float sum = 0.f;
    for (int k = 0; k < 4; ++k) sum += corners.weight[k] * ToFloat(at[k][c]);
    FromFloat(sum, output + c);
  }
}

// Adds to `grad_image` (float32 whatever T is) and writes `grad_flow`.
template <typename T>
void AddWarpGradient(const WarpShape& shape, int64_t x, int64_t y, const T* image,
                     const float* flow, const T* grad, float* grad_image, float* grad_flow) {
  const auto corners = CornersAt(shape, x, y, flow);
  float dx = 0.f, dy = 0.f;
  for (int64_t c = 0; c < shape.channels; ++c) {
    const float g = ToFloat(grad[c]);
    float v[4];
    for (int k = 0; k < 4; ++k) {
      const int64_t offset = shape.channels * corners.pixel[k] + c;
      v[k] = ToFloat(image[offset]);
      grad_image[offset] += g * corners.weight[k];
    }
    AddPositionGradient(corners, g, v, &dx, &dy);
  }
  grad_flow[0] = corners.x.inside ? dx : 0.f;
  grad_flow[1] = corners.y.inside ? dy : 0.f;
}

}  // namespace

template <typename T>
void ImageWarpCpu(const WarpShape& shape, const T* image, const float* flow, T* output,
                  const ParallelFor& parallel_for) {
  const int64_t size = shape.height * shape.width * shape.channels;
  parallel_for(shape.batch * shape.height, shape.width * (40 + 10 * shape.channels),
               [&](int64_t begin, int64_t end) {
                 for (int64_t row = begin; row < end; ++row) {
                   const int64_t y = row % shape.height;
                   const T* source = image + row / shape.height * size;
                   for (int64_t x = 0; x < shape.width; ++x) {
                     const int64_t i = row * shape.width + x;
                     WarpPixel(shape, x, y, source, flow + 2 * i, output + shape.channels * i);
                   }
                 }
               });
}

template <typename T>
void ImageWarpGradCpu(const WarpShape& shape, const T* image, const float* flow, const T* grad,
                      float* sums, T* grad_image, float* grad_flow,
                      const ParallelFor& parallel_for) {
  const int64_t size = shape.height * shape.width * shape.channels;
  ScatterInBands(shape.batch, shape.height, shape.width, size, sums, parallel_for,
                 [&](int64_t n, int64_t row_begin, int64_t row_end, float* image_sums) {
                   for (int64_t y = row_begin; y < row_end; ++y) {
                     for (int64_t x = 0; x < shape.width; ++x) {
                       const int64_t i = (n * shape.height + y) * shape.width + x;
                       AddWarpGradient(shape, x, y, image + n * size, flow + 2 * i,
                                       grad + shape.channels * i, image_sums, grad_flow + 2 * i);
                     }
                   }
                 });
  if (static_cast<void*>(sums) == static_cast<void*>(grad_image)) return;
  for (int64_t i = 0; i < shape.batch * size; ++i) FromFloat(sums[i], grad_image + i);
}

#define TFDISCO_INSTANTIATE(T)                                                                 \
  template void ImageWarpCpu<T>(const WarpShape&, const T*, const float*, T*,                  \
                                const ParallelFor&);                                           \
  template void ImageWarpGradCpu<T>(const WarpShape&, const T*, const float*, const T*,        \
                                    float*, T*, float*, const ParallelFor&);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
