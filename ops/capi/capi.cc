#include "ops/capi/capi.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "ops/image_warp/image_warp.h"
#include "ops/interpolate_attributes/interpolate_attributes.h"
#include "ops/rasterize_triangles/rasterize_triangles.h"

#if defined(TFDISCO_CUDA)
#include <cuda_runtime_api.h>
#endif

namespace tfdisco {
namespace {

thread_local std::string last_error;

int Report(const char* problem) {
  last_error = problem == nullptr ? "" : problem;
  return problem == nullptr ? 0 : 1;
}

// As many contiguous ranges as threads, one thread each.
ParallelFor Threads(int threads) {
  return [threads](int64_t count, int64_t, const RangeBody& body) {
    const int64_t workers = std::max<int64_t>(1, std::min<int64_t>(threads, count));
    std::vector<std::thread> started;
    for (int64_t i = 1; i < workers; ++i) {
      started.emplace_back(body, count * i / workers, count * (i + 1) / workers);
    }
    if (count > 0) body(0, count / workers);
    for (std::thread& thread : started) thread.join();
  };
}

// Calls action(T()) for the C++ type of `dtype`.
template <typename Action>
int ForType(int dtype, const Action& action) {
  switch (dtype) {
    case TFDISCO_FLOAT32:
      return action(float());
    case TFDISCO_FLOAT16:
      return action(Float16());
    case TFDISCO_BFLOAT16:
      return action(BFloat16());
    default:
      return Report("dtype: expected 0 (float32), 1 (float16) or 2 (bfloat16)");
  }
}

}  // namespace
}  // namespace tfdisco

using namespace tfdisco;  // NOLINT: the functions below are extern "C"

const char* tfdisco_last_error(void) { return last_error.c_str(); }

int tfdisco_rasterize_triangles_cpu(int64_t batch, int64_t vertices, int64_t triangles,
                                    int64_t height, int64_t width, int cull,
                                    const float* clip_vertices, const int32_t* triangle_table,
                                    int32_t* triangle_ids, float* barycentrics, float* depth,
                                    int threads) {
  RasterizeTrianglesCpu({batch, vertices, triangles, height, width}, static_cast<Cull>(cull),
                        clip_vertices, triangle_table, triangle_ids, barycentrics, depth,
                        Threads(threads));
  return Report(nullptr);
}

int tfdisco_rasterize_triangles_grad_cpu(int64_t batch, int64_t vertices, int64_t triangles,
                                         int64_t height, int64_t width,
                                         const float* clip_vertices,
                                         const int32_t* triangle_table,
                                         const int32_t* triangle_ids,
                                         const float* grad_barycentrics, const float* grad_depth,
                                         float* grad_clip_vertices, int threads) {
  RasterizeTrianglesGradCpu({batch, vertices, triangles, height, width}, clip_vertices,
                            triangle_table, triangle_ids, grad_barycentrics, grad_depth,
                            grad_clip_vertices, Threads(threads));
  return Report(nullptr);
}

int tfdisco_interpolate_attributes_cpu(int64_t batch, int64_t vertices, int64_t channels,
                                       int64_t triangles, int64_t height, int64_t width,
                                       const float* attributes, const int32_t* triangle_table,
                                       const int32_t* triangle_ids, const float* barycentrics,
                                       float* image, int threads) {
  InterpolateAttributesCpu({batch, vertices, channels, triangles, height * width}, attributes,
                           triangle_table, triangle_ids, barycentrics, image, Threads(threads));
  return Report(nullptr);
}

int tfdisco_interpolate_attributes_grad_cpu(int64_t batch, int64_t vertices, int64_t channels,
                                            int64_t triangles, int64_t height, int64_t width,
                                            const float* attributes,
                                            const int32_t* triangle_table,
                                            const int32_t* triangle_ids,
                                            const float* barycentrics, const float* grad_image,
                                            float* grad_attributes, float* grad_barycentrics,
                                            int threads) {
  InterpolateAttributesGradCpu({batch, vertices, channels, triangles, height * width}, height,
                               width, attributes, triangle_table, triangle_ids, barycentrics,
                               grad_image, grad_attributes, grad_barycentrics, Threads(threads));
  return Report(nullptr);
}

int tfdisco_image_warp_cpu(int64_t batch, int64_t height, int64_t width, int64_t channels,
                           int dtype, const void* image, const float* flow, void* warped,
                           int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    ImageWarpCpu({batch, height, width, channels}, static_cast<const T*>(image), flow,
                 static_cast<T*>(warped), Threads(threads));
    return Report(nullptr);
  });
}

