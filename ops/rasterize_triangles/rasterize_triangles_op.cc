#include "ops/common/tensorflow_helpers.h"
#include "ops/rasterize_triangles/rasterize_triangles.h"

namespace tfdisco {
namespace {

using tensorflow::DEVICE_CPU;
using tensorflow::DEVICE_GPU;
using tensorflow::DT_FLOAT;
using tensorflow::DT_INT32;
using tensorflow::DT_UINT8;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Status;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

REGISTER_OP("TfdiscoRasterizeTriangles")
    .Input("clip_vertices: float32")
    .Input("triangles: int32")
    .Attr("height: int >= 1")
    .Attr("width: int >= 1")
    .Attr("cull: {'none', 'back', 'front'}")
    .Output("triangle_ids: int32")
    .Output("barycentrics: float32")
    .Output("depth: float32")
    .SetShapeFn([](InferenceContext* c) -> Status {
      ShapeHandle vertices, triangles;
      DimensionHandle unused;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 3, &vertices));
      TF_RETURN_IF_ERROR(c->WithValue(c->Dim(vertices, 2), 4, &unused));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 2, &triangles));
      TF_RETURN_IF_ERROR(c->WithValue(c->Dim(triangles, 1), 3, &unused));
      int64_t height, width;
      TF_RETURN_IF_ERROR(c->GetAttr("height", &height));
      TF_RETURN_IF_ERROR(c->GetAttr("width", &width));
      const auto batch = c->Dim(vertices, 0);
      const ShapeHandle image =
          c->MakeShape({batch, c->MakeDim(height), c->MakeDim(width)});
      c->set_output(0, image);
      c->set_output(1, c->MakeShape({batch, c->MakeDim(height), c->MakeDim(width), c->MakeDim(3)}));
      c->set_output(2, image);
      return Status();
    });

REGISTER_OP("TfdiscoRasterizeTrianglesGrad")
    .Input("clip_vertices: float32")
    .Input("triangles: int32")
    .Input("triangle_ids: int32")
    .Input("grad_barycentrics: float32")
    .Input("grad_depth: float32")
    .Output("grad_clip_vertices: float32")
    .SetShapeFn([](InferenceContext* c) -> Status {
      c->set_output(0, c->input(0));
      return Status();
    });

Status CheckMesh(const Tensor& vertices, const Tensor& triangles, bool in_host_memory) {
  TF_RETURN_IF_ERROR(CheckShape("clip_vertices", vertices, {-1, -1, 4}));
  TF_RETURN_IF_ERROR(CheckShape("triangles", triangles, {-1, 3}));
  // On a GPU a triangle with a bad index is not drawn.
  if (in_host_memory) return CheckRange("triangles", triangles, 0, vertices.dim_size(1));
  return Status();
}

template <bool kGpu>
class RasterizeTrianglesOp : public OpKernel {
 public:
  explicit RasterizeTrianglesOp(OpKernelConstruction* context) : OpKernel(context) {
    std::string cull;
    OP_REQUIRES_OK(context, context->GetAttr("height", &height_));
    OP_REQUIRES_OK(context, context->GetAttr("width", &width_));
    OP_REQUIRES_OK(context, context->GetAttr("cull", &cull));
    cull_ = cull == "back" ? Cull::kBack : cull == "front" ? Cull::kFront : Cull::kNone;
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& vertices = context->input(0);
    const Tensor& triangles = context->input(1);
    OP_REQUIRES_OK(context, CheckMesh(vertices, triangles, !kGpu));
    const RasterShape shape{vertices.dim_size(0), vertices.dim_size(1), triangles.dim_size(0),
                            height_, width_};
    Tensor *ids, *barycentrics, *depth;
    const TensorShape image({shape.batch, shape.height, shape.width});
    OP_REQUIRES_OK(context, context->allocate_output(0, image, &ids));
    OP_REQUIRES_OK(context, context->allocate_output(
                                1, TensorShape({shape.batch, shape.height, shape.width, 3}),
                                &barycentrics));
    OP_REQUIRES_OK(context, context->allocate_output(2, image, &depth));
    const float* clip = vertices.flat<float>().data();
    const int32_t* table = triangles.flat<int32_t>().data();
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      Tensor scratch;
      OP_REQUIRES_OK(context, context->allocate_temp(
                                  DT_UINT8, TensorShape({RasterScratch(shape)}), &scratch));
      OP_REQUIRES_OK(
          context,
          FromCuda("rasterize_triangles",
                   RasterizeTrianglesGpu(shape, cull_, clip, table,
                                         scratch.flat<uint8_t>().data(),
                                         ids->flat<int32_t>().data(),
                                         barycentrics->flat<float>().data(),
                                         depth->flat<float>().data(), StreamOf(context))));
#endif
    } else {
      RasterizeTrianglesCpu(shape, cull_, clip, table, ids->flat<int32_t>().data(),
                            barycentrics->flat<float>().data(), depth->flat<float>().data(),
                            PoolOf(context));
    }
  }

 private:
  int64_t height_, width_;
  Cull cull_;
};

