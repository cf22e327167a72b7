#include "ops/rasterize_triangles/rasterize_triangles.h"

namespace tfdisco {
namespace {

using Key = unsigned long long;
constexpr Key kNothing = ~0ull;

// Depth in the high bits, in an order that unsigned integers share with floats,
// and the triangle's id in the low ones: the least key is the nearest triangle,
// and the lower id of two equally near ones, whatever the order of the writes.
__device__ Key MakeKey(float depth, int64_t triangle) {
  unsigned bits = __float_as_uint(depth);
  bits ^= (bits >> 31) ? 0xffffffffu : 0x80000000u;
  return (static_cast<Key>(bits) << 32) | static_cast<unsigned>(triangle);
}

__device__ float DepthOf(Key key) {
  const unsigned bits = static_cast<unsigned>(key >> 32);
  return __uint_as_float(bits ^ ((bits >> 31) ? 0x80000000u : 0xffffffffu));
}

__device__ bool SetupFromMesh(const RasterShape& shape, Cull cull, const PixelVertex* vertices,
                              const int32_t* corner, TriangleSetup* setup) {
  for (int i = 0; i < 3; ++i) {
    if (corner[i] < 0 || corner[i] >= shape.vertices) return false;
  }
  return SetupTriangle(vertices[corner[0]], vertices[corner[1]], vertices[corner[2]],
                       shape.height, shape.width, cull, setup);
}

struct ProjectVertex {
  RasterShape shape;
  const float* clip;
  PixelVertex* vertices;
  __device__ void operator()(int64_t i) const {
    vertices[i] = MakePixelVertex(clip + 4 * i, shape.height, shape.width);
  }
};

struct Clear {
  Key* keys;
  __device__ void operator()(int64_t i) const { keys[i] = kNothing; }
};

// A few neighbouring threads share a triangle; most triangles are small.
constexpr int kThreadsATriangle = 8;

struct DrawTriangle {
  RasterShape shape;
  Cull cull;
  const PixelVertex* vertices;
  const int32_t* triangles;
  Key* keys;
  __device__ void operator()(int64_t i) const {
    const int64_t lane = i % kThreadsATriangle, task = i / kThreadsATriangle;
    const int64_t image = task / shape.triangles, t = task % shape.triangles;
    TriangleSetup setup;
    if (!SetupFromMesh(shape, cull, vertices + image * shape.vertices, triangles + 3 * t,
                       &setup)) {
      return;
    }
    const int64_t columns = setup.x_end - setup.x_begin;
    const int64_t count = columns * (setup.y_end - setup.y_begin);
    float depth;
    for (int64_t k = lane; k < count; k += kThreadsATriangle) {
      const int x = setup.x_begin + static_cast<int>(k % columns);
      const int y = setup.y_begin + static_cast<int>(k / columns);
      if (!Covers(setup, x, y, &depth)) continue;
      Key* target = keys + (image * shape.height + y) * shape.width + x;
      const Key key = MakeKey(depth, t);
      if (key < *target) atomicMin(target, key);
    }
  }
};

struct ResolvePixel {
  RasterShape shape;
  const PixelVertex* vertices;
  const int32_t* triangles;
  const Key* keys;
  int32_t* ids;
  float* barycentrics;
  float* depth;
  __device__ void operator()(int64_t i) const {
    const Key key = keys[i];
    ids[i] = -1;
    depth[i] = 1.f;
    for (int k = 0; k < 3; ++k) barycentrics[3 * i + k] = 0.f;
    if (key == kNothing) return;
    const int64_t t = static_cast<int64_t>(key & 0xffffffffu);
    const int64_t pixels = shape.height * shape.width;
    const PixelVertex* v = vertices + i / pixels * shape.vertices;
    const int32_t* corner = triangles + 3 * t;
    double e[3];
    for (int k = 0; k < 3; ++k) {
      e[k] = Evaluate(Cross(v[corner[(k + 1) % 3]], v[corner[(k + 2) % 3]]),
                      i % pixels % shape.width + 0.5, i % pixels / shape.width + 0.5);
    }
    ids[i] = static_cast<int32_t>(t);
    depth[i] = DepthOf(key);
    WriteBarycentrics(e, barycentrics + 3 * i);
  }
};

struct PixelGradient {
  RasterShape shape;
  const float* clip;
  const int32_t* triangles;
  const int32_t* ids;
  const float* grad_barycentrics;
  const float* grad_depth;
  float* grad_clip;
  __device__ void operator()(int64_t i) const {
    const int64_t t = ids[i];
    if (t < 0 || t >= shape.triangles) return;
    const int64_t pixels = shape.height * shape.width, image = i / pixels;
    const int32_t* corner = triangles + 3 * t;
    PixelVertex v[3];
    float* grad_corner[3];
    for (int k = 0; k < 3; ++k) {
      if (corner[k] < 0 || corner[k] >= shape.vertices) return;
      const int64_t offset = 4 * (image * shape.vertices + corner[k]);
      v[k] = MakePixelVertex(clip + offset, shape.height, shape.width);
      grad_corner[k] = grad_clip + offset;
    }
    AddPixelGradient(v, i % pixels % shape.width, i % pixels / shape.width, shape.height,
                     shape.width, grad_barycentrics + 3 * i, grad_depth[i], grad_corner);
  }
};

}  // namespace

const char* RasterizeTrianglesGpu(const RasterShape& shape, Cull cull,
                                  const float* clip_vertices, const int32_t* triangles,
                                  PixelVertex* scratch, unsigned long long* keys,
                                  int32_t* triangle_ids, float* barycentrics, float* depth,
                                  void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  const int64_t pixels = shape.batch * shape.height * shape.width;
  cudaError_t error = ForEachGpu(shape.batch * shape.vertices,
                                 ProjectVertex{shape, clip_vertices, scratch}, s);
  if (error == cudaSuccess) error = ForEachGpu(pixels, Clear{keys}, s);
  if (error == cudaSuccess) {
    error = ForEachGpu(shape.batch * shape.triangles * kThreadsATriangle,
                       DrawTriangle{shape, cull, scratch, triangles, keys}, s);
  }
  if (error == cudaSuccess) {
    error = ForEachGpu(pixels, ResolvePixel{shape, scratch, triangles, keys, triangle_ids,
                                            barycentrics, depth}, s);
  }
  return ProblemOf(error);
}

const char* RasterizeTrianglesGradGpu(const RasterShape& shape, const float* clip_vertices,
                                      const int32_t* triangles, const int32_t* triangle_ids,
                                      const float* grad_barycentrics, const float* grad_depth,
                                      float* grad_clip_vertices, void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  cudaError_t error = cudaMemsetAsync(grad_clip_vertices, 0,
                                      shape.batch * shape.vertices * 4 * sizeof(float), s);
  if (error == cudaSuccess) {
    error = ForEachGpu(shape.batch * shape.height * shape.width,
                       PixelGradient{shape, clip_vertices, triangles, triangle_ids,
                                     grad_barycentrics, grad_depth, grad_clip_vertices}, s);
  }
  return ProblemOf(error);
}

}  // namespace tfdisco
