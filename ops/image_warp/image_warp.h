// The body of image_warp: bilinear samples at (x + flow_x, y + flow_y), clamped
// to the border, and their derivatives.
#ifndef TFDISCO_OPS_IMAGE_WARP_H_
#define TFDISCO_OPS_IMAGE_WARP_H_

#include <cmath>
#include <cstdint>

#include "ops/common/accumulate.h"
#include "ops/common/float16.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

struct WarpShape {
  int64_t batch, height, width, channels;
};

// One axis of a sample: value = (1 - weight) * at(low) + weight * at(high).
struct AxisSample {
  int64_t low, high;
  float weight;
  bool inside;  // false where clamped: the value does not change with the position
};

TFDISCO_HOST_DEVICE AxisSample SampleAxis(float position, int64_t size) {
  AxisSample s;
  const float last = static_cast<float>(size - 1);
  s.inside = position >= 0.f && position <= last && size > 1;
  // A NaN position becomes a NaN weight, and so a NaN sample.
  const float clamped = position < 0.f ? 0.f : (position > last ? last : position);
  const float base = std::floor(clamped);
  // At the last pixel sample from the left, so that its neighbour exists.
  const int64_t before_last = size > 1 ? size - 2 : 0;
  s.low = !(base > 0.f) ? 0 : base < last ? static_cast<int64_t>(base) : before_last;
  s.high = size > 1 ? s.low + 1 : s.low;
  s.weight = clamped - static_cast<float>(s.low);
  return s;
}

struct Corners {
  AxisSample x, y;
  int64_t pixel[4];  // top left, top right, bottom left, bottom right
  float weight[4];
};

TFDISCO_HOST_DEVICE Corners CornersAt(const WarpShape& shape, int64_t x, int64_t y,
                                      const float* flow) {
  Corners c;
  c.x = SampleAxis(static_cast<float>(x) + flow[0], shape.width);
  c.y = SampleAxis(static_cast<float>(y) + flow[1], shape.height);
  const float wx = c.x.weight, wy = c.y.weight;
  c.pixel[0] = c.y.low * shape.width + c.x.low;
  c.pixel[1] = c.y.low * shape.width + c.x.high;
  c.pixel[2] = c.y.high * shape.width + c.x.low;
  c.pixel[3] = c.y.high * shape.width + c.x.high;
  c.weight[0] = (1.f - wx) * (1.f - wy);
  c.weight[1] = wx * (1.f - wy);
  c.weight[2] = (1.f - wx) * wy;
  c.weight[3] = wx * wy;
  return c;
}

// `image` is the pixel's image, `flow` and `output` the pixel's own.
template <typename T>
TFDISCO_HOST_DEVICE void WarpPixel(const WarpShape& shape, int64_t x, int64_t y, const T* image,
                                   const float* flow, T* output) {
  const Corners corners = CornersAt(shape, x, y, flow);
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
TFDISCO_HOST_DEVICE void AddWarpGradient(const WarpShape& shape, int64_t x, int64_t y,
                                         const T* image, const float* flow, const T* grad,
                                         float* grad_image, float* grad_flow) {
  const Corners corners = CornersAt(shape, x, y, flow);
  float dx = 0.f, dy = 0.f;
  for (int64_t c = 0; c < shape.channels; ++c) {
    const float g = ToFloat(grad[c]);
    float v[4];
    for (int k = 0; k < 4; ++k) {
      const int64_t offset = shape.channels * corners.pixel[k] + c;
      v[k] = ToFloat(image[offset]);
      Accumulate(grad_image + offset, g * corners.weight[k]);
    }
    dx += g * ((v[1] - v[0]) * (1.f - corners.y.weight) + (v[3] - v[2]) * corners.y.weight);
    dy += g * ((v[2] - v[0]) * (1.f - corners.x.weight) + (v[3] - v[1]) * corners.x.weight);
  }
  grad_flow[0] = corners.x.inside ? dx : 0.f;
  grad_flow[1] = corners.y.inside ? dy : 0.f;
}

// Launchers, for float, Float16 and BFloat16. `sums` holds batch * height *
// width * channels floats, and may be `grad_image` itself where T is float.
template <typename T>
void ImageWarpCpu(const WarpShape& shape, const T* image, const float* flow, T* output,
                  const ParallelFor& parallel_for);

template <typename T>
void ImageWarpGradCpu(const WarpShape& shape, const T* image, const float* flow, const T* grad,
                      float* sums, T* grad_image, float* grad_flow,
                      const ParallelFor& parallel_for);

#if defined(__CUDACC__) || defined(TFDISCO_CUDA)
// `stream` is a cudaStream_t. They return nullptr, or what went wrong.
template <typename T>
const char* ImageWarpGpu(const WarpShape& shape, const T* image, const float* flow, T* output,
                         void* stream);

template <typename T>
const char* ImageWarpGradGpu(const WarpShape& shape, const T* image, const float* flow,
                             const T* grad, float* sums, T* grad_image, float* grad_flow,
                             void* stream);
#endif

}  // namespace tfdisco

#endif  // TFDISCO_OPS_IMAGE_WARP_H_
