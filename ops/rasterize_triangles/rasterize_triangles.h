// The body of rasterize_triangles: which triangle covers a pixel centre, with
// which barycentric coordinates and depth, and the derivatives of the latter.
//
// Edge functions in 2D homogeneous coordinates (Olano and Greer, "Triangle Scan
// Conversion using 2D Homogeneous Coordinates", 1997): with v_i = (x, y, w) in
// pixels times w and P = (px, py, 1), e_0 = P . (v_1 x v_2) and so on are the
// barycentric coordinates up to a common factor, whatever the sign of w, so that
// triangles which cross the near plane need no clipping.
//
// Watertight: the edge function of a shared edge is computed from its endpoints
// in one canonical order, so that two neighbours get values that differ in
// nothing but the sign; where rounding could decide the sign, the corners are
// first moved by the pixel, which is exact; a centre exactly on an edge belongs
// to the triangle for which the edge is a left or top one.
#ifndef TFDISCO_OPS_RASTERIZE_TRIANGLES_H_
#define TFDISCO_OPS_RASTERIZE_TRIANGLES_H_

#include <cmath>
#include <cstdint>

#include "ops/common/accumulate.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

enum class Cull : int { kNone = 0, kBack = 1, kFront = 2 };

struct RasterShape {
  int64_t batch, vertices, triangles, height, width;
};

// A vertex in pixels times w (x right, y down), and in pixels.
struct PixelVertex {
  double x, y, w;
  double px, py;  // meaningful where w > 0
  double z;       // clip space
};

struct Plane {
  double a, b, c;  // value(px, py) = a px + b py + c
};

// The edge function p x q, negated if `sign` is -1 to be positive inside.
struct Edge {
  Plane plane;
  double error;  // bound on the rounding error of the plane's values in the image
  double p[3], q[3];  // endpoints (x, y, w) in canonical order
  double sign;
};

struct TriangleSetup {
  Edge edge[3];
  double determinant;  // positive: sum(e) / determinant = 1 / w
  Plane depth;         // in normalised device coordinates
  int x_begin, x_end, y_begin, y_end;  // pixels that can be covered
};

struct Coverage {
  double e[3];
  float depth;
};

TFDISCO_HOST_DEVICE PixelVertex MakePixelVertex(const float* clip, int64_t height,
                                                int64_t width) {
  const double w = clip[3];
  PixelVertex v;
  v.x = (clip[0] + w) * (0.5 * width);
  v.y = (w - clip[1]) * (0.5 * height);
  v.w = w;
  v.z = clip[2];
  v.px = v.x / w;
  v.py = v.y / w;
  return v;
}

TFDISCO_HOST_DEVICE bool ComesFirst(const PixelVertex& p, const PixelVertex& q) {
  if (p.x != q.x) return p.x < q.x;
  if (p.y != q.y) return p.y < q.y;
  return p.w < q.w;
}

// p x q.
TFDISCO_HOST_DEVICE Plane Cross(const double p[3], const double q[3]) {
  return {p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]};
}

TFDISCO_HOST_DEVICE double Evaluate(const Plane& plane, double px, double py) {
  return plane.a * px + (plane.b * py + plane.c);
}

TFDISCO_HOST_DEVICE void Negate(Edge* e) {
  e->plane = {-e->plane.a, -e->plane.b, -e->plane.c};
  e->sign = -e->sign;
}

TFDISCO_HOST_DEVICE Edge MakeEdge(const PixelVertex& p, const PixelVertex& q, int64_t height,
                                  int64_t width) {
  const bool ordered = ComesFirst(p, q);
  const PixelVertex& r = ordered ? p : q;
  const PixelVertex& s = ordered ? q : p;
  Edge e = {{}, 0, {r.x, r.y, r.w}, {s.x, s.y, s.w}, 1};
  e.plane = Cross(e.p, e.q);
  constexpr double kUnitRoundoff = 1.2e-16;
  e.error = 8 * kUnitRoundoff *
            ((std::fabs(r.y * s.w) + std::fabs(r.w * s.y)) * width +
             (std::fabs(r.w * s.x) + std::fabs(r.x * s.w)) * height +
             (std::fabs(r.x * s.y) + std::fabs(r.y * s.x)));
  if (!ordered) Negate(&e);
  return e;
}

// The edge function from corners moved by the pixel: a corner that lies on the
// pixel's centre becomes exactly 0, and so does a horizontal or vertical edge.
TFDISCO_HOST_DEVICE double EvaluateExactly(const Edge& e, double px, double py) {
  const double p[2] = {e.p[0] - px * e.p[2], e.p[1] - py * e.p[2]};
  const double q[2] = {e.q[0] - px * e.q[2], e.q[1] - py * e.q[2]};
  return e.sign * (p[0] * q[1] - p[1] * q[0]);
}

