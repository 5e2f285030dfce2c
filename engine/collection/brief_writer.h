// SPDX-License-Identifier: Apache-2.0
//
// The catalogue of a job that looks at photos for long and writes now and then: the collection's lock is held while it
// writes, and not in between, so that people's own commands go on.
#pragma once

#include "engine/collection/writer_lock.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

class BriefWriter {
 public:
  // Throws Error(kLocked) if another writer is still at work after wait_seconds, here as in Write, and as Catalogue does.
  BriefWriter(const CollectionPaths& paths, double wait_seconds)
      : paths_(paths), wait_seconds_(wait_seconds), catalogue_([&] {
          const WriterLock lock(paths, wait_seconds, {});  // Opening may migrate.
          return Catalogue(paths.catalogue(), Catalogue::Access::kWrite);
        }()) {}

  Catalogue& catalogue() { return catalogue_; }

  // body: called once, in a transaction under the lock. What it throws undoes the transaction and is passed on.
  template <typename Body>
  void Write(const Body& body) {
    const WriterLock lock(paths_, wait_seconds_, {});
    Catalogue::Transaction transaction(catalogue_);
    body();
    transaction.Commit();
  }

 private:
  const CollectionPaths paths_;
  const double wait_seconds_;
  Catalogue catalogue_;
};

}  // namespace pugmark
