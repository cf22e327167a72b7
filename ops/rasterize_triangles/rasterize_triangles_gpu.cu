#include "ops/common/pack.h"
#include "ops/rasterize_triangles/rasterize_triangles.h"

namespace tfdisco {
namespace {

// Scratch memory: everything that is set up once for a vertex or a triangle.
struct Prepared {
  PixelBox* boxes;  // [batch, triangles]; empty for what is not drawn
  DrawnTriangle* drawn;
  PixelVertex* vertices;  // [batch, vertices]

  Prepared(const RasterShape& shape, void* scratch)
      : boxes(static_cast<PixelBox*>(scratch)),
        drawn(reinterpret_cast<DrawnTriangle*>(boxes + shape.batch * shape.triangles)),
        vertices(reinterpret_cast<PixelVertex*>(drawn + shape.batch * shape.triangles)) {}
};

struct ProjectVertex {
  RasterShape shape;
  const float* clip;
  PixelVertex* vertices;
  __device__ void operator()(int64_t i) const {
    vertices[i] = MakePixelVertex(clip + 4 * i, shape.height, shape.width);
  }
};

struct PrepareTriangle {
  RasterShape shape;
  Cull cull;
  const int32_t* triangles;
  Prepared to;
  __device__ void operator()(int64_t i) const {
    const int64_t image = i / shape.triangles;
    const int32_t* corner = triangles + 3 * (i - image * shape.triangles);
    to.boxes[i] = {0, 0, 0, 0};
    for (int k = 0; k < 3; ++k) {
      if (corner[k] < 0 || corner[k] >= shape.vertices) return;
    }
    const PixelVertex* v = to.vertices + image * shape.vertices;
    TriangleSetup setup;
    if (!SetupTriangle(v[corner[0]], v[corner[1]], v[corner[2]], shape.height, shape.width, cull,
                       &setup)) {
      return;
    }
    to.boxes[i] = {setup.x_begin, setup.x_end, setup.y_begin, setup.y_end};
    to.drawn[i] = {setup.sign, setup.depth};
  }
};

// A block draws a square of pixels, one a thread. It looks through the triangles in their
// order, as many at a time as it has threads, gathers those whose boxes reach the square and
// tests them pixel by pixel. A pixel's nearest triangle, and the first of equally near ones,
// is in a register: nothing depends on which thread is quicker.
constexpr int kSide = 16, kThreads = kSide * kSide, kWarp = 32;

struct Candidate {
  PixelBox box;
  int32_t id;
  DrawnTriangle drawn;
  Corner corners[3];
};

__global__ void __launch_bounds__(kThreads)
    DrawTiles(RasterShape shape, const int32_t* triangles, Prepared from, int32_t* ids,
              float* barycentrics, float* depth) {
  __shared__ Candidate candidates[kThreads];
  __shared__ int hits_of_warp[kThreads / kWarp];
  const int t = threadIdx.x;
  const int left = blockIdx.x * kSide, top = blockIdx.y * kSide;
  const int x = left + t % kSide, y = top + t / kSide;
  for (int64_t image = blockIdx.z; image < shape.batch; image += gridDim.z) {
    const PixelVertex* const vertices = from.vertices + image * shape.vertices;
    int32_t nearest = -1;
    float nearest_depth = FloatFromBits(kInfinityBits);
    for (int64_t first = 0; first < shape.triangles; first += kThreads) {
      const int64_t id = first + t, i = image * shape.triangles + id;
      PixelBox box = {0, 0, 0, 0};
      if (id < shape.triangles) box = from.boxes[i];
      const bool hit = box.x_begin < left + kSide && box.x_end > left &&
                       box.y_begin < top + kSide && box.y_end > top && box.x_begin < box.x_end;
      const unsigned votes = __ballot_sync(~0u, hit);
      if (t % kWarp == 0) hits_of_warp[t / kWarp] = __popc(votes);
      __syncthreads();
      int place = __popc(votes & ((1u << t % kWarp) - 1)), count = 0;
      for (int warp = 0; warp < kThreads / kWarp; ++warp) {
        if (warp < t / kWarp) place += hits_of_warp[warp];
        count += hits_of_warp[warp];
      }
      if (hit) {
        Candidate& candidate = candidates[place];
        candidate.box = box;
        candidate.id = static_cast<int32_t>(id);
        candidate.drawn = from.drawn[i];
        for (int k = 0; k < 3; ++k) candidate.corners[k] = vertices[triangles[3 * id + k]];
      }
      __syncthreads();
      for (int k = 0; k < count; ++k) {
        const Candidate& candidate = candidates[k];
        if (x < candidate.box.x_begin || x >= candidate.box.x_end ||
            y < candidate.box.y_begin || y >= candidate.box.y_end) {
          continue;
        }
        float z;
        if (!Covers(candidate.corners[0], candidate.corners[1], candidate.corners[2],
                    candidate.drawn.sign, candidate.drawn.depth, x, y, &z) ||
            !(z < nearest_depth)) {
          continue;
        }
        nearest_depth = z;
        nearest = candidate.id;
      }
      __syncthreads();
    }
    if (x >= shape.width || y >= shape.height) continue;
    const int64_t pixel = (image * shape.height + y) * shape.width + x;
    ids[pixel] = nearest;
    depth[pixel] = nearest_depth < 1.f ? nearest_depth : 1.f;  // infinity where nothing is drawn
    float b[3] = {0.f, 0.f, 0.f};
    if (nearest >= 0) {
      const int32_t* corner = triangles + 3 * static_cast<int64_t>(nearest);
      double e[3];
      for (int k = 0; k < 3; ++k) {
        e[k] = Evaluate(Cross(vertices[corner[(k + 1) % 3]], vertices[corner[(k + 2) % 3]]),
                        x + 0.5, y + 0.5);
      }
      WriteBarycentrics(e, b);
    }
    for (int k = 0; k < 3; ++k) barycentrics[3 * pixel + k] = b[k];
  }
}

struct PixelGradient {
  RasterShape shape;
  const float* clip;
  const int32_t* triangles;
  const int32_t* ids;
  const float* grad_barycentrics;
  const float* grad_depth;
  template <typename Target>
  __device__ void operator()(int64_t i, Target grad_clip) const {
    const int64_t t = ids[i];
    if (t < 0 || t >= shape.triangles) return;
    const int64_t pixels = shape.height * shape.width, image = i / pixels;
    const int32_t* corner = triangles + 3 * t;
    for (int k = 0; k < 3; ++k) {
      if (corner[k] < 0 || corner[k] >= shape.vertices) return;
    }
    int64_t offset[3];
    PixelVertex v[3];
    for (int k = 0; k < 3; ++k) {
      offset[k] = 4 * (image * shape.vertices + corner[k]);
      v[k] = MakePixelVertex(clip + offset[k], shape.height, shape.width);
    }
    const Target grad_corner[3] = {grad_clip + offset[0], grad_clip + offset[1],
                                   grad_clip + offset[2]};
    AddPixelGradient(v, i % pixels % shape.width, i % pixels / shape.width, shape.height,
                     shape.width, grad_barycentrics + 3 * i, grad_depth[i], grad_corner);
  }
};

}  // namespace

const char* RasterizeTrianglesGpu(const RasterShape& shape, Cull cull,
                                  const float* clip_vertices, const int32_t* triangles,
                                  void* scratch, int32_t* triangle_ids, float* barycentrics,
                                  float* depth, void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  if (shape.batch * shape.height * shape.width == 0) return nullptr;
  const Prepared prepared(shape, scratch);
  cudaError_t error = ForEachGpu(shape.batch * shape.vertices,
                                 ProjectVertex{shape, clip_vertices, prepared.vertices}, s);
  if (error == cudaSuccess) {
    error = ForEachGpu(shape.batch * shape.triangles,
                       PrepareTriangle{shape, cull, triangles, prepared}, s);
  }
  if (error == cudaSuccess) {
    const auto tiles = [](int64_t size) {
      return static_cast<unsigned>((size + kSide - 1) / kSide);
    };
    error = Launch(DrawTiles, dim3(tiles(shape.width), tiles(shape.height), BlocksFor(shape.batch)),
                   kThreads, s, shape, triangles, prepared, triangle_ids, barycentrics, depth);
  }
  return ProblemOf(error);
}

const char* RasterizeTrianglesGradGpu(const RasterShape& shape, const float* clip_vertices,
                                      const int32_t* triangles, const int32_t* triangle_ids,
                                      const float* grad_barycentrics, const float* grad_depth,
                                      void* scratch, float* grad_clip_vertices, void* stream) {
  const int64_t pixels = shape.height * shape.width;
  return ProblemOf(SumInAnyOrder(
      shape.batch * pixels, Log2Above(3 * pixels, 62), shape.batch * shape.vertices * 4,
      PixelGradient{shape, clip_vertices, triangles, triangle_ids, grad_barycentrics, grad_depth},
      scratch, grad_clip_vertices, static_cast<cudaStream_t>(stream)));
}

}  // namespace tfdisco
