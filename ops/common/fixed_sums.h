// GPU sums of floats that any thread may add to, with the same bits in every run: they add
// up as 64-bit integers, which do not mind the order. A first pass finds the largest of
// what is added, which chooses the unit; the second one adds; a third one converts.
#ifndef TFDISCO_OPS_COMMON_FIXED_SUMS_H_
#define TFDISCO_OPS_COMMON_FIXED_SUMS_H_

#include "ops/common/float16.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

using FixedSum = unsigned long long;  // two's complement
constexpr uint32_t kInfinityBits = 0x7f800000u, kNotANumberBits = 0x7fc00000u;

// Scratch memory of `targets` sums with units of their own, or with one for each group.
struct FixedSumMemory {
  FixedSum* sums;
  uint32_t* largest;  // bits of the largest magnitude; those of a NaN are above infinity's

  static int64_t Bytes(int64_t targets, int64_t units) {
    return targets * sizeof(FixedSum) + units * sizeof(uint32_t);
  }
  FixedSumMemory(void* scratch, int64_t targets)
      : sums(static_cast<FixedSum*>(scratch)),
        largest(reinterpret_cast<uint32_t*>(sums + targets)) {}
};

// How many times the unit goes into 1: a power of two, such that 2 ** log2_count numbers of
// that magnitude do not overflow.
TFDISCO_HOST_DEVICE double UnitsInOne(uint32_t largest, int log2_count) {
  const int above = static_cast<int>(largest >> 23) - 126;  // largest < 2 ** above
  const uint64_t bits = static_cast<uint64_t>(1023 + 62 - log2_count - above) << 52;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// What bodies take in place of float*: the first pass,
struct LargestTarget {
  uint32_t* largest;
  TFDISCO_HOST_DEVICE LargestTarget operator+(int64_t k) const { return {largest + k}; }
};

// and the second.
struct FixedTarget {
  FixedSum* sums;
  const uint32_t* largest;
  int log2_count;
  TFDISCO_HOST_DEVICE FixedTarget operator+(int64_t k) const {
    return {sums + k, largest + k, log2_count};
  }
};

#if defined(__CUDACC__)

__device__ inline void Accumulate(const LargestTarget& target, float value) {
  const uint32_t bits = BitsOf(value) & 0x7fffffffu;
  if (bits > *target.largest) atomicMax(target.largest, bits);
}

__device__ inline void AddFixed(FixedSum* sum, float value, double units) {
  atomicAdd(sum, static_cast<FixedSum>(__double2ll_rn(value * units)));
}

__device__ inline void Accumulate(const FixedTarget& target, float value) {
  AddFixed(target.sums, value, UnitsInOne(*target.largest, target.log2_count));
}

// NaN where something that is not finite was added.
__device__ inline float FromFixed(FixedSum sum, uint32_t largest, int log2_count) {
  if (largest >= kInfinityBits) return FloatFromBits(kNotANumberBits);
  return static_cast<float>(static_cast<double>(static_cast<long long>(sum)) /
                            UnitsInOne(largest, log2_count));
}

template <typename Body>
struct FindLargest {
  Body body;
  uint32_t* largest;
  __device__ void operator()(int64_t i) const { body(i, LargestTarget{largest}); }
};

template <typename Body>
struct AddUp {
  Body body;
  FixedTarget target;
  __device__ void operator()(int64_t i) const { body(i, target); }
};

struct Convert {
  const FixedSum* sums;
  const uint32_t* largest;
  int log2_count;
  float* output;
  __device__ void operator()(int64_t i) const {
    output[i] = FromFixed(sums[i], largest[i], log2_count);
  }
};

// output[k], k in [0, targets) = the sum of what the calls body(i, base), i in [0, count),
// give to Accumulate(base + k, value), at most 2 ** log2_count numbers each. Each target has
// its unit: what it gets is exact to some 2 ** (log2_count - 62) of the largest part.
// `scratch`: FixedSumMemory::Bytes(targets, targets).
template <typename Body>
cudaError_t SumInAnyOrder(int64_t count, int log2_count, int64_t targets, const Body& body,
                          void* scratch, float* output, cudaStream_t stream) {
  const FixedSumMemory memory(scratch, targets);
  cudaError_t error = cudaMemsetAsync(scratch, 0, FixedSumMemory::Bytes(targets, targets), stream);
  if (error == cudaSuccess) {
    error = ForEachGpu(count, FindLargest<Body>{body, memory.largest}, stream);
  }
  if (error == cudaSuccess) {
    error = ForEachGpu(count, AddUp<Body>{body, {memory.sums, memory.largest, log2_count}}, stream);
  }
  if (error == cudaSuccess) {
    error = ForEachGpu(targets, Convert{memory.sums, memory.largest, log2_count, output}, stream);
  }
  return error;
}

#endif  // __CUDACC__

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_FIXED_SUMS_H_
