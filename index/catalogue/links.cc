// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "index/base/error.h"
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

constexpr char kReading[] = "reading links";
constexpr char kWriting[] = "writing links";
constexpr size_t kMaxText = 10'000;

}  // namespace

int64_t Links::StartRun(const std::string& cause, int64_t snapshot) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  connection.Use("INSERT INTO link_runs (cause, started_at, snapshot, last_photo) VALUES (?, ?, ?, ?)", kWriting)
      .Text(cause)
      .Text(UtcNow())
      .Int(snapshot)
      .Int(LastLinkedPhoto(catalogue_).value)
      .Run();
  return connection.last_row_id();
}

void Links::FinishRun(int64_t run, int64_t num_matched, int64_t num_links) {
  CatalogueAccess::Writer(catalogue_)
      .Use("UPDATE link_runs SET finished_at = ?, num_matched = ?, num_links = ? WHERE id = ?", kWriting)
      .Text(UtcNow())
      .Int(num_matched)
      .Int(num_links)
      .Int(run)
      .Run();
}

void Links::Advance(int64_t run, PhotoId photo) {
  CatalogueAccess::Writer(catalogue_)
      .Use("UPDATE link_runs SET last_photo = max(last_photo, ?) WHERE id = ?", kWriting)
      .Int(photo.value)
      .Int(run)
      .Run();
}

void Links::AddPhotoLinks(const std::vector<PhotoLink>& links) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kWriting);
  {
    Query query = connection.Use(
        "INSERT INTO photo_links (low_photo, high_photo, verdict, probability, log10_nfa, num_inliers, mirrored, "
        "found_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (low_photo, high_photo) DO UPDATE SET verdict = excluded.verdict, "
        "probability = excluded.probability, log10_nfa = excluded.log10_nfa, num_inliers = excluded.num_inliers, "
        "mirrored = excluded.mirrored, found_at = excluded.found_at",
        kWriting);
    for (const PhotoLink& link : links) {
      query.Int(link.low.value).Int(link.high.value).Text(link.verdict).Real(link.probability).Real(link.log10_nfa);
      query.Int(link.num_inliers).Int(link.mirrored ? 1 : 0).Text(link.found_at).Run();
      query.Reset();
    }
  }
  atomic.Done();
}

void Links::Forget() {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kWriting);
  connection.Execute("DELETE FROM photo_links", kWriting);
  connection.Execute("UPDATE link_runs SET last_photo = 0", kWriting);
  atomic.Done();
}

SellerReview Links::AddReview(SellerId a, SellerId b, Answer answer, const std::string& note,
                              const std::string& reviewer) {
  if (a == b) throw Error(ErrorCode::kInvalidArgument, "Both are the same seller; there is nothing to decide.");
  if (reviewer.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "Nobody is named as the reviewer. Say who with --by NAME.");
  }
  if (std::max(note.size(), reviewer.size()) > kMaxText) {
    throw Error(ErrorCode::kLimit, fmt::format("A note and a name may have {} bytes.", kMaxText));
  }
  const SellerReview review{std::min(a, b), std::max(a, b), answer, note, reviewer, UtcNow()};
  CatalogueAccess::Writer(catalogue_)
      .Use(
          "INSERT INTO seller_reviews (low_seller, high_seller, answer, note, reviewer, reviewed_at) VALUES (?, ?, ?, "
          "?, ?, ?)",
          kWriting)
      .Int(review.low.value)
      .Int(review.high.value)
      .Text(std::string(AnswerName(answer)))
      .Text(note)
      .Text(reviewer)
      .Text(review.reviewed_at)
      .Run();
  return review;
}

