#include "ops/common/tensorflow_helpers.h"
#include "ops/modulated_conv/modulated_conv.h"

namespace tfdisco {
namespace {

using tensorflow::DT_FLOAT;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Status;
using tensorflow::Tensor;
using tensorflow::TensorShape;

// x [N, H, W, C], scale [N, C], noise [N, H, W, 1] or [0] for none, bias [C].
REGISTER_OP("TfdiscoModulate")
    .Input("x: T")
    .Input("scale: float32")
    .Input("noise: float32")
    .Input("bias: float32")
    .Attr("T: {float32, float16, bfloat16}")
    .Attr("slope: float")
    .Attr("gain: float")
    .Attr("limit: float")
    .Output("output: T")
    .SetShapeFn(SameShapes({0}));

REGISTER_OP("TfdiscoModulateGrad")
    .Input("x: T")
    .Input("scale: float32")
    .Input("noise: float32")
    .Input("bias: float32")
    .Input("grad: T")
    .Attr("T: {float32, float16, bfloat16}")
    .Attr("slope: float")
    .Attr("gain: float")
    .Attr("limit: float")
    .Output("grad_x: T")
    .Output("grad_scale: float32")
    .Output("grad_noise: float32")
    .Output("grad_bias: float32")
    .SetShapeFn(SameShapes({0, 1, 2, 3}));

REGISTER_OP("TfdiscoModulateGradGrad")
    .Input("x: T")
    .Input("scale: float32")
    .Input("noise: float32")
    .Input("bias: float32")
    .Input("grad: T")
    .Input("second_x: T")
    .Input("second_scale: float32")
    .Input("second_noise: float32")
    .Input("second_bias: float32")
    .Attr("T: {float32, float16, bfloat16}")
    .Attr("slope: float")
    .Attr("gain: float")
    .Attr("limit: float")
    .Output("grad_x: T")
    .Output("grad_scale: float32")
    .Output("grad_grad: T")
    .SetShapeFn(SameShapes({0, 1, 4}));

// What all three have: the first four inputs, checked, and the activation.
template <typename T>
class ModulateKernel : public OpKernel {
 public:
  explicit ModulateKernel(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, ReadActivation(context, &act_));
  }

 protected:
  using Value = typename Bits<T>::type;

  static Status ReadInputs(OpKernelContext* context, ModulateShape* shape,
                           ModulateInputs<Value>* inputs) {
    const Tensor& x = context->input(0);
    const Tensor& scale = context->input(1);
    const Tensor& noise = context->input(2);
    const Tensor& bias = context->input(3);
    TF_RETURN_IF_ERROR(CheckShape("x", x, {-1, -1, -1, -1}));
    const int64_t batch = x.dim_size(0), channels = x.dim_size(3);
    TF_RETURN_IF_ERROR(CheckShape("scale", scale, {batch, channels}));
    TF_RETURN_IF_ERROR(CheckShape("bias", bias, {channels}));
    const bool has_noise = noise.dims() != 1 || noise.dim_size(0) != 0;
    if (has_noise) {
      TF_RETURN_IF_ERROR(
          CheckShape("noise", noise, {batch, x.dim_size(1), x.dim_size(2), 1}));
    }
    *shape = {batch, x.dim_size(1) * x.dim_size(2), channels};
    *inputs = {Data<T>(x), Floats(scale), has_noise ? Floats(noise) : nullptr, Floats(bias)};
    return Status();
  }

  static const float* Floats(const Tensor& tensor) { return tensor.flat<float>().data(); }
  static float* Floats(Tensor* tensor) { return tensor->flat<float>().data(); }

  Activation act_;
};

template <typename T, bool kGpu>
class ModulateOp : public ModulateKernel<T> {
 public:
  using ModulateKernel<T>::ModulateKernel;

  void Compute(OpKernelContext* context) override {
    ModulateShape shape;
    ModulateInputs<typename Bits<T>::type> inputs;
    OP_REQUIRES_OK(context, this->ReadInputs(context, &shape, &inputs));
    Tensor* output;
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output(
                                {0}, 0, context->input(0).shape(), &output));
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(context,
                     FromCuda("modulated_conv", ModulateGpu(shape, this->act_, inputs,
                                                            MutableData<T>(output),
                                                            StreamOf(context))));
#endif
    } else {
      ModulateCpu(shape, this->act_, inputs, MutableData<T>(output), PoolOf(context));
    }
  }
};

template <typename T, bool kGpu>
class ModulateGradOp : public ModulateKernel<T> {
 public:
  using ModulateKernel<T>::ModulateKernel;

