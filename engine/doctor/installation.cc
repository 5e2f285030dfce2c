// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "engine/decode/conformance.h"
#include "engine/decode/workers.h"
#include "engine/doctor/doctor.h"
#include "engine/features/features.h"
#include "engine/verify/verify.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/library_version.h"
#include "index/vectors/library_version.h"

namespace pugmark {
namespace {

constexpr double kMaxLog10Nfa = -8;  // A copy of a picture with detail is far below.

Finding Versions() {
  return {"versions", Level::kOk,
          fmt::format("{}, FAISS {}, SQLite {}.", DecoderVersions(), FaissVersion(), SqliteVersion()), {}};
}

Finding Processor() {
  std::vector<std::string> features;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) features.emplace_back("SSE4.2");
  if (__builtin_cpu_supports("popcnt")) features.emplace_back("POPCNT");
  if (__builtin_cpu_supports("avx2")) features.emplace_back("AVX2");
  if (__builtin_cpu_supports("fma")) features.emplace_back("FMA");
  if (__builtin_cpu_supports("avx512f")) features.emplace_back("AVX-512");
  const bool is_slow = std::find(features.begin(), features.end(), "AVX2") == features.end();
#else
  const bool is_slow = false;
#endif
  const unsigned num_cores = std::max(1u, std::thread::hardware_concurrency());
  Finding finding{"processor", is_slow ? Level::kWarn : Level::kOk,
                  fmt::format("{} cores{}{}.", num_cores, features.empty() ? "" : ", ", fmt::join(features, ", ")),
                  {{"cores", num_cores}}};
  if (is_slow) finding.message += " Without AVX2 everything works, but slower.";
  return finding;
}

Finding Sandbox() {
  const DecodeWorkers* workers = DecodeWorkers::OfProcess();
  if (workers == nullptr) return {"sandbox", Level::kWarn, "Photos are decoded without a sandbox (--no-sandbox).", {}};
  try {
    const DecodeResult result = Decode(EncodeThumbnail(ConformancePicture(16, 16), 16, 80), {});
    if (!result.image) return {"sandbox", Level::kFail, result.error.message, {}};
  } catch (const SandboxError& e) {
    return {"sandbox", Level::kFail, e.what(), {}};
  }
  const DecodeBudget& budget = ProcessBudget();
  return {"sandbox", Level::kOk,
          fmt::format("Photos are decoded apart, without files and network, each within {} MiB and {} s of processor time.",
                      budget.max_memory_bytes >> 20, budget.max_seconds),
          {{"mib", static_cast<double>(budget.max_memory_bytes >> 20)}, {"seconds", budget.max_seconds}}};
}

void AddDecoders(std::vector<Finding>* findings) {
  std::vector<std::string> right, untried;
  double worst = 0;
  for (const ConformanceResult& result : TryDecoders()) {
    const std::string name(PhotoFormatName(result.format));
    if (result.is_right) {
      right.push_back(name);
      worst = std::max(worst, result.mean_error);
    } else if (!result.is_tried) {
      untried.push_back(name);
    } else {
      findings->push_back(
          {"decode",
           Level::kFail,
           fmt::format("{}: {}. Reinstall the packages that cmake/setup.sh names.", name, EscapeText(result.error)),
           {{"mean_error", result.mean_error}}});
    }
  }
  findings->push_back({"decode",
                       right.empty() ? Level::kFail : Level::kOk,
                       fmt::format("{} decode to what was encoded.", fmt::join(right, ", ")),
                       {{"worst_mean_error", worst}}});
  if (!untried.empty()) {
    findings->push_back({"decode", Level::kWarn,
                         fmt::format("{} could not be tried: no encoder is installed (libheif with x265 and aom).",
                                     fmt::join(untried, ", ")), {}});
  }
}

// The whole way of a photo through the eyes: described, and recognised in a smaller, recompressed copy.
Finding Recognition() {
  const FeatureOptions options;
  const Image picture = ConformancePicture(640, 480);
  const Features features = ExtractFeatures(picture, options);
  const Features copy = ExtractFeatures(Recompressed(picture, 400, 60), options);
  const Verification v = Verify({}, copy, features, 1);
  const bool is_found = v.log10_nfa < kMaxLog10Nfa;
  Finding finding{"recognition", is_found ? Level::kOk : Level::kFail,
                  fmt::format("A picture {} in its smaller, recompressed copy: {} keypoints, {} inliers.",
                              is_found ? "is recognised" : "is NOT recognised", features.size(), v.inliers.size()),
                  {{"keypoints", static_cast<double>(features.size())},
                   {"inliers", static_cast<double>(v.inliers.size())},
                   {"log10_nfa", v.log10_nfa}}};
  if (!is_found) finding.message += " Reinstall OpenCV's packages; search would miss copies.";
  return finding;
}

}  // namespace

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kOk: return "ok";
    case Level::kWarn: return "warn";
    case Level::kFail: return "fail";
  }
  return "fail";
}

std::vector<Finding> ExamineInstallation() {
  std::vector<Finding> findings = {Versions(), Processor()};
  findings.push_back(Sandbox());
  if (findings.back().level == Level::kFail) return findings;  // The rest decodes.
  AddDecoders(&findings);
  findings.push_back(Recognition());
  return findings;
}

}  // namespace pugmark