std::vector<SellerLink> Links::SetSellerLinks(std::vector<SellerLink> links, int64_t run) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kWriting);
  std::map<std::pair<SellerId, SellerId>, SellerLink> before;
  for (const SellerLink& link : SellerLinks(catalogue_)) before.emplace(std::pair(link.low, link.high), link);
  std::vector<SellerLink> fresh;
  for (SellerLink& link : links) {
    const auto known = before.find({link.low, link.high});
    link.run = known == before.end() ? run : known->second.run;
    if (known == before.end()) fresh.push_back(link);
    if (known != before.end()) {
      const bool is_same = known->second.probability == link.probability;
      before.erase(known);
      if (is_same) continue;
    }
    connection
        .Use(
            "INSERT INTO seller_links (low_seller, high_seller, probability, run_id) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (low_seller, high_seller) DO UPDATE SET probability = excluded.probability",
            kWriting)
        .Int(link.low.value)
        .Int(link.high.value)
        .Real(link.probability)
        .Int(link.run)
        .Run();
  }
  for (const auto& entry : before) {
    connection.Use("DELETE FROM seller_links WHERE low_seller = ? AND high_seller = ?", kWriting)
        .Int(entry.first.first.value)
        .Int(entry.first.second.value)
        .Run();
  }
  atomic.Done();
  return fresh;
}

int64_t Links::AddGroup() {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  connection.Use("INSERT INTO seller_groups (founded_at) VALUES (?)", kWriting).Text(UtcNow()).Run();
  return connection.last_row_id();
}

void Links::DissolveGroup(int64_t group) {
  CatalogueAccess::Writer(catalogue_)
      .Use("UPDATE seller_groups SET dissolved_at = ? WHERE id = ?", kWriting)
      .Text(UtcNow())
      .Int(group)
      .Run();
}

void Links::SetMember(SellerId seller, int64_t group) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  if (group == 0) {
    connection.Use("DELETE FROM seller_group_members WHERE seller_id = ?", kWriting).Int(seller.value).Run();
    return;
  }
  connection
      .Use(
          "INSERT INTO seller_group_members (seller_id, group_id) VALUES (?, ?) "
          "ON CONFLICT (seller_id) DO UPDATE SET group_id = excluded.group_id",
          kWriting)
      .Int(seller.value)
      .Int(group)
      .Run();
}

void Links::AddEvent(const SellerGroupEvent& event) {
  CatalogueAccess::Writer(catalogue_)
      .Use(
          "INSERT INTO seller_group_events (group_id, run_id, kind, seller_id, other_group) "
          "VALUES (?, ?, ?, nullif(?, 0), nullif(?, 0))",
          kWriting)
      .Int(event.group)
      .Int(event.run)
      .Text(event.kind)
      .Int(event.seller.value)
      .Int(event.other_group)
      .Run();
}

PhotoId LastLinkedPhoto(const Catalogue& catalogue) {
  Query query = CatalogueAccess::Reader(catalogue).Use("SELECT ifnull(max(last_photo), 0) FROM link_runs", kReading);
  return PhotoId{query.Next() ? query.GetInt(0) : 0};
}

std::string LastLinkedAt(const Catalogue& catalogue) {
  Query query = CatalogueAccess::Reader(catalogue).Use(
      "SELECT finished_at FROM link_runs WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1", kReading);
  return query.Next() ? query.GetText(0) : "";
}

std::vector<PhotoLink> PhotoLinks(const Catalogue& catalogue) {
  Connection& connection = CatalogueAccess::Reader(catalogue);
  Query query = connection.Use(
      "SELECT low_photo, high_photo, verdict, probability, log10_nfa, num_inliers, mirrored, found_at "
      "FROM photo_links ORDER BY low_photo, high_photo",
      kReading);
  std::vector<PhotoLink> links;
  while (query.Next()) {
    // Those of one photo have one checksum.
    if (links.empty() || links.back().low.value != query.GetInt(0)) {
      internal::RequireSoundRows(connection, "photo_links", query.GetInt(0));
    }
    links.push_back({PhotoId{query.GetInt(0)}, PhotoId{query.GetInt(1)}, query.GetText(2), query.GetReal(3),
                     query.GetReal(4), static_cast<int>(query.GetInt(5)), query.GetInt(6) != 0, query.GetText(7)});
  }
  return links;
}

