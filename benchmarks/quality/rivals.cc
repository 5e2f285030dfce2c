// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/quality/rivals.h"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <limits>
#include <map>
#include <opencv2/calib3d.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/img_hash.hpp>

#include "engine/collection/threads.h"
#include "engine/features/pdq.h"
#include "engine/verify/verify.h"
#include "index/base/files.h"

namespace pugmark::bench {
namespace {

constexpr uint64_t kMaxPhotoBytes = 64 << 20;
constexpr double kNever = std::numeric_limits<double>::infinity();

// One way to say how far two pictures are apart; smaller is nearer.
struct Rival {
  std::string name;
  double threshold;  // Accepted up to here.
  std::function<double(size_t reference, size_t query)> distance;
};

std::vector<size_t> Spread(size_t from, size_t wanted) {
  std::vector<size_t> chosen;
  const size_t n = std::min(from, wanted);
  for (size_t i = 0; i < n; ++i) chosen.push_back(i * from / n);
  return chosen;
}

struct Query {
  const QueryJob* job;
  const Outcome* ours;
  std::vector<uint8_t> bytes;
};

std::vector<Query> Take(const std::vector<QueryJob>& jobs, const std::vector<Outcome>& ours, size_t wanted) {
  std::vector<Query> queries;
  for (const size_t i : Spread(jobs.size(), wanted)) queries.push_back({&jobs[i], &ours[i], {}});
  return queries;
}

struct Score {
  size_t copies = 0, first = 0, first_accepted = 0, unrelated = 0, unrelated_accepted = 0;
  std::map<std::string, std::pair<size_t, size_t>> by_family;  // Accepted first, of.

  void Add(const Corpus& corpus, const QueryJob& job, const CorpusPhoto* nearest, double distance, double threshold) {
    const bool accepted = nearest != nullptr && distance <= threshold;
    if (!job.expects) {
      ++unrelated;
      unrelated_accepted += accepted && corpus.RelationOf(*job.source, *nearest) == Relation::kNone ? 1 : 0;
      return;
    }
    ++copies;
    const bool right = nearest != nullptr && corpus.RelationOf(*job.source, *nearest) == Relation::kSamePhoto;
    first += right ? 1 : 0;
    first_accepted += right && accepted ? 1 : 0;
    auto& family = by_family[job.family];
    family.first += right && accepted ? 1 : 0;
    ++family.second;
  }
};

Json Print(const std::string& name, const Score& s, std::string* text) {
  const auto share = [](size_t a, size_t b) { return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b); };
  *text += fmt::format("  {:<34} {:>7.3f} {:>9.3f} {:>14}\n", name, share(s.first, s.copies),
                       share(s.first_accepted, s.copies), fmt::format("{}/{}", s.unrelated_accepted, s.unrelated));
  Json families;
  for (const auto& [family, counts] : s.by_family) families[family] = share(counts.first, counts.second);
  return {{"recall_at_1", share(s.first, s.copies)}, {"recall_at_1_accepted", share(s.first_accepted, s.copies)},
          {"copies", s.copies}, {"unrelated_accepted", s.unrelated_accepted}, {"unrelated", s.unrelated},
          {"families", families}};
}

// The same queries, as Pugmark answered them.
Score Ours(const Corpus& corpus, const std::vector<Query>& queries) {
  Score score;
  for (const Query& q : queries) {
    const HitOutcome* first = q.ours->hits.empty() ? nullptr : &q.ours->hits.front();
    const double distance = first == nullptr ? kNever : static_cast<double>(first->hit.verdict);
    score.Add(corpus, *q.job, first == nullptr ? nullptr : first->photo, distance,
              static_cast<double>(Verdict::kSameScene));
  }
  return score;
}

// Largest number of inliers of a homography over plain ratio-tested matches, negated: smaller is nearer.
double OracleDistance(const Features& query, const Features& photo) {
  std::vector<cv::Point2f> from, to;
  for (const Match& m : MatchDescriptors(query, photo, 0.8f)) {
    const Keypoint& q = query.keypoints[static_cast<size_t>(m.query)];
    const Keypoint& p = photo.keypoints[static_cast<size_t>(m.photo)];
    from.emplace_back(q.x_px, q.y_px);
    to.emplace_back(p.x_px, p.y_px);
  }
  if (from.size() < 4) return 0;
  cv::Mat mask;
  if (cv::findHomography(from, to, cv::RANSAC, 4, mask, 2000).empty()) return 0;
  return -cv::countNonZero(mask);
}

Image ToImage(const std::vector<uint8_t>& bytes, int max_side_px) {
  DecodeOptions decode;
  decode.max_side_px = max_side_px;
  return Decode(bytes, decode).image.value_or(Image{});
}

}  // namespace

