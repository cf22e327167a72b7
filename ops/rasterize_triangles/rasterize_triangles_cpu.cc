#include <algorithm>

#include "ops/rasterize_triangles/rasterize_triangles.h"

namespace tfdisco {
namespace {

// Draws all triangles into the rows [row_begin, row_end) of one image. Triangles
// come in the order of their ids and must be strictly nearer to replace a pixel,
// so ties go to the lower id, and how the rows are split changes nothing.
void DrawRows(const RasterShape& shape, Cull cull, const PixelVertex* vertices,
              const int32_t* triangles, int64_t row_begin, int64_t row_end, int32_t* ids,
              float* barycentrics, float* depth) {
  const int64_t first = row_begin * shape.width, last = row_end * shape.width;
  std::fill(ids + first, ids + last, -1);
  std::fill(barycentrics + 3 * first, barycentrics + 3 * last, 0.f);
  std::fill(depth + first, depth + last, 1.f);
  TriangleSetup setup;
  Coverage coverage;
  for (int64_t t = 0; t < shape.triangles; ++t) {
    const int32_t* corner = triangles + 3 * t;
    if (!SetupTriangle(vertices[corner[0]], vertices[corner[1]], vertices[corner[2]],
                       shape.height, shape.width, cull, &setup)) {
      continue;
    }
    const int y_begin = std::max<int>(setup.y_begin, row_begin);
    const int y_end = std::min<int>(setup.y_end, row_end);
    for (int y = y_begin; y < y_end; ++y) {
      for (int x = setup.x_begin; x < setup.x_end; ++x) {
        if (!Covers(setup, x, y, &coverage)) continue;
        const int64_t pixel = y * shape.width + x;
        if (ids[pixel] >= 0 && !(coverage.depth < depth[pixel])) continue;
        ids[pixel] = static_cast<int32_t>(t);
        depth[pixel] = coverage.depth;
        WriteBarycentrics(coverage.e, barycentrics + 3 * pixel);
      }
    }
  }
}

}  // namespace

void RasterizeTrianglesCpu(const RasterShape& shape, Cull cull, const float* clip_vertices,
                           const int32_t* triangles, PixelVertex* scratch, int32_t* triangle_ids,
                           float* barycentrics, float* depth, const ParallelFor& parallel_for) {
  parallel_for(shape.batch * shape.vertices, 30, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      scratch[i] = MakePixelVertex(clip_vertices + 4 * i, shape.height, shape.width);
    }
  });
  // Bands repeat the work per triangle, so there are several only where the
  // images alone would leave threads idle.
  constexpr int64_t kImagesThatFillThePool = 8;
  const int64_t bands = std::max<int64_t>(
      1, std::min(shape.height, kImagesThatFillThePool / std::max<int64_t>(1, shape.batch)));
  const int64_t pixels = shape.height * shape.width;
  const int64_t cost = 100 * shape.triangles + 10 * pixels / bands;
  parallel_for(shape.batch * bands, cost, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / bands, band = task % bands;
      DrawRows(shape, cull, scratch + image * shape.vertices, triangles,
               shape.height * band / bands, shape.height * (band + 1) / bands,
               triangle_ids + image * pixels, barycentrics + 3 * image * pixels,
               depth + image * pixels);
    }
  });
}

void RasterizeTrianglesGradCpu(const RasterShape& shape, const float* clip_vertices,
                               const int32_t* triangles, const int32_t* triangle_ids,
                               const float* grad_barycentrics, const float* grad_depth,
                               float* grad_clip_vertices, const ParallelFor& parallel_for) {
  const int64_t pixels = shape.height * shape.width;
  ScatterInBands(
      shape.batch, shape.height, shape.width, 4 * shape.vertices, grad_clip_vertices,
      parallel_for, [&](int64_t image, int64_t row_begin, int64_t row_end, float* sums) {
        const float* clip = clip_vertices + 4 * image * shape.vertices;
        for (int64_t y = row_begin; y < row_end; ++y) {
          for (int64_t x = 0; x < shape.width; ++x) {
            const int64_t pixel = image * pixels + y * shape.width + x;
            if (triangle_ids[pixel] < 0) continue;
            const int32_t* corner = triangles + 3 * static_cast<int64_t>(triangle_ids[pixel]);
            PixelVertex v[3];
            float* grad_corner[3];
            for (int i = 0; i < 3; ++i) {
              v[i] = MakePixelVertex(clip + 4 * corner[i], shape.height, shape.width);
              grad_corner[i] = sums + 4 * corner[i];
            }
            AddPixelGradient(v, x, y, shape.height, shape.width, grad_barycentrics + 3 * pixel,
                             grad_depth[pixel], grad_corner);
          }
        }
      });
}

}  // namespace tfdisco
