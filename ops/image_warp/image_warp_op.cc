#include "ops/common/tensorflow_helpers.h"
#include "ops/image_warp/image_warp.h"

namespace tfdisco {
namespace {

using tensorflow::DT_FLOAT;
using tensorflow::OpKernel;
using tensorflow::OpKernelContext;
using tensorflow::Status;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

REGISTER_OP("TfdiscoImageWarp")
    .Input("image: T")
    .Input("flow: float32")
    .Attr("T: {float32, float16, bfloat16}")
    .Output("warped: T")
    .SetShapeFn([](InferenceContext* c) -> Status {
      ShapeHandle image, flow;
      DimensionHandle unused;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &image));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 4, &flow));
      TF_RETURN_IF_ERROR(c->WithValue(c->Dim(flow, 3), 2, &unused));
      for (int axis = 0; axis < 3; ++axis) {
        TF_RETURN_IF_ERROR(c->Merge(c->Dim(image, axis), c->Dim(flow, axis), &unused));
      }
      c->set_output(0, image);
      return Status();
    });

REGISTER_OP("TfdiscoImageWarpGrad")
    .Input("image: T")
    .Input("flow: float32")
    .Input("grad_warped: T")
    .Attr("T: {float32, float16, bfloat16}")
    .Output("grad_image: T")
    .Output("grad_flow: float32")
    .SetShapeFn([](InferenceContext* c) -> Status {
      c->set_output(0, c->input(0));
      c->set_output(1, c->input(1));
      return Status();
    });

Status CheckInputs(OpKernelContext* context, WarpShape* shape) {
  const Tensor& image = context->input(0);
  const Tensor& flow = context->input(1);
  TF_RETURN_IF_ERROR(CheckShape("image", image, {-1, -1, -1, -1}));
  TF_RETURN_IF_ERROR(CheckShape(
      "flow", flow, {image.dim_size(0), image.dim_size(1), image.dim_size(2), 2}));
  *shape = {image.dim_size(0), image.dim_size(1), image.dim_size(2), image.dim_size(3)};
  return Status();
}

template <typename T, bool kGpu>
class ImageWarpOp : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    WarpShape shape;
    OP_REQUIRES_OK(context, CheckInputs(context, &shape));
    const Tensor& image = context->input(0);
    const float* flow = context->input(1).flat<float>().data();
    Tensor* warped;
    OP_REQUIRES_OK(context, context->allocate_output(0, image.shape(), &warped));
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(context,
                     FromCuda("image_warp", ImageWarpGpu(shape, Data<T>(image), flow,
                                                         MutableData<T>(warped),
                                                         StreamOf(context))));
#endif
    } else {
      ImageWarpCpu(shape, Data<T>(image), flow, MutableData<T>(warped), PoolOf(context));
    }
  }
};

template <typename T, bool kGpu>
class ImageWarpGradOp : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    WarpShape shape;
    OP_REQUIRES_OK(context, CheckInputs(context, &shape));
    const Tensor& image = context->input(0);
    const Tensor& flow = context->input(1);
    const Tensor& grad = context->input(2);
    OP_REQUIRES_OK(context, CheckShape("grad_warped", grad, {shape.batch, shape.height,
                                                             shape.width, shape.channels}));
    Tensor *grad_image, *grad_flow;
    OP_REQUIRES_OK(context, context->allocate_output(0, image.shape(), &grad_image));
    OP_REQUIRES_OK(context, context->allocate_output(1, flow.shape(), &grad_flow));
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      Tensor scratch;
      OP_REQUIRES_OK(context,
                     context->allocate_temp(tensorflow::DT_UINT8,
                                            TensorShape({ImageWarpGradScratch(shape)}), &scratch));
      OP_REQUIRES_OK(
          context, FromCuda("image_warp gradient",
                            ImageWarpGradGpu(shape, Data<T>(image), flow.flat<float>().data(),
                                             Data<T>(grad), scratch.flat<uint8_t>().data(),
                                             MutableData<T>(grad_image),
                                             grad_flow->flat<float>().data(),
                                             StreamOf(context))));
#endif
    } else {
      Tensor wide;  // 16-bit gradients add up in float32
      float* sums;
      if constexpr (std::is_same_v<T, float>) {
        sums = grad_image->flat<float>().data();
      } else {
        OP_REQUIRES_OK(context, context->allocate_temp(DT_FLOAT, image.shape(), &wide));
        sums = wide.flat<float>().data();
      }
      ImageWarpGradCpu(shape, Data<T>(image), flow.flat<float>().data(), Data<T>(grad), sums,
                       MutableData<T>(grad_image), grad_flow->flat<float>().data(),
                       PoolOf(context));
    }
  }
};

#define TFDISCO_REGISTER(T, DEVICE, kGpu)                                               \
  REGISTER_KERNEL_BUILDER(Name("TfdiscoImageWarp").Device(DEVICE).TypeConstraint<T>("T"), \
                          ImageWarpOp<T, kGpu>);                                        \
  REGISTER_KERNEL_BUILDER(                                                              \
      Name("TfdiscoImageWarpGrad").Device(DEVICE).TypeConstraint<T>("T"),               \
      ImageWarpGradOp<T, kGpu>);
TFDISCO_FOR_EACH_TYPE(TFDISCO_REGISTER)
#undef TFDISCO_REGISTER

}  // namespace
}  // namespace tfdisco
