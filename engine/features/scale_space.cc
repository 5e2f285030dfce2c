// SPDX-License-Identifier: Apache-2.0
#include "engine/features/scale_space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "index/base/clones.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

constexpr float kFirstSigma = 1.6f;     // [1], section 3.3: of the first plane of an octave, in its pixels.
constexpr float kSigmaOfPhotos = 0.5f;  // [1], section 3.3: the blur that a photo is taken to have.
constexpr float kKernelSigmas = 3.5f;
constexpr int kLevels = kScalesPerOctave + 3;
constexpr int kBorder = 5;           // Nothing is looked for this close to the edge.
constexpr float kMaxEdgeRatio = 10;  // [1], section 4.1.
constexpr int kMaxSteps = 5;         // Of moving an extremum to the pixel that it is nearest to.
constexpr int kMaxRadius = 11;

// As many floats as the widest registers hold; on lesser processors the compiler takes several.
typedef float Lanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t Mask __attribute__((vector_size(32)));
constexpr int kLanes = 8;
constexpr int kBlock = 4 * kLanes;

#define PUGMARK_INLINE [[gnu::always_inline]] inline

PUGMARK_INLINE Lanes Load(const float* p) { return *reinterpret_cast<const Lanes*>(p); }
PUGMARK_INLINE void Store(float* p, Lanes v) { *reinterpret_cast<Lanes*>(p) = v; }

struct Kernel {
  int radius = 0;
  std::array<float, kMaxRadius + 1> weights{};  // [0] is the middle.
};

Kernel GaussianKernel(float sigma) {
  Kernel kernel;
  kernel.radius = std::clamp(static_cast<int>(std::lround(kKernelSigmas * sigma)), 1, kMaxRadius);
  double sum = 0;
  std::array<double, kMaxRadius + 1> weights{};
  for (int i = 0; i <= kernel.radius; ++i) {
    weights[static_cast<size_t>(i)] = std::exp(-0.5 * i * i / (sigma * sigma));
    sum += weights[static_cast<size_t>(i)] * (i == 0 ? 1 : 2);
  }
  for (size_t i = 0; i < weights.size(); ++i) kernel.weights[i] = static_cast<float>(weights[i] / sum);
  return kernel;
}

// Mirrored at the edge, whose pixel is not repeated.
int Reflect(int i, int size) {
  if (size == 1) return 0;
  while (i < 0 || i >= size) i = i < 0 ? -i : 2 * (size - 1) - i;
  return i;
}

template <int R>
PUGMARK_INLINE void BlurRow(const float* const* rows, const float* w, int width, size_t stride, float* padded,
                            float* out, const float* middle, float* difference) {
  for (size_t x = 0; x < stride; x += kBlock) {
    Lanes a[4];
    for (int k = 0; k < 4; ++k) a[k] = Load(rows[R] + x + k * kLanes) * w[0];
#pragma GCC unroll 1
    for (int i = 1; i <= R; ++i) {
      const float *up = rows[R - i] + x, *down = rows[R + i] + x;
      const Lanes weight = Lanes{} + w[i];
      for (int k = 0; k < 4; ++k) a[k] += (Load(up + k * kLanes) + Load(down + k * kLanes)) * weight;
    }
    for (int k = 0; k < 4; ++k) Store(padded + R + x + k * kLanes, a[k]);
  }
  for (int i = 1; i <= R; ++i) {
    padded[R - i] = padded[R + Reflect(-i, width)];
    padded[R + width - 1 + i] = padded[R + Reflect(width - 1 + i, width)];
  }
  for (size_t x = 0; x < stride; x += kBlock) {
    const float* p = padded + R + x;
    Lanes a[4];
    for (int k = 0; k < 4; ++k) a[k] = Load(p + k * kLanes) * w[0];
#pragma GCC unroll 1
    for (int i = 1; i <= R; ++i) {
      const Lanes weight = Lanes{} + w[i];
      for (int k = 0; k < 4; ++k) a[k] += (Load(p - i + k * kLanes) + Load(p + i + k * kLanes)) * weight;
    }
    for (int k = 0; k < 4; ++k) Store(out + x + k * kLanes, a[k]);
    if (difference) {
      for (int k = 0; k < 4; ++k) Store(difference + x + k * kLanes, a[k] - Load(middle + x + k * kLanes));
    }
  }
}

