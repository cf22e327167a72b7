// The body of rasterize_triangles: which triangle covers a pixel centre, with
// which barycentric coordinates and depth, and the derivatives of the latter.
//
// Edge functions in 2D homogeneous coordinates (Olano and Greer, "Triangle Scan
// Conversion using 2D Homogeneous Coordinates", 1997): with v_i = (x, y, w) in
// pixels times w and P = (px, py, 1), e_0 = P . (v_1 x v_2) and so on are the
// barycentric coordinates up to a common factor, whatever the sign of w, so that
// triangles which cross the near plane need no clipping.
//
// Watertight: e_0 is computed as the cross product of v_1 - w_1 P and v_2 - w_2 P,
// which is exactly antisymmetric in the two corners, so that the neighbours at an
// edge get values that differ in nothing but the sign (compiled without
// contraction into fused multiply-adds, which would break that). The differences
// are exact, so a corner on a pixel's centre gives exactly 0. A centre exactly on
// an edge belongs to the triangle for which the edge is a left or top one.
#ifndef TFDISCO_OPS_RASTERIZE_TRIANGLES_H_
#define TFDISCO_OPS_RASTERIZE_TRIANGLES_H_

#include <cmath>
#include <cstdint>

#include "ops/common/accumulate.h"
#include "ops/common/fixed_sums.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

enum class Cull : int { kNone = 0, kBack = 1, kFront = 2 };

struct RasterShape {
  int64_t batch, vertices, triangles, height, width;
};

// In pixels times w: x right, y down.
struct Corner {
  double x, y, w;
};

struct PixelVertex : Corner {
  double z;           // clip space
  double px, py, pz;  // x / w, y / w, z / w; meaningful where w > 0
};

struct Plane {
  double a, b, c;  // value(px, py) = a px + b py + c
};

TFDISCO_HOST_DEVICE double Evaluate(const Plane& plane, double px, double py) {
  return plane.a * px + (plane.b * py + plane.c);
}

struct TriangleSetup {
  const PixelVertex* v[3];
  double sign;  // of the edge functions inside: -1 for a front face
  Plane depth;  // in normalised device coordinates
  int x_begin, x_end, y_begin, y_end;  // pixels that can be covered
  bool in_front;  // all of it, and only then:
  double area;    // twice that of its picture in square pixels, negative for a front face
  double extent;  // the longer side of its picture in pixels
};

