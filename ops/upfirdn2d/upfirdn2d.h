// The body of upfirdn2d: insert zeros, filter, keep every n-th sample, in one pass.
// Along each axis
//   output[o] = sum_i input[i] * filter[i * up - o * down + pad]
// over all i for which the filter and the input exist. The adjoint has the same form,
// with up and down exchanged, the filter reversed, and pad = taps - 1 - pad.
#ifndef TFDISCO_OPS_UPFIRDN2D_H_
#define TFDISCO_OPS_UPFIRDN2D_H_

#include <cstdint>

#include "ops/common/float16.h"
#include "ops/common/parallel_for.h"

namespace tfdisco {

struct ResampledAxis {
  int64_t input, output;  // sizes
  int64_t taps, up, down, pad;
};

// The filter is sum_r filter_y[r] (column) * filter_x[r] (row): one term where it is
// separable, one a row otherwise. Zeros of filter_y cost nothing.
struct UpfirdnShape {
  int64_t batch, channels, terms;
  ResampledAxis y, x;
};

// The inputs i = first, first + 1, .. of an output, and their taps: tap, tap + up, ...
struct TapRange {
  int64_t first, tap, count;
};

TFDISCO_HOST_DEVICE TapRange TapsOf(const ResampledAxis& axis, int64_t output) {
  const int64_t start = output * axis.down - axis.pad;  // where tap 0 falls
  TapRange range;
  range.first = start > 0 ? (start + axis.up - 1) / axis.up : 0;
  range.tap = range.first * axis.up - start;
  const int64_t by_filter =
      range.tap < axis.taps ? (axis.taps - range.tap + axis.up - 1) / axis.up : 0;
  const int64_t by_input = axis.input > range.first ? axis.input - range.first : 0;
  range.count = by_filter < by_input ? by_filter : by_input;
  return range;
}

// Launchers, for float, Float16 and BFloat16.
template <typename T>
void UpfirdnCpu(const UpfirdnShape& shape, const T* input, const float* filter_y,
                const float* filter_x, T* output, const ParallelFor& parallel_for);

#if defined(TFDISCO_CUDA)
// Return nullptr, or what went wrong. `stream` is a cudaStream_t; the filters lie
// on the device as well.
template <typename T>
const char* UpfirdnGpu(const UpfirdnShape& shape, const T* input, const float* filter_y,
                       const float* filter_x, T* output, void* stream);
#endif

}  // namespace tfdisco

#endif  // TFDISCO_OPS_UPFIRDN2D_H_
