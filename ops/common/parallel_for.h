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
  constexpr int64_t kMaxBlocks = 1 << 20;
  const int64_t blocks = (count + kThreads - 1) / kThreads;
  ForEachKernel<<<static_cast<unsigned>(blocks < kMaxBlocks ? blocks : kMaxBlocks), kThreads, 0,
                  stream>>>(count, body);
  return cudaGetLastError();
}

// nullptr, or what went wrong.
inline const char* ProblemOf(cudaError_t error) {
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

#endif  // __CUDACC__

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_PARALLEL_FOR_H_
