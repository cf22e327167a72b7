#include "ops/image_warp/image_warp.h"

namespace tfdisco {

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
