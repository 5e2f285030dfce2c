// SPDX-License-Identifier: Apache-2.0
//
// Writes small seeds of our own making for every fuzz target: make_fuzz_corpus FOLDER
#include <filesystem>
#include <fstream>
#include <opencv2/imgproc.hpp>
#include <random>
#include <string>
#include <vector>

#include "engine/decode/wire.h"
#include "index/snapshots/manifest.h"
#include "index/vectors/codebook.h"
#include "index/vectors/globals.h"
#include "index/vectors/part.h"
#include "tests/unit/decode_samples.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using samples::File;

void Put(const fs::path& path, const void* data, size_t size) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
}
void Put(const fs::path& path, const File& file) { Put(path, file.data(), file.size()); }
void Put(const fs::path& path, std::string_view text) { Put(path, text.data(), text.size()); }

void PutPhotos(const fs::path& folder) {
  const cv::Mat picture = samples::Picture(24, 16);
  const samples::Exif exif = {6, "Make", "Model", "Serial", "2016:12:05 14:03:11"};
  cv::Mat grey, with_alpha, deep, deep_alpha;
  cv::extractChannel(picture, grey, 1);
  cv::cvtColor(picture, with_alpha, cv::COLOR_BGR2BGRA);
  picture.convertTo(deep, CV_16U, 257);
  cv::cvtColor(deep, deep_alpha, cv::COLOR_BGR2BGRA);
  using Colors = samples::JpegColors;
  int number = 0;
  for (const Colors colors : {Colors::kGrey, Colors::kYcc, Colors::kRgb, Colors::kCmyk, Colors::kYcck}) {
    for (const int kind : {0, 1, 2}) {
      samples::JpegKind jpeg;
      jpeg.colors = colors;
      jpeg.progressive = kind == 1;
      jpeg.arithmetic = kind == 2;
      jpeg.quality = 40;
      jpeg.restart_interval = kind == 0 ? 2 : 0;
      if (number == 3) jpeg.exif = exif;
      Put(folder / "jpeg" / std::to_string(number++), samples::Jpeg(picture, jpeg));
    }
  }
  for (int orientation = 1; orientation <= 8; ++orientation) {
    samples::JpegKind jpeg;
    jpeg.exif = samples::Exif{orientation, "", "", "", ""};
    jpeg.quality = 80;
    Put(folder / "jpeg" / ("orientation_" + std::to_string(orientation)),
        samples::Jpeg(samples::StoredAs(picture, orientation), jpeg));
  }
  for (const auto& [name, extension] :
       {std::pair("png", ".png"), std::pair("bmp", ".bmp"), std::pair("tiff", ".tiff"), std::pair("webp", ".webp")}) {
    Put(folder / name / "colour", samples::ByOpenCv(picture, extension));
    Put(folder / name / "alpha", samples::ByOpenCv(with_alpha, extension));
    if (std::string_view(name) != "webp") Put(folder / name / "grey", samples::ByOpenCv(grey, extension));
  }
  for (const char* extension : {"png", "tiff"}) {
    Put(folder / extension / "deep", samples::ByOpenCv(deep, std::string(".") + extension));
    Put(folder / extension / "deep_alpha", samples::ByOpenCv(deep_alpha, std::string(".") + extension));
  }
  const File png = samples::ByOpenCv(picture, ".png"), webp = samples::ByOpenCv(picture, ".webp");
  Put(folder / "png/exif", samples::PngWithExif(png, samples::ExifBlock(exif)));
  Put(folder / "webp/exif", samples::WebpWithExif(webp, picture.size(), samples::ExifBlock(exif)));
  Put(folder / "webp/animation", samples::WebpAnimation(webp, picture.size(), {40, 30}, 4, 4));
  Put(folder / "tiff/big_endian", samples::Tiff(grey, true, 5, 24, 16));
  Put(folder / "tiff/lies", samples::Tiff(grey, false, 1, 4000, 16));
  Put(folder / "gif/interlaced", samples::Gif(grey, {40, 30}, 4, 4, 3, true));
  Put(folder / "gif/plain", samples::Gif(grey, {24, 16}, 0, 0, -1, false));
  for (const bool avif : {false, true}) {
    if (const auto file = samples::Heif(picture, avif, 6, samples::ExifBlock(exif))) {
      Put(folder / "heif" / (avif ? "avif" : "heic"), *file);
    }
  }
  const File block = samples::ExifBlock(exif);
  Put(folder / "exif/plain", block);
  Put(folder / "exif/orientation", samples::ExifBlock({3, "", "", "", ""}));
  File prefixed = {'E', 'x', 'i', 'f', 0, 0};
  prefixed.insert(prefixed.end(), block.begin(), block.end());
  Put(folder / "exif/prefixed", prefixed);
}