// blurred = from * kernel; difference, if wanted, = blurred - from.
PUGMARK_CLONES("default", "arch=x86-64-v3", "arch=x86-64-v4")
void Blur(const Plane& from, const Kernel& kernel, Plane* blurred, Plane* difference) {
  std::vector<float> padded(from.stride() + 2 * kMaxRadius + kBlock);
  std::array<const float*, 2 * kMaxRadius + 1> rows;
  for (int y = 0; y < from.height(); ++y) {
    for (int i = -kernel.radius; i <= kernel.radius; ++i)
      rows[static_cast<size_t>(i + kernel.radius)] = from.row(Reflect(y + i, from.height()));
    const auto blur = [&](auto radius) __attribute__((always_inline)) {
      BlurRow<radius()>(rows.data(), kernel.weights.data(), from.width(), from.stride(), padded.data(), blurred->row(y),
                 from.row(y), difference ? difference->row(y) : nullptr);
    };
    switch (kernel.radius) {
      case 4: blur(std::integral_constant<int, 4>()); break;
      case 5: blur(std::integral_constant<int, 5>()); break;
      case 7: blur(std::integral_constant<int, 7>()); break;
      case 9: blur(std::integral_constant<int, 9>()); break;
      case 11: blur(std::integral_constant<int, 11>()); break;
      default: PUGMARK_CHECK(false);  // No kernel of FindExtrema has another radius.
    }
  }
}

Plane ToGrey(const Image& image) {
  Plane plane(image.width_px, image.height_px);
  const size_t row_bytes = static_cast<size_t>(image.width_px) * static_cast<size_t>(image.channels);
  for (int y = 0; y < image.height_px; ++y) {
    const uint8_t* from = &image.pixels[static_cast<size_t>(y) * row_bytes];
    float* to = plane.row(y);
    if (image.channels == 1) {
      for (int x = 0; x < image.width_px; ++x) to[x] = from[x];
    } else {
      // Luma of ITU-R BT.601, as JPEG has it.
      for (int x = 0; x < image.width_px; ++x, from += 3) {
        to[x] = 0.114f * from[0] + 0.587f * from[1] + 0.299f * from[2];
      }
    }
    std::fill(to + image.width_px, to + plane.stride(), 0.0f);
  }
  return plane;
}

// Twice as wide and high, by linear interpolation: new pixels lie a quarter of an old one beside its centre.
Plane Doubled(const Plane& plane) {
  Plane doubled(2 * plane.width(), 2 * plane.height());
  std::vector<float> mixed(static_cast<size_t>(plane.width()));
  for (int y = 0; y < doubled.height(); ++y) {
    const float* near = plane.row(y / 2);
    const float* far = plane.row(std::clamp(y / 2 + (y % 2 == 0 ? -1 : 1), 0, plane.height() - 1));
    for (size_t x = 0; x < mixed.size(); ++x) mixed[x] = 0.75f * near[x] + 0.25f * far[x];
    float* to = doubled.row(y);
    const size_t last = mixed.size() - 1;
    for (size_t x = 0; x <= last; ++x) {
      to[2 * x] = 0.75f * mixed[x] + 0.25f * mixed[x == 0 ? 0 : x - 1];
      to[2 * x + 1] = 0.75f * mixed[x] + 0.25f * mixed[x == last ? last : x + 1];
    }
    std::fill(to + doubled.width(), to + doubled.stride(), 0.0f);
  }
  return doubled;
}

Plane Halved(const Plane& plane) {
  Plane halved(plane.width() / 2, plane.height() / 2);
  for (int y = 0; y < halved.height(); ++y) {
    const float* from = plane.row(2 * y);
    float* to = halved.row(y);
    for (int x = 0; x < halved.width(); ++x) to[x] = from[2 * x];
    std::fill(to + halved.width(), to + halved.stride(), 0.0f);
  }
  return halved;
}

struct Differences {
  std::array<Plane, kLevels - 1> planes;
  float At(int level, int y, int x) const { return planes[static_cast<size_t>(level)].row(y)[x]; }
};

PUGMARK_INLINE bool Any(Mask mask) {
  std::array<uint64_t, 4> words;
  std::memcpy(words.data(), &mask, sizeof mask);
  return (words[0] | words[1] | words[2] | words[3]) != 0;
}
PUGMARK_INLINE Lanes Max(Lanes a, Lanes b) { return a > b ? a : b; }
PUGMARK_INLINE Lanes Min(Lanes a, Lanes b) { return a < b ? a : b; }

