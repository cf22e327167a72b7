#include "ops/capi/capi.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "ops/bias_act/bias_act.h"
#include "ops/image_warp/image_warp.h"
#include "ops/interpolate_attributes/interpolate_attributes.h"
#include "ops/modulated_conv/modulated_conv.h"
#include "ops/rasterize_triangles/rasterize_triangles.h"
#include "ops/upfirdn2d/upfirdn2d.h"

#if defined(TFDISCO_CUDA)
#include <cuda_runtime.h>
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

UpfirdnShape UpfirdnShapeOf(const int64_t sizes[15]) {
  const auto axis = [](const int64_t* s) {
    return ResampledAxis{s[0], s[1], s[2], s[3], s[4], s[5]};
  };
  return {sizes[0], sizes[1], sizes[2], axis(sizes + 3), axis(sizes + 9)};
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

int tfdisco_bias_act_cpu(int64_t rows, int64_t channels, int dtype, float slope, float gain,
                         float limit, const void* x, const float* bias, void* output,
                         int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    BiasActCpu({rows, channels}, {slope, gain, limit}, static_cast<const T*>(x), bias,
               static_cast<T*>(output), Threads(threads));
    return Report(nullptr);
  });
}

int tfdisco_bias_act_grad_cpu(int64_t rows, int64_t channels, int dtype, float slope, float gain,
                              float limit, const void* output, const void* grad, void* grad_x,
                              float* grad_bias, int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const BiasActShape shape = {rows, channels};
    std::vector<float> sums(shape.bands() * channels);
    float* const scratch = sums.data();
    BiasActGradCpu(shape, {slope, gain, limit}, static_cast<const T*>(output),
                   static_cast<const T*>(grad), scratch, static_cast<T*>(grad_x), grad_bias,
                   Threads(threads));
    return Report(nullptr);
  });
}

int tfdisco_bias_act_grad_grad_cpu(int64_t rows, int64_t channels, int dtype, float slope,
                                   float gain, float limit, const void* output,
                                   const void* second_x, const float* second_bias,
                                   void* second_grad, int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    BiasActGradGradCpu({rows, channels}, {slope, gain, limit},
                       static_cast<const T*>(output), static_cast<const T*>(second_x),
                       second_bias, static_cast<T*>(second_grad), Threads(threads));
    return Report(nullptr);
  });
}

int tfdisco_modulate_cpu(int64_t batch, int64_t pixels, int64_t channels, int dtype, float slope,
                         float gain, float limit, const void* x, const float* scale,
                         const float* noise, const float* bias, void* output, int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const ModulateInputs<T> inputs = {static_cast<const T*>(x), scale, noise, bias};
    ModulateCpu({batch, pixels, channels}, {slope, gain, limit}, inputs,
                static_cast<T*>(output), Threads(threads));
    return Report(nullptr);
  });
}

int tfdisco_modulate_grad_cpu(int64_t batch, int64_t pixels, int64_t channels, int dtype,
                              float slope, float gain, float limit, const void* x,
                              const float* scale, const float* noise, const float* bias,
                              const void* grad, void* grad_x, float* grad_scale,
                              float* grad_noise, float* grad_bias, int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const ModulateShape shape = {batch, pixels, channels};
    const ModulateInputs<T> inputs = {static_cast<const T*>(x), scale, noise, bias};
    const ModulateGrads<T> grads = {static_cast<T*>(grad_x), grad_scale, grad_noise, grad_bias};
    std::vector<float> sums(batch * shape.bands() * 2 * channels);
    float* const scratch = sums.data();
    ModulateGradCpu(shape, {slope, gain, limit}, inputs, static_cast<const T*>(grad), scratch,
                    grads, Threads(threads));
    return Report(nullptr);
  });
}