Json ReportRivals(const Corpus& corpus, const std::vector<QueryJob>& copies,
                  const std::vector<QueryJob>& unrelated, const std::vector<Outcome>& ours_copies,
                  const std::vector<Outcome>& ours_unrelated, const RivalOptions& options, std::string* text) {
  const std::vector<const CorpusPhoto*> references = corpus.Of(Part::kReference);
  std::vector<Query> queries = Take(copies, ours_copies, options.max_queries);
  std::vector<Query> more = Take(unrelated, ours_unrelated, options.max_queries);
  queries.insert(queries.end(), more.begin(), more.end());

  struct Hashes {
    PdqHash pdq;
    cv::Mat phash, block_mean;
  };
  const auto hash = [&](const std::vector<uint8_t>& bytes) {
    Hashes h;
    h.pdq = HashOf(TransformForPdq(ToImage(bytes, options.features.working_size_px)));
    const cv::Mat picture = cv::imdecode(bytes, cv::IMREAD_COLOR);
    if (!picture.empty()) {
      cv::img_hash::PHash::create()->compute(picture, h.phash);
      cv::img_hash::BlockMeanHash::create(cv::img_hash::BLOCK_MEAN_HASH_MODE_0)->compute(picture, h.block_mean);
    }
    return h;
  };
  std::vector<Hashes> of_references(references.size()), of_queries(queries.size());
  WithThreads(options.num_threads, [&] {
    tbb::parallel_for(size_t{0}, references.size(), [&](size_t i) {
      of_references[i] = hash(ReadFile(references[i]->path, kMaxPhotoBytes));
    });
    tbb::parallel_for(size_t{0}, queries.size(), [&](size_t i) {
      queries[i].bytes = queries[i].job->make();
      of_queries[i] = hash(queries[i].bytes);
    });
  });
  const auto mat_distance = [](const cv::Mat& a, const cv::Mat& b) {
    return a.empty() || b.empty() ? kNever : cv::norm(a, b, cv::NORM_HAMMING);
  };
  const std::vector<Rival> rivals = {
      {"PDQ, published: 31 bits, quality 50", 31,
       [&](size_t r, size_t q) {
         const PdqHash &a = of_references[r].pdq, &b = of_queries[q].pdq;
         return a.quality < 50 || b.quality < 50 ? kNever : static_cast<double>(PdqDistance(a, b));
       }},
      {"OpenCV pHash, 8 of 64 bits", 8,
       [&](size_t r, size_t q) { return mat_distance(of_references[r].phash, of_queries[q].phash); }},
      {"OpenCV block mean, 26 of 256 bits", 26,
       [&](size_t r, size_t q) { return mat_distance(of_references[r].block_mean, of_queries[q].block_mean); }}};

  *text += fmt::format("\nRivals on the same queries ({}): recall@1 by rank / accepted; unrelated accepted\n",
                       queries.size());
  Json json;
  json["pugmark"] = Print("Pugmark (same-scene or better)", Ours(corpus, queries), text);
  for (const Rival& rival : rivals) {
    Score score;
    for (size_t q = 0; q < queries.size(); ++q) {
      double best = kNever;
      const CorpusPhoto* nearest = nullptr;
      for (size_t r = 0; r < references.size(); ++r) {
        const double d = rival.distance(r, q);
        if (d < best) {
          best = d;
          nearest = references[r];
        }
      }
      score.Add(corpus, *queries[q].job, nearest, best, rival.threshold);
    }
    json[rival.name] = Print(rival.name, score, text);
  }

  if (options.max_oracle_queries == 0) return json;
  std::vector<Query> few = Take(copies, ours_copies, options.max_oracle_queries);
  std::vector<Query> few_more = Take(unrelated, ours_unrelated, options.max_oracle_queries);
  few.insert(few.end(), few_more.begin(), few_more.end());
  std::vector<Features> features(few.size());
  std::vector<double> best(few.size(), kNever);
  std::vector<const CorpusPhoto*> nearest(few.size());
  WithThreads(options.num_threads, [&] {
    tbb::parallel_for(size_t{0}, few.size(), [&](size_t q) {
      features[q] = ExtractFeatures(ToImage(few[q].job->make(), options.features.working_size_px), options.features);
    });
    for (size_t r = 0; r < references.size(); ++r) {
      const Features photo = ExtractFeatures(
          ToImage(ReadFile(references[r]->path, kMaxPhotoBytes), options.features.working_size_px), options.features);
      tbb::parallel_for(size_t{0}, few.size(), [&](size_t q) {
        const double d = OracleDistance(features[q], photo);
        if (d < best[q]) {
          best[q] = d;
          nearest[q] = references[r];
        }
      });
      if (r % 500 == 499) fmt::print(stderr, "oracle: {} of {} photos\n", r + 1, references.size());
    }
  });
  Score oracle;
  constexpr double kEnoughInliers = 10;  // Of unrelated pairs, 2 in 1,000 reach it.
  for (size_t q = 0; q < few.size(); ++q) oracle.Add(corpus, *few[q].job, nearest[q], best[q], -kEnoughInliers);
  *text += fmt::format("  on {} of them, against every photo:\n", few.size());
  json["pugmark_on_oracle_queries"] = Print("Pugmark (same-scene or better)", Ours(corpus, few), text);
  json["oracle"] = Print("RootSIFT, ratio 0.8, RANSAC >= 10", oracle, text);
  return json;
}

}  // namespace pugmark::bench
