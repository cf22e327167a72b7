#include <algorithm>
#include <vector>

#include "ops/upfirdn2d/upfirdn2d.h"

namespace tfdisco {
namespace {

// Neighbouring outputs of a row that see the same taps, each one input further.
struct Run {
  int64_t output, length;
  TapRange taps;
};

std::vector<Run> RunsOf(const ResampledAxis& axis) {
  std::vector<Run> runs;
  for (int64_t o = 0; o < axis.output; ++o) {
    const TapRange taps = TapsOf(axis, o);
    if (!runs.empty()) {
      Run& last = runs.back();
      if (taps.tap == last.taps.tap && taps.count == last.taps.count &&
          taps.first == last.taps.first + last.length) {
        ++last.length;
        continue;
      }
    }
    runs.push_back({o, 1, taps});
  }
  return runs;
}

// sums[i] (+)= sum_k weights[k] * rows[k][i]. The sums overlap no row.
template <int kRows, bool kAdd, typename T>
TFDISCO_INLINE void AddRows(const T* const* rows, const float* weights, int64_t size,
                            float* sums) {
  const T* row[kRows];
  float weight[kRows];  // copies that no store to the sums can change
  for (int k = 0; k < kRows; ++k) row[k] = rows[k], weight[k] = weights[k];
#pragma GCC ivdep
  for (int64_t i = 0; i < size; ++i) {
    float sum = weight[0] * ToFloat(row[0][i]);
    for (int k = 1; k < kRows; ++k) sum += weight[k] * ToFloat(row[k][i]);
    sums[i] = kAdd ? sums[i] + sum : sum;
  }
}

template <bool kAdd, typename T>
TFDISCO_INLINE void AddUpToFourRows(int64_t count, const T* const* rows, const float* weights,
                                    int64_t size, float* sums) {
  switch (count) {
    case 1:
      return AddRows<1, kAdd>(rows, weights, size, sums);
    case 2:
      return AddRows<2, kAdd>(rows, weights, size, sums);
    case 3:
      return AddRows<3, kAdd>(rows, weights, size, sums);
    default:
      return AddRows<4, kAdd>(rows, weights, size, sums);
  }
}

// The same over taps.count rows, `row_size` values apart; row and weight of zeros in
// the filter are left out, as the product is 0 by definition.
template <typename T>
TFDISCO_INLINE void FilterRows(const T* input, int64_t row_size, const TapRange& taps,
                               const float* filter, int64_t tap_step, int64_t size, bool add,
                               float* sums) {
  constexpr int kAtATime = 4;
  const T* rows[kAtATime];
  float weights[kAtATime];
  int64_t held = 0;
  for (int64_t k = 0; k < taps.count; ++k) {
    const float weight = filter[taps.tap + k * tap_step];
    if (weight == 0.f) continue;
    rows[held] = input + (taps.first + k) * row_size;
    weights[held++] = weight;
    if (held < kAtATime) continue;
    add ? AddRows<kAtATime, true>(rows, weights, size, sums)
        : AddRows<kAtATime, false>(rows, weights, size, sums);
    add = true;
    held = 0;
  }
  if (held > 0) {
    add ? AddUpToFourRows<true>(held, rows, weights, size, sums)
        : AddUpToFourRows<false>(held, rows, weights, size, sums);
  } else if (!add) {
    std::fill(sums, sums + size, 0.f);
  }
}

// One row of outputs: down the columns into `column_sums`, then along the row.
template <typename T>
TFDISCO_INLINE void FilterRow(const UpfirdnShape& shape, const std::vector<Run>& runs, int64_t y,
                              const T* image, const float* filter_y, const float* filter_x,
                              float* column_sums, float* row_sums) {
  const TapRange taps = TapsOf(shape.y, y);
  const int64_t row_size = shape.x.input * shape.channels;
  for (int64_t r = 0; r < shape.terms; ++r) {
    FilterRows(image, row_size, taps, filter_y + r * shape.y.taps, shape.y.up, row_size, false,
               column_sums);
    for (const Run& run : runs) {
      FilterRows<float>(column_sums, shape.channels, run.taps, filter_x + r * shape.x.taps,
                        shape.x.up, run.length * shape.channels, r > 0,
                        row_sums + run.output * shape.channels);
    }
  }
}

TFDISCO_CPU_CLONES
void FilterRange(const UpfirdnShape& shape, const std::vector<Run>& runs, int64_t begin,
                 int64_t end, const float* input, const float* filter_y, const float* filter_x,
                 float* output) {
  const int64_t row = shape.x.input * shape.channels;
  std::vector<float> column_sums(row);
  for (int64_t i = begin; i < end; ++i) {
    FilterRow(shape, runs, i % shape.y.output, input + i / shape.y.output * shape.y.input * row,
              filter_y, filter_x, column_sums.data(),
              output + i * shape.x.output * shape.channels);
  }
}

template <typename T>
void FilterRange(const UpfirdnShape& shape, const std::vector<Run>& runs, int64_t begin,
                 int64_t end, const T* input, const float* filter_y, const float* filter_x,
                 T* output) {
  const int64_t row = shape.x.input * shape.channels, size = shape.x.output * shape.channels;
  std::vector<float> column_sums(row), row_sums(size);
  for (int64_t i = begin; i < end; ++i) {
    FilterRow(shape, runs, i % shape.y.output, input + i / shape.y.output * shape.y.input * row,
              filter_y, filter_x, column_sums.data(), row_sums.data());
    for (int64_t k = 0; k < size; ++k) FromFloat(row_sums[k], output + i * size + k);
  }
}

}  // namespace

template <typename T>
void UpfirdnCpu(const UpfirdnShape& shape, const T* input, const float* filter_y,
                const float* filter_x, T* output, const ParallelFor& parallel_for) {
  const std::vector<Run> runs = RunsOf(shape.x);
  parallel_for(shape.batch * shape.y.output,
               (shape.x.input + shape.x.output) * shape.channels * shape.terms,
               [&](int64_t begin, int64_t end) {
                 FilterRange(shape, runs, begin, end, input, filter_y, filter_x, output);
               });
}

#define TFDISCO_INSTANTIATE(T)                                                         \
  template void UpfirdnCpu<T>(const UpfirdnShape&, const T*, const float*, const float*, T*, \
                              const ParallelFor&);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
