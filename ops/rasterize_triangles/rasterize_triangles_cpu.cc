#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "ops/rasterize_triangles/rasterize_triangles.h"

namespace tfdisco {
namespace {

// Neighbouring pixels of a row, as vectors of the compiler's own kind.
constexpr int kLanes = 4;
typedef double Doubles __attribute__((vector_size(kLanes * sizeof(double))));
typedef float Floats __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t Ints __attribute__((vector_size(kLanes * sizeof(int32_t))));
constexpr Floats kLaneOffsets = {0.f, 1.f, 2.f, 3.f};
constexpr Doubles kLaneCentres = {0.5, 1.5, 2.5, 3.5};

TFDISCO_INLINE Floats Absolute(Floats v) {
  const Ints positive = reinterpret_cast<Ints>(v) & 0x7fffffff;
  return reinterpret_cast<Floats>(positive);
}

// The edge functions of a triangle side by side: value(px, py) = a px + (b py + c).
struct EdgeTable {
  Doubles a, b, c;  // the fourth lane is 0
};

// A triangle's linear barycentric coordinates in float32 along the rows from a
// pixel near it: all above `error` is surely inside, one below -`error` surely
// outside, where rounding cannot decide.
struct FastEdges {
  TFDISCO_INLINE FastEdges(const TriangleSetup& setup, int x, int y) {
    const PixelVertex &v0 = *setup.v[0], &v1 = *setup.v[1], &v2 = *setup.v[2];
    const double s = 1.0 / setup.area, dx = x + 0.5 - v0.px, dy = y + 0.5 - v0.py;
    const double right1 = (v2.py - v0.py) * s, right2 = (v0.py - v1.py) * s;
    const double down1 = (v0.px - v2.px) * s, down2 = (v1.px - v0.px) * s;
    const double b1 = dx * right1 + dy * down1, b2 = dx * right2 + dy * down2;
    const double reach = std::fabs(b1) + std::fabs(b2) + 1 +
                         (std::fabs(right1) + std::fabs(right2)) * (setup.x_end - x + kLanes) +
                         (std::fabs(down1) + std::fabs(down2)) * (setup.y_end - y);
    const int steps = setup.x_end - x + setup.y_end - y;
    error = Floats{} + static_cast<float>(kSinglePrecision * (1 + 0.25 * steps) * reach);
    Start(0, 1 - b1 - b2, -right1 - right2, -down1 - down2);
    Start(1, b1, right1, down1);
    Start(2, b2, right2, down2);
  }

  // Are the numbers tame enough for the bound to hold?
  TFDISCO_INLINE static bool CanDraw(const TriangleSetup& setup) {
    return setup.in_front && setup.extent < 1e6 &&
           std::fabs(setup.area) > 1e-6 * setup.extent * setup.extent &&
           Most(std::fabs(setup.v[0]->pz), std::fabs(setup.v[1]->pz),
                std::fabs(setup.v[2]->pz)) < 1;
  }

  Floats row[3];  // at the first pixels of the row
  Floats to_next[3], down[3], error;

 private:
  TFDISCO_INLINE void Start(int i, double value, double to_right, double below) {
    const float right = static_cast<float>(to_right);
    row[i] = static_cast<float>(value) + right * kLaneOffsets;
    to_next[i] = Floats{} + right * kLanes;
    down[i] = Floats{} + static_cast<float>(below);
  }

  static constexpr double kSinglePrecision = 4e-7;  // a few roundings; and one more a step
};

// The nearest triangle of each pixel in a band of rows of one image.
class RowBuffer {
 public:
  explicit RowBuffer(const RasterShape& shape)
      : width_(shape.width),
        stride_((shape.width + kLanes - 1) / kLanes * kLanes),
        edges_(new EdgeTable[shape.triangles]) {}

  void Start(int64_t row_begin, int64_t row_end) {
    row_begin_ = row_begin;
    row_end_ = row_end;
    ids_.assign(stride_ * (row_end - row_begin), -1);
    depth_.assign(ids_.size(), std::numeric_limits<float>::infinity());
  }

  // Triangles come in the order of their ids and must be strictly nearer to
  // replace a pixel, so ties go to the lower id.
  TFDISCO_INLINE void Draw(const TriangleSetup& setup, int32_t id) {
    const int y_begin = std::max<int>(setup.y_begin, row_begin_);
    const int y_end = std::min<int>(setup.y_end, row_end_);
    if (y_begin >= y_end) return;
    const Plane e0 = Cross(*setup.v[1], *setup.v[2]), e1 = Cross(*setup.v[2], *setup.v[0]),
                e2 = Cross(*setup.v[0], *setup.v[1]);
    const EdgeTable table = {
        {e0.a, e1.a, e2.a, 0}, {e0.b, e1.b, e2.b, 0}, {e0.c, e1.c, e2.c, 0}};
    edges_[id] = table;
    if (!FastEdges::CanDraw(setup)) return DrawExactly(setup, id, y_begin, y_end);
    const int x_begin = setup.x_begin / kLanes * kLanes;
    FastEdges edges(setup, x_begin, y_begin);
    Floats closest = edges.error * 2.f;  // to any edge, of all pixels
    double py = y_begin + 0.5;
    int64_t row = (y_begin - row_begin_) * stride_;
    for (int y = y_begin; y < y_end; ++y, py += 1.0, row += stride_) {
      const double row_depth = setup.depth.b * py + setup.depth.c;
      Floats e[3] = {edges.row[0], edges.row[1], edges.row[2]};
      Doubles px = kLaneCentres + static_cast<double>(x_begin);
      for (int x = x_begin; x < setup.x_end; x += kLanes) {
        const Floats e01 = e[0] < e[1] ? e[0] : e[1], least = e01 < e[2] ? e01 : e[2];
        const Floats distance = Absolute(least);
        closest = distance < closest ? distance : closest;
        const Floats z = __builtin_convertvector(setup.depth.a * px + row_depth, Floats) + 0.f;
        Replace(row + x, least > edges.error, z, id);
        px += static_cast<double>(kLanes);
        for (int i = 0; i < 3; ++i) e[i] += edges.to_next[i];
      }
      for (int i = 0; i < 3; ++i) edges.row[i] += edges.down[i];
    }
    const Ints undecided = closest <= edges.error;
    if (undecided[0] | undecided[1] | undecided[2] | undecided[3]) {
      DrawExactly(setup, id, y_begin, y_end);
    }
  }

