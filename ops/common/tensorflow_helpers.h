// What every TensorFlow interface file needs: argument checks, the thread pool,
// the CUDA stream.
#ifndef TFDISCO_OPS_COMMON_TENSORFLOW_HELPERS_H_
#define TFDISCO_OPS_COMMON_TENSORFLOW_HELPERS_H_

#if defined(TFDISCO_CUDA)
#define EIGEN_USE_GPU
#endif

#include <string>
#include <vector>

#include "ops/common/activation.h"
#include "ops/common/float16.h"
#include "ops/common/parallel_for.h"
#include "tensorflow/core/framework/bfloat16.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/lib/core/threadpool.h"

namespace tfdisco {

// The device's thread pool as a ParallelFor.
inline ParallelFor PoolOf(tensorflow::OpKernelContext* context) {
  auto* pool = context->device()->tensorflow_cpu_worker_threads()->workers;
  return [pool](int64_t count, int64_t cost, const RangeBody& body) {
    if (count > 0) pool->ParallelFor(count, cost, body);
  };
}

// REGISTER(type, device, whether that is a GPU) for every type and device of an op.
#define TFDISCO_FOR_EACH_TYPE(REGISTER)                         \
  REGISTER(float, tensorflow::DEVICE_CPU, false)                \
  REGISTER(Eigen::half, tensorflow::DEVICE_CPU, false)          \
  REGISTER(tensorflow::bfloat16, tensorflow::DEVICE_CPU, false) \
  TFDISCO_FOR_EACH_GPU_TYPE(REGISTER)
#if defined(TFDISCO_CUDA)
#define TFDISCO_FOR_EACH_GPU_TYPE(REGISTER)                     \
  REGISTER(float, tensorflow::DEVICE_GPU, true)                 \
  REGISTER(Eigen::half, tensorflow::DEVICE_GPU, true)           \
  REGISTER(tensorflow::bfloat16, tensorflow::DEVICE_GPU, true)
#else
#define TFDISCO_FOR_EACH_GPU_TYPE(REGISTER)
#endif

// TensorFlow's 16-bit types and ours are the same bits.
template <typename T>
struct Bits {
  using type = T;
};
template <>
struct Bits<Eigen::half> {
  using type = Float16;
};
template <>
struct Bits<tensorflow::bfloat16> {
  using type = BFloat16;
};

template <typename T>
const typename Bits<T>::type* Data(const tensorflow::Tensor& tensor) {
  return reinterpret_cast<const typename Bits<T>::type*>(tensor.flat<T>().data());
}

template <typename T>
typename Bits<T>::type* MutableData(tensorflow::Tensor* tensor) {
  return reinterpret_cast<typename Bits<T>::type*>(tensor->flat<T>().data());
}

// InvalidArgument unless `tensor` has shape `sizes`; -1 matches any size.
inline tensorflow::Status CheckShape(const char* name, const tensorflow::Tensor& tensor,
                                     std::initializer_list<int64_t> sizes) {
  bool same = tensor.dims() == static_cast<int>(sizes.size());
  std::string expected;
  int axis = 0;
  for (int64_t size : sizes) {
    if (same && size >= 0 && tensor.dim_size(axis) != size) same = false;
    expected += (axis++ ? "," : "") + (size < 0 ? std::string("?") : std::to_string(size));
  }
  if (same) return tensorflow::Status();
  return tensorflow::errors::InvalidArgument(name, ": expected shape [", expected, "], got ",
                                             tensor.shape().DebugString());
}

// InvalidArgument unless both have the same shape.
inline tensorflow::Status CheckSameShape(const char* name, const tensorflow::Tensor& tensor,
                                         const tensorflow::Tensor& expected) {
  if (tensor.shape() == expected.shape()) return tensorflow::Status();
  return tensorflow::errors::InvalidArgument(name, ": expected shape ",
                                             expected.shape().DebugString(), ", got ",
                                             tensor.shape().DebugString());
}

// A shape function: output i has the shape of input inputs[i].
inline auto SameShapes(std::vector<int> inputs) {
  return [inputs](tensorflow::shape_inference::InferenceContext* c) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      c->set_output(static_cast<int>(i), c->input(inputs[i]));
    }
    return tensorflow::Status();
  };
}

// The attributes slope, gain and limit of an op with an activation.
inline tensorflow::Status ReadActivation(tensorflow::OpKernelConstruction* context,
                                         Activation* act) {
  TF_RETURN_IF_ERROR(context->GetAttr("slope", &act->slope));
  TF_RETURN_IF_ERROR(context->GetAttr("gain", &act->gain));
  return context->GetAttr("limit", &act->limit);
}

// Extends [*least, *most] to hold all of `data`. Without an early exit it vectorises.
TFDISCO_CPU_CLONES
static void FindExtremes(const int32_t* data, int64_t size, int32_t* least, int32_t* most) {
  int32_t low = *least, high = *most;
  for (int64_t i = 0; i < size; ++i) {
    low = data[i] < low ? data[i] : low;
    high = data[i] > high ? data[i] : high;
  }
  *least = low;
  *most = high;
}

// InvalidArgument unless every value of an int32 tensor in host memory lies in [low, high).
inline tensorflow::Status CheckRange(const char* name, const tensorflow::Tensor& tensor,
                                     int64_t low, int64_t high) {
  const auto values = tensor.flat<int32_t>();
  int32_t least = static_cast<int32_t>(low), most = static_cast<int32_t>(low);
  FindExtremes(values.data(), values.size(), &least, &most);
  if (values.size() == 0 || (least >= low && most < high)) return tensorflow::Status();
  return tensorflow::errors::InvalidArgument(name, ": expected indices from ", low, " to ",
                                             high - 1, ", got ", least < low ? least : most);
}

#if defined(TFDISCO_CUDA)

inline void* StreamOf(tensorflow::OpKernelContext* context) {
  return context->eigen_device<Eigen::GpuDevice>().stream();
}

inline tensorflow::Status FromCuda(const char* op, const char* problem) {
  if (problem == nullptr) return tensorflow::Status();
  return tensorflow::errors::Internal(op, ": CUDA: ", problem);
}

#endif  // TFDISCO_CUDA

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_TENSORFLOW_HELPERS_H_
