#include "ops/image_warp/image_warp.h"

namespace tfdisco {
namespace {

template <typename T>
struct Forward {
  WarpShape shape;
  const T* image;
  const float* flow;
  T* output;
  __device__ void operator()(int64_t i) const {
    const int64_t pixels = shape.height * shape.width;
    WarpPixel(shape, i % shape.width, i / shape.width % shape.height,
              image + i / pixels * pixels * shape.channels, flow + 2 * i,
              output + shape.channels * i);
  }
};

template <typename T>
struct Backward {
  WarpShape shape;
  const T* image;
  const float* flow;
  const T* grad;
  float* sums;
  float* grad_flow;
  __device__ void operator()(int64_t i) const {
    const int64_t pixels = shape.height * shape.width;
    const int64_t offset = i / pixels * pixels * shape.channels;
    AddWarpGradient(shape, i % shape.width, i / shape.width % shape.height, image + offset,
                    flow + 2 * i, grad + shape.channels * i, sums + offset, grad_flow + 2 * i);
  }
};

template <typename T>
struct Cast {
  const float* sums;
  T* grad_image;
  __device__ void operator()(int64_t i) const { FromFloat(sums[i], grad_image + i); }
};

}  // namespace

template <typename T>
const char* ImageWarpGpu(const WarpShape& shape, const T* image, const float* flow, T* output,
                         void* stream) {
  return ProblemOf(ForEachGpu(shape.batch * shape.height * shape.width,
                            Forward<T>{shape, image, flow, output},
                            static_cast<cudaStream_t>(stream)));
}

template <typename T>
const char* ImageWarpGradGpu(const WarpShape& shape, const T* image, const float* flow,
                             const T* grad, float* sums, T* grad_image, float* grad_flow,
                             void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  const int64_t pixels = shape.batch * shape.height * shape.width;
  cudaError_t error = cudaMemsetAsync(sums, 0, sizeof(float) * pixels * shape.channels, s);
  if (error == cudaSuccess) {
    error = ForEachGpu(pixels, Backward<T>{shape, image, flow, grad, sums, grad_flow}, s);
  }
  if (error == cudaSuccess && static_cast<void*>(sums) != static_cast<void*>(grad_image)) {
    error = ForEachGpu(pixels * shape.channels, Cast<T>{sums, grad_image}, s);
  }
  return ProblemOf(error);
}

#define TFDISCO_INSTANTIATE(T)                                                                  \
  template const char* ImageWarpGpu<T>(const WarpShape&, const T*, const float*, T*, void*);    \
  template const char* ImageWarpGradGpu<T>(const WarpShape&, const T*, const float*, const T*,  \
                                           float*, T*, float*, void*);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
