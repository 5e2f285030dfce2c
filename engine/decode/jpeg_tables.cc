// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/jpeg_tables.h"

// jpeglib.h relies on cstdio.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "index/base/sha256.h"

namespace pugmark::decode {
namespace {

using Table = std::array<UINT16, DCTSIZE2>;
struct Standard {
  Table luma{}, chroma{};
};

// By quality, 1 to 100. Made by libjpeg itself, which cannot fail here: nothing is written.
std::array<Standard, 101> MakeStandards() {
  std::array<Standard, 101> standards;
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg.in_color_space = JCS_RGB;
  jpeg.input_components = 3;
  jpeg_set_defaults(&jpeg);
  for (int quality = 1; quality <= 100; ++quality) {
    jpeg_set_quality(&jpeg, quality, TRUE);
    Standard& standard = standards[static_cast<size_t>(quality)];
    std::copy_n(jpeg.quant_tbl_ptrs[0]->quantval, DCTSIZE2, standard.luma.begin());
    std::copy_n(jpeg.quant_tbl_ptrs[1]->quantval, DCTSIZE2, standard.chroma.begin());
  }
  jpeg_destroy_compress(&jpeg);
  return standards;
}

// 0: not of the standard.
int QualityOf(std::span<const Table> tables) {
  static const std::array<Standard, 101> standards = MakeStandards();
  for (int quality = 100; quality >= 1; --quality) {
    const Standard& standard = standards[static_cast<size_t>(quality)];
    if (tables[0] == standard.luma &&
        std::ranges::all_of(tables.subspan(1), [&](const Table& table) { return table == standard.chroma; })) {
      return quality;
    }
  }
  return 0;
}

}  // namespace

std::string DescribeTables(const jpeg_decompress_struct& jpeg) {
  std::vector<Table> tables;
  std::string sampling;
  for (int i = 0; i < jpeg.num_components; ++i) {
    const jpeg_component_info& component = jpeg.comp_info[i];
    if (component.quant_tbl_no < 0 || component.quant_tbl_no >= NUM_QUANT_TBLS) return {};
    const JQUANT_TBL* table = jpeg.quant_tbl_ptrs[component.quant_tbl_no];
    if (table == nullptr) return {};
    std::copy_n(table->quantval, DCTSIZE2, tables.emplace_back().begin());
    sampling += fmt::format("{}{}x{}", i == 0 ? "" : ",", component.h_samp_factor, component.v_samp_factor);
  }
  if (tables.empty()) return {};
  if (const int quality = QualityOf(tables); quality > 0) return fmt::format("standard {} {}", quality, sampling);
  std::vector<uint8_t> bytes;
  for (const Table& table : tables) {
    for (const UINT16 value : table) {
      bytes.push_back(static_cast<uint8_t>(value >> 8));
      bytes.push_back(static_cast<uint8_t>(value & 0xFF));
    }
  }
  return fmt::format("{} {}", Sha256::Of(bytes).Hex().substr(0, 16), sampling);
}

}  // namespace pugmark::decode