struct Pixel {
  int level = 0, y = 0, x = 0;
};

// Where a difference is beyond ±threshold and no smaller or no larger than its 26 neighbours.
PUGMARK_CLONES("default", "arch=x86-64-v3", "arch=x86-64-v4")
void FindPixels(const Differences& differences, int level, float threshold, std::vector<Pixel>* found) {
  const Plane& here = differences.planes[static_cast<size_t>(level)];
  const Plane& finer = differences.planes[static_cast<size_t>(level - 1)];
  const Plane& coarser = differences.planes[static_cast<size_t>(level + 1)];
  for (int y = kBorder; y < here.height() - kBorder; ++y) {
    for (int x0 = kBorder; x0 < here.width() - kBorder; x0 += kLanes) {
      // The last vector begins early, so that it ends within the row.
      const int x = std::min(x0, static_cast<int>(here.stride()) - kLanes - 1);
      const float* c = here.row(y) + x;
      const Lanes v = Load(c);
      Lanes most = Max(Load(c - 1), Load(c + 1)), least = Min(Load(c - 1), Load(c + 1));
      const auto include = [&](const float* p) __attribute__((always_inline)) {
        const Lanes a = Load(p - 1), b = Load(p), d = Load(p + 1);
        most = Max(most, Max(a, Max(b, d)));
        least = Min(least, Min(a, Min(b, d)));
      };
      const size_t stride = here.stride();
      include(c - stride);
      include(c + stride);
      Mask extreme = ((v > threshold) & (v >= most)) | ((v < -threshold) & (v <= least));
      if (!Any(extreme)) continue;
      for (const Plane* plane : {&finer, &coarser}) {
        const float* p = plane->row(y) + x;
        include(p - stride);
        include(p);
        include(p + stride);
      }
      extreme = ((v > threshold) & (v >= most)) | ((v < -threshold) & (v <= least));
      if (!Any(extreme)) continue;
      for (int i = x0 - x; i < kLanes && x + i < here.width() - kBorder; ++i) {
        if (extreme[i]) found->push_back({level, y, x + i});
      }
    }
  }
}

// Fits a quadric to the 27 differences around, moves to its extremum, and drops what has no contrast or lies on an
// edge. [1], sections 4 and 4.1, equations 2 and 3.
bool Refine(const Differences& d, Pixel at, float contrast_threshold, Extremum* extremum) {
  const int width = d.planes[0].width(), height = d.planes[0].height();
  for (int step = 0; step < kMaxSteps; ++step) {
    const auto [s, y, x] = at;
    const float value = d.At(s, y, x);
    const float gx = (d.At(s, y, x + 1) - d.At(s, y, x - 1)) / 2;
    const float gy = (d.At(s, y + 1, x) - d.At(s, y - 1, x)) / 2;
    const float gs = (d.At(s + 1, y, x) - d.At(s - 1, y, x)) / 2;
    const float xx = d.At(s, y, x + 1) + d.At(s, y, x - 1) - 2 * value;
    const float yy = d.At(s, y + 1, x) + d.At(s, y - 1, x) - 2 * value;
    const float ss = d.At(s + 1, y, x) + d.At(s - 1, y, x) - 2 * value;
    const float xy =
        (d.At(s, y + 1, x + 1) - d.At(s, y + 1, x - 1) - d.At(s, y - 1, x + 1) + d.At(s, y - 1, x - 1)) / 4;
    const float xs =
        (d.At(s + 1, y, x + 1) - d.At(s + 1, y, x - 1) - d.At(s - 1, y, x + 1) + d.At(s - 1, y, x - 1)) / 4;
    const float ys =
        (d.At(s + 1, y + 1, x) - d.At(s + 1, y - 1, x) - d.At(s - 1, y + 1, x) + d.At(s - 1, y - 1, x)) / 4;
    // Cramer's rule for the symmetric system H o = -g.
    const float c00 = yy * ss - ys * ys, c01 = ys * xs - xy * ss, c02 = xy * ys - yy * xs;
    const float determinant = xx * c00 + xy * c01 + xs * c02;
    if (determinant == 0) return false;
    const float c11 = xx * ss - xs * xs, c12 = xy * xs - xx * ys, c22 = xx * yy - xy * xy;
    const float ox = -(c00 * gx + c01 * gy + c02 * gs) / determinant;
    const float oy = -(c01 * gx + c11 * gy + c12 * gs) / determinant;
    const float os = -(c02 * gx + c12 * gy + c22 * gs) / determinant;
    if (std::fabs(ox) < 0.5f && std::fabs(oy) < 0.5f && std::fabs(os) < 0.5f) {
      const float contrast = (value + (gx * ox + gy * oy + gs * os) / 2) / 255;
      const float trace = xx + yy;
      if (std::fabs(contrast) * kScalesPerOctave < contrast_threshold) return false;
      if (c22 <= 0 || trace * trace * kMaxEdgeRatio >= (kMaxEdgeRatio + 1) * (kMaxEdgeRatio + 1) * c22) return false;
      extremum->scale = s - 1;
      extremum->x = static_cast<float>(x) + ox;
      extremum->y = static_cast<float>(y) + oy;
      extremum->sigma = kFirstSigma * static_cast<float>(std::exp2((static_cast<double>(s) + os) / kScalesPerOctave));
      extremum->response = std::fabs(contrast);
      return true;
    }
    if (!(std::fabs(ox) < 1e6f && std::fabs(oy) < 1e6f && std::fabs(os) < 1e6f)) return false;
    at.x += static_cast<int>(std::lround(ox));
    at.y += static_cast<int>(std::lround(oy));
    at.level += static_cast<int>(std::lround(os));
    if (at.level < 1 || at.level > kScalesPerOctave || at.x < kBorder || at.x >= width - kBorder || at.y < kBorder ||
        at.y >= height - kBorder) {
      return false;
    }
  }
  return false;
}

}  // namespace

