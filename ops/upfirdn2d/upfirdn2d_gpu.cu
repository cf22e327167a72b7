#include "ops/common/pack.h"
#include "ops/upfirdn2d/upfirdn2d.h"

namespace tfdisco {
namespace {

constexpr int kLog2Threads = 8, kThreads = 1 << kLog2Threads;

// A separable filter: a thread keeps to a pack of channels and one column of outputs and goes
// down a strip of rows. It filters each row of the input that it meets along the row, once,
// and holds the last kTaps of these sums in registers. What neighbours read as well, the
// first-level cache has: nothing waits for a barrier.
struct March {
  UpfirdnShape shape;
  int64_t strip;  // rows of the output
  int64_t slabs;  // of channels, which blocks share out
  int log2_lanes;  // threads side by side in a slab
};

// kTaps: that see an output at most, along either axis.
template <typename T, int kTaps, int kUp, int kDown>
__global__ void __launch_bounds__(kThreads)
    MarchKernel(March march, const T* __restrict__ input, const float* __restrict__ filter_y,
                const float* __restrict__ filter_x, T* __restrict__ output) {
  constexpr int kValues = kPackBytes / sizeof(T);
  const UpfirdnShape& shape = march.shape;
  const int64_t channels = shape.channels;
  const int lane = threadIdx.x & ((1 << march.log2_lanes) - 1);
  const int64_t tile = blockIdx.x / static_cast<unsigned>(march.slabs);
  const int64_t slab = blockIdx.x % static_cast<unsigned>(march.slabs);
  const int64_t channel = ((slab << march.log2_lanes) + lane) * kValues;
  const int64_t x = (tile << (kLog2Threads - march.log2_lanes)) +
                    (threadIdx.x >> march.log2_lanes);
  if (x >= shape.x.output || channel >= channels) return;

  const TapRange across = TapsOf(shape.x, x);
  float weights[kTaps];
#pragma unroll
  for (int k = 0; k < kTaps; ++k) {
    weights[k] = k < across.count ? filter_x[across.tap + k * kUp] : 0.f;
  }
  const int64_t row_size = shape.x.input * channels;
  for (int64_t image = blockIdx.z; image < shape.batch; image += gridDim.z) {
    const T* const column =
        input + image * shape.y.input * row_size + across.first * channels + channel;

    // The sums along row y of the input; 0 outside of it.
    const auto filter_row = [&](int64_t y, float(&sums)[kValues]) {
      const bool inside = y >= 0 && y < shape.y.input;
      Pack<T, kValues> packs[kTaps];
#pragma unroll
      for (int k = 0; k < kTaps; ++k) {
        if (inside && weights[k] != 0.f) {
          packs[k] = LoadPack<T, kValues>(column + y * row_size + k * channels);
        }
      }
#pragma unroll
      for (int j = 0; j < kValues; ++j) sums[j] = 0.f;
#pragma unroll
      for (int k = 0; k < kTaps; ++k) {
        if (inside && weights[k] != 0.f) {
#pragma unroll
          for (int j = 0; j < kValues; ++j) sums[j] += weights[k] * ToFloat(packs[k].values[j]);
        }
      }
    };

    int64_t y = blockIdx.y * march.strip;
    const int64_t end = y + march.strip < shape.y.output ? y + march.strip : shape.y.output;
    // The first row that output y sees, inside or not, and its tap.
    const auto first_of = [&](int64_t row) {
      const int64_t start = row * kDown - shape.y.pad;
      return kUp == 1 ? start : (start + (start < 0 ? 0 : kUp - 1)) / kUp;
    };
    int64_t first = first_of(y);
    float window[kTaps][kValues];
#pragma unroll
    for (int k = 0; k < kTaps; ++k) filter_row(first + k, window[k]);
    T* to = output + ((image * shape.y.output + y) * shape.x.output + x) * channels + channel;
    while (true) {
      const int tap = static_cast<int>(first * kUp - (y * kDown - shape.y.pad));
      float sums[kValues] = {};
#pragma unroll
      for (int k = 0; k < kTaps; ++k) {
        const float weight = tap + k * kUp < shape.y.taps ? filter_y[tap + k * kUp] : 0.f;
        if (weight != 0.f) {
#pragma unroll
          for (int j = 0; j < kValues; ++j) sums[j] += weight * window[k][j];
        }
      }
      StorePack(sums, to);
      to += shape.x.output * channels;
      if (++y >= end) break;
      const int64_t next = first_of(y);
      // By a number of rows that is known, but where up is above 1.
      const int rows = kUp == 1 ? kDown : static_cast<int>(next - first);
#pragma unroll
      for (int r = 0; r < kDown; ++r) {
        if (r >= rows) break;
#pragma unroll
        for (int k = 0; k + 1 < kTaps; ++k) {
#pragma unroll
          for (int j = 0; j < kValues; ++j) window[k][j] = window[k + 1][j];
        }
        filter_row(first + kTaps + r, window[kTaps - 1]);
      }
      first = next;
    }
  }
}

// Whatever else there is, a value for each thread; blockIdx.y counts rows of all images.
template <typename T, typename Index>
__global__ void __launch_bounds__(kThreads)
    AnyKernel(UpfirdnShape shape, const T* __restrict__ input, const float* __restrict__ filter_y,
              const float* __restrict__ filter_x, T* __restrict__ output) {
  const Index size = static_cast<Index>(shape.x.output * shape.channels);
  const Index i = static_cast<Index>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= size) return;
  const Index x = i / static_cast<Index>(shape.channels);
  const int64_t channel = i - x * static_cast<Index>(shape.channels);
  const TapRange across = TapsOf(shape.x, x);
  const int64_t rows = shape.batch * shape.y.output;
  for (int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    const TapRange down = TapsOf(shape.y, row % shape.y.output);
    const T* image = input + row / shape.y.output * shape.y.input * shape.x.input *
                                 shape.channels + channel;
    float sum = 0.f;
    for (int64_t r = 0; r < shape.terms; ++r) {
      const float* weights_y = filter_y + r * shape.y.taps;
      const float* weights_x = filter_x + r * shape.x.taps;
      for (int64_t j = 0; j < down.count; ++j) {
        const float weight = weights_y[down.tap + j * shape.y.up];
        if (weight == 0.f) continue;
        const T* pixels =
            image + ((down.first + j) * shape.x.input + across.first) * shape.channels;
        float row_sum = 0.f;
        for (int64_t k = 0; k < across.count; ++k) {
          const float tap = weights_x[across.tap + k * shape.x.up];
          if (tap != 0.f) row_sum += tap * ToFloat(pixels[k * shape.channels]);
        }
        sum += weight * row_sum;
      }
    }
    FromFloat(sum, output + row * static_cast<int64_t>(size) + i);
  }
}

// How many taps see an output at most.
int64_t TapsAnOutput(const UpfirdnShape& shape) {
  const auto most = [](const ResampledAxis& axis) { return (axis.taps + axis.up - 1) / axis.up; };
  return most(shape.y) > most(shape.x) ? most(shape.y) : most(shape.x);
}

template <typename T, int kTaps, int kUp, int kDown>
cudaError_t RunMarch(const UpfirdnShape& shape, const T* input, const float* filter_y,
                     const float* filter_x, T* output, cudaStream_t stream) {
  constexpr int kLog2Slab = 3;  // 128 bytes of channels, which the cache holds together
  constexpr int64_t kLongest = 32, kShortest = 4, kEnoughBlocks = 1024;
  const int64_t packs = shape.channels / (kPackBytes / static_cast<int64_t>(sizeof(T)));
  March march = {shape, kLongest, 0, Log2Above(packs, kLog2Slab)};
  march.slabs = (packs + (1 << march.log2_lanes) - 1) >> march.log2_lanes;
  const int64_t columns = kThreads >> march.log2_lanes;
  const int64_t across = (shape.x.output + columns - 1) / columns * march.slabs;
  const auto strips = [&] { return (shape.y.output + march.strip - 1) / march.strip; };
  while (march.strip > kShortest && across * strips() * shape.batch < kEnoughBlocks) {
    march.strip /= 2;  // rows at the seams are filtered twice, but no multiprocessor waits
  }
  while (strips() > kMostBlocks) march.strip *= 2;
  if (across > 0x7fffffff) return cudaErrorInvalidConfiguration;
  return Launch(MarchKernel<T, kTaps, kUp, kDown>,
                dim3(static_cast<unsigned>(across), static_cast<unsigned>(strips()),
                     BlocksFor(shape.batch)),
                kThreads, stream, march, input, filter_y, filter_x, output);
}

template <typename T, int kUp, int kDown>
cudaError_t RunMarchFor(const UpfirdnShape& shape, const T* input, const float* filter_y,
                        const float* filter_x, T* output, cudaStream_t stream) {
  constexpr int kFew = 4 / kUp, kMany = 8 / kUp;
  return TapsAnOutput(shape) <= kFew
             ? RunMarch<T, kFew, kUp, kDown>(shape, input, filter_y, filter_x, output, stream)
             : RunMarch<T, kMany, kUp, kDown>(shape, input, filter_y, filter_x, output, stream);
}

template <typename T, typename Index>
cudaError_t RunAny(const UpfirdnShape& shape, const T* input, const float* filter_y,
                   const float* filter_x, T* output, cudaStream_t stream) {
  const int64_t blocks = (shape.x.output * shape.channels + kThreads - 1) / kThreads;
  if (blocks > 0x7fffffff) return cudaErrorInvalidConfiguration;
  return Launch(AnyKernel<T, Index>,
                dim3(static_cast<unsigned>(blocks), BlocksFor(shape.batch * shape.y.output)),
                kThreads, stream, shape, input, filter_y, filter_x, output);
}

}  // namespace

