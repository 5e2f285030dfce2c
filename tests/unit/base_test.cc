// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/base/sha256.h"
#include "index/base/uuid.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

ErrorCode CodeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.code();
  }
  ADD_FAILURE() << "No Error was thrown.";
  return ErrorCode::kInternal;
}

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Sha256Test, MatchesTheStandardsExamples) {
  const std::string abc = "abc";
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(abc.data()), abc.size());
  EXPECT_EQ(Sha256::Of(bytes).Hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256::Of({}).Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Test, FileEqualsBytesAndHexRoundTrips) {
  const Scratch scratch;
  std::vector<uint8_t> data(700'000);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 31);
  std::ofstream(scratch / "f", std::ios::binary).write(reinterpret_cast<char*>(data.data()), 700'000);
  EXPECT_EQ(Sha256::OfFile(scratch / "f"), Sha256::Of(data));
  EXPECT_EQ(Sha256::FromHex(Sha256::Of(data).Hex()), Sha256::Of(data));
  EXPECT_EQ(CodeOf([] { Sha256::FromHex("12g4"); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf([] { Sha256::FromHex(std::string(64, 'z')); }), ErrorCode::kInvalidArgument);
}

TEST(FilesTest, ReadFileSaysWhyItCannot) {
  const Scratch scratch;
  std::ofstream(scratch / "ten") << "0123456789";
  EXPECT_EQ(ReadFile(scratch / "ten", 10).size(), 10u);
  EXPECT_EQ(CodeOf([&] { ReadFile(scratch / "ten", 9); }), ErrorCode::kLimit);
  EXPECT_EQ(CodeOf([&] { ReadFile(scratch / "none", 9); }), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf([&] { ReadFile(scratch.path(), 9); }), ErrorCode::kIo);
  ASSERT_EQ(::mkfifo((scratch / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(CodeOf([&] { ReadFile(scratch / "fifo", 9); }), ErrorCode::kIo) << "A FIFO must not block.";
}

TEST(FilesTest, AtomicWriteReplacesAndLeavesNothingBehind) {
  const Scratch scratch;
  WriteFileAtomically(scratch / "f", "old");
  WriteFileAtomically(scratch / "f", "new");
  EXPECT_EQ(Slurp(scratch / "f"), "new");
  EXPECT_FALSE(std::filesystem::exists(scratch / "f.tmp"));
  EXPECT_EQ(CodeOf([&] { WriteFileAtomically(scratch / "no/f", "x"); }), ErrorCode::kNotFound);
  AppendToFile(scratch / "f", "er");
  EXPECT_EQ(Slurp(scratch / "f"), "newer");
}

TEST(FilesTest, LockIsExclusiveUntilReleased) {
  const Scratch scratch;
  {
    const FileLock first(scratch / "LOCK");
    EXPECT_EQ(CodeOf([&] { FileLock second(scratch / "LOCK"); }), ErrorCode::kLocked);
  }
  EXPECT_NO_THROW(FileLock third(scratch / "LOCK"));
}

TEST(EscapeTextTest, KeepsTextAndShowsWhatIsDangerous) {
  EXPECT_EQ(EscapeText("Sừng tê giác 犀牛角 é"), "Sừng tê giác 犀牛角 é");
  EXPECT_EQ(EscapeText("\x1b[31mred\n"), "\\u{001B}[31mred\\u{000A}");
  EXPECT_EQ(EscapeText("a\u202Eb"), "a\\u{202E}b");
  EXPECT_EQ(EscapeText("\u0085"), "\\u{0085}");
  EXPECT_EQ(EscapeText("\xff\xc0\x80"), "\\xFF\\xC0\\x80") << "Overlong and stray bytes are not UTF-8.";
  EXPECT_EQ(EscapeText("\xe2\x82"), "\\xE2\\x82") << "A sequence cut short.";
  EXPECT_EQ(EscapeText("\xed\xa0\x80"), "\\xED\\xA0\\x80") << "A surrogate.";
}

TEST(NamedUuid, IsVersion5OfTheRfc) {
  constexpr Uuid kDns = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
  EXPECT_EQ(NamedUuid(kDns, "python.org"), "886313e1-3b8a-5372-9b90-0c9aee199e5d");
}

}  // namespace
}  // namespace pugmark