int tfdisco_modulate_grad_grad_cpu(int64_t batch, int64_t pixels, int64_t channels, int dtype,
                                   float slope, float gain, float limit, const void* x,
                                   const float* scale, const float* noise, const float* bias,
                                   const void* grad, const void* second_x,
                                   const float* second_scale, const float* second_noise,
                                   const float* second_bias, void* grad_x, float* grad_scale,
                                   void* grad_grad, int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const ModulateShape shape = {batch, pixels, channels};
    const ModulateInputs<T> inputs = {static_cast<const T*>(x), scale, noise, bias};
    const ModulateSeconds<T> seconds = {static_cast<const T*>(second_x), second_scale,
                                        second_noise, second_bias};
    const ModulateSecondGrads<T> second_grads = {static_cast<T*>(grad_x), grad_scale,
                                                 static_cast<T*>(grad_grad)};
    std::vector<float> sums(batch * shape.bands() * channels);
    float* const scratch = sums.data();
    ModulateGradGradCpu(shape, {slope, gain, limit}, inputs, static_cast<const T*>(grad), seconds,
                        scratch, second_grads, Threads(threads));
    return Report(nullptr);
  });
}

int tfdisco_upfirdn2d_cpu(const int64_t sizes[15], int dtype, const void* image,
                          const float* filter_y, const float* filter_x, void* resampled,
                          int threads) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    UpfirdnCpu(UpfirdnShapeOf(sizes), static_cast<const T*>(image), filter_y, filter_x,
               static_cast<T*>(resampled), Threads(threads));
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
  const RasterShape shape = {batch, vertices, triangles, height, width};
  const Scratch scratch(RasterScratch(shape), stream);
  if (scratch.problem() != nullptr) return Report(scratch.problem());
  return Report(RasterizeTrianglesGpu(shape, static_cast<Cull>(cull), clip_vertices,
                                      triangle_table, scratch.as<void>(), triangle_ids,
                                      barycentrics, depth, stream));
}

int tfdisco_rasterize_triangles_grad_gpu(int64_t batch, int64_t vertices, int64_t triangles,
                                         int64_t height, int64_t width,
                                         const float* clip_vertices,
                                         const int32_t* triangle_table,
                                         const int32_t* triangle_ids,
                                         const float* grad_barycentrics, const float* grad_depth,
                                         float* grad_clip_vertices, void* stream) {
  const RasterShape shape = {batch, vertices, triangles, height, width};
  const Scratch scratch(RasterGradScratch(shape), stream);
  if (scratch.problem() != nullptr) return Report(scratch.problem());
  return Report(RasterizeTrianglesGradGpu(shape, clip_vertices, triangle_table, triangle_ids,
                                          grad_barycentrics, grad_depth, scratch.as<void>(),
                                          grad_clip_vertices, stream));
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
  const InterpolationShape shape = {batch, vertices, channels, triangles, height * width};
  const Scratch scratch(InterpolationGradScratch(shape), stream);
  if (scratch.problem() != nullptr) return Report(scratch.problem());
  return Report(InterpolateAttributesGradGpu(shape, attributes, triangle_table, triangle_ids,
                                             barycentrics, grad_image, scratch.as<void>(),
                                             grad_attributes, grad_barycentrics, stream));
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
    const WarpShape shape = {batch, height, width, channels};
    const Scratch scratch(ImageWarpGradScratch(shape), stream);
    if (scratch.problem() != nullptr) return Report(scratch.problem());
    return Report(ImageWarpGradGpu(shape, static_cast<const T*>(image), flow,
                                   static_cast<const T*>(grad_warped), scratch.as<void>(),
                                   static_cast<T*>(grad_image), grad_flow, stream));
  });
}

int tfdisco_bias_act_gpu(int64_t rows, int64_t channels, int dtype, float slope, float gain,
                         float limit, const void* x, const float* bias, void* output,
                         void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    return Report(BiasActGpu({rows, channels}, {slope, gain, limit}, static_cast<const T*>(x),
                             bias, static_cast<T*>(output), stream));
  });
}

