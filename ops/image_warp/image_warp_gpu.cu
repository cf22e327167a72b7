#include "ops/common/pack.h"
#include "ops/image_warp/image_warp.h"

namespace tfdisco {
namespace {

constexpr int kLog2Threads = 8, kThreads = 1 << kLog2Threads, kLog2Warp = 5;
constexpr int kRows = 4;  // that a thread loads before it works on them

// The threads of a block stand in lanes, which share a pixel's channels, and further pixels
// of its row.
struct Layout {
  WarpShape shape;
  int log2_lanes;
};

template <typename Index>
struct Place {
  int lane, lanes;
  Index x;
  __device__ explicit Place(const Layout& layout)
      : lane(threadIdx.x & ((1 << layout.log2_lanes) - 1)),
        lanes(1 << layout.log2_lanes),
        x((static_cast<Index>(blockIdx.x) << (kLog2Threads - layout.log2_lanes)) +
          static_cast<Index>(threadIdx.x >> layout.log2_lanes)) {}
};

template <typename T, int kValues, typename Index>
__global__ void __launch_bounds__(kThreads)
    WarpKernel(Layout layout, const T* __restrict__ image, const float* __restrict__ flow,
               T* __restrict__ output) {
  const WarpShape& shape = layout.shape;
  const Index width = static_cast<Index>(shape.width), height = static_cast<Index>(shape.height);
  const Index channels = static_cast<Index>(shape.channels);
  const Place<Index> place(layout);
  if (place.x >= width) return;
  for (int64_t n = blockIdx.z; n < shape.batch; n += gridDim.z) {
    const int64_t first = n * shape.height * shape.width;
    const T* const source = image + first * shape.channels;
    T* const target = output + first * shape.channels;
    for (Index top = static_cast<Index>(blockIdx.y) * kRows; top < height;
         top += static_cast<Index>(gridDim.y) * kRows) {
      float flows[kRows][2];
#pragma unroll
      for (int u = 0; u < kRows; ++u) {
        if (top + u >= height) continue;
        const float* const at = flow + 2 * (first + ((top + u) * width + place.x));
        flows[u][0] = at[0];
        flows[u][1] = at[1];
      }
#pragma unroll
      for (int u = 0; u < kRows; ++u) {
        if (top + u >= height) continue;
        const auto corners = CornersAt<Index>(shape, place.x, top + u, flows[u]);
        for (Index c = place.lane * kValues; c < channels; c += place.lanes * kValues) {
          float sums[kValues] = {};
#pragma unroll
          for (int k = 0; k < 4; ++k) {
            const auto pack = LoadPack<T, kValues>(source + (corners.pixel[k] * channels + c));
            for (int j = 0; j < kValues; ++j) {
              sums[j] += corners.weight[k] * ToFloat(pack.values[j]);
            }
          }
          StorePack(sums, target + ((top + u) * width + place.x) * channels + c);
        }
      }
    }
  }
}

// The bits of the largest magnitude of each image; zeroed before.
template <typename T, int kValues>
__global__ void __launch_bounds__(kThreads)
    LargestKernel(int64_t images, int64_t size, const T* __restrict__ grad, uint32_t* largest) {
  for (int64_t n = blockIdx.y; n < images; n += gridDim.y) {
    uint32_t most = 0;
    const int64_t stride = static_cast<int64_t>(gridDim.x) * kThreads * kValues;
    for (int64_t i = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) * kValues;
         i < size; i += stride) {
      const auto pack = LoadPack<T, kValues>(grad + n * size + i);
      for (int j = 0; j < kValues; ++j) {
        const uint32_t bits = BitsOf(ToFloat(pack.values[j])) & 0x7fffffffu;
        most = bits > most ? bits : most;
      }
    }
    for (int mask = 1 << (kLog2Warp - 1); mask > 0; mask /= 2) {
      const uint32_t other = __shfl_xor_sync(~0u, most, mask);
      most = other > most ? other : most;
    }
    if (threadIdx.x % (1 << kLog2Warp) == 0) atomicMax(largest + n, most);
  }
}

template <typename T, int kValues, typename Index>
__global__ void __launch_bounds__(kThreads)
    WarpGradKernel(Layout layout, int log2_count, const T* __restrict__ image,
                   const float* __restrict__ flow, const T* __restrict__ grad,
                   uint32_t* largest, FixedSum* sums, float* grad_flow) {
  const WarpShape& shape = layout.shape;
  const Index width = static_cast<Index>(shape.width), height = static_cast<Index>(shape.height);
  const Index channels = static_cast<Index>(shape.channels);
  const Place<Index> place(layout);
  const bool inside = place.x < width;  // all threads stay, as they shuffle below
  for (int64_t n = blockIdx.z; n < shape.batch; n += gridDim.z) {
    const double units = UnitsInOne(largest[n], log2_count);
    const int64_t first = n * shape.height * shape.width;
    const T *const source = image + first * shape.channels, *const from = grad + first * shape.channels;
    FixedSum* const to = sums + first * shape.channels;
    for (Index y = static_cast<Index>(blockIdx.y); y < height; y += static_cast<Index>(gridDim.y)) {
      const Index pixel = y * width + place.x;
      float dx = 0.f, dy = 0.f;
      Corners<Index> corners;
      if (inside) {
        corners = CornersAt<Index>(shape, place.x, y, flow + 2 * (first + pixel));
        if (std::isnan(corners.weight[0])) atomicMax(largest + n, kNotANumberBits);
        for (Index c = place.lane * kValues; c < channels; c += place.lanes * kValues) {
          const auto upstream = LoadPack<T, kValues>(from + (pixel * channels + c));
          Pack<T, kValues> values[4];
          for (int k = 0; k < 4; ++k) {
            values[k] = LoadPack<T, kValues>(source + (corners.pixel[k] * channels + c));
          }
          for (int j = 0; j < kValues; ++j) {
            const float g = ToFloat(upstream.values[j]);
            float v[4];
            for (int k = 0; k < 4; ++k) {
              v[k] = ToFloat(values[k].values[j]);
              AddFixed(to + (corners.pixel[k] * channels + c + j), g * corners.weight[k], units);
            }
            AddPositionGradient(corners, g, v, &dx, &dy);
          }
        }
      }
      for (int mask = place.lanes / 2; mask > 0; mask /= 2) {
        dx += __shfl_xor_sync(~0u, dx, mask);
        dy += __shfl_xor_sync(~0u, dy, mask);
      }
      if (inside && place.lane == 0) {
        grad_flow[2 * (first + pixel)] = corners.x.inside ? dx : 0.f;
        grad_flow[2 * (first + pixel) + 1] = corners.y.inside ? dy : 0.f;
      }
    }
  }
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    ConvertKernel(int64_t images, int64_t size, int log2_count, const FixedSum* sums,
                  const uint32_t* largest, T* grad_image) {
  for (int64_t n = blockIdx.y; n < images; n += gridDim.y) {
    const uint32_t most = largest[n];
    const int64_t stride = static_cast<int64_t>(gridDim.x) * kThreads;
    for (int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < size;
         i += stride) {
      FromFloat(FromFixed(sums[n * size + i], most, log2_count), grad_image + n * size + i);
    }
  }
}

// Calls action(values of a pack, an Index) with what suits the shape and the arrays.
template <typename T, typename Action>
cudaError_t WithTypes(const WarpShape& shape, std::initializer_list<const void*> arrays,
                      const Action& action) {
  return WithPacks<T>(shape.channels, arrays, [&](auto values) {
    return shape.height * shape.width * shape.channels < int64_t{1} << 31
               ? action(values, int32_t())
               : action(values, int64_t());
  });
}

dim3 GridOf(const Layout& layout, int64_t rows_a_block) {
  const int64_t columns = kThreads >> layout.log2_lanes, width = layout.shape.width;
  return dim3(static_cast<unsigned>((width + columns - 1) / columns),
              BlocksFor((layout.shape.height + rows_a_block - 1) / rows_a_block),
              BlocksFor(layout.shape.batch));
}

// Blocks for each image of `size` values, a few hundred values a thread at most.
unsigned BlocksOver(int64_t size) {
  constexpr int64_t kMost = 256;
  const int64_t blocks = (size + kThreads * 8 - 1) / (kThreads * 8);
  return static_cast<unsigned>(blocks < kMost ? blocks : kMost);
}

}  // namespace

template <typename T>
const char* ImageWarpGpu(const WarpShape& shape, const T* image, const float* flow, T* output,
                         void* stream) {
  if (shape.batch * shape.height * shape.width * shape.channels == 0) return nullptr;
  return ProblemOf(WithTypes<T>(shape, {image, output}, [&](auto values, auto index) {
    constexpr int kValues = decltype(values)::value;
    const Layout layout = {shape, Log2Above(shape.channels / kValues, kLog2Warp)};
    return Launch(WarpKernel<T, kValues, decltype(index)>, GridOf(layout, kRows), kThreads,
                  static_cast<cudaStream_t>(stream), layout, image, flow, output);
  }));
}

template <typename T>
const char* ImageWarpGradGpu(const WarpShape& shape, const T* image, const float* flow,
                             const T* grad, void* scratch, T* grad_image, float* grad_flow,
                             void* stream) {
  const auto s = static_cast<cudaStream_t>(stream);
  const int64_t pixels = shape.height * shape.width, size = pixels * shape.channels;
  if (shape.batch * pixels == 0) return nullptr;
  if (size == 0) {
    return ProblemOf(cudaMemsetAsync(grad_flow, 0, shape.batch * pixels * 2 * sizeof(float), s));
  }
  const FixedSumMemory memory(scratch, shape.batch * size);
  // Every pixel of the output might have all of its corners in the same place.
  const int log2_count = Log2Above(4 * pixels, 62);
  const dim3 over(BlocksOver(size), BlocksFor(shape.batch));
  cudaError_t error = cudaMemsetAsync(scratch, 0, ImageWarpGradScratch(shape), s);
  if (error == cudaSuccess) {
    error = WithTypes<T>(shape, {image, grad}, [&](auto values, auto index) {
      constexpr int kValues = decltype(values)::value;
      const Layout layout = {shape, Log2Above(shape.channels / kValues, kLog2Warp)};
      const cudaError_t launched = Launch(LargestKernel<T, kValues>, over, kThreads, s,
                                          shape.batch, size, grad, memory.largest);
      if (launched != cudaSuccess) return launched;
      return Launch(WarpGradKernel<T, kValues, decltype(index)>, GridOf(layout, 1), kThreads, s,
                    layout, log2_count, image, flow, grad, memory.largest, memory.sums, grad_flow);
    });
  }
  if (error == cudaSuccess) {
    error = Launch(ConvertKernel<T>, over, kThreads, s, shape.batch, size, log2_count,
                   memory.sums, memory.largest, grad_image);
  }
  return ProblemOf(error);
}

#define TFDISCO_INSTANTIATE(T)                                                                  \
  template const char* ImageWarpGpu<T>(const WarpShape&, const T*, const float*, T*, void*);    \
  template const char* ImageWarpGradGpu<T>(const WarpShape&, const T*, const float*, const T*,  \
                                           void*, T*, float*, void*);
TFDISCO_INSTANTIATE(float)
TFDISCO_INSTANTIATE(Float16)
TFDISCO_INSTANTIATE(BFloat16)
#undef TFDISCO_INSTANTIATE

}  // namespace tfdisco
