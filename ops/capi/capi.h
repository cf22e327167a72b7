// The kernels behind a plain C interface, for tests and benchmarks in programs
// without TensorFlow. Arrays are dense and row-major; shapes are those of the
// Python functions of the same names. The CPU functions run on `threads`
// threads. The GPU functions take device pointers and a cudaStream_t, allocate
// their scratch memory on that stream, and return 0, or 1 after which
// tfdisco_last_error() says what went wrong on this thread.
#ifndef TFDISCO_OPS_CAPI_H_
#define TFDISCO_OPS_CAPI_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TFDISCO_FLOAT32 = 0, TFDISCO_FLOAT16 = 1, TFDISCO_BFLOAT16 = 2 };

const char* tfdisco_last_error(void);

// cull: 0 none, 1 back, 2 front.
int tfdisco_rasterize_triangles_cpu(int64_t batch, int64_t vertices, int64_t triangles,
                                    int64_t height, int64_t width, int cull,
                                    const float* clip_vertices, const int32_t* triangle_table,
                                    int32_t* triangle_ids, float* barycentrics, float* depth,
                                    int threads);
int tfdisco_rasterize_triangles_grad_cpu(int64_t batch, int64_t vertices, int64_t triangles,
                                         int64_t height, int64_t width,
                                         const float* clip_vertices,
                                         const int32_t* triangle_table,
                                         const int32_t* triangle_ids,
                                         const float* grad_barycentrics, const float* grad_depth,
                                         float* grad_clip_vertices, int threads);
int tfdisco_interpolate_attributes_cpu(int64_t batch, int64_t vertices, int64_t channels,
                                       int64_t triangles, int64_t height, int64_t width,
                                       const float* attributes, const int32_t* triangle_table,
                                       const int32_t* triangle_ids, const float* barycentrics,
                                       float* image, int threads);
int tfdisco_interpolate_attributes_grad_cpu(int64_t batch, int64_t vertices, int64_t channels,
                                            int64_t triangles, int64_t height, int64_t width,
                                            const float* attributes,
                                            const int32_t* triangle_table,
                                            const int32_t* triangle_ids,
                                            const float* barycentrics, const float* grad_image,
                                            float* grad_attributes, float* grad_barycentrics,
                                            int threads);
// dtype: that of image, warped and their gradients; flow is float32.
int tfdisco_image_warp_cpu(int64_t batch, int64_t height, int64_t width, int64_t channels,
                           int dtype, const void* image, const float* flow, void* warped,
                           int threads);
int tfdisco_image_warp_grad_cpu(int64_t batch, int64_t height, int64_t width, int64_t channels,
                                int dtype, const void* image, const float* flow,
                                const void* grad_warped, void* grad_image, float* grad_flow,
                                int threads);

// slope, gain and limit: ops/common/activation.h. rows: the product of all axes of x
// but the last. dtype: that of x, output and their gradients.
int tfdisco_bias_act_cpu(int64_t rows, int64_t channels, int dtype, float slope, float gain,
                         float limit, const void* x, const float* bias, void* output,
                         int threads);
int tfdisco_bias_act_grad_cpu(int64_t rows, int64_t channels, int dtype, float slope, float gain,
                              float limit, const void* output, const void* grad, void* grad_x,
                              float* grad_bias, int threads);
int tfdisco_bias_act_grad_grad_cpu(int64_t rows, int64_t channels, int dtype, float slope,
                                   float gain, float limit, const void* output,
                                   const void* second_x, const float* second_bias,
                                   void* second_grad, int threads);
// What surrounds modulated_conv2d's convolution: ops/modulated_conv/modulated_conv.h.
// noise and its gradients may be NULL, all together.
int tfdisco_modulate_cpu(int64_t batch, int64_t pixels, int64_t channels, int dtype, float slope,
                         float gain, float limit, const void* x, const float* scale,
                         const float* noise, const float* bias, void* output, int threads);
int tfdisco_modulate_grad_cpu(int64_t batch, int64_t pixels, int64_t channels, int dtype,
                              float slope, float gain, float limit, const void* x,
                              const float* scale, const float* noise, const float* bias,
                              const void* grad, void* grad_x, float* grad_scale,
                              float* grad_noise, float* grad_bias, int threads);
