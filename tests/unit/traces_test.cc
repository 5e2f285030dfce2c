// SPDX-License-Identifier: Apache-2.0
//
// Traces in files and pictures: found, told apart, bounded; and that ingest and reindex keep them.
#include "engine/traces/traces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/imgproc.hpp>

#include "engine/ingest/ingest.h"
#include "index/catalogue/listing_history.h"
#include "index/catalogue/traces.h"
#include "tests/pictures.h"
#include "tests/qr_codes.h"
#include "tests/scratch.h"
#include "tests/unit/decode_samples.h"

namespace pugmark {
namespace {

using samples::File;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<FileTrace> TracesIn(const File& file, int max_side_px = 640) {
  DecodeOptions options;
  options.max_side_px = max_side_px;
  options.read_qr_codes = true;
  const DecodeResult decoded = Decode(file, options);
  EXPECT_TRUE(decoded.image) << decoded.error.message;
  return FindTraces(decoded);
}

std::vector<std::string> Of(TraceKind kind, const std::vector<FileTrace>& traces) {
  std::vector<std::string> values;
  for (const FileTrace& trace : traces) {
    if (trace.kind == kind) values.push_back(trace.value);
  }
  return values;
}

File JpegWith(const samples::Exif& exif) {
  samples::JpegKind kind;
  kind.exif = exif;
  return samples::Jpeg(samples::Picture(64, 48), kind);
}

TEST(FindTraces, CameraLensAndOwner) {
  samples::Exif exif = {6, "Canon", "EOS 5D", "0123456", "", "Jane Doe", "", "EF 50mm", "00ab12"};
  std::vector<FileTrace> traces = TracesIn(JpegWith(exif));
  EXPECT_THAT(Of(TraceKind::kCamera, traces), ElementsAre("Canon, EOS 5D, 0123456"));
  EXPECT_THAT(Of(TraceKind::kLens, traces), ElementsAre("EF 50mm, 00ab12"));
  EXPECT_THAT(Of(TraceKind::kOwner, traces), ElementsAre("Jane Doe"));
  exif.owner = "J. Owner\x1b[2J\xff";
  traces = TracesIn(JpegWith(exif));
  EXPECT_THAT(Of(TraceKind::kOwner, traces), ElementsAre("J. Owner\\u{001B}[2J\\xFF")) << "Set in the camera; escaped.";
}

TEST(FindTraces, WhatManyDevicesSayIsNoTrace) {
  for (const std::string nothing : {"", "0", "0000000000", "----", "n/a", "Unknown", " NONE ", "Default"}) {
    const std::vector<FileTrace> traces =
        TracesIn(JpegWith({1, "Canon", "EOS", nothing, "", nothing, nothing, "EF", nothing}));
    ASSERT_THAT(traces, SizeIs(1)) << nothing;
    EXPECT_EQ(traces[0].kind, TraceKind::kTables);
  }
}

TEST(FindTraces, TablesOfTheStandardAreToldApart) {
  samples::JpegKind kind;
  kind.quality = 85;
  const FileTrace standard = TracesIn(samples::Jpeg(samples::Picture(64, 48), kind)).at(0);
  EXPECT_EQ(standard.value, "standard 85 1x1,1x1,1x1 64x48");
  EXPECT_TRUE(IsCommonplace(standard));
  // A camera's own: one value of the first table is another.
  File file = samples::Jpeg(samples::Picture(64, 48), kind);
  const File dqt = {0xFF, 0xDB};
  const auto table = std::search(file.begin(), file.end(), dqt.begin(), dqt.end());
  ASSERT_NE(table, file.end());
  *(table + 5 + 63) = 77;
  const FileTrace own = TracesIn(file).at(0);
  EXPECT_EQ(own.value.size(), 16 + std::string(" 1x1,1x1,1x1 64x48").size());
  EXPECT_FALSE(IsCommonplace(own));
  EXPECT_EQ(TracesIn(file).at(0), own);
  *(table + 5 + 63) = 78;
  EXPECT_NE(TracesIn(file).at(0), own);
  kind.colors = samples::JpegColors::kGrey;
  EXPECT_EQ(TracesIn(samples::Jpeg(samples::Picture(50, 48), kind)).at(0).value, "standard 85 1x1 50x48");
  EXPECT_THAT(TracesIn(samples::ByOpenCv(samples::Picture(64, 48), ".png")), IsEmpty());
}

// A photo with codes laid on it, as a JPEG of the size of a phone's screen.
File PhotoWith(const std::vector<cv::Mat>& codes) {
  cv::Mat photo = MakePicture(3, 1280, 960);
  for (size_t i = 0; i < codes.size(); ++i) {
    codes[i].copyTo(photo(cv::Rect(40 + static_cast<int>(i) * 500, 400, codes[i].cols, codes[i].rows)));
  }
  samples::JpegKind kind;
  kind.quality = 80;
  return samples::Jpeg(photo, kind);
}

TEST(FindTraces, ReadsQrCodesInAPhoto) {
  const std::string contact = "https://chat.example/ndovu?x=1";
  EXPECT_THAT(Of(TraceKind::kQr, TracesIn(PhotoWith({QrCode(contact, 260)}))), ElementsAre(contact));
  EXPECT_THAT(Of(TraceKind::kQr, TracesIn(PhotoWith({QrCode(contact, 260), QrCode("tel:+84123456", 260)}))),
              testing::UnorderedElementsAre(contact, "tel:+84123456"));
  EXPECT_THAT(Of(TraceKind::kQr, TracesIn(PhotoWith({QrCode(contact, 260), QrCode(contact, 300)}))),
              ElementsAre(contact));
  EXPECT_THAT(Of(TraceKind::kQr, TracesIn(PhotoWith({}))), IsEmpty());
}

TEST(FindTraces, AHostileCodeIsBoundedAndEscaped) {
  const std::string longer = std::string(600, 'x') + "1", longest = std::string(600, 'x') + "2";
  const auto value = [](const std::string& text) {
    DecodeResult decoded;
    decoded.qr_codes[0] = text;
    return FindTraces(decoded).at(0).value;
  };
  EXPECT_LT(value(longer).size(), 600u);
  EXPECT_TRUE(value(longer).starts_with("xxxx"));
  EXPECT_NE(value(longer), value(longest)) << "What is cut off still counts.";
  EXPECT_EQ(value("a\x1b[2Jb"), "a\\u{001B}[2Jb");
}

TEST(Traces, AreKeptByIngestWithWhatListingsSaid) {
  const Scratch scratch;
  const std::filesystem::path collection = scratch / "c";
  CreateCollection(collection, {.working_size_px = 320, .max_keypoints = 100, .contrast_threshold = 0.01f});
  samples::JpegKind kind;
  kind.exif = {1, "Canon", "EOS", "0123456", "", "", "", "", ""};
  const File file = samples::Jpeg(MakePicture(1, 400, 300), kind);
  std::ofstream(scratch / "a.jpg", std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<long>(file.size()));
  for (const char* price : {"100", "80"}) {
    std::ofstream(scratch / "ads.csv") << "file,platform,listing_id,seller,price,captured_at\na.jpg,bazaar,1,ndovu,"
                                       << price << ",2017-01-" << (price[0] == '1' ? "01" : "09") << "\n";
    IngestOptions options;
    options.manifests = {scratch / "ads.csv"};
    Ingest(collection, options, {}, {});
  }
  const Catalogue catalogue(CollectionPaths{collection}.catalogue(), Catalogue::Access::kRead);
  const PhotoId photo = catalogue.FindPhoto(Sha256::Of(file)).value();
  EXPECT_THAT(Of(TraceKind::kCamera, TracesOf(catalogue, photo)), ElementsAre("Canon, EOS, 0123456"));
  const std::vector<ListingValue> said = ValuesOf(catalogue, ListingId{1});
  ASSERT_THAT(said, SizeIs(2));
  EXPECT_EQ(said[0].value, "100");
  EXPECT_EQ(said[1].value, "80");
  EXPECT_EQ(said[1].first_seen, "2017-01-09");
  EXPECT_EQ(catalogue.SightingsOf(photo).at(0).listing.price, "100") << "The listing's own row stays.";
  EXPECT_THAT(catalogue.CheckIntegrity(), IsEmpty());
}

}  // namespace
}  // namespace pugmark