TFDISCO_HOST_DEVICE bool IsTopLeft(const Edge& e) {
  return e.plane.a > 0 || (e.plane.a == 0 && e.plane.b > 0);
}

TFDISCO_HOST_DEVICE double Least(double a, double b, double c) {
  return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

// First and one-past-last pixel whose centre lies in [low, high], within [0, size).
TFDISCO_HOST_DEVICE void PixelRange(double low, double high, int64_t size, int* begin, int* end) {
  constexpr double kSlack = 1e-6;  // the quotients low and high are rounded
  const double first = std::ceil(low - 0.5 - kSlack), last = std::floor(high - 0.5 + kSlack);
  *begin = first > 0 ? (first < size ? static_cast<int>(first) : static_cast<int>(size)) : 0;
  *end = last >= 0 ? (last < size ? static_cast<int>(last) + 1 : static_cast<int>(size)) : 0;
}

// Prepares a triangle. Returns false if it can cover no pixel: outside the
// image, behind the camera, culled, of no area, or with a corner that is not finite.
TFDISCO_HOST_DEVICE bool SetupTriangle(const PixelVertex& v0, const PixelVertex& v1,
                                       const PixelVertex& v2, int64_t height, int64_t width,
                                       Cull cull, TriangleSetup* setup) {
  const bool all_in_front = v0.w > 0 && v1.w > 0 && v2.w > 0;
  if (all_in_front) {
    PixelRange(Least(v0.px, v1.px, v2.px), -Least(-v0.px, -v1.px, -v2.px), width,
               &setup->x_begin, &setup->x_end);
    PixelRange(Least(v0.py, v1.py, v2.py), -Least(-v0.py, -v1.py, -v2.py), height,
               &setup->y_begin, &setup->y_end);
    if (setup->x_begin >= setup->x_end || setup->y_begin >= setup->y_end) return false;
  } else {
    if (v0.w <= 0 && v1.w <= 0 && v2.w <= 0) return false;
    setup->x_begin = setup->y_begin = 0;  // its picture can reach anywhere
    setup->x_end = static_cast<int>(width);
    setup->y_end = static_cast<int>(height);
  }
  setup->edge[0] = MakeEdge(v1, v2, height, width);
  setup->edge[1] = MakeEdge(v2, v0, height, width);
  setup->edge[2] = MakeEdge(v0, v1, height, width);
  const Plane& e0 = setup->edge[0].plane;
  double determinant = v0.x * e0.a + v0.y * e0.b + v0.w * e0.c;
  // The vertices run counter-clockwise on a screen with y up, which is clockwise
  // with y down: a front face has a negative determinant here.
  if (!(determinant < 0 || determinant > 0) || !std::isfinite(determinant)) return false;
  const bool front = determinant < 0;
  if ((cull == Cull::kBack && !front) || (cull == Cull::kFront && front)) return false;
  if (front) {
    determinant = -determinant;
    for (Edge& e : setup->edge) Negate(&e);
  }
  if (!std::isfinite(v0.z) || !std::isfinite(v1.z) || !std::isfinite(v2.z)) return false;
  setup->determinant = determinant;
  const Plane &p = setup->edge[0].plane, &q = setup->edge[1].plane, &r = setup->edge[2].plane;
  setup->depth = {(p.a * v0.z + q.a * v1.z + r.a * v2.z) / determinant,
                  (p.b * v0.z + q.b * v1.z + r.b * v2.z) / determinant,
                  (p.c * v0.z + q.c * v1.z + r.c * v2.z) / determinant};
  return true;
}

// Tests the pixel (x, y)'s centre: inside the triangle, between the near and far planes?
TFDISCO_HOST_DEVICE bool Covers(const TriangleSetup& setup, int x, int y, Coverage* coverage) {
  const double px = x + 0.5, py = y + 0.5;
  for (int i = 0; i < 3; ++i) {
    const Edge& edge = setup.edge[i];
    const double e = Evaluate(edge.plane, px, py);
    if (e < -edge.error) return false;
    if (e <= edge.error) {
      const double exact = EvaluateExactly(edge, px, py);
      if (exact < 0 || (exact == 0 && !IsTopLeft(edge))) return false;
    }
    coverage->e[i] = e;
  }
  const double depth = Evaluate(setup.depth, px, py);
  coverage->depth = static_cast<float>(depth);
  return depth >= -1.0 && depth <= 1.0;
}

TFDISCO_HOST_DEVICE void WriteBarycentrics(const double e[3], float barycentrics[3]) {
  const double scale = 1.0 / (e[0] + e[1] + e[2]);
  for (int i = 0; i < 3; ++i) barycentrics[i] = static_cast<float>(e[i] * scale);
}

// Barycentrics and depth are functions of the corners, once the covering
// triangle is given. Adds their vector-Jacobian product at one pixel to the
// gradient of the three clip-space corners.
TFDISCO_HOST_DEVICE void AddPixelGradient(const PixelVertex v[3], int64_t x, int64_t y,
                                          int64_t height, int64_t width,
                                          const float* grad_barycentrics, float grad_depth,
                                          float* grad_corner[3]) {
  const double P[3] = {x + 0.5, y + 0.5, 1.0};
  const double V[3][3] = {{v[0].x, v[0].y, v[0].w}, {v[1].x, v[1].y, v[1].w},
                          {v[2].x, v[2].y, v[2].w}};
  Plane cross[3];  // v_j x v_k: the gradient of e_i to P, and of the determinant to v_i
  double e[3], sum = 0;
  for (int i = 0; i < 3; ++i) {
    cross[i] = Cross(V[(i + 1) % 3], V[(i + 2) % 3]);
    e[i] = Evaluate(cross[i], P[0], P[1]);
    sum += e[i];
  }
  const double determinant = v[0].x * cross[0].a + v[0].y * cross[0].b + v[0].w * cross[0].c;
  if (determinant == 0 || sum == 0) return;
  double mean = 0, depth = 0;  // sum_j g_j b_j; sum_j e_j z_j / det
  for (int i = 0; i < 3; ++i) {
    mean += grad_barycentrics[i] * e[i] / sum;
    depth += e[i] * v[i].z / determinant;
  }
  const double grad_determinant = -grad_depth * depth / determinant;
  double grad_v[3][3];
  for (int i = 0; i < 3; ++i) {
    grad_v[i][0] = grad_determinant * cross[i].a;
    grad_v[i][1] = grad_determinant * cross[i].b;
    grad_v[i][2] = grad_determinant * cross[i].c;
  }
  for (int i = 0; i < 3; ++i) {
    const double g =
        (grad_barycentrics[i] - mean) / sum + grad_depth * v[i].z / determinant;
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    // e_i = P . (v_j x v_k): d/dv_j = v_k x P, d/dv_k = P x v_j
    for (int axis = 0; axis < 3; ++axis) {
      const int m = (axis + 1) % 3, n = (axis + 2) % 3;
      grad_v[j][axis] += g * (V[k][m] * P[n] - V[k][n] * P[m]);
      grad_v[k][axis] += g * (P[m] * V[j][n] - P[n] * V[j][m]);
    }
  }
  for (int i = 0; i < 3; ++i) {
    const double gx = grad_v[i][0] * (0.5 * width), gy = grad_v[i][1] * (0.5 * height);
    Accumulate(grad_corner[i] + 0, static_cast<float>(gx));
    Accumulate(grad_corner[i] + 1, static_cast<float>(-gy));
    Accumulate(grad_corner[i] + 2, static_cast<float>(grad_depth * e[i] / determinant));
    Accumulate(grad_corner[i] + 3, static_cast<float>(gx + gy + grad_v[i][2]));
  }
}

// Launchers. `scratch` holds batch * vertices PixelVertex; on the GPU `keys`
// holds batch * height * width uint64. Outputs are written everywhere: id -1,
// barycentrics 0 and depth 1 where nothing is drawn.
void RasterizeTrianglesCpu(const RasterShape& shape, Cull cull, const float* clip_vertices,
                           const int32_t* triangles, PixelVertex* scratch, int32_t* triangle_ids,
                           float* barycentrics, float* depth, const ParallelFor& parallel_for);

void RasterizeTrianglesGradCpu(const RasterShape& shape, const float* clip_vertices,
                               const int32_t* triangles, const int32_t* triangle_ids,
                               const float* grad_barycentrics, const float* grad_depth,
                               float* grad_clip_vertices, const ParallelFor& parallel_for);

#if defined(__CUDACC__) || defined(TFDISCO_CUDA)
// `stream` is a cudaStream_t. They return nullptr, or what went wrong.
const char* RasterizeTrianglesGpu(const RasterShape& shape, Cull cull,
                                  const float* clip_vertices, const int32_t* triangles,
                                  PixelVertex* scratch, unsigned long long* keys,
                                  int32_t* triangle_ids, float* barycentrics, float* depth,
                                  void* stream);

const char* RasterizeTrianglesGradGpu(const RasterShape& shape, const float* clip_vertices,
                                      const int32_t* triangles, const int32_t* triangle_ids,
                                      const float* grad_barycentrics, const float* grad_depth,
                                      float* grad_clip_vertices, void* stream);
#endif

}  // namespace tfdisco

#endif  // TFDISCO_OPS_RASTERIZE_TRIANGLES_H_
