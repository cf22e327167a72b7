// The body of rasterize_triangles: which triangle covers a pixel centre, with
// which barycentric coordinates and depth, and the derivatives of the latter.
//
// Edge functions in 2D homogeneous coordinates (Olano and Greer, "Triangle Scan
// Conversion using 2D Homogeneous Coordinates", 1997): with v_i = (x, y, w) in
// pixels times w and P = (px, py, 1), e_0 = P . (v_1 x v_2) and so on are the
// barycentric coordinates up to a common factor, whatever the sign of w, so that
// triangles which cross the near plane need no clipping.
//
// Watertight: the edge function of a shared edge is exactly antisymmetric in its
// corners, so that two neighbours get values that differ in nothing but the sign
// (compiled without contraction into fused multiply-adds, which would break
// that); where rounding could decide the sign, the corners are first moved by the
// pixel, which is exact; a centre exactly on an edge belongs to the triangle for
// which the edge is a left or top one.
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
  double size;    // |x| + |y| + |w| times the larger side: scale of rounding errors
};

struct Plane {
  double a, b, c;  // value(px, py) = a px + b py + c
};

struct TriangleSetup {
  const PixelVertex* v[3];
  double sign;         // -1 for a front face, whose edge functions are negated
  Plane edge[3];       // positive inside; edge[i] is opposite corner i
  double error;        // bound on the rounding errors of their values in the image
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
  v.w = std::isfinite(clip[2]) ? w : NAN;  // as its depth is never looked at by itself
  v.z = clip[2];
  v.px = v.x / w;
  v.py = v.y / w;
  v.size = std::fabs(v.x) + std::fabs(v.y) + std::fabs(w) * (width > height ? width : height);
  return v;
}

// (p.x, p.y, p.w) x (q.x, q.y, q.w)
TFDISCO_HOST_DEVICE Plane Cross(const PixelVertex& p, const PixelVertex& q) {
  return {p.y * q.w - p.w * q.y, p.w * q.x - p.x * q.w, p.x * q.y - p.y * q.x};
}

TFDISCO_HOST_DEVICE double Evaluate(const Plane& plane, double px, double py) {
  return plane.a * px + (plane.b * py + plane.c);
}

// The edge function from corners moved by the pixel: a corner that lies on the
// pixel's centre becomes exactly 0, and so does a horizontal or vertical edge.
TFDISCO_HOST_DEVICE double EvaluateExactly(const PixelVertex& p, const PixelVertex& q, double px,
                                           double py) {
  return (p.x - px * p.w) * (q.y - py * q.w) - (p.y - py * p.w) * (q.x - px * q.w);
}

TFDISCO_HOST_DEVICE bool IsTopLeft(const Plane& edge) {
  return edge.a > 0 || (edge.a == 0 && edge.b > 0);
}

TFDISCO_HOST_DEVICE double Least(double a, double b, double c) {
  a = b < a ? b : a;
  return c < a ? c : a;
}
TFDISCO_HOST_DEVICE double Most(double a, double b, double c) {
  a = b > a ? b : a;
  return c > a ? c : a;
}

// ceil(value) and floor(value) + 1, cut off at 0 and `size`.
TFDISCO_HOST_DEVICE int CeilWithin(double value, int size) {
  if (!(value > 0)) return 0;
  if (value >= size) return size;
  const int whole = static_cast<int>(value);
  return whole + (whole < value);
}
TFDISCO_HOST_DEVICE int EndWithin(double value, int size) {
  if (!(value >= 0)) return 0;
  return value >= size ? size : static_cast<int>(value) + 1;
}

// First and one-past-last pixel whose centre lies in [low, high], within [0, size).
TFDISCO_HOST_DEVICE void PixelRange(double low, double high, int64_t size, int* begin, int* end) {
  constexpr double kSlack = 1e-6;  // the quotients low and high are rounded
  *begin = CeilWithin(low - 0.5 - kSlack, static_cast<int>(size));
  *end = EndWithin(high - 0.5 + kSlack, static_cast<int>(size));
}

