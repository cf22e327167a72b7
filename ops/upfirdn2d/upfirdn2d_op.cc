#include "ops/common/tensorflow_helpers.h"
#include "ops/upfirdn2d/upfirdn2d.h"

namespace tfdisco {
namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Status;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// Its own gradient, with other attributes. `size` is the output's height and width;
// up, down and pad are (y, x).
REGISTER_OP("TfdiscoUpfirdn2d")
    .Input("image: T")
    .Input("filter_y: float32")
    .Input("filter_x: float32")
    .Input("size: int32")
    .Attr("T: {float32, float16, bfloat16}")
    .Attr("up: list(int)")
    .Attr("down: list(int)")
    .Attr("pad: list(int)")
    .Output("resampled: T")
    .SetShapeFn([](InferenceContext* c) -> Status {
      ShapeHandle image, filter, size;
      DimensionHandle unused;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &image));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 2, &filter));
      TF_RETURN_IF_ERROR(c->WithRank(c->input(2), 2, &filter));
      TF_RETURN_IF_ERROR(c->MakeShapeFromShapeTensor(3, &size));
      TF_RETURN_IF_ERROR(c->WithRank(size, 2, &size));
      c->set_output(0, c->MakeShape({c->Dim(image, 0), c->Dim(size, 0), c->Dim(size, 1),
                                     c->Dim(image, 3)}));
      return Status();
    });

template <typename T, bool kGpu>
class UpfirdnOp : public OpKernel {
 public:
  explicit UpfirdnOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("up", &up_));
    OP_REQUIRES_OK(context, context->GetAttr("down", &down_));
    OP_REQUIRES_OK(context, context->GetAttr("pad", &pad_));
    OP_REQUIRES(context, up_.size() == 2 && down_.size() == 2 && pad_.size() == 2,
                tensorflow::errors::InvalidArgument(
                    "up, down, pad: expected two values, for y and x"));
    for (int axis = 0; axis < 2; ++axis) {
      OP_REQUIRES(context, up_[axis] > 0 && down_[axis] > 0,
                  tensorflow::errors::InvalidArgument("up, down: expected values above 0, got ",
                                                      up_[axis], ", ", down_[axis]));
    }
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& image = context->input(0);
    const Tensor& filter_y = context->input(1);
    const Tensor& filter_x = context->input(2);
    const Tensor& size = context->input(3);
    OP_REQUIRES_OK(context, CheckShape("image", image, {-1, -1, -1, -1}));
    OP_REQUIRES_OK(context, CheckShape("filter_y", filter_y, {-1, -1}));
    OP_REQUIRES_OK(context, CheckShape("filter_x", filter_x, {filter_y.dim_size(0), -1}));
    OP_REQUIRES_OK(context, CheckShape("size", size, {2}));
    const auto sizes = size.flat<int32_t>();
    OP_REQUIRES(context, sizes(0) >= 0 && sizes(1) >= 0,
                tensorflow::errors::InvalidArgument("size: expected at least 0, got ", sizes(0),
                                                    " x ", sizes(1)));
    const UpfirdnShape shape = {
        image.dim_size(0), image.dim_size(3), filter_y.dim_size(0),
        {image.dim_size(1), sizes(0), filter_y.dim_size(1), up_[0], down_[0], pad_[0]},
        {image.dim_size(2), sizes(1), filter_x.dim_size(1), up_[1], down_[1], pad_[1]}};
    Tensor* output;
    OP_REQUIRES_OK(context, context->allocate_output(
                                0, TensorShape({shape.batch, sizes(0), sizes(1), shape.channels}),
                                &output));
    const float* weights_y = filter_y.flat<float>().data();
    const float* weights_x = filter_x.flat<float>().data();
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(context,
                     FromCuda("upfirdn2d", UpfirdnGpu(shape, Data<T>(image), weights_y, weights_x,
                                                      MutableData<T>(output),
                                                      StreamOf(context))));
#endif
    } else {
      UpfirdnCpu(shape, Data<T>(image), weights_y, weights_x, MutableData<T>(output),
                 PoolOf(context));
    }
  }

 private:
  std::vector<int64_t> up_, down_, pad_;
};

#define TFDISCO_REGISTER(T, DEVICE, kGpu)                                                    \
  REGISTER_KERNEL_BUILDER(                                                                   \
      Name("TfdiscoUpfirdn2d").Device(DEVICE).TypeConstraint<T>("T").HostMemory("size"),     \
      UpfirdnOp<T, kGpu>);
TFDISCO_FOR_EACH_TYPE(TFDISCO_REGISTER)
#undef TFDISCO_REGISTER

}  // namespace
}  // namespace tfdisco
