// The body of image_warp: bilinear samples at (x + flow_x, y + flow_y), clamped
// to the border, and their derivatives.
#ifndef TFDISCO_OPS_IMAGE_WARP_H_
#define TFDISCO_OPS_IMAGE_WARP_H_

#include <cmath>
#include <cstdint>

#include "ops/common/fixed_sums.h"
#include "ops/common/float16.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

struct WarpShape {
  int64_t batch, height, width, channels;
};

// One axis of a sample: value = (1 - weight) * at(low) + weight * at(high). Index: a signed
// type that holds the number of an image's pixels.
template <typename Index>
struct AxisSample {
  Index low, high;
  float weight;
  bool inside;  // false where clamped: the value does not change with the position
};

template <typename Index>
TFDISCO_HOST_DEVICE AxisSample<Index> SampleAxis(float position, Index size) {
  AxisSample<Index> s;
  const float last = static_cast<float>(size - 1);
  s.inside = position >= 0.f && position <= last && size > 1;
  // A NaN position becomes a NaN weight, and so a NaN sample.
  const float clamped = position < 0.f ? 0.f : (position > last ? last : position);
  const float base = std::floor(clamped);
  // At the last pixel sample from the left, so that its neighbour exists.
  const Index before_last = size > 1 ? size - 2 : 0;
  s.low = !(base > 0.f) ? 0 : base < last ? static_cast<Index>(base) : before_last;
  s.high = size > 1 ? s.low + 1 : s.low;
  s.weight = clamped - static_cast<float>(s.low);
  return s;
}

template <typename Index>
struct Corners {
  AxisSample<Index> x, y;
  Index pixel[4];  // top left, top right, bottom left, bottom right
  float weight[4];
};

template <typename Index>
TFDISCO_HOST_DEVICE Corners<Index> CornersAt(const WarpShape& shape, Index x, Index y,
                                             const float* flow) {
  const Index width = static_cast<Index>(shape.width);
  Corners<Index> c;
  c.x = SampleAxis(static_cast<float>(x) + flow[0], width);
  c.y = SampleAxis(static_cast<float>(y) + flow[1], static_cast<Index>(shape.height));
  const float wx = c.x.weight, wy = c.y.weight;
  c.pixel[0] = c.y.low * width + c.x.low;
  c.pixel[1] = c.y.low * width + c.x.high;
  c.pixel[2] = c.y.high * width + c.x.low;
  c.pixel[3] = c.y.high * width + c.x.high;
  c.weight[0] = (1.f - wx) * (1.f - wy);
  c.weight[1] = wx * (1.f - wy);
  c.weight[2] = (1.f - wx) * wy;
  c.weight[3] = wx * wy;
  return c;
}

// What a channel's gradient g gives to that of the position; v: its values at the corners.
template <typename Index>
TFDISCO_HOST_DEVICE void AddPositionGradient(const Corners<Index>& corners, float g,
                                             const float v[4], float* dx, float* dy) {
  const float wx = corners.x.weight, wy = corners.y.weight;
  *dx += g * ((v[1] - v[0]) * (1.f - wy) + (v[3] - v[2]) * wy);
  *dy += g * ((v[2] - v[0]) * (1.f - wx) + (v[3] - v[1]) * wx);
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

// Gives the same bits in each run. An image of whose `grad` something is not finite gets NaN
// everywhere in `grad_image`. `scratch`: ImageWarpGradScratch(shape) bytes.
template <typename T>
const char* ImageWarpGradGpu(const WarpShape& shape, const T* image, const float* flow,
                             const T* grad, void* scratch, T* grad_image, float* grad_flow,
                             void* stream);

inline int64_t ImageWarpGradScratch(const WarpShape& shape) {
  return FixedSumMemory::Bytes(shape.batch * shape.height * shape.width * shape.channels,
                               shape.batch);
}
#endif

}  // namespace tfdisco

#endif  // TFDISCO_OPS_IMAGE_WARP_H_
