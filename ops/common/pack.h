// Neighbouring values that a GPU thread loads and stores at once, 16 bytes where
// sizes and addresses allow it.
#ifndef TFDISCO_OPS_COMMON_PACK_H_
#define TFDISCO_OPS_COMMON_PACK_H_

#include <initializer_list>
#include <type_traits>

#include "ops/common/float16.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

constexpr int kPackBytes = 16;

template <typename T, int kValues>
struct alignas(kValues * sizeof(T)) Pack {
  T values[kValues];
};

template <typename T, int kValues>
TFDISCO_HOST_DEVICE Pack<T, kValues> LoadPack(const T* from) {
  return *reinterpret_cast<const Pack<T, kValues>*>(from);
}

template <int kValues, typename T>
TFDISCO_HOST_DEVICE void StorePack(const float (&values)[kValues], T* to) {
  Pack<T, kValues> pack;
  for (int j = 0; j < kValues; ++j) FromFloat(values[j], &pack.values[j]);
  *reinterpret_cast<Pack<T, kValues>*>(to) = pack;
}

// Calls action(number), whose type holds how many values of T a pack has: those of 16 bytes
// if `channels` is a multiple of that and the arrays (or nullptr) begin at such addresses;
// otherwise 1. Returns what action does.
template <typename T, typename Action>
auto WithPacks(int64_t channels, std::initializer_list<const void*> arrays, const Action& action) {
  constexpr int kValues = kPackBytes / sizeof(T);
  bool fits = channels % kValues == 0;
  for (const void* array : arrays) {
    fits = fits && reinterpret_cast<uintptr_t>(array) % kPackBytes == 0;
  }
  return fits ? action(std::integral_constant<int, kValues>())
              : action(std::integral_constant<int, 1>());
}

// The exponent of the least power of two that is at least `count`, at most `most`.
inline int Log2Above(int64_t count, int most) {
  int exponent = 0;
  while (exponent < most && (int64_t{1} << exponent) < count) ++exponent;
  return exponent;
}

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_PACK_H_
