// One body, two launchers: a functor over an index range runs on a CPU thread
// pool or as a CUDA grid. Kernels keep no state between calls.
#ifndef TFDISCO_OPS_COMMON_PARALLEL_FOR_H_
#define TFDISCO_OPS_COMMON_PARALLEL_FOR_H_

#include <cstdint>
#include <functional>

#define TFDISCO_INLINE inline __attribute__((always_inline))
#if defined(__CUDACC__)
#include <cuda_runtime.h>
#define TFDISCO_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define TFDISCO_HOST_DEVICE TFDISCO_INLINE
#endif

// Compiles a function once more for newer CPUs of the family; the one that runs is
// chosen when the library loads. What it calls must be inlined to gain by it. AVX2
// alone brings no fused multiply-adds, so the results are the same.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#define TFDISCO_CPU_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define TFDISCO_CPU_CLONES
#endif

namespace tfdisco {

// Runs body(begin, end) over disjoint ranges that cover [0, count), in any order
// and on any threads. `cost` is a rough count of cycles for one index.
using RangeBody = std::function<void(int64_t begin, int64_t end)>;
using ParallelFor = std::function<void(int64_t count, int64_t cost, const RangeBody& body)>;

#if defined(__CUDACC__)

template <typename T>
struct AsItIs {
  using type = T;
};

// Starts a kernel on `stream`; no axis of the grid may be 0. Returns what the launch
// reported.
template <typename... Parameters>
cudaError_t Launch(void (*kernel)(Parameters...), dim3 blocks, unsigned threads,
                   cudaStream_t stream, typename AsItIs<Parameters>::type... values) {
  void* pointers[] = {&values...};
  return cudaLaunchKernel(kernel, blocks, dim3(threads), pointers, 0, stream);
}

// Axes y and z of a grid end there; kernels go on from one to the next that is so far.
constexpr int64_t kMostBlocks = 65535;

inline unsigned BlocksFor(int64_t count) {
  return static_cast<unsigned>(count < kMostBlocks ? count : kMostBlocks);
}

template <typename Body>
__global__ void ForEachKernel(int64_t count, Body body) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += stride) {
    body(i);
  }
}

// Calls body(i) for each i in [0, count) on `stream`.
// Returns what the launch reported.
template <typename Body>
cudaError_t ForEachGpu(int64_t count, const Body& body, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  constexpr int kThreads = 256;
  constexpr int64_t kEnough = 1 << 20;
  const int64_t blocks = (count + kThreads - 1) / kThreads;
  return Launch(ForEachKernel<Body>, dim3(static_cast<unsigned>(blocks < kEnough ? blocks : kEnough)),
                kThreads, stream, count, body);
}

// nullptr, or what went wrong.
inline const char* ProblemOf(cudaError_t error) {
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

#endif  // __CUDACC__

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_PARALLEL_FOR_H_
