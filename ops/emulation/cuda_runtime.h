// CUDA's runtime on one CPU core, as far as the kernels here use it: their sources
// compile with g++ and run block after block, so that tests see what they compute
// without a GPU. Each thread of a block is a fiber that runs to the next barrier.
// Where threads of a barrier do not all arrive, the program ends with a message; in
// which order threads run is chosen by tfdisco_emulation_order, and must not matter.
// Hardware's conversions of 16-bit floats and its fused multiply-adds are not here.
#ifndef TFDISCO_OPS_EMULATION_CUDA_RUNTIME_H_
#define TFDISCO_OPS_EMULATION_CUDA_RUNTIME_H_

#include <setjmp.h>
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#define __host__
#define __device__
#define __global__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __shared__ static  // one block runs at a time

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulation {

constexpr unsigned kWarp = 32;
constexpr size_t kStackBytes = 64 << 10;
enum class Waits { kNot, kForWarp, kForBlock, kDone };

inline bool backwards = false;  // the order of blocks, and of threads within one

struct Fiber {
  jmp_buf here;  // where it goes on; swapcontext asks the kernel each time
  std::unique_ptr<char[]> stack;
  bool started = false;
  Waits waits;
  uint64_t slot;  // what it shows the other threads of its warp
};

class Block {
 public:
  void Run(unsigned threads, const std::function<void()>& body) {
    while (fibers_.size() < threads) {
      fibers_.emplace_back(new Fiber);
      fibers_.back()->stack.reset(new char[kStackBytes]);
    }
    threads_ = threads;
    body_ = &body;
    for (unsigned i = 0; i < threads; ++i) fibers_[i]->waits = Waits::kNot;
    unsigned done = 0;
    while (done < threads) {
      for (unsigned k = 0; k < threads; ++k) {
        const unsigned i = backwards ? threads - 1 - k : k;
        if (fibers_[i]->waits != Waits::kNot) continue;
        threadIdx.x = i;
        Resume(*fibers_[i]);
        done += fibers_[i]->waits == Waits::kDone;
      }
      bool released = false;
      for (unsigned i = 0; i < threads; i += kWarp) {
        released |= Release(i, i + kWarp < threads ? i + kWarp : threads, Waits::kForWarp, false);
      }
      if (!released) Release(0, threads, Waits::kForBlock, true);
    }
  }

  void Wait(Waits waits) {
    Fiber& fiber = *fibers_[threadIdx.x];
    fiber.waits = waits;
    if (_setjmp(fiber.here) == 0) _longjmp(scheduler_, 1);
  }

  // What a lane of this thread's warp shows; all of them show something first.
  template <typename T>
  T Exchange(T value, unsigned lane) {
    memcpy(&fibers_[threadIdx.x]->slot, &value, sizeof value);
    Wait(Waits::kForWarp);
    const unsigned from = threadIdx.x / kWarp * kWarp + lane;
    if (from >= threads_) Fail("a shuffle from a lane that does not exist");
    memcpy(&value, &fibers_[from]->slot, sizeof value);
    Wait(Waits::kForWarp);
    return value;
  }

  static void Fail(const char* what) {
    fprintf(stderr, "emulated CUDA: %s (block %u,%u,%u, thread %u)\n", what, blockIdx.x,
            blockIdx.y, blockIdx.z, threadIdx.x);
    abort();
  }

 private:
  __attribute__((noinline)) void Resume(Fiber& fiber) {
    if (_setjmp(scheduler_) != 0) return;
    if (fiber.started) _longjmp(fiber.here, 1);
    fiber.started = true;
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = fiber.stack.get();
    context.uc_stack.ss_size = kStackBytes;
    context.uc_link = nullptr;
    makecontext(&context, &Block::Enter, 0);
    setcontext(&context);
  }

  // A fiber runs one thread of a block after the other.
  static void Enter();

  // Lets threads go on that all wait for the same; those that ended need not, if `done_may`.
  bool Release(unsigned begin, unsigned end, Waits waits, bool done_may) {
    unsigned there = 0, done = 0;
    for (unsigned i = begin; i < end; ++i) {
      there += fibers_[i]->waits == waits;
      done += fibers_[i]->waits == Waits::kDone;
    }
    if (there == 0) return false;
    if (there + (done_may ? done : 0) != end - begin) Fail("a barrier that not all threads reach");
    for (unsigned i = begin; i < end; ++i) {
      if (fibers_[i]->waits == waits) fibers_[i]->waits = Waits::kNot;
    }
    return true;
  }

  std::vector<std::unique_ptr<Fiber>> fibers_;
  jmp_buf scheduler_;
  unsigned threads_ = 0;
  const std::function<void()>* body_ = nullptr;
};

inline Block block;

inline void Block::Enter() {
  while (true) {
    (*block.body_)();
    block.Wait(Waits::kDone);
  }
}

template <typename... Parameters, size_t... kIndices>
void Call(void (*kernel)(Parameters...), void** arguments, std::index_sequence<kIndices...>) {
  kernel(*static_cast<std::remove_reference_t<Parameters>*>(arguments[kIndices])...);
}

}  // namespace emulation

