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

#ifdef __cplusplus
}
#endif

#endif  // TFDISCO_OPS_CAPI_H_
