// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/sealed_files.h"

#include "index/catalogue/catalogue_impl.h"

namespace pugmark {

using internal::Query;

std::optional<FilePrefixSeal> SealedFiles::Get(const std::string& name) const {
  Query query = catalogue_.impl_->connection.Use("SELECT size_bytes, sha256 FROM sealed_files WHERE name = ?", "reading a seal");
  if (!query.Text(name).Next()) return std::nullopt;
  FilePrefixSeal seal;
  seal.size_bytes = static_cast<uint64_t>(query.GetInt(0));
  seal.sha256 = query.GetSha256(1);
  return seal;
}

void SealedFiles::Set(const std::string& name, const FilePrefixSeal& seal) {
  catalogue_.impl_->Writer()
      .Use(
          "INSERT INTO sealed_files (name, size_bytes, sha256) VALUES (?, ?, ?) ON CONFLICT (name) "
          "DO UPDATE SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256",
          "sealing a file")
      .Text(name)
      .Int(static_cast<int64_t>(seal.size_bytes))
      .Blob(seal.sha256.bytes)
      .Run();
}

void SealedFiles::Forget(const std::string& name) {
  catalogue_.impl_->Writer().Use("DELETE FROM sealed_files WHERE name = ?", "forgetting a seal").Text(name).Run();
}

}  // namespace pugmark
