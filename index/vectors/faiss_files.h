// SPDX-License-Identifier: Apache-2.0
//
// May FAISS read this file? Internal to index/vectors.
//
// FAISS 1.7.3 believes what it reads: a number in a file becomes an allocation, a name in a file is opened and mapped
// (on-disk lists), and four letters choose among some fifty classes. So every field of a file is looked at here first,
// by a reader that allocates nothing by what it reads: the only kinds that we write, sizes that add up to the file's
// own, to the byte. Formats: docs/formats.md, "Codebook" and "Part"; faiss/impl/index_write.cpp of 1.7.3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace pugmark::internal {

// More words than any collection has: RecommendedNumWords() ends at 16,384.
inline constexpr uint64_t kMaxWords = 1 << 20;

// What is wrong with a codebook or part file, as the end of a sentence; empty if FAISS may read it. num_words: by the
// manifest. Errors: a file that cannot be opened is a finding as well. Cost: one pass over a codebook's fields (13 MB at
// most); of a part only its table of sizes is read.
std::string CodebookProblem(const std::filesystem::path& path);
std::string PartProblem(const std::filesystem::path& path, int num_words);

}  // namespace pugmark::internal
