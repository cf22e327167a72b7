// GPU passes over [images, rows, channels] in which a thread keeps to one pack of channels
// and goes down rows: what depends on the channel stays in registers, addresses grow by
// additions alone, and sums over rows (of each channel) or over channels (of each row) are
// trees of a fixed order.
#ifndef TFDISCO_OPS_COMMON_CHANNEL_COLUMNS_H_
#define TFDISCO_OPS_COMMON_CHANNEL_COLUMNS_H_

#include "ops/common/pack.h"

namespace tfdisco {

constexpr int kLog2ColumnThreads = 8, kColumnThreads = 1 << kLog2ColumnThreads;
constexpr int kWarpThreads = 32;

struct Columns {
  int64_t images, rows, channels;
  int64_t bands;   // of an image's rows, a block each
  int log2_lanes;  // threads of a block side by side; the others are further rows

  __device__ int64_t band_begin(int64_t image, int64_t band) const {
    return image * rows + rows * band / bands;
  }
};

// Adds up over the lanes of a row: calls store(row, sum) once for each row of the block, of
// which there are kRows times as many as its threads stand below each other; thread
// (down, lane) gives its part of row u * (rows at once) + down in parts[u]. Every thread of
// the block calls it.
template <int kRows, typename Store>
__device__ void SumOverLanes(int log2_lanes, const float (&parts)[kRows], const Store& store) {
  __shared__ float sums[kRows * kColumnThreads];
  const int lanes = 1 << log2_lanes, within = lanes < kWarpThreads ? lanes : kWarpThreads;
  for (int u = 0; u < kRows; ++u) {
    float sum = parts[u];
    for (int mask = within / 2; mask > 0; mask /= 2) sum += __shfl_xor_sync(~0u, sum, mask);
    // A row has one sum, or one a warp; they lie in order.
    if (threadIdx.x % within == 0) sums[(u * kColumnThreads + threadIdx.x) / within] = sum;
  }
  __syncthreads();
  const int a_row = lanes / within, rows = kRows * (kColumnThreads >> log2_lanes);
  for (int row = threadIdx.x; row < rows; row += kColumnThreads) {
    float sum = 0.f;
    for (int k = 0; k < a_row; ++k) sum += sums[row * a_row + k];
    store(row, sum);
  }
  __syncthreads();
}

// Adds up over the rows of a block, each channel by itself; the threads of the first row get
// the sums.
template <int kValues>
__device__ void SumOverRows(int log2_lanes, float (&values)[kValues]) {
  __shared__ float sums[kValues][kColumnThreads];
  const int t = threadIdx.x;
  for (int j = 0; j < kValues; ++j) sums[j][t] = values[j];
  for (int half = kColumnThreads / 2; half >= 1 << log2_lanes; half /= 2) {
    __syncthreads();
    if (t < half) {
      for (int j = 0; j < kValues; ++j) sums[j][t] += sums[j][t + half];
    }
  }
  for (int j = 0; j < kValues; ++j) values[j] = sums[j][t];
  __syncthreads();
}

// A Pass has
//   kValues of a pack; kSums over rows of each channel; kRowSums, whether one is over the
//   channels of each row; kUnroll, rows that a thread loads before it works on them
//   Own, what it keeps of its channels; Open(image, channel, own)
//   Held, what it loads of a row; Load(row, offset, held)
//   Step(own, held, offset, sums), which returns the row's part, and StoreRowSum(row, sum)
//   sums, [images, bands, kSums, channels]
template <typename Pass>
__global__ void __launch_bounds__(kColumnThreads) ColumnsKernel(Columns columns, Pass pass) {
  constexpr int kValues = Pass::kValues, kSums = Pass::kSums, kUnroll = Pass::kUnroll;
  const int lane = threadIdx.x & ((1 << columns.log2_lanes) - 1);
  const int down = threadIdx.x >> columns.log2_lanes;
  const int step = kColumnThreads >> columns.log2_lanes;
  const int64_t channel =
      ((static_cast<int64_t>(blockIdx.y) << columns.log2_lanes) + lane) * kValues;
  const bool active = channel < columns.channels;
  for (int64_t image = blockIdx.z; image < columns.images; image += gridDim.z) {
    const int64_t end = columns.band_begin(image, blockIdx.x + 1);
    int64_t first = columns.band_begin(image, blockIdx.x);
    int64_t offset = (first + down) * columns.channels + channel;
    const int64_t stride = step * columns.channels;
    typename Pass::Own own;
    if (active) pass.Open(image, channel, &own);
    float sums[kSums > 0 ? kSums : 1][kValues] = {};
    for (; first < end; first += kUnroll * step, offset += kUnroll * stride) {
      typename Pass::Held held[kUnroll];
      float parts[kUnroll] = {};
#pragma unroll
      for (int u = 0; u < kUnroll; ++u) {
        const int64_t row = first + u * step + down;
        if (active && row < end) pass.Load(row, offset + u * stride, &held[u]);
      }
#pragma unroll
      for (int u = 0; u < kUnroll; ++u) {
        if (active && first + u * step + down < end) {
          parts[u] = pass.Step(own, held[u], offset + u * stride, sums);
        }
      }
      if constexpr (Pass::kRowSums) {
        SumOverLanes(columns.log2_lanes, parts, [&](int row, float sum) {
          if (first + row < end) pass.StoreRowSum(first + row, sum);
        });
      }
    }
    for (int s = 0; s < kSums; ++s) {
      SumOverRows(columns.log2_lanes, sums[s]);
      if (down != 0 || !active) continue;
      float* to = pass.sums + ((image * columns.bands + blockIdx.x) * kSums + s) *
                                  columns.channels + channel;
      for (int j = 0; j < kValues; ++j) to[j] = sums[s][j];
    }
  }
}

// Into how many bands each of `images` images is cut, of at most `most` bands: as many as
// keep every multiprocessor of a large GPU at work. Depends on sizes alone.
inline int64_t SummedBands(int64_t images, int64_t most) {
  constexpr int64_t kBlocks = 2048;
  const int64_t bands = kBlocks / (images > 0 ? images : 1);
  return bands < 1 ? 1 : bands < most ? bands : most;
}

// How many channels a block covers: beyond, sums over channels need several.
template <typename Pass>
constexpr int64_t kChannelsABlock = static_cast<int64_t>(kColumnThreads) * Pass::kValues;

// Runs a pass; `bands` are those of its sums, or 0 for as many as suit a pass without sums.
template <typename Pass>
cudaError_t RunColumns(int64_t images, int64_t rows, int64_t channels, int64_t bands,
                       const Pass& pass, cudaStream_t stream) {
  if (images == 0 || channels == 0) return cudaSuccess;
  const int64_t packs = channels / Pass::kValues;
  const int log2_lanes = Log2Above(packs, kLog2ColumnThreads);
  if (bands == 0) {
    constexpr int64_t kTurns = 4;  // of a thread, that share what it reads of its channels
    const int64_t a_band = (kColumnThreads >> log2_lanes) * Pass::kUnroll * kTurns;
    bands = (rows + a_band - 1) / a_band;
    if (bands == 0) return cudaSuccess;
  }
  const int64_t slabs = (packs + (1 << log2_lanes) - 1) >> log2_lanes;
  if (bands > 0x7fffffff || slabs > kMostBlocks) return cudaErrorInvalidConfiguration;
  return Launch(ColumnsKernel<Pass>,
                dim3(static_cast<unsigned>(bands), static_cast<unsigned>(slabs), BlocksFor(images)),
                kColumnThreads, stream, Columns{images, rows, channels, bands, log2_lanes}, pass);
}

// total[group, c] = sum over `bands` of sums[group, band, c], `stride` floats from band to band.
struct BandSums {
  int64_t groups, bands, channels, stride;
  const float* sums;
  float* total;
};

constexpr int kSumThreads = 1024;

template <int kLanes>
__global__ void __launch_bounds__(kSumThreads) SumBandsKernel(BandSums what) {
  __shared__ float parts[kSumThreads];
  const int t = threadIdx.x;
  const int64_t c = static_cast<int64_t>(blockIdx.x) * kLanes + t % kLanes;
  for (int64_t group = blockIdx.y; group < what.groups; group += gridDim.y) {
    float sum = 0.f;
    if (c < what.channels) {
      const float* from = what.sums + group * what.bands * what.stride + c;
#pragma unroll 8
      for (int64_t band = t / kLanes; band < what.bands; band += kSumThreads / kLanes) {
        sum += from[band * what.stride];
      }
    }
    parts[t] = sum;
    for (int half = kSumThreads / 2; half >= kLanes; half /= 2) {
      __syncthreads();
      if (t < half) parts[t] += parts[t + half];
    }
    if (t < kLanes && c < what.channels) what.total[group * what.channels + c] = parts[t];
    __syncthreads();
  }
}

inline cudaError_t SumBands(const BandSums& what, cudaStream_t stream) {
  if (what.groups == 0 || what.channels == 0) return cudaSuccess;
  constexpr int kLanes = 8;  // floats, which is as much as memory gives at once
  return Launch(SumBandsKernel<kLanes>,
                dim3(static_cast<unsigned>((what.channels + kLanes - 1) / kLanes),
                     BlocksFor(what.groups)),
                kSumThreads, stream, what);
}

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_CHANNEL_COLUMNS_H_
