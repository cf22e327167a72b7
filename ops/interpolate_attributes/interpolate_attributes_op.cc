#include "ops/common/tensorflow_helpers.h"
#include "ops/interpolate_attributes/interpolate_attributes.h"

namespace tfdisco {
namespace {

using tensorflow::DEVICE_CPU;
using tensorflow::DEVICE_GPU;
using tensorflow::OpKernel;
using tensorflow::OpKernelContext;
using tensorflow::Status;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

REGISTER_OP("TfdiscoInterpolateAttributes")
    .Input("attributes: float32")
    .Input("triangles: int32")
    .Input("triangle_ids: int32")
    .Input("barycentrics: float32")
    .Output("image: float32")
    .SetShapeFn([](InferenceContext* c) -> Status {
      ShapeHandle attributes, ids, image;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 3, &attributes));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 3, &ids));
      TF_RETURN_IF_ERROR(c->Concatenate(ids, c->Vector(c->Dim(attributes, 2)), &image));
      c->set_output(0, image);
      return Status();
    });

REGISTER_OP("TfdiscoInterpolateAttributesGrad")
    .Input("attributes: float32")
    .Input("triangles: int32")
    .Input("triangle_ids: int32")
    .Input("barycentrics: float32")
    .Input("grad_image: float32")
    .Output("grad_attributes: float32")
    .Output("grad_barycentrics: float32")
    .SetShapeFn([](InferenceContext* c) -> Status {
      c->set_output(0, c->input(0));
      c->set_output(1, c->input(3));
      return Status();
    });

// Checks the four inputs both ops share and takes their sizes.
Status CheckInputs(OpKernelContext* context, bool in_host_memory, InterpolationShape* shape) {
  const Tensor& attributes = context->input(0);
  const Tensor& triangles = context->input(1);
  const Tensor& ids = context->input(2);
  const Tensor& barycentrics = context->input(3);
  TF_RETURN_IF_ERROR(CheckShape("attributes", attributes, {-1, -1, -1}));
  TF_RETURN_IF_ERROR(CheckShape("triangles", triangles, {-1, 3}));
  TF_RETURN_IF_ERROR(CheckShape("triangle_ids", ids, {attributes.dim_size(0), -1, -1}));
  TF_RETURN_IF_ERROR(CheckShape("barycentrics", barycentrics,
                                {ids.dim_size(0), ids.dim_size(1), ids.dim_size(2), 3}));
  *shape = {attributes.dim_size(0), attributes.dim_size(1), attributes.dim_size(2),
            triangles.dim_size(0), ids.dim_size(1) * ids.dim_size(2)};
  if (!in_host_memory) return Status();  // there a bad index reads as background
  TF_RETURN_IF_ERROR(CheckRange("triangles", triangles, 0, shape->vertices));
  return CheckRange("triangle_ids", ids, -1, shape->triangles);
}

template <bool kGpu>
class InterpolateAttributesOp : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    InterpolationShape shape;
    OP_REQUIRES_OK(context, CheckInputs(context, !kGpu, &shape));
    const Tensor& ids = context->input(2);
    Tensor* image;
    OP_REQUIRES_OK(context,
                   context->allocate_output(0,
                                            TensorShape({shape.batch, ids.dim_size(1),
                                                         ids.dim_size(2), shape.channels}),
                                            &image));
    const float* attributes = context->input(0).flat<float>().data();
    const int32_t* triangles = context->input(1).flat<int32_t>().data();
    const float* barycentrics = context->input(3).flat<float>().data();
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(context, FromCuda("interpolate_attributes",
                                       InterpolateAttributesGpu(
                                           shape, attributes, triangles,
                                           ids.flat<int32_t>().data(), barycentrics,
                                           image->flat<float>().data(), StreamOf(context))));
#endif
    } else {
      InterpolateAttributesCpu(shape, attributes, triangles, ids.flat<int32_t>().data(),
                               barycentrics, image->flat<float>().data(), PoolOf(context));
    }
  }
};

template <bool kGpu>
class InterpolateAttributesGradOp : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    InterpolationShape shape;
    OP_REQUIRES_OK(context, CheckInputs(context, !kGpu, &shape));
    const Tensor& ids = context->input(2);
    const Tensor& grad = context->input(4);
    OP_REQUIRES_OK(context, CheckShape("grad_image", grad,
                                       {shape.batch, ids.dim_size(1), ids.dim_size(2),
                                        shape.channels}));
    Tensor *grad_attributes, *grad_barycentrics;
    OP_REQUIRES_OK(context, context->allocate_output(0, context->input(0).shape(),
                                                     &grad_attributes));
    OP_REQUIRES_OK(context, context->allocate_output(1, context->input(3).shape(),
                                                     &grad_barycentrics));
    const float* attributes = context->input(0).flat<float>().data();
    const int32_t* triangles = context->input(1).flat<int32_t>().data();
    const float* barycentrics = context->input(3).flat<float>().data();
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      Tensor scratch;
      OP_REQUIRES_OK(context, context->allocate_temp(
                                  tensorflow::DT_UINT8,
                                  TensorShape({InterpolationGradScratch(shape)}), &scratch));
      OP_REQUIRES_OK(
          context,
          FromCuda("interpolate_attributes gradient",
                   InterpolateAttributesGradGpu(
                       shape, attributes, triangles, ids.flat<int32_t>().data(), barycentrics,
                       grad.flat<float>().data(), scratch.flat<uint8_t>().data(),
                       grad_attributes->flat<float>().data(),
                       grad_barycentrics->flat<float>().data(), StreamOf(context))));
#endif
    } else {
      InterpolateAttributesGradCpu(shape, ids.dim_size(1), ids.dim_size(2), attributes,
                                   triangles, ids.flat<int32_t>().data(), barycentrics,
                                   grad.flat<float>().data(),
                                   grad_attributes->flat<float>().data(),
                                   grad_barycentrics->flat<float>().data(), PoolOf(context));
    }
  }
};

REGISTER_KERNEL_BUILDER(Name("TfdiscoInterpolateAttributes").Device(DEVICE_CPU),
                        InterpolateAttributesOp<false>);
REGISTER_KERNEL_BUILDER(Name("TfdiscoInterpolateAttributesGrad").Device(DEVICE_CPU),
                        InterpolateAttributesGradOp<false>);
#if defined(TFDISCO_CUDA)
REGISTER_KERNEL_BUILDER(Name("TfdiscoInterpolateAttributes").Device(DEVICE_GPU),
                        InterpolateAttributesOp<true>);
REGISTER_KERNEL_BUILDER(Name("TfdiscoInterpolateAttributesGrad").Device(DEVICE_GPU),
                        InterpolateAttributesGradOp<true>);
#endif

}  // namespace
}  // namespace tfdisco
