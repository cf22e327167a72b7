// The two 16-bit floats, stored as their bits and computed with as float32, so
// that bodies need neither TensorFlow's nor CUDA's own types.
#ifndef TFDISCO_OPS_COMMON_FLOAT16_H_
#define TFDISCO_OPS_COMMON_FLOAT16_H_

#include <cstdint>
#include <cstring>

#include "ops/common/parallel_for.h"

#if defined(__CUDA_ARCH__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace tfdisco {

struct Float16 {  // IEEE 754 binary16
  uint16_t bits;
};

struct BFloat16 {  // the upper half of a float32
  uint16_t bits;
};

TFDISCO_HOST_DEVICE float FloatFromBits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

TFDISCO_HOST_DEVICE uint32_t BitsOf(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

TFDISCO_HOST_DEVICE float ToFloat(float value) { return value; }

TFDISCO_HOST_DEVICE float ToFloat(BFloat16 value) {
  return FloatFromBits(static_cast<uint32_t>(value.bits) << 16);
}

TFDISCO_HOST_DEVICE float ToFloat(Float16 value) {
#if defined(__CUDA_ARCH__)
  return __half2float(__ushort_as_half(value.bits));
#else
  const uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000u) << 16;
  const uint32_t exponent = (value.bits >> 10) & 31u, fraction = value.bits & 0x3ffu;
  if (exponent == 31) return FloatFromBits(sign | 0x7f800000u | (fraction << 13));
  if (exponent == 0) {  // subnormal; in integers, as threads may flush subnormal floats
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return FloatFromBits(sign | ((exponent + 112) << 23) | (fraction << 13));
#endif
}

// Round to nearest, ties to even. On a GPU the hardware does, which makes every NaN the same.
TFDISCO_HOST_DEVICE void FromFloat(float value, float* out) { *out = value; }

TFDISCO_HOST_DEVICE void FromFloat(float value, BFloat16* out) {
#if defined(__CUDA_ARCH__)
  out->bits = __bfloat16_as_ushort(__float2bfloat16_rn(value));
#else
  const uint32_t bits = BitsOf(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    out->bits = static_cast<uint16_t>((bits >> 16) | 0x40u);  // stays a NaN
  } else {
    out->bits = static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
  }
#endif
}

TFDISCO_HOST_DEVICE void FromFloat(float value, Float16* out) {
#if defined(__CUDA_ARCH__)
  out->bits = __half_as_ushort(__float2half_rn(value));
#else
  const uint32_t sign = (BitsOf(value) >> 16) & 0x8000u;
  const uint32_t bits = BitsOf(value) & 0x7fffffffu;
  uint32_t result;
  if (bits > 0x7f800000u) {
    result = 0x7e00u;  // NaN
  } else if (bits >= 0x477ff000u) {
    result = 0x7c00u;  // 65520 and above round to infinity
  } else if (bits >= 0x38800000u) {
    result = (bits - (112u << 23) + 0xfffu + ((bits >> 13) & 1u)) >> 13;
  } else {
    // Subnormal: adding 0.5 leaves a multiple of 2^-24 in the low bits, rounded.
    result = BitsOf(FloatFromBits(bits) + 0.5f) - BitsOf(0.5f);
  }
  out->bits = static_cast<uint16_t>(sign | result);
#endif
}

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_FLOAT16_H_