Plane::Plane(int width, int height)
    : width_(width),
      height_(height),
      stride_((static_cast<size_t>(width) + kBlock - 1) / kBlock * kBlock),
      values_(std::make_unique_for_overwrite<float[]>(stride_ * static_cast<size_t>(height))) {}

ScaleSpace FindExtrema(const Image& image, bool doubled, float contrast_threshold) {
  // Each level is blurred from the one before it; variances add up.
  std::array<Kernel, kLevels> kernels;
  for (int i = 1; i < kLevels; ++i) {
    const double before = kFirstSigma * std::exp2((i - 1.0) / kScalesPerOctave);
    const double after = kFirstSigma * std::exp2(static_cast<double>(i) / kScalesPerOctave);
    kernels[static_cast<size_t>(i)] = GaussianKernel(static_cast<float>(std::sqrt(after * after - before * before)));
  }
  const float blur_there = kSigmaOfPhotos * (doubled ? 2 : 1);
  const Kernel first = GaussianKernel(std::sqrt(kFirstSigma * kFirstSigma - blur_there * blur_there));

  ScaleSpace space;
  Plane source = ToGrey(image);
  if (doubled) source = Doubled(source);
  std::array<Plane, kLevels> levels;
  levels[0] = Plane(source.width(), source.height());
  Blur(source, first, &levels[0], nullptr);

  const float threshold = std::floor(0.5f * contrast_threshold / kScalesPerOctave * 255 * 64) / 64;
  float pixel_px = doubled ? 0.5f : 1;
  const float first_px = doubled ? 0.25f : 0.5f;
  Differences differences;
  std::vector<Pixel> pixels;
  for (int octave = 0; std::min(levels[0].width(), levels[0].height()) > 2 * kBorder; ++octave) {
    const int width = levels[0].width(), height = levels[0].height();
    for (size_t i = 1; i < kLevels; ++i) {
      levels[i] = Plane(width, height);
      differences.planes[i - 1] = Plane(width, height);
      Blur(levels[i - 1], kernels[i], &levels[i], &differences.planes[i - 1]);
    }
    pixels.clear();
    for (int level = 1; level <= kScalesPerOctave; ++level) FindPixels(differences, level, threshold, &pixels);
    for (const Pixel& pixel : pixels) {
      Extremum extremum;
      extremum.octave = octave;
      if (Refine(differences, pixel, contrast_threshold, &extremum)) space.extrema.push_back(extremum);
    }
    Plane next = Halved(levels[kScalesPerOctave]);
    space.octaves.push_back({pixel_px, first_px, {std::move(levels[1]), std::move(levels[2]), std::move(levels[3])}});
    levels[0] = std::move(next);
    pixel_px *= 2;
  }
  return space;
}

}  // namespace pugmark
