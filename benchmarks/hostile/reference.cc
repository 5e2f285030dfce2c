// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/hostile/reference.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cmath>
#include <string>
#include <vector>

extern char** environ;

namespace pugmark::bench {
namespace {

// What the command writes to stdout; nothing if it does not end with 0.
std::optional<std::vector<uint8_t>> Output(std::vector<std::string> words) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  ::close(ends[1]);
  std::vector<uint8_t> output;
  std::array<uint8_t, 1 << 16> buffer;
  for (ssize_t n = 0; error == 0 && (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    output.insert(output.end(), buffer.begin(), buffer.begin() + n);
  }
  ::close(ends[0]);
  int status = 0;
  if (error != 0 || ::waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return std::nullopt;
  return output;
}

// A binary PPM of 8 bits: "P6\nW H\n255\n", then red, green, blue.
std::optional<Image> FromPpm(const std::vector<uint8_t>& ppm) {
  int values[3] = {};
  size_t at = 2;
  if (ppm.size() < 8 || ppm[0] != 'P' || ppm[1] != '6') return std::nullopt;
  for (int& value : values) {
    while (at < ppm.size() && std::isspace(ppm[at]) != 0) ++at;
    for (; at < ppm.size() && std::isdigit(ppm[at]) != 0 && value < 100'000; ++at) value = 10 * value + ppm[at] - '0';
  }
  ++at;
  const size_t size = 3 * static_cast<size_t>(values[0]) * static_cast<size_t>(values[1]);
  if (values[2] != 255 || size == 0 || ppm.size() != at + size) return std::nullopt;
  Image image{values[0], values[1], 3, {ppm.begin() + static_cast<ptrdiff_t>(at), ppm.end()}};
  for (size_t i = 0; i < size; i += 3) std::swap(image.pixels[i], image.pixels[i + 2]);
  return image;
}

}  // namespace

bool HasReferenceDecoder() { return Output({"convert", "-version"}).has_value(); }

std::optional<Image> DecodeByReference(const std::filesystem::path& file, PhotoFormat format) {
  const auto output = Output({"timeout", "20", "convert", fmt::format("{}:{}[0]", PhotoFormatName(format), file.string()),
                              "-coalesce", "-auto-orient", "-background", "white", "-alpha", "remove", "-alpha", "off",
                              "+profile", "*", "-colorspace", "sRGB", "-depth", "8", "ppm:-"});
  return output ? FromPpm(*output) : std::nullopt;
}

std::optional<double> Psnr(const Image& a, const Image& b) {
  if (a.width_px != b.width_px || a.height_px != b.height_px) return std::nullopt;
  const auto value = [](const Image& image, size_t pixel, size_t channel) {
    return static_cast<double>(image.pixels[image.channels == 1 ? pixel : 3 * pixel + channel]);
  };
  double sum = 0;
  const size_t num_pixels = static_cast<size_t>(a.width_px) * static_cast<size_t>(a.height_px);
  for (size_t i = 0; i < num_pixels; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const double d = value(a, i, c) - value(b, i, c);
      sum += d * d;
    }
  }
  if (sum == 0) return 99;
  return 10 * std::log10(255.0 * 255.0 * 3 * static_cast<double>(num_pixels) / sum);
}

}  // namespace pugmark::bench