// Prepares a triangle. Returns false if it can cover no pixel: outside the
// image, behind the camera, culled, of no area, or with a corner that is not finite.
TFDISCO_HOST_DEVICE bool SetupTriangle(const PixelVertex& v0, const PixelVertex& v1,
                                       const PixelVertex& v2, int64_t height, int64_t width,
                                       Cull cull, TriangleSetup* setup) {
  if (v0.w > 0 && v1.w > 0 && v2.w > 0) {
    PixelRange(Least(v0.px, v1.px, v2.px), Most(v0.px, v1.px, v2.px), width, &setup->x_begin,
               &setup->x_end);
    PixelRange(Least(v0.py, v1.py, v2.py), Most(v0.py, v1.py, v2.py), height, &setup->y_begin,
               &setup->y_end);
    if (setup->x_begin >= setup->x_end || setup->y_begin >= setup->y_end) return false;
  } else {
    if (!(v0.w > 0 || v1.w > 0 || v2.w > 0)) return false;
    setup->x_begin = setup->y_begin = 0;  // its picture can reach anywhere
    setup->x_end = static_cast<int>(width);
    setup->y_end = static_cast<int>(height);
  }
  const Plane edge0 = Cross(v1, v2);
  const double determinant = v0.x * edge0.a + v0.y * edge0.b + v0.w * edge0.c;
  // The vertices run counter-clockwise on a screen with y up, which is clockwise
  // with y down: a front face has a negative determinant here.
  const bool front = determinant < 0;
  if (determinant == 0 || !std::isfinite(determinant)) return false;
  if ((cull == Cull::kBack && !front) || (cull == Cull::kFront && front)) return false;
  setup->v[0] = &v0;
  setup->v[1] = &v1;
  setup->v[2] = &v2;
  const double sign = front ? -1.0 : 1.0;
  const Plane edge[3] = {edge0, Cross(v2, v0), Cross(v0, v1)};
  setup->sign = sign;
  setup->determinant = sign * determinant;
  for (int i = 0; i < 3; ++i) {
    setup->edge[i] = {sign * edge[i].a, sign * edge[i].b, sign * edge[i].c};
  }
  constexpr double kError = 8 * 1.2e-16;  // some roundings of a double
  const double size = Most(v0.size, v1.size, v2.size);
  setup->error = kError * size * size;
  const double inverse = 1.0 / determinant;
  const double z0 = v0.z * inverse, z1 = v1.z * inverse, z2 = v2.z * inverse;
  setup->depth = {edge[0].a * z0 + edge[1].a * z1 + edge[2].a * z2,
                  edge[0].b * z0 + edge[1].b * z1 + edge[2].b * z2,
                  edge[0].c * z0 + edge[1].c * z1 + edge[2].c * z2};
  return true;
}

// Tests the pixel (x, y)'s centre: inside the triangle, between the near and far planes?
TFDISCO_HOST_DEVICE bool Covers(const TriangleSetup& setup, int x, int y, Coverage* coverage) {
  const double px = x + 0.5, py = y + 0.5;
  for (int i = 0; i < 3; ++i) {
    const double e = Evaluate(setup.edge[i], px, py);
    if (e < -setup.error) return false;
    if (e <= setup.error) {
      const double exact =
          setup.sign * EvaluateExactly(*setup.v[(i + 1) % 3], *setup.v[(i + 2) % 3], px, py);
      if (exact < 0 || (exact == 0 && !IsTopLeft(setup.edge[i]))) return false;
    }
    coverage->e[i] = e;
  }
  const double depth = Evaluate(setup.depth, px, py);
  coverage->depth = static_cast<float>(depth) + 0.f;  // -0 becomes 0
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
    cross[i] = Cross(v[(i + 1) % 3], v[(i + 2) % 3]);
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