int tfdisco_bias_act_grad_gpu(int64_t rows, int64_t channels, int dtype, float slope, float gain,
                              float limit, const void* output, const void* grad, void* grad_x,
                              float* grad_bias, void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const BiasActShape shape = {rows, channels};
    const Scratch sums(shape.bands() * channels * sizeof(float), stream);
    if (sums.problem() != nullptr) return Report(sums.problem());
    float* const scratch = sums.as<float>();
    return Report(BiasActGradGpu(shape, {slope, gain, limit}, static_cast<const T*>(output),
                                 static_cast<const T*>(grad), scratch, static_cast<T*>(grad_x),
                                 grad_bias, stream));
  });
}

int tfdisco_bias_act_grad_grad_gpu(int64_t rows, int64_t channels, int dtype, float slope,
                                   float gain, float limit, const void* output,
                                   const void* second_x, const float* second_bias,
                                   void* second_grad, void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    return Report(BiasActGradGradGpu(
        {rows, channels}, {slope, gain, limit}, static_cast<const T*>(output),
        static_cast<const T*>(second_x), second_bias, static_cast<T*>(second_grad), stream));
  });
}

int tfdisco_modulate_gpu(int64_t batch, int64_t pixels, int64_t channels, int dtype, float slope,
                         float gain, float limit, const void* x, const float* scale,
                         const float* noise, const float* bias, void* output, void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const ModulateInputs<T> inputs = {static_cast<const T*>(x), scale, noise, bias};
    return Report(ModulateGpu({batch, pixels, channels}, {slope, gain, limit}, inputs,
                              static_cast<T*>(output), stream));
  });
}

int tfdisco_modulate_grad_gpu(int64_t batch, int64_t pixels, int64_t channels, int dtype,
                              float slope, float gain, float limit, const void* x,
                              const float* scale, const float* noise, const float* bias,
                              const void* grad, void* grad_x, float* grad_scale,
                              float* grad_noise, float* grad_bias, void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const ModulateShape shape = {batch, pixels, channels};
    const ModulateInputs<T> inputs = {static_cast<const T*>(x), scale, noise, bias};
    const ModulateGrads<T> grads = {static_cast<T*>(grad_x), grad_scale, grad_noise, grad_bias};
    const Scratch sums(batch * shape.bands() * 2 * channels * sizeof(float), stream);
    if (sums.problem() != nullptr) return Report(sums.problem());
    float* const scratch = sums.as<float>();
    return Report(ModulateGradGpu(shape, {slope, gain, limit}, inputs,
                                  static_cast<const T*>(grad), scratch, grads, stream));
  });
}

int tfdisco_modulate_grad_grad_gpu(int64_t batch, int64_t pixels, int64_t channels, int dtype,
                                   float slope, float gain, float limit, const void* x,
                                   const float* scale, const float* noise, const float* bias,
                                   const void* grad, const void* second_x,
                                   const float* second_scale, const float* second_noise,
                                   const float* second_bias, void* grad_x, float* grad_scale,
                                   void* grad_grad, void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    const ModulateShape shape = {batch, pixels, channels};
    const ModulateInputs<T> inputs = {static_cast<const T*>(x), scale, noise, bias};
    const ModulateSeconds<T> seconds = {static_cast<const T*>(second_x), second_scale,
                                        second_noise, second_bias};
    const ModulateSecondGrads<T> second_grads = {static_cast<T*>(grad_x), grad_scale,
                                                 static_cast<T*>(grad_grad)};
    const Scratch sums(batch * shape.bands() * channels * sizeof(float), stream);
    if (sums.problem() != nullptr) return Report(sums.problem());
    float* const scratch = sums.as<float>();
    return Report(ModulateGradGradGpu(shape, {slope, gain, limit}, inputs,
                                      static_cast<const T*>(grad), seconds, scratch,
                                      second_grads, stream));
  });
}

int tfdisco_upfirdn2d_gpu(const int64_t sizes[15], int dtype, const void* image,
                          const float* filter_y, const float* filter_x, void* resampled,
                          void* stream) {
  return ForType(dtype, [&](auto zero) {
    using T = decltype(zero);
    return Report(UpfirdnGpu(UpfirdnShapeOf(sizes), static_cast<const T*>(image), filter_y,
                             filter_x, static_cast<T*>(resampled), stream));
  });
}

#endif  // TFDISCO_CUDA