TFDISCO_HOST_DEVICE PixelVertex MakePixelVertex(const float* clip, int64_t height,
                                                int64_t width) {
  PixelVertex v;
  v.x = (clip[0] + static_cast<double>(clip[3])) * (0.5 * width);
  v.y = (static_cast<double>(clip[3]) - clip[1]) * (0.5 * height);
  v.z = clip[2];
  // A depth that is not finite makes the vertex so, and with it the areas.
  v.w = std::isfinite(clip[2]) ? clip[3] : NAN;
  v.px = v.x / v.w;
  v.py = v.y / v.w;
  v.pz = v.z / v.w;
  return v;
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

// A triangle in front of the camera, in pixels.
TFDISCO_HOST_DEVICE bool SetupInFront(const PixelVertex& v0, const PixelVertex& v1,
                                      const PixelVertex& v2, int64_t height, int64_t width,
                                      Cull cull, TriangleSetup* setup) {
  const double ax = v1.px - v0.px, ay = v1.py - v0.py, az = v1.pz - v0.pz;
  const double bx = v2.px - v0.px, by = v2.py - v0.py, bz = v2.pz - v0.pz;
  setup->area = ax * by - ay * bx;
  if (setup->area == 0 || !std::isfinite(setup->area)) return false;
  // Counter-clockwise on a screen with y up is clockwise with y down.
  const bool front = setup->area < 0;
  if ((cull == Cull::kBack && !front) || (cull == Cull::kFront && front)) return false;
  const double left = Least(v0.px, v1.px, v2.px), right = Most(v0.px, v1.px, v2.px);
  const double top = Least(v0.py, v1.py, v2.py), bottom = Most(v0.py, v1.py, v2.py);
  PixelRange(left, right, width, &setup->x_begin, &setup->x_end);
  PixelRange(top, bottom, height, &setup->y_begin, &setup->y_end);
  if (setup->x_begin >= setup->x_end || setup->y_begin >= setup->y_end) return false;
  const double inverse = 1.0 / setup->area;
  const double da = (az * by - ay * bz) * inverse, db = (ax * bz - az * bx) * inverse;
  setup->depth = {da, db, v0.pz - da * v0.px - db * v0.py};
  setup->sign = front ? -1.0 : 1.0;
  setup->extent = right - left > bottom - top ? right - left : bottom - top;
  return true;
}

// p x q: the edge function from p to q, up to rounding.
TFDISCO_HOST_DEVICE Plane Cross(const Corner& p, const Corner& q) {
  return {p.y * q.w - p.w * q.y, p.w * q.x - p.x * q.w, p.x * q.y - p.y * q.x};
}

// A triangle that reaches behind the camera: its picture can be anywhere.
TFDISCO_HOST_DEVICE bool SetupCrossing(const PixelVertex& v0, const PixelVertex& v1,
                                       const PixelVertex& v2, int64_t height, int64_t width,
                                       Cull cull, TriangleSetup* setup) {
  const Plane e0 = Cross(v1, v2), e1 = Cross(v2, v0), e2 = Cross(v0, v1);
  const double determinant = v0.x * e0.a + v0.y * e0.b + v0.w * e0.c;
  if (determinant == 0 || !std::isfinite(determinant)) return false;
  const bool front = determinant < 0;
  if ((cull == Cull::kBack && !front) || (cull == Cull::kFront && front)) return false;
  const double z0 = v0.z / determinant, z1 = v1.z / determinant, z2 = v2.z / determinant;
  setup->depth = {e0.a * z0 + e1.a * z1 + e2.a * z2, e0.b * z0 + e1.b * z1 + e2.b * z2,
                  e0.c * z0 + e1.c * z1 + e2.c * z2};
  setup->sign = front ? -1.0 : 1.0;
  setup->x_begin = setup->y_begin = 0;
  setup->x_end = static_cast<int>(width);
  setup->y_end = static_cast<int>(height);
  return true;
}

// Prepares a triangle. Returns false if it can cover no pixel: outside the
// image, behind the camera, culled, of no area, or with a corner that is not finite.
TFDISCO_HOST_DEVICE bool SetupTriangle(const PixelVertex& v0, const PixelVertex& v1,
                                       const PixelVertex& v2, int64_t height, int64_t width,
                                       Cull cull, TriangleSetup* setup) {
  setup->v[0] = &v0;
  setup->v[1] = &v1;
  setup->v[2] = &v2;
  setup->in_front = v0.w > 0 && v1.w > 0 && v2.w > 0;
  if (setup->in_front) return SetupInFront(v0, v1, v2, height, width, cull, setup);
  if (!(v0.w > 0 || v1.w > 0 || v2.w > 0)) return false;
  return SetupCrossing(v0, v1, v2, height, width, cull, setup);
}

// Is the edge from p to q, on whose `sign` side the triangle lies, a left or top one?
TFDISCO_HOST_DEVICE bool IsTopLeft(const Corner& p, const Corner& q, double sign) {
  const Plane edge = Cross(p, q);
  return sign * edge.a > 0 || (edge.a == 0 && sign * edge.b > 0);
}

// The edge functions e_0, e_1, e_2 at (px, py), with the sign they have exactly.
TFDISCO_HOST_DEVICE void EdgeFunctions(const Corner& v0, const Corner& v1, const Corner& v2,
                                       double px, double py, double e[3]) {
  const double x[3] = {v0.x - px * v0.w, v1.x - px * v1.w, v2.x - px * v2.w};
  const double y[3] = {v0.y - py * v0.w, v1.y - py * v1.w, v2.y - py * v2.w};
  e[0] = x[1] * y[2] - y[1] * x[2];
  e[1] = x[2] * y[0] - y[2] * x[0];
  e[2] = x[0] * y[1] - y[0] * x[1];
}

// Tests the pixel (x, y)'s centre: inside the triangle, between the near and far planes?
// `sign` and `plane` are its setup's; `depth` is what the plane has there.
TFDISCO_HOST_DEVICE bool Covers(const Corner& v0, const Corner& v1, const Corner& v2,
                                double sign, const Plane& plane, int x, int y, float* depth) {
  const double px = x + 0.5, py = y + 0.5;
  double e[3];
  EdgeFunctions(v0, v1, v2, px, py, e);
  const auto outside = [sign](double value, const Corner& p, const Corner& q) {
    value *= sign;
    return value < 0 || (value == 0 && !IsTopLeft(p, q, sign));
  };
  if (outside(e[0], v1, v2) || outside(e[1], v2, v0) || outside(e[2], v0, v1)) return false;
  const double z = Evaluate(plane, px, py);
  *depth = static_cast<float>(z) + 0.f;  // -0 becomes 0
  return z >= -1.0 && z <= 1.0;
}

// `e` are the values at the pixel of the edges' planes, of either sign.
TFDISCO_HOST_DEVICE void WriteBarycentrics(const double e[3], float barycentrics[3]) {
  const double scale = 1.0 / (e[0] + e[1] + e[2]);
  for (int i = 0; i < 3; ++i) barycentrics[i] = static_cast<float>(e[i] * scale);
}

// Barycentrics and depth are functions of the corners, once the covering
// triangle is given. Adds their vector-Jacobian product at one pixel to the
// gradient of the three clip-space corners. Target: float*, or what fixed_sums.h has in its
// place.
template <typename Target>
TFDISCO_HOST_DEVICE void AddPixelGradient(const PixelVertex v[3], int64_t x, int64_t y,
                                          int64_t height, int64_t width,
                                          const float* grad_barycentrics, float grad_depth,
                                          const Target grad_corner[3]) {
  const double P[3] = {x + 0.5, y + 0.5, 1.0};
  const double V[3][3] = {{v[0].x, v[0].y, v[0].w}, {v[1].x, v[1].y, v[1].w},
                          {v[2].x, v[2].y, v[2].w}};
  Plane cross[3];  // v_j x v_k: the gradient of e_i to P, and of the determinant to v_i
  double e[3], sum = 0;
  EdgeFunctions(v[0], v[1], v[2], P[0], P[1], e);
  for (int i = 0; i < 3; ++i) {
    cross[i] = Cross(v[(i + 1) % 3], v[(i + 2) % 3]);
    sum += e[i];
  }
  const double determinant = v[0].x * cross[0].a + v[0].y * cross[0].b + v[0].w * cross[0].c;
  if (determinant == 0 || sum == 0) return;
  const double per_sum = 1.0 / sum, per_determinant = 1.0 / determinant;
  double mean = 0, depth = 0;  // sum_j g_j b_j; sum_j e_j z_j / det
  for (int i = 0; i < 3; ++i) {
    mean += grad_barycentrics[i] * e[i] * per_sum;
    depth += e[i] * v[i].z * per_determinant;
  }
  const double grad_z = grad_depth * per_determinant, grad_determinant = -grad_z * depth;
  double grad_v[3][3];
  for (int i = 0; i < 3; ++i) {
    grad_v[i][0] = grad_determinant * cross[i].a;
    grad_v[i][1] = grad_determinant * cross[i].b;
    grad_v[i][2] = grad_determinant * cross[i].c;
  }
  for (int i = 0; i < 3; ++i) {
    const double g = (grad_barycentrics[i] - mean) * per_sum + grad_z * v[i].z;
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
    Accumulate(grad_corner[i] + 2, static_cast<float>(grad_z * e[i]));
    Accumulate(grad_corner[i] + 3, static_cast<float>(gx + gy + grad_v[i][2]));
  }
}

// Launchers. Outputs are written everywhere: id -1, barycentrics 0 and depth 1
// where nothing is drawn.
void RasterizeTrianglesCpu(const RasterShape& shape, Cull cull, const float* clip_vertices,
                           const int32_t* triangles, int32_t* triangle_ids, float* barycentrics,
                           float* depth, const ParallelFor& parallel_for);

void RasterizeTrianglesGradCpu(const RasterShape& shape, const float* clip_vertices,
                               const int32_t* triangles, const int32_t* triangle_ids,
                               const float* grad_barycentrics, const float* grad_depth,
                               float* grad_clip_vertices, const ParallelFor& parallel_for);

#if defined(__CUDACC__) || defined(TFDISCO_CUDA)
// `stream` is a cudaStream_t; `scratch` holds RasterScratch(shape) bytes, or
// RasterGradScratch(shape). They return nullptr, or what went wrong, and give the same bits
// in each run.
const char* RasterizeTrianglesGpu(const RasterShape& shape, Cull cull,
                                  const float* clip_vertices, const int32_t* triangles,
                                  void* scratch, int32_t* triangle_ids, float* barycentrics,
                                  float* depth, void* stream);

const char* RasterizeTrianglesGradGpu(const RasterShape& shape, const float* clip_vertices,
                                      const int32_t* triangles, const int32_t* triangle_ids,
                                      const float* grad_barycentrics, const float* grad_depth,
                                      void* scratch, float* grad_clip_vertices, void* stream);

// What a block that draws a tile reads of every triangle, and what of those that reach it.
struct alignas(16) PixelBox {
  int x_begin, x_end, y_begin, y_end;
};
struct DrawnTriangle {
  double sign;
  Plane depth;
};

inline int64_t RasterScratch(const RasterShape& shape) {
  return shape.batch * (shape.triangles * (sizeof(PixelBox) + sizeof(DrawnTriangle)) +
                        shape.vertices * sizeof(PixelVertex));
}

inline int64_t RasterGradScratch(const RasterShape& shape) {
  const int64_t targets = shape.batch * shape.vertices * 4;
  return FixedSumMemory::Bytes(targets, targets);
}
#endif

}  // namespace tfdisco

#endif  // TFDISCO_OPS_RASTERIZE_TRIANGLES_H_