template <bool kGpu>
class RasterizeTrianglesGradOp : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor& vertices = context->input(0);
    const Tensor& triangles = context->input(1);
    const Tensor& ids = context->input(2);
    const Tensor& grad_barycentrics = context->input(3);
    const Tensor& grad_depth = context->input(4);
    OP_REQUIRES_OK(context, CheckMesh(vertices, triangles, !kGpu));
    const int64_t batch = vertices.dim_size(0);
    OP_REQUIRES_OK(context, CheckShape("triangle_ids", ids, {batch, -1, -1}));
    const RasterShape shape{batch, vertices.dim_size(1), triangles.dim_size(0), ids.dim_size(1),
                            ids.dim_size(2)};
    OP_REQUIRES_OK(context, CheckShape("grad_barycentrics", grad_barycentrics,
                                       {batch, shape.height, shape.width, 3}));
    OP_REQUIRES_OK(context,
                   CheckShape("grad_depth", grad_depth, {batch, shape.height, shape.width}));
    if (!kGpu) {
      OP_REQUIRES_OK(context, CheckRange("triangle_ids", ids, -1, shape.triangles));
    }
    Tensor* grad_vertices;
    OP_REQUIRES_OK(context, context->allocate_output(0, vertices.shape(), &grad_vertices));
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      Tensor scratch;
      OP_REQUIRES_OK(context, context->allocate_temp(
                                  DT_UINT8, TensorShape({RasterGradScratch(shape)}), &scratch));
      OP_REQUIRES_OK(
          context,
          FromCuda("rasterize_triangles gradient",
                   RasterizeTrianglesGradGpu(
                       shape, vertices.flat<float>().data(), triangles.flat<int32_t>().data(),
                       ids.flat<int32_t>().data(), grad_barycentrics.flat<float>().data(),
                       grad_depth.flat<float>().data(), scratch.flat<uint8_t>().data(),
                       grad_vertices->flat<float>().data(), StreamOf(context))));
#endif
    } else {
      RasterizeTrianglesGradCpu(shape, vertices.flat<float>().data(),
                                triangles.flat<int32_t>().data(), ids.flat<int32_t>().data(),
                                grad_barycentrics.flat<float>().data(),
                                grad_depth.flat<float>().data(),
                                grad_vertices->flat<float>().data(), PoolOf(context));
    }
  }
};

REGISTER_KERNEL_BUILDER(Name("TfdiscoRasterizeTriangles").Device(DEVICE_CPU),
                        RasterizeTrianglesOp<false>);
REGISTER_KERNEL_BUILDER(Name("TfdiscoRasterizeTrianglesGrad").Device(DEVICE_CPU),
                        RasterizeTrianglesGradOp<false>);
#if defined(TFDISCO_CUDA)
REGISTER_KERNEL_BUILDER(Name("TfdiscoRasterizeTriangles").Device(DEVICE_GPU),
                        RasterizeTrianglesOp<true>);
REGISTER_KERNEL_BUILDER(Name("TfdiscoRasterizeTrianglesGrad").Device(DEVICE_GPU),
                        RasterizeTrianglesGradOp<true>);
#endif

}  // namespace
}  // namespace tfdisco