std::vector<SellerReview> LatestSellerReviews(const Catalogue& catalogue) {
  Connection& connection = CatalogueAccess::Reader(catalogue);
  Query query = connection.Use(
      "SELECT low_seller, high_seller, answer, note, reviewer, reviewed_at, id FROM seller_reviews ORDER BY id", kReading);
  std::map<std::pair<SellerId, SellerId>, SellerReview> latest;
  while (query.Next()) {
    internal::RequireSoundRows(connection, "seller_reviews", query.GetInt(6));
    const SellerReview review{SellerId{query.GetInt(0)}, SellerId{query.GetInt(1)}, ParseAnswer(query.GetText(2)),
                              query.GetText(3),          query.GetText(4),          query.GetText(5)};
    latest[{review.low, review.high}] = review;
  }
  std::vector<SellerReview> reviews;
  for (auto& entry : latest) reviews.push_back(std::move(entry.second));
  return reviews;
}

std::vector<SellerLink> SellerLinks(const Catalogue& catalogue, int64_t after_run) {
  Query query = CatalogueAccess::Reader(catalogue).Use(
      "SELECT low_seller, high_seller, probability, run_id FROM seller_links WHERE run_id > ? "
      "ORDER BY low_seller, high_seller",
      kReading);
  query.Int(after_run);
  std::vector<SellerLink> links;
  while (query.Next()) {
    links.push_back({SellerId{query.GetInt(0)}, SellerId{query.GetInt(1)}, query.GetReal(2), query.GetInt(3)});
  }
  return links;
}

std::vector<SellerGroup> SellerGroups(const Catalogue& catalogue) {
  std::map<int64_t, SellerGroup> groups;
  Query rows = CatalogueAccess::Reader(catalogue).Use(
      "SELECT id, founded_at FROM seller_groups WHERE dissolved_at = '' ORDER BY id", kReading);
  while (rows.Next()) groups[rows.GetInt(0)] = {rows.GetInt(0), rows.GetText(1), {}};
  Query members = CatalogueAccess::Reader(catalogue).Use(
      "SELECT seller_id, group_id FROM seller_group_members ORDER BY seller_id", kReading);
  while (members.Next()) groups[members.GetInt(1)].members.push_back(SellerId{members.GetInt(0)});
  std::vector<SellerGroup> list;
  for (auto& entry : groups) list.push_back(std::move(entry.second));
  return list;
}

std::vector<SellerGroupEvent> SellerGroupEvents(const Catalogue& catalogue, int64_t after_run) {
  Query query = CatalogueAccess::Reader(catalogue).Use(
      "SELECT e.group_id, e.run_id, r.started_at, e.kind, ifnull(e.seller_id, 0), ifnull(e.other_group, 0) "
      "FROM seller_group_events AS e JOIN link_runs AS r ON r.id = e.run_id WHERE e.run_id > ? "
      "ORDER BY e.id",
      kReading);
  query.Int(after_run);
  std::vector<SellerGroupEvent> events;
  while (query.Next()) {
    events.push_back({query.GetInt(0), query.GetInt(1), query.GetText(2), query.GetText(3), SellerId{query.GetInt(4)},
                      query.GetInt(5)});
  }
  return events;
}

std::optional<SellerId> FindSeller(const Catalogue& catalogue, const std::string& platform, const std::string& handle) {
  Connection& connection = CatalogueAccess::Reader(catalogue);
  Query query = connection.Use(
      "SELECT u.id FROM platforms AS p JOIN sellers AS u ON u.platform_id = p.id "
      "WHERE p.name = ? AND u.handle = ?",
      kReading);
  if (!query.Text(platform).Text(handle).Next()) return std::nullopt;
  internal::RequireSoundRows(connection, "sellers", query.GetInt(0));
  return SellerId{query.GetInt(0)};
}

std::vector<PhotoId> UnlinkedPhotos(const Catalogue& catalogue, PhotoId last) {
  Query query =
      CatalogueAccess::Reader(catalogue).Use("SELECT id FROM photos WHERE id > ? AND id <= ? ORDER BY id", kReading);
  query.Int(LastLinkedPhoto(catalogue).value).Int(last.value);
  std::vector<PhotoId> photos;
  while (query.Next()) photos.push_back(PhotoId{query.GetInt(0)});
  return photos;
}

}  // namespace pugmark