  void Compute(OpKernelContext* context) override {
    ModulateShape shape;
    ModulateInputs<typename Bits<T>::type> inputs;
    OP_REQUIRES_OK(context, this->ReadInputs(context, &shape, &inputs));
    const Tensor& grad = context->input(4);
    OP_REQUIRES_OK(context, CheckSameShape("grad", grad, context->input(0)));
    Tensor* outputs[4];
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({4}, 0, grad.shape(),
                                                                      &outputs[0]));
    for (int i = 1; i < 4; ++i) {
      OP_REQUIRES_OK(context,
                     context->allocate_output(i, context->input(i).shape(), &outputs[i]));
    }
    Tensor sums;
    OP_REQUIRES_OK(context, context->allocate_temp(
                                DT_FLOAT,
                                TensorShape({shape.batch, shape.bands(), 2, shape.channels}),
                                &sums));
    const ModulateGrads<typename Bits<T>::type> grads = {
        MutableData<T>(outputs[0]), this->Floats(outputs[1]),
        inputs.noise == nullptr ? nullptr : this->Floats(outputs[2]), this->Floats(outputs[3])};
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(context,
                     FromCuda("modulated_conv gradient",
                              ModulateGradGpu(shape, this->act_, inputs, Data<T>(grad),
                                              this->Floats(&sums), grads, StreamOf(context))));
#endif
    } else {
      ModulateGradCpu(shape, this->act_, inputs, Data<T>(grad), this->Floats(&sums), grads,
                      PoolOf(context));
    }
  }
};

template <typename T, bool kGpu>
class ModulateGradGradOp : public ModulateKernel<T> {
 public:
  using ModulateKernel<T>::ModulateKernel;

  void Compute(OpKernelContext* context) override {
    ModulateShape shape;
    ModulateInputs<typename Bits<T>::type> inputs;
    OP_REQUIRES_OK(context, this->ReadInputs(context, &shape, &inputs));
    const Tensor& grad = context->input(4);
    OP_REQUIRES_OK(context, CheckSameShape("grad", grad, context->input(0)));
    const char* names[] = {"second_x", "second_scale", "second_noise", "second_bias"};
    for (int i = 0; i < 4; ++i) {
      OP_REQUIRES_OK(context,
                     CheckSameShape(names[i], context->input(5 + i), context->input(i)));
    }
    const ModulateSeconds<typename Bits<T>::type> seconds = {
        Data<T>(context->input(5)), this->Floats(context->input(6)),
        this->Floats(context->input(7)), this->Floats(context->input(8))};
    Tensor *grad_x, *grad_scale, *grad_grad;
    OP_REQUIRES_OK(context, context->allocate_output(0, grad.shape(), &grad_x));
    OP_REQUIRES_OK(context,
                   context->allocate_output(1, context->input(1).shape(), &grad_scale));
    OP_REQUIRES_OK(context, context->forward_input_or_allocate_output({5}, 2, grad.shape(),
                                                                      &grad_grad));
    Tensor sums;
    OP_REQUIRES_OK(context,
                   context->allocate_temp(
                       DT_FLOAT, TensorShape({shape.batch, shape.bands(), shape.channels}),
                       &sums));
    const ModulateSecondGrads<typename Bits<T>::type> second_grads = {
        MutableData<T>(grad_x), this->Floats(grad_scale), MutableData<T>(grad_grad)};
    if constexpr (kGpu) {
#if defined(TFDISCO_CUDA)
      OP_REQUIRES_OK(
          context, FromCuda("modulated_conv second gradient",
                            ModulateGradGradGpu(shape, this->act_, inputs, Data<T>(grad),
                                                seconds, this->Floats(&sums), second_grads,
                                                StreamOf(context))));
#endif
    } else {
      ModulateGradGradCpu(shape, this->act_, inputs, Data<T>(grad), seconds,
                          this->Floats(&sums), second_grads, PoolOf(context));
    }
  }
};

#define TFDISCO_REGISTER(T, DEVICE, kGpu)                                                   \
  REGISTER_KERNEL_BUILDER(Name("TfdiscoModulate").Device(DEVICE).TypeConstraint<T>("T"),    \
                          ModulateOp<T, kGpu>);                                             \
  REGISTER_KERNEL_BUILDER(                                                                  \
      Name("TfdiscoModulateGrad").Device(DEVICE).TypeConstraint<T>("T"),                    \
      ModulateGradOp<T, kGpu>);                                                             \
  REGISTER_KERNEL_BUILDER(                                                                  \
      Name("TfdiscoModulateGradGrad").Device(DEVICE).TypeConstraint<T>("T"),                \
      ModulateGradGradOp<T, kGpu>);
TFDISCO_FOR_EACH_TYPE(TFDISCO_REGISTER)
#undef TFDISCO_REGISTER

}  // namespace
}  // namespace tfdisco
