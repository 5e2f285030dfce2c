// SPDX-License-Identifier: Apache-2.0
//
// Draws every edit of one photo on a contact sheet, to be looked at: an edit that covers nothing, or all, makes any
// recall meaningless.
//
//   pugmark_bench_edits_sheet PHOTO OUT.jpg --strangers DIR [--seed N] [--only TEXT] [--seeds N]
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "benchmarks/quality/edit_steps.h"
#include "benchmarks/quality/edits.h"
#include "index/base/error.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path photo, out, strangers;
  uint64_t seed = 1;
  int num_seeds = 1;
  std::string only;
  int cell_px = 300;
  int columns = 8;
};

cv::Mat Read(const fs::path& path) {
  cv::Mat picture = cv::imread(path.string(), cv::IMREAD_COLOR);
  if (picture.empty()) throw Error(ErrorCode::kInvalidArgument, path.string() + ": cannot be read as a picture.");
  return picture;
}

// The first few pictures of a folder, by name; what is no picture is passed over.
std::vector<cv::Mat> ReadStrangers(const fs::path& folder) {
  constexpr size_t kEnough = 12;
  std::vector<cv::Mat> strangers;
  if (folder.empty()) return strangers;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    cv::Mat picture = cv::imread(file.string(), cv::IMREAD_COLOR);
    if (!picture.empty()) strangers.push_back(std::move(picture));
    if (strangers.size() == kEnough) break;
  }
  return strangers;
}

cv::Mat Cell(const Options& options, const std::string& name, const cv::Mat& edited, size_t bytes) {
  constexpr int kCaption = 44;
  cv::Mat cell(options.cell_px + kCaption, options.cell_px, CV_8UC3, cv::Scalar::all(90));
  const cv::Mat shown = steps::Inside(edited, {options.cell_px - 8, options.cell_px - 8});
  steps::Place(shown, (options.cell_px - shown.cols) / 2, (options.cell_px - shown.rows) / 2, cell);
  cv::putText(cell, name, {6, options.cell_px + 16}, cv::FONT_HERSHEY_SIMPLEX, name.size() > 30 ? 0.42 : 0.52,
              cv::Scalar::all(255), 1, cv::LINE_AA);
  const std::string detail = fmt::format("{} x {}, {} KB", edited.cols, edited.rows, (bytes + 1023) / 1024);
  cv::putText(cell, detail, {6, options.cell_px + 36}, cv::FONT_HERSHEY_SIMPLEX, 0.45, cv::Scalar::all(200), 1,
              cv::LINE_AA);
  return cell;
}

void DrawSheet(const Options& options) {
  const cv::Mat photo = Read(options.photo);
  const std::vector<cv::Mat> strangers = ReadStrangers(options.strangers);
  std::vector<cv::Mat> cells = {Cell(options, "photo", photo, fs::file_size(options.photo))};
  for (const EditKind& kind : EditKinds()) {
    if (kind.name.find(options.only) == std::string::npos) continue;
    for (int i = 0; i < options.num_seeds; ++i) {
      const auto bytes = ApplyEdit(kind, options.seed + static_cast<uint64_t>(i), photo, {strangers});
      cells.push_back(Cell(options, kind.name, cv::imdecode(bytes, cv::IMREAD_COLOR), bytes.size()));
    }
  }
  const int columns = std::min(options.columns, static_cast<int>(cells.size()));
  const int rows = (static_cast<int>(cells.size()) + columns - 1) / columns;
  cv::Mat sheet(rows * cells[0].rows, columns * cells[0].cols, CV_8UC3, cv::Scalar::all(60));
  for (int i = 0; i < static_cast<int>(cells.size()); ++i) {
    steps::Place(cells[static_cast<size_t>(i)], (i % columns) * cells[0].cols, (i / columns) * cells[0].rows, sheet);
  }
  if (!cv::imwrite(options.out.string(), sheet, {cv::IMWRITE_JPEG_QUALITY, 90})) {
    throw Error(ErrorCode::kIo, options.out.string() + ": cannot be written.");
  }
}

}  // namespace
}  // namespace pugmark::bench

int main(int argc, char** argv) {
  pugmark::bench::Options options;
  CLI::App app("Every edit of one photo on a contact sheet.");
  app.add_option("photo", options.photo, "The photo")->required()->check(CLI::ExistingFile);
  app.add_option("out", options.out, "The sheet, .jpg or .png")->required();
  app.add_option("--strangers", options.strangers, "Folder of other pictures, for collages and pastes")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--seed", options.seed, "First seed")->capture_default_str();
  app.add_option("--seeds", options.num_seeds, "Seeds of every edit")->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--only", options.only, "Edits whose name contains this");
  app.add_option("--cell", options.cell_px, "Size of one picture in px")
      ->check(CLI::Range(60, 1600))
      ->capture_default_str();
  app.add_option("--columns", options.columns, "Pictures in a row")->check(CLI::Range(1, 50))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    pugmark::bench::DrawSheet(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 4;
  }
  return 0;
}
