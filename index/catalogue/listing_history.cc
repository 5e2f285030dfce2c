// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/listing_history.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "index/base/files.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/row_checksums.h"

namespace pugmark {

using internal::Atomic;
using internal::CatalogueAccess;
using internal::Connection;
using internal::Query;

namespace {

constexpr char kDoing[] = "keeping what a listing says";

struct RunOfValue {
  int64_t id = 0;
  std::string value, first_seen, last_seen;
  bool dated = false;
};

class Field {
 public:
  Field(Connection& connection, ListingId listing, const char* field)
      : connection_(connection), listing_(listing), field_(field) {}

  void Note(const std::string& value, const std::string& captured_at) {
    if (value.empty()) return;
    const bool dated = !captured_at.empty();
    const std::string at = dated ? captured_at : UtcNow();
    // The run before, that within, and the one after, of the few that a listing has.
    std::optional<RunOfValue> before, after;
    for (const RunOfValue& run : Runs()) {
      const bool is_within = run.first_seen <= at && at <= run.last_seen;
      if (run.value == value && (is_within || !dated)) return;
      if (run.first_seen <= at) before = run;
      if (run.first_seen > at && !after) after = run;
    }
    if (before && before->value == value && before->dated == dated) return Move(before->id, before->first_seen, at);
    const bool is_cut = before && before->last_seen > at;
    if (is_cut) Move(before->id, before->first_seen, before->first_seen);
    if (!is_cut && after && after->value == value && after->dated == dated)
      return Move(after->id, at, after->last_seen);
    Add(value, at, at, dated);
    if (is_cut) Add(before->value, before->last_seen, before->last_seen, before->dated);
  }

 private:
  std::vector<RunOfValue> Runs() {
    Query query = connection_.Use(
        "SELECT id, value, first_seen, last_seen, dated FROM listing_values WHERE listing_id = ? AND field = ? "
        "ORDER BY first_seen, id",
        kDoing);
    query.Int(listing_.value).Text(field_);
    std::vector<RunOfValue> runs;
    while (query.Next()) {
      runs.push_back({query.GetInt(0), query.GetText(1), query.GetText(2), query.GetText(3), query.GetInt(4) != 0});
    }
    return runs;
  }

  void Move(int64_t id, const std::string& first_seen, const std::string& last_seen) {
    connection_.Use("UPDATE listing_values SET first_seen = ?, last_seen = ? WHERE id = ?", kDoing)
        .Text(first_seen)
        .Text(last_seen)
        .Int(id)
        .Run();
  }

  void Add(const std::string& value, const std::string& first_seen, const std::string& last_seen, bool dated) {
    connection_
        .Use(
            "INSERT INTO listing_values (listing_id, field, value, first_seen, last_seen, dated) VALUES (?, ?, ?, ?, "
            "?, ?)",
            kDoing)
        .Int(listing_.value)
        .Text(field_)
        .Text(value)
        .Text(first_seen)
        .Text(last_seen)
        .Int(dated ? 1 : 0)
        .Run();
  }

  Connection& connection_;
  const ListingId listing_;
  const std::string field_;
};

// A text among the manifest's further columns; empty if there is none of that name.
std::string Extra(const nlohmann::json& extra, const char* column) {
  const auto found = extra.find(column);
  return found != extra.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

void KeepListingValues(Catalogue& catalogue, ListingId id, const Listing& listing, const std::string& captured_at) {
  Connection& connection = CatalogueAccess::Writer(catalogue);
  Atomic atomic(connection, kDoing);
  Field(connection, id, "title").Note(listing.title, captured_at);
  Field(connection, id, "price").Note(listing.price, captured_at);
  Field(connection, id, "currency").Note(listing.currency, captured_at);
  if (!listing.extra_json.empty()) {
    const nlohmann::json extra = nlohmann::json::parse(listing.extra_json, nullptr, /*allow_exceptions=*/false);
    if (extra.is_object()) {
      for (const char* column : {"caption", "description"})
        Field(connection, id, column).Note(Extra(extra, column), captured_at);
    }
  }
  atomic.Done();
}

std::vector<ListingValue> ValuesOf(const Catalogue& catalogue, ListingId listing) {
  Connection& connection = CatalogueAccess::Reader(catalogue);
  Query query = connection.Use(
      "SELECT field, value, first_seen, last_seen, dated, id FROM listing_values WHERE listing_id = ? "
      "ORDER BY field, first_seen, id",
      "reading what a listing said");
  query.Int(listing.value);
  std::vector<ListingValue> values;
  while (query.Next()) {
    internal::RequireSoundRows(connection, "listing_values", query.GetInt(5));
    values.push_back({query.GetText(0), query.GetText(1), query.GetText(2), query.GetText(3), query.GetInt(4) != 0});
  }
  return values;
}

}  // namespace pugmark