template <typename T>
const char* UpfirdnGpu(const UpfirdnShape& shape, const T* input, const float* filter_y,
                       const float* filter_x, T* output, void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  const ResampledAxis &x = shape.x, &y = shape.y;
  if (shape.batch * y.output * x.output * shape.channels == 0) return nullptr;
  const bool packs = WithPacks<T>(shape.channels, {input, output},
                                  [](auto values) { return decltype(values)::value > 1; });
  if (packs && shape.terms == 1 && x.up == y.up && x.down == y.down &&
      TapsAnOutput(shape) * x.up <= 8) {
    const auto run = [&](auto up, auto down) {
      return ProblemOf(RunMarchFor<T, decltype(up)::value, decltype(down)::value>(
          shape, input, filter_y, filter_x, output, s));
    };
    using One = std::integral_constant<int, 1>;
    using Two = std::integral_constant<int, 2>;
    if (x.up == 1 && x.down == 1) return run(One(), One());
    if (x.up == 2 && x.down == 1) return run(Two(), One());
    if (x.up == 1 && x.down == 2) return run(One(), Two());
  }
  const bool few = x.output * shape.channels < int64_t{1} << 31;
  return ProblemOf(few ? RunAny<T, unsigned>(shape, input, filter_y, filter_x, output, s)
                       : RunAny<T, int64_t>(shape, input, filter_y, filter_x, output, s));
}

#define TFDISCO_INSTANTIATE(T)                                                             \
  template const char* UpfirdnGpu<T>(const UpfirdnShape&, const T*, const float*, const float*, \
                                     T*, void*);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