// Nonzero: threads and blocks run from last to first.
extern "C" __attribute__((used)) inline void tfdisco_emulation_order(int backwards) {
  emulation::backwards = backwards != 0;
}

inline void __syncthreads() { emulation::block.Wait(emulation::Waits::kForBlock); }

template <typename T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return emulation::block.Exchange(value, (threadIdx.x % emulation::kWarp) ^ mask);
}

inline unsigned __ballot_sync(unsigned, bool vote) {
  unsigned votes = 0;
  for (unsigned lane = 0; lane < emulation::kWarp; ++lane) {
    votes |= static_cast<unsigned>(emulation::block.Exchange(vote, lane)) << lane;
  }
  return votes;
}

inline int __popc(unsigned value) { return __builtin_popcount(value); }
inline long long __double2ll_rn(double value) { return llrint(value); }

template <typename T>
T atomicAdd(T* target, T value) {
  const T before = *target;
  *target = before + value;
  return before;
}

template <typename T>
T atomicMax(T* target, T value) {
  const T before = *target;
  *target = before > value ? before : value;
  return before;
}

using cudaStream_t = void*;
enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2,
                   cudaErrorInvalidConfiguration = 9 };

inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : "invalid configuration argument";
}

inline cudaError_t cudaMallocAsync(void** data, size_t bytes, cudaStream_t) {
  *data = aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (*data == nullptr) return cudaErrorMemoryAllocation;
  memset(*data, 0xff, bytes);  // NaN: whoever reads before writing shows
  return cudaSuccess;
}

inline cudaError_t cudaFreeAsync(void* data, cudaStream_t) {
  free(data);
  return cudaSuccess;
}

inline cudaError_t cudaMemsetAsync(void* data, int value, size_t bytes, cudaStream_t) {
  memset(data, value, bytes);
  return cudaSuccess;
}

template <typename... Parameters>
cudaError_t cudaLaunchKernel(void (*kernel)(Parameters...), dim3 grid, dim3 threads,
                             void** arguments, size_t, cudaStream_t) {
  constexpr unsigned kMostBlocks = 65535, kMostThreads = 1024;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffff || grid.y > kMostBlocks ||
      grid.z > kMostBlocks || threads.x == 0 || threads.x > kMostThreads || threads.y != 1 ||
      threads.z != 1) {
    return cudaErrorInvalidConfiguration;
  }
  gridDim = grid;
  blockDim = threads;
  const std::function<void()> body = [&] {
    emulation::Call(kernel, arguments, std::index_sequence_for<Parameters...>());
  };
  const uint64_t blocks = static_cast<uint64_t>(grid.x) * grid.y * grid.z;
  for (uint64_t k = 0; k < blocks; ++k) {
    const uint64_t i = emulation::backwards ? blocks - 1 - k : k;
    blockIdx = dim3(i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y);
    emulation::block.Run(threads.x, body);
  }
  return cudaSuccess;
}

#endif  // TFDISCO_OPS_EMULATION_CUDA_RUNTIME_H_
