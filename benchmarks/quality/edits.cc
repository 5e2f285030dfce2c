// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/quality/edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <opencv2/imgcodecs.hpp>
#include <string_view>

#include "benchmarks/quality/edit_steps.h"
#include "index/base/error.h"

namespace pugmark::bench {
namespace {

using namespace steps;  // This file does nothing but put them together.

struct Job {
  const cv::Mat& photo;
  Strangers strangers;
  cv::RNG& random;
};

struct Recipe {
  EditKind kind;
  std::function<cv::Mat(const Job&)> edit;
  int quality = 85;          // Of the JPEG, [1, 100].
  size_t num_strangers = 0;  // At least so many are needed.
};

constexpr int kPlatformSide = 600;
constexpr int kPlatformQuality = 70;

cv::Scalar Corners(cv::RNG& random) {
  switch (random.uniform(0, 3)) {
    case 0: return cv::Scalar::all(0);
    case 1: return cv::Scalar::all(255);
    default: return RandomColour(random, 0, 255);
  }
}

cv::Mat RotateOnCanvas(const cv::Mat& photo, cv::RNG& random) {
  const double degrees = SmallAngle(random);
  return Rotate(photo, degrees, Corners(random));
}

cv::Mat RotateAny(const cv::Mat& photo, cv::RNG& random) {
  const double degrees = random.uniform(0.0, 360.0);
  return Rotate(photo, degrees, Corners(random));
}

cv::Mat Third(const cv::Mat& photo) { return Resized(photo, {Pixels(photo.cols / 3.0), Pixels(photo.rows / 3.0)}); }

Recipe Single(const char* name, const char* family, std::function<cv::Mat(const Job&)> edit) {
  return {{name, family, false, false}, std::move(edit)};
}

Recipe Hard(const char* name, const char* family, std::function<cv::Mat(const Job&)> edit) {
  return {{name, family, false, true}, std::move(edit)};
}

Recipe Chain(const char* name, std::function<cv::Mat(const Job&)> edit, int quality = 85, size_t num_strangers = 0) {
  return {{name, "chain", true, false}, std::move(edit), quality, num_strangers};
}

Recipe With(Recipe recipe, int quality, size_t num_strangers = 0) {
  recipe.quality = quality;
  recipe.num_strangers = num_strangers;
  return recipe;
}

std::vector<Recipe> AllRecipes() {
  return {
      With(Single("platform-600", "platform", [](const Job& j) { return FitLongSide(j.photo, kPlatformSide); }),
           kPlatformQuality),
      With(Single("jpeg-15", "jpeg", [](const Job& j) { return j.photo; }), 15),
      Single("shrink-third", "shrink", [](const Job& j) { return Third(j.photo); }),
      Single("crop-50", "crop", [](const Job& j) { return Crop(j.photo, 0.5, j.random); }),
      Hard("crop-25", "crop", [](const Job& j) { return Crop(j.photo, 0.25, j.random); }),
      Single("rotate-canvas", "rotation", [](const Job& j) { return RotateOnCanvas(j.photo, j.random); }),
      Single("rotate-inscribed", "rotation",
             [](const Job& j) { return RotateInscribed(j.photo, SmallAngle(j.random)); }),
      Single("rotate-any", "rotation", [](const Job& j) { return RotateAny(j.photo, j.random); }),
      Single("rotate-90", "rotation", [](const Job& j) { return RotateByQuarters(j.photo, j.random); }),
      Single("mirror", "mirror", [](const Job& j) { return Mirror(j.photo); }),
      Single("perspective-mild", "perspective",
             [](const Job& j) { return Perspective(j.photo, 0.08, 0.14, j.random); }),
      Single("perspective-strong", "perspective",
             [](const Job& j) { return Perspective(j.photo, 0.22, 0.32, j.random); }),
      Single("banner-light", "banner", [](const Job& j) { return Banner(j.photo, false, j.random); }),
      Single("banner-heavy", "banner", [](const Job& j) { return Banner(j.photo, true, j.random); }),
      Single("watermark-light", "watermark", [](const Job& j) { return Watermark(j.photo, 0.05, 0.25, j.random); }),
      Single("watermark-heavy", "watermark", [](const Job& j) { return Watermark(j.photo, 0.08, 0.5, j.random); }),
      Hard("stickers-30", "stickers", [](const Job& j) { return Stickers(j.photo, 0.3, j.random); }),
      Single("border-8", "border", [](const Job& j) { return Border(j.photo, 0.08, j.random); }),
      Single("padding-30", "border", [](const Job& j) { return Padding(j.photo, 0.3, j.random); }),
      With(Single("collage-crop", "collage",
                  [](const Job& j) { return Collage(j.photo, j.strangers, false, j.random); }),
           85, 3),
      With(Single("collage-squash", "collage",
                  [](const Job& j) { return Collage(j.photo, j.strangers, true, j.random); }),
           85, 3),
      With(
          Single("paste-large", "paste", [](const Job& j) { return Paste(j.photo, j.strangers, 0.48, 0.6, j.random); }),
          85, 1),
      With(Single("paste-small", "paste",
                  [](const Job& j) { return Paste(j.photo, j.strangers, 0.35, 0.48, j.random); }),
           85, 1),
      Single("screenshot-light", "screenshot",
             [](const Job& j) { return Screenshot(j.photo, j.strangers, false, j.random); }),
      Single("screenshot-dark", "screenshot",
             [](const Job& j) { return Screenshot(j.photo, j.strangers, true, j.random); }),
      Single("colour-tint", "colour", [](const Job& j) { return Tint(j.photo, j.random); }),
      Single("colour-sepia", "colour", [](const Job& j) { return Sepia(j.photo); }),
      Single("colour-saturation", "colour", [](const Job& j) { return Saturation(j.photo, j.random); }),
      Single("greyscale", "greyscale", [](const Job& j) { return Greyscale(j.photo); }),
      Single("gamma-0.6", "gamma", [](const Job& j) { return Gamma(j.photo, 0.6); }),
      Single("gamma-1.7", "gamma", [](const Job& j) { return Gamma(j.photo, 1.7); }),
      Single("blur-1.5", "blur", [](const Job& j) { return Blur(j.photo, 1.5); }),
      Single("blur-3", "blur", [](const Job& j) { return Blur(j.photo, 3); }),
      Single("noise-10", "noise", [](const Job& j) { return Noise(j.photo, 10, j.random); }),
      Single("noise-25", "noise", [](const Job& j) { return Noise(j.photo, 25, j.random); }),
      Hard("screen-mild", "screen",
           [](const Job& j) { return PhotoOfScreen(j.photo, j.strangers, 0.08, 0.11, 0.12, j.random); }),
      Hard("screen-strong", "screen",
           [](const Job& j) { return PhotoOfScreen(j.photo, j.strangers, 0.11, 0.15, 0.25, j.random); }),
      Chain("chain-mirror-crop", [](const Job& j) { return Crop(Mirror(j.photo), 0.5, j.random); }),
      Chain("chain-screenshot-filtered-crop",
            [](const Job& j) {
              const cv::Mat filtered = ColourFilter(Crop(j.photo, 0.5, j.random), j.random);
              return Screenshot(filtered, j.strangers, j.random.uniform(0, 2) == 0, j.random);
            }),
      Chain(
          "chain-paste-banner",
          [](const Job& j) { return Banner(Paste(j.photo, j.strangers, 0.35, 0.6, j.random), false, j.random); }, 85,
          1),
      Chain(
          "chain-rotated-crop-stickers",
          [](const Job& j) { return Stickers(RotateOnCanvas(Crop(j.photo, 0.5, j.random), j.random), 0.3, j.random); }),
      Chain(
          "chain-platform-perspective-watermark",
          [](const Job& j) {
            const cv::Mat seen = Perspective(j.photo, 0.08, 0.14, j.random);
            return FitLongSide(Watermark(seen, 0.05, 0.25, j.random), kPlatformSide);
          },
          kPlatformQuality),
      Chain(
          "chain-collage-mirror-jpeg40",
          [](const Job& j) { return Collage(Mirror(j.photo), j.strangers, false, j.random); }, 40, 3),
  };
}

const std::vector<Recipe>& Recipes() {
  static const std::vector<Recipe> recipes = AllRecipes();
  return recipes;
}

uint64_t Fnv1a(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3ull;
  return hash;
}

// cv::RNG is a multiply-with-carry generator: its state must not be 0, and neighbouring states give neighbouring first
// numbers. So the bits are mixed first (the finaliser of SplitMix64).
cv::RNG Stream(std::string_view name, uint64_t seed) {
  uint64_t state = Fnv1a(name) + (seed + 1) * 0x9E3779B97F4A7C15ull;
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ull;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EBull;
  state ^= state >> 31;
  return cv::RNG(state == 0 ? 1 : state);
}

void Require(bool holds, const std::string& message) {
  if (!holds) throw Error(ErrorCode::kInvalidArgument, message);
}

bool IsPicture(const cv::Mat& picture) { return !picture.empty() && picture.dims == 2 && picture.type() == CV_8UC3; }

}  // namespace

const std::vector<EditKind>& EditKinds() {
  static const std::vector<EditKind> kinds = [] {
    std::vector<EditKind> all;
    for (const Recipe& recipe : Recipes()) all.push_back(recipe.kind);
    return all;
  }();
  return kinds;
}

std::vector<uint8_t> ApplyEdit(const EditKind& kind, uint64_t seed, const cv::Mat& photo, const EditContext& context) {
  const auto& recipes = Recipes();
  const auto recipe =
      std::find_if(recipes.begin(), recipes.end(), [&](const Recipe& r) { return r.kind.name == kind.name; });
  Require(recipe != recipes.end(), fmt::format("'{}' is no kind of edit; EditKinds() lists them.", kind.name));
  Require(IsPicture(photo), kind.name + ": the photo must be BGR with 8 bits and not empty.");
  Require(context.strangers.size() >= recipe->num_strangers,
          fmt::format("{} needs {} other pictures, {} were given.", kind.name, recipe->num_strangers,
                      context.strangers.size()));
  Require(std::all_of(context.strangers.begin(), context.strangers.end(), IsPicture),
          kind.name + ": other pictures must be BGR with 8 bits and not empty.");
  cv::RNG random = Stream(kind.name, seed);
  const cv::Mat edited = recipe->edit({FitLongSide(photo, kMaxEditedSide), context.strangers, random});
  std::vector<uint8_t> bytes;
  if (!cv::imencode(".jpg", edited, bytes, {cv::IMWRITE_JPEG_QUALITY, recipe->quality})) {
    throw Error(ErrorCode::kInternal, kind.name + ": the edited photo could not be encoded.");
  }
  return bytes;
}

}  // namespace pugmark::bench