  // Writes the rows to the image's outputs.
  TFDISCO_INLINE void Resolve(int32_t* ids, float* barycentrics, float* depth) const {
    for (int64_t y = row_begin_; y < row_end_; ++y) {
      const int64_t from = (y - row_begin_) * stride_, to = y * width_;
      std::copy_n(&ids_[from], width_, ids + to);
      std::fill_n(barycentrics + 3 * to, 3 * width_, 0.f);
      for (int64_t x = 0; x < width_; ++x) {  // infinity where nothing is drawn
        depth[to + x] = depth_[from + x] < 1.f ? depth_[from + x] : 1.f;
      }
      for (int64_t x = 0; x < width_; ++x) {
        const int32_t id = ids_[from + x];
        if (id < 0) continue;
        const EdgeTable& edge = edges_[id];
        const Doubles e = edge.a * (x + 0.5) + (edge.b * (y + 0.5) + edge.c);
        const double values[3] = {e[0], e[1], e[2]};
        WriteBarycentrics(values, barycentrics + 3 * (to + x));
      }
    }
  }

 private:
  TFDISCO_INLINE void Replace(int64_t pixel, Ints inside, Floats z, int32_t id) {
    Floats old_z;
    Ints old_ids;
    memcpy(&old_z, &depth_[pixel], sizeof old_z);
    memcpy(&old_ids, &ids_[pixel], sizeof old_ids);
    const Ints replace = inside & (z < old_z);
    const Floats new_z = replace ? z : old_z;
    const Ints new_ids = replace ? Ints{} + id : old_ids;
    memcpy(&depth_[pixel], &new_z, sizeof new_z);
    memcpy(&ids_[pixel], &new_ids, sizeof new_ids);
  }

  // Every pixel by the rule itself; drawing a triangle twice changes nothing.
  void DrawExactly(const TriangleSetup& setup, int32_t id, int y_begin, int y_end) {
    float depth;
    for (int y = y_begin; y < y_end; ++y) {
      for (int x = setup.x_begin; x < setup.x_end; ++x) {
        const int64_t pixel = (y - row_begin_) * stride_ + x;
        if (!Covers(*setup.v[0], *setup.v[1], *setup.v[2], setup.sign, setup.depth, x, y, &depth) ||
            !(depth < depth_[pixel])) {
          continue;
        }
        ids_[pixel] = id;
        depth_[pixel] = depth;
      }
    }
  }

  const int64_t width_, stride_;
  int64_t row_begin_ = 0, row_end_ = 0;
  const std::unique_ptr<EdgeTable[]> edges_;  // of the triangles drawn
  std::vector<int32_t> ids_;
  std::vector<float> depth_;
};

// The tasks [begin, end), each a band of an image.
TFDISCO_CPU_CLONES
void DrawBands(const RasterShape& shape, Cull cull, int64_t bands, int64_t begin, int64_t end,
               const float* clip_vertices, const int32_t* triangles, int32_t* triangle_ids,
               float* barycentrics, float* depth) {
  const int64_t pixels = shape.height * shape.width;
  const std::unique_ptr<PixelVertex[]> vertices(new PixelVertex[shape.vertices]);
  int64_t projected = -1;
  RowBuffer rows(shape);
  TriangleSetup setup;
  for (int64_t task = begin; task < end; ++task) {
    const int64_t image = task / bands, band = task % bands;
    for (int64_t i = 0; image != projected && i < shape.vertices; ++i) {
      vertices[i] = MakePixelVertex(clip_vertices + 4 * (image * shape.vertices + i),
                                    shape.height, shape.width);
    }
    projected = image;
    rows.Start(shape.height * band / bands, shape.height * (band + 1) / bands);
    for (int64_t t = 0; t < shape.triangles; ++t) {
      const int32_t* corner = triangles + 3 * t;
      if (SetupTriangle(vertices[corner[0]], vertices[corner[1]], vertices[corner[2]],
                        shape.height, shape.width, cull, &setup)) {
        rows.Draw(setup, static_cast<int32_t>(t));
      }
    }
    rows.Resolve(triangle_ids + image * pixels, barycentrics + 3 * image * pixels,
                 depth + image * pixels);
  }
}

}  // namespace

void RasterizeTrianglesCpu(const RasterShape& shape, Cull cull, const float* clip_vertices,
                           const int32_t* triangles, int32_t* triangle_ids, float* barycentrics,
                           float* depth, const ParallelFor& parallel_for) {
  // Bands repeat the work per triangle, so there are several only where the
  // images alone would leave threads idle. They change no result.
  constexpr int64_t kImagesThatFillThePool = 8;
  const int64_t bands = std::max<int64_t>(
      1, std::min(shape.height, kImagesThatFillThePool / std::max<int64_t>(1, shape.batch)));
  const int64_t cost = 200 * shape.triangles + 20 * shape.height * shape.width / bands;
  parallel_for(shape.batch * bands, cost, [&](int64_t begin, int64_t end) {
    DrawBands(shape, cull, bands, begin, end, clip_vertices, triangles, triangle_ids,
              barycentrics, depth);
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
