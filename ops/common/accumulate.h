// Sums that scatter: how gradients of gathered values add up.
#ifndef TFDISCO_OPS_COMMON_ACCUMULATE_H_
#define TFDISCO_OPS_COMMON_ACCUMULATE_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ops/common/parallel_for.h"

namespace tfdisco {

// On the CPU each range of work owns its memory; for GPUs, see fixed_sums.h.
inline void Accumulate(float* target, float value) { *target += value; }

// Into how many bands to cut `rows` rows of `width` values where each band adds up
// on its own and the bands' sums are added afterwards, in order. Depends on the
// sizes alone, so the result is the same for any number of threads.
TFDISCO_HOST_DEVICE int64_t BandsOf(int64_t rows, int64_t width) {
  constexpr int64_t kValuesABand = 8192;
  const int64_t bands = rows * width / kValuesABand;
  return bands < 1 ? 1 : bands < rows ? bands : rows;
}

// Splits the rows of every image into bands that scatter into buffers of their
// own, which are then summed in order. The number of bands depends on the sizes
// alone, so the result is the same for any number of threads.
//
// `body(image, row_begin, row_end, sums)` adds to sums[0 .. size), which starts
// at zero; `output` receives batch * size floats.
template <typename Body>
void ScatterInBands(int64_t batch, int64_t height, int64_t width, int64_t size, float* output,
                    const ParallelFor& parallel_for, const Body& body) {
  constexpr int64_t kImagesThatFillThePool = 4;
  constexpr int64_t kRowsWorthABand = 32;
  const int64_t bands =
      batch >= kImagesThatFillThePool
          ? 1
          : std::max<int64_t>(1, std::min(kImagesThatFillThePool, height / kRowsWorthABand));
  std::vector<float> others((bands - 1) * batch * size, 0.f);
  std::fill(output, output + batch * size, 0.f);
  const auto sums = [&](int64_t image, int64_t band) {
    return band == 0 ? output + image * size
                     : others.data() + ((band - 1) * batch + image) * size;
  };
  constexpr int64_t kCyclesAPixel = 60;
  parallel_for(batch * bands, height * width / bands * kCyclesAPixel,
               [&](int64_t begin, int64_t end) {
                 for (int64_t task = begin; task < end; ++task) {
                   const int64_t image = task / bands, band = task % bands;
                   body(image, height * band / bands, height * (band + 1) / bands,
                        sums(image, band));
                 }
               });
  for (int64_t band = 1; band < bands; ++band) {
    const float* part = others.data() + (band - 1) * batch * size;
    for (int64_t i = 0; i < batch * size; ++i) output[i] += part[i];
  }
}

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_ACCUMULATE_H_
