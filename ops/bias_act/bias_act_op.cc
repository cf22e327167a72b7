#include "ops/bias_act/bias_act.h"
#include "ops/common/tensorflow_helpers.h"

namespace tfdisco {
namespace {

using tensorflow::DT_FLOAT;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Status;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

REGISTER_OP("TfdiscoBiasAct")
    .Input("x: T")
    .Input("bias: float32")
    .Attr("T: {float32, float16, bfloat16}")
    .Attr("slope: float")
    .Attr("gain: float")
    .Attr("limit: float")
    .Output("output: T")
    .SetShapeFn(SameShapes({0}));

REGISTER_OP("TfdiscoBiasActGrad")
    .Input("output: T")
    .Input("grad: T")
    .Attr("T: {float32, float16, bfloat16}")
    .Attr("slope: float")
    .Attr("gain: float")
    .Attr("limit: float")
    .Output("grad_x: T")
    .Output("grad_bias: float32")
    .SetShapeFn([](InferenceContext* c) -> Status {
      ShapeHandle output;
      TF_RETURN_IF_ERROR(c->WithRankAtLeast(c->input(0), 1, &output));
      c->set_output(0, output);
      c->set_output(1, c->Vector(c->Dim(output, -1)));
      return Status();
    });

REGISTER_OP("TfdiscoBiasActGradGrad")
    .Input("output: T")
    .Input("second_x: T")
    .Input("second_bias: float32")
    .Attr("T: {float32, float16, bfloat16}")
    .Attr("slope: float")
    .Attr("gain: float")
    .Attr("limit: float")
    .Output("second_grad: T")
    .SetShapeFn(SameShapes({0}));

// Any rank from 1, channels last.
Status ReadShape(const Tensor& x, BiasActShape* shape) {
  if (x.dims() < 1) {
    return tensorflow::errors::InvalidArgument("x: expected at least one axis, got none");
  }
  const int64_t channels = x.dim_size(x.dims() - 1);
  *shape = {channels > 0 ? x.NumElements() / channels : 0, channels};
  return Status();
}

template <typename T, bool kGpu>
class BiasActOp : public OpKernel {
 public:
  explicit BiasActOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, ReadActivation(context, &act_));
  }

  void Compute(OpKernelContext* context) override {
    BiasActShape shape;
    const Tensor& x = context->input(0);
    OP_REQUIRES_OK(context, ReadShape(x, &shape));
    OP_REQUIRES_OK(context, CheckShape("bias", context->input(1), {shape.channels}));
    const float* bias = context->input(1).flat<float>().data();
    Tensor* output;
    OP_REQUIRES_OK(context,
                   context->forward_input_or_allocate_output({0}, 0, x.shape(), &output));
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(context,
                     FromCuda("bias_act", BiasActGpu(shape, act_, Data<T>(x), bias,
                                                     MutableData<T>(output), StreamOf(context))));
#endif
    } else {
      BiasActCpu(shape, act_, Data<T>(x), bias, MutableData<T>(output), PoolOf(context));
    }
  }

 private:
  Activation act_;
};

template <typename T, bool kGpu>
class BiasActGradOp : public OpKernel {
 public:
  explicit BiasActGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, ReadActivation(context, &act_));
  }

  void Compute(OpKernelContext* context) override {
    BiasActShape shape;
    const Tensor& output = context->input(0);
    const Tensor& grad = context->input(1);
    OP_REQUIRES_OK(context, ReadShape(output, &shape));
    OP_REQUIRES_OK(context, CheckSameShape("grad", grad, output));
    Tensor *grad_x, *grad_bias;
    OP_REQUIRES_OK(context,
                   context->forward_input_or_allocate_output({1}, 0, output.shape(), &grad_x));
    OP_REQUIRES_OK(context,
                   context->allocate_output(1, TensorShape({shape.channels}), &grad_bias));
    Tensor sums;
    OP_REQUIRES_OK(context,
                   context->allocate_temp(
                       DT_FLOAT, TensorShape({shape.bands(), shape.channels}), &sums));
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(
          context, FromCuda("bias_act gradient",
                            BiasActGradGpu(shape, act_, Data<T>(output), Data<T>(grad),
                                           sums.flat<float>().data(), MutableData<T>(grad_x),
                                           grad_bias->flat<float>().data(), StreamOf(context))));
#endif
    } else {
      BiasActGradCpu(shape, act_, Data<T>(output), Data<T>(grad), sums.flat<float>().data(),
                     MutableData<T>(grad_x), grad_bias->flat<float>().data(), PoolOf(context));
    }
  }

 private:
  Activation act_;
};

template <typename T, bool kGpu>
class BiasActGradGradOp : public OpKernel {
 public:
  explicit BiasActGradGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, ReadActivation(context, &act_));
  }

  void Compute(OpKernelContext* context) override {
    BiasActShape shape;
    const Tensor& output = context->input(0);
    const Tensor& second_x = context->input(1);
    const Tensor& second_bias = context->input(2);
    OP_REQUIRES_OK(context, ReadShape(output, &shape));
    OP_REQUIRES_OK(context, CheckSameShape("second_x", second_x, output));
    OP_REQUIRES_OK(context, CheckShape("second_bias", second_bias, {shape.channels}));
    const float* bias = second_bias.flat<float>().data();
    Tensor* second_grad;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({1}, 0, output.shape(),
                                                                      &second_grad));
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(context,
                     FromCuda("bias_act second gradient",
                              BiasActGradGradGpu(shape, act_, Data<T>(output),
                                                 Data<T>(second_x), bias,
                                                 MutableData<T>(second_grad),
                                                 StreamOf(context))));
#endif
    } else {
      BiasActGradGradCpu(shape, act_, Data<T>(output), Data<T>(second_x), bias,
                         MutableData<T>(second_grad), PoolOf(context));
    }
  }

 private:
  Activation act_;
};

#define TFDISCO_REGISTER(T, DEVICE, kGpu)                                                       \
  REGISTER_KERNEL_BUILDER(Name("TfdiscoBiasAct").Device(DEVICE).TypeConstraint<T>("T"),         \
                          BiasActOp<T, kGpu>);                                                  \
  REGISTER_KERNEL_BUILDER(Name("TfdiscoBiasActGrad").Device(DEVICE).TypeConstraint<T>("T"),     \
                          BiasActGradOp<T, kGpu>);                                              \
  REGISTER_KERNEL_BUILDER(Name("TfdiscoBiasActGradGrad").Device(DEVICE).TypeConstraint<T>("T"), \
                          BiasActGradGradOp<T, kGpu>);
TFDISCO_FOR_EACH_TYPE(TFDISCO_REGISTER)
#undef TFDISCO_REGISTER

}  // namespace
}  // namespace tfdisco