void PutReplies(const fs::path& folder) {
  DecodeResult result;
  result.info.camera_make = "Make";
  for (const int side : {0, 8}) {
    result.error.message = side == 0 ? "It ends early." : "";
    decode::FieldWriter out;
    const int channels = side == 0 ? 0 : 3;
    decode::PassReply(out, result.info, result.error, side, side, channels);
    Put(folder / "worker_reply" / std::to_string(side), out.bytes());
  }
  decode::FieldWriter out;
  result.qr_codes = {"https://chat.example", "tel:+84123456"};
  decode::PassQrCodes(out, result.qr_codes);
  Put(folder / "worker_reply/qr_codes", out.bytes());
}

void PutIndex(const fs::path& folder) {
  std::mt19937 random(1);
  std::vector<uint8_t> descriptors(64 * kVectorSize);
  for (uint8_t& value : descriptors) value = static_cast<uint8_t>(random());
  CodebookOptions options;
  options.num_words = 16;
  const Codebook codebook = Codebook::Train(descriptors, options);
  fs::create_directories(folder / "codebook");
  fs::create_directories(folder / "part");
  fs::create_directories(folder / "globals");
  codebook.Save(folder / "codebook/16");
  for (const int num_photos : {0, 1, 3}) {
    PartBuilder builder(16);
    GlobalsBuilder globals;
    for (int photo = 1; photo <= num_photos; ++photo) {
      const std::vector<WordAssignment> words = codebook.Assign(std::span(descriptors).first(20 * kVectorSize), 1);
      builder.Add(PhotoId{photo}, words, std::vector<EntryGeometry>(words.size()));
      globals.AddHash(PhotoId{photo}, HashBits{}, 100);
      globals.AddVector(PhotoId{photo}, std::vector<int8_t>(8, 3));
    }
    builder.Write(folder / "part" / std::to_string(num_photos));
    globals.Write(folder / "globals" / std::to_string(num_photos));
  }
  SnapshotInfo info;
  info.number = 1;
  info.created_at = "2026-11-30T00:00:00Z";
  info.extractor = "sift";
  info.num_words = 16;
  info.num_photos = info.last_photo.value = 3;
  info.parts.push_back({"part-1.faiss", 3, 60, "part-1.globals"});
  for (const char* name : {"codebook.faiss", "part-1.faiss", "part-1.globals"}) {
    info.files.push_back({name, 100, std::string(64, 'a')});
  }
  std::string text = internal::ManifestText(info);
  Put(folder / "snapshot_manifest/sealed", text);
  // As it was before there were seals: a fuzzer gets past the seal.
  text.replace(text.find("\"schema\": 2"), 11, "\"schema\": 1");
  text = text.substr(0, text.rfind(",\n  \"seal\"")) + "\n}\n";
  Put(folder / "snapshot_manifest/unsealed", text);
}

void PutTexts(const fs::path& folder) {
  Put(folder / "manifest/csv",
      "file,platform,listing_id,seller,title,posted_at,products\na.jpg,p,1,s,\"Old \"\"cup\"\"\",2016-12-01,x;y\n");
  Put(folder / "manifest/semicolon",
      "\xEF\xBB\xBF"
      "File;Title\r\nb/c.jpg;t\r\n../x.jpg;u\r\n/etc/passwd;v\r\n");
  Put(folder / "manifest/json",
      "{\"file\":\"a.jpg\",\"platform\":\"p\",\"listing_id\":1,\"products\":[\"x\",\"y\"],\"price\":1.5,\"box\":{\"w\":"
      "3}}\n");
  Put(folder / "embedding_config/all",
      "{\"name\":\"n\",\"width\":224,\"height\":224,\"fit\":\"crop\",\"resize\":256,\"channels\":\"rgb\",\"scale\":0.5,"
      "\"mean\":[0.5,0.5,0.5],\"std\":[0.2,0.2,0.2],\"output\":\"embedding\"}");
  Put(folder / "embedding_config/empty", "{}");
}

}  // namespace
}  // namespace pugmark

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  pugmark::PutPhotos(argv[1]);
  pugmark::PutReplies(argv[1]);
  pugmark::PutIndex(argv[1]);
  pugmark::PutTexts(argv[1]);
}