int tfdisco_modulate_grad_grad_cpu(int64_t batch, int64_t pixels, int64_t channels, int dtype,
                                   float slope, float gain, float limit, const void* x,
                                   const float* scale, const float* noise, const float* bias,
                                   const void* grad, const void* second_x,
                                   const float* second_scale, const float* second_noise,
                                   const float* second_bias, void* grad_x, float* grad_scale,
                                   void* grad_grad, int threads);
// sizes: batch, channels, terms, then for y and for x: input, output, taps, up, down,
// pad, as ops/upfirdn2d/upfirdn2d.h defines them.
int tfdisco_upfirdn2d_cpu(const int64_t sizes[15], int dtype, const void* image,
                          const float* filter_y, const float* filter_x, void* resampled,
                          int threads);

// Present where the library was built with CUDA.
int tfdisco_rasterize_triangles_gpu(int64_t batch, int64_t vertices, int64_t triangles,
                                    int64_t height, int64_t width, int cull,
                                    const float* clip_vertices, const int32_t* triangle_table,
                                    int32_t* triangle_ids, float* barycentrics, float* depth,
                                    void* stream);
int tfdisco_rasterize_triangles_grad_gpu(int64_t batch, int64_t vertices, int64_t triangles,
                                         int64_t height, int64_t width,
                                         const float* clip_vertices,
                                         const int32_t* triangle_table,
                                         const int32_t* triangle_ids,
                                         const float* grad_barycentrics, const float* grad_depth,
                                         float* grad_clip_vertices, void* stream);
int tfdisco_interpolate_attributes_gpu(int64_t batch, int64_t vertices, int64_t channels,
                                       int64_t triangles, int64_t height, int64_t width,
                                       const float* attributes, const int32_t* triangle_table,
                                       const int32_t* triangle_ids, const float* barycentrics,
                                       float* image, void* stream);
int tfdisco_interpolate_attributes_grad_gpu(int64_t batch, int64_t vertices, int64_t channels,
                                            int64_t triangles, int64_t height, int64_t width,
                                            const float* attributes,
                                            const int32_t* triangle_table,
                                            const int32_t* triangle_ids,
                                            const float* barycentrics, const float* grad_image,
                                            float* grad_attributes, float* grad_barycentrics,
                                            void* stream);
int tfdisco_image_warp_gpu(int64_t batch, int64_t height, int64_t width, int64_t channels,
                           int dtype, const void* image, const float* flow, void* warped,
                           void* stream);
int tfdisco_image_warp_grad_gpu(int64_t batch, int64_t height, int64_t width, int64_t channels,
                                int dtype, const void* image, const float* flow,
                                const void* grad_warped, void* grad_image, float* grad_flow,
                                void* stream);
int tfdisco_bias_act_gpu(int64_t rows, int64_t channels, int dtype, float slope, float gain,
                         float limit, const void* x, const float* bias, void* output,
                         void* stream);
int tfdisco_bias_act_grad_gpu(int64_t rows, int64_t channels, int dtype, float slope, float gain,
                              float limit, const void* output, const void* grad, void* grad_x,
                              float* grad_bias, void* stream);
int tfdisco_bias_act_grad_grad_gpu(int64_t rows, int64_t channels, int dtype, float slope,
                                   float gain, float limit, const void* output,
                                   const void* second_x, const float* second_bias,
                                   void* second_grad, void* stream);
int tfdisco_modulate_gpu(int64_t batch, int64_t pixels, int64_t channels, int dtype, float slope,
                         float gain, float limit, const void* x, const float* scale,
                         const float* noise, const float* bias, void* output, void* stream);
int tfdisco_modulate_grad_gpu(int64_t batch, int64_t pixels, int64_t channels, int dtype,
                              float slope, float gain, float limit, const void* x,
                              const float* scale, const float* noise, const float* bias,
                              const void* grad, void* grad_x, float* grad_scale,
                              float* grad_noise, float* grad_bias, void* stream);
int tfdisco_modulate_grad_grad_gpu(int64_t batch, int64_t pixels, int64_t channels, int dtype,
                                   float slope, float gain, float limit, const void* x,
                                   const float* scale, const float* noise, const float* bias,
                                   const void* grad, const void* second_x,
                                   const float* second_scale, const float* second_noise,
                                   const float* second_bias, void* grad_x, float* grad_scale,
                                   void* grad_grad, void* stream);
int tfdisco_upfirdn2d_gpu(const int64_t sizes[15], int dtype, const void* image,
                          const float* filter_y, const float* filter_x, void* resampled,
                          void* stream);

#ifdef __cplusplus
}
#endif

#endif  // TFDISCO_OPS_CAPI_H_