int tfdisco_image_warp_grad_cpu(int64_t batch, int64_t height, int64_t width, int64_t channels,
                                int dtype, const void* image, const float* flow,
                                const void* grad_warped, void* grad_image, float* grad_flow,
                                int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    std::vector<float> sums(batch * height * width * channels);
    ImageWarpGradCpu({batch, height, width, channels}, static_cast<const T*>(image), flow,
                     static_cast<const T*>(grad_warped), sums.data(),
                     static_cast<T*>(grad_image), grad_flow, Threads(threads));
    return Report(nullptr);
  });
}

#if defined(TFDISCO_CUDA)

namespace {

// Device memory for the duration of a call, in the order of its stream.
class Scratch {
 public:
  Scratch(int64_t bytes, void* stream) : stream_(static_cast<cudaStream_t>(stream)) {
    error_ = bytes > 0 ? cudaMallocAsync(&data_, bytes, stream_) : cudaSuccess;
  }
  ~Scratch() {
    if (data_ != nullptr) cudaFreeAsync(data_, stream_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const char* problem() const {
    return error_ == cudaSuccess ? nullptr : cudaGetErrorString(error_);
  }
  template <typename T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  cudaStream_t stream_;
  cudaError_t error_;
  void* data_ = nullptr;
};

}  // namespace

int tfdisco_rasterize_triangles_gpu(int64_t batch, int64_t vertices, int64_t triangles,
                                    int64_t height, int64_t width, int cull,
                                    const float* clip_vertices, const int32_t* triangle_table,
                                    int32_t* triangle_ids, float* barycentrics, float* depth,
                                    void* stream) {
  const Scratch scratch(batch * vertices * sizeof(PixelVertex), stream);
  const Scratch keys(batch * height * width * sizeof(unsigned long long), stream);
  if (scratch.problem() != nullptr) return Report(scratch.problem());
  if (keys.problem() != nullptr) return Report(keys.problem());
  return Report(RasterizeTrianglesGpu(
      {batch, vertices, triangles, height, width}, static_cast<Cull>(cull), clip_vertices,
      triangle_table, scratch.as<PixelVertex>(), keys.as<unsigned long long>(), triangle_ids,
      barycentrics, depth, stream));
}

int tfdisco_rasterize_triangles_grad_gpu(int64_t batch, int64_t vertices, int64_t triangles,
                                         int64_t height, int64_t width,
                                         const float* clip_vertices,
                                         const int32_t* triangle_table,
                                         const int32_t* triangle_ids,
                                         const float* grad_barycentrics, const float* grad_depth,
                                         float* grad_clip_vertices, void* stream) {
  return Report(RasterizeTrianglesGradGpu({batch, vertices, triangles, height, width},
                                          clip_vertices, triangle_table, triangle_ids,
                                          grad_barycentrics, grad_depth, grad_clip_vertices,
                                          stream));
}

int tfdisco_interpolate_attributes_gpu(int64_t batch, int64_t vertices, int64_t channels,
                                       int64_t triangles, int64_t height, int64_t width,
                                       const float* attributes, const int32_t* triangle_table,
                                       const int32_t* triangle_ids, const float* barycentrics,
                                       float* image, void* stream) {
  return Report(InterpolateAttributesGpu({batch, vertices, channels, triangles, height * width},
                                         attributes, triangle_table, triangle_ids, barycentrics,
                                         image, stream));
}

int tfdisco_interpolate_attributes_grad_gpu(int64_t batch, int64_t vertices, int64_t channels,
                                            int64_t triangles, int64_t height, int64_t width,
                                            const float* attributes,
                                            const int32_t* triangle_table,
                                            const int32_t* triangle_ids,
                                            const float* barycentrics, const float* grad_image,
                                            float* grad_attributes, float* grad_barycentrics,
                                            void* stream) {
  return Report(InterpolateAttributesGradGpu(
      {batch, vertices, channels, triangles, height * width}, attributes, triangle_table,
      triangle_ids, barycentrics, grad_image, grad_attributes, grad_barycentrics, stream));
}

int tfdisco_image_warp_gpu(int64_t batch, int64_t height, int64_t width, int64_t channels,
                           int dtype, const void* image, const float* flow, void* warped,
                           void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    return Report(ImageWarpGpu({batch, height, width, channels}, static_cast<const T*>(image),
                               flow, static_cast<T*>(warped), stream));
  });
}

int tfdisco_image_warp_grad_gpu(int64_t batch, int64_t height, int64_t width, int64_t channels,
                                int dtype, const void* image, const float* flow,
                                const void* grad_warped, void* grad_image, float* grad_flow,
                                void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const Scratch sums(batch * height * width * channels * sizeof(float), stream);
    if (sums.problem() != nullptr) return Report(sums.problem());
    return Report(ImageWarpGradGpu({batch, height, width, channels},
                                   static_cast<const T*>(image), flow,
                                   static_cast<const T*>(grad_warped), sums.as<float>(),
                                   static_cast<T*>(grad_image), grad_flow, stream));
  });
}

#endif  // TFDISCO_CUDA
