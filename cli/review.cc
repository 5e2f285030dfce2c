// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/person.h"
#include "cli/progress.h"
#include "engine/search/search.h"
#include "index/base/files.h"
#include "index/catalogue/reviews.h"

namespace pugmark::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string a, b, answer;
  std::string note, by;
  bool list = false, all = false;
  std::string photo;
};

// A photo as the user named it: a file, or a SHA-256.
struct Named {
  Sha256 sha256;
  std::optional<fs::path> file;
  std::optional<PhotoId> id;  // If it is catalogued.
};

bool IsSha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

Named Find(const std::string& name, const Catalogue& catalogue) {
  Named named;
  std::error_code error;
  if (fs::is_regular_file(name, error)) {
    named.file = name;
    named.sha256 = Sha256::OfFile(name);
  } else if (IsSha256(name)) {
    named.sha256 = Sha256::FromHex(name);
  } else {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("'{}' is neither a file nor a SHA-256 of 64 digits. Name photos as 'search --format json' shows "
                    "them, or by their files.",
                    EscapeText(name)));
  }
  named.id = catalogue.FindPhoto(named.sha256);
  return named;
}

// What Pugmark says of the pair today, so that answers can later be held against it (doctor). The reviewed photo must be in
// the collection for that, and the other one at hand.
void AskMachine(const Named& a, const Named& b, const fs::path& collection, Review* review) {
  for (const auto& [query, photo] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (!photo->id || (!query->id && !query->file)) continue;
    SearchOptions options;
    options.max_hits = 10000;
    const Searcher searcher(collection, options);
    const QueryResult result = query->file ? searcher.Search(*query->file) : searcher.SearchCatalogued(*query->id);
    if (!result.error_code.empty()) continue;
    review->machine_verdict = VerdictName(Verdict::kNone);
    for (const Hit& hit : result.hits) {
      if (hit.photo.sha256 != photo->sha256) continue;
      review->machine_verdict = VerdictName(hit.machine_verdict);
      review->machine_probability = hit.machine_probability;
    }
    return;
  }
}

Json ToJson(const Review& review, bool is_superseded) {
  return {{"schema", 1},
          {"type", "review"},
          {"id", review.id},
          {"photos", {review.low.Hex(), review.high.Hex()}},
          {"answer", AnswerName(review.answer)},
          {"by", AuditText(review.reviewer)},
          {"at", review.reviewed_at},
          {"note", review.note.empty() ? Json(nullptr) : AuditText(review.note)},
          {"machine_verdict", review.machine_verdict.empty() ? Json(nullptr) : AuditText(review.machine_verdict)},
          {"machine_probability", review.machine_verdict.empty() ? Json(nullptr) : Json(review.machine_probability)},
          {"superseded", is_superseded}};
}

std::string MachineText(const Review& review) {
  if (review.machine_verdict.empty()) return "not asked";
  return fmt::format("{} {:.1f} %", EscapeText(review.machine_verdict), review.machine_probability * 100);
}

void PrintText(const Review& review, bool is_superseded) {
  fmt::print("{:>5}  {}  {:<6}  {}…  {}…  by {}; Pugmark: {}{}\n", review.id, EscapeText(review.reviewed_at),
             AnswerName(review.answer), review.low.Hex().substr(0, 12), review.high.Hex().substr(0, 12),
             EscapeText(review.reviewer), MachineText(review), is_superseded ? "; superseded" : "");
  if (!review.note.empty()) fmt::print("       {}\n", EscapeText(review.note));
}

void Print(const Review& review, bool is_superseded, Format format) {
  if (format == Format::kJson) {
    fmt::print("{}\n", JsonLine(ToJson(review, is_superseded)));
  } else {
    PrintText(review, is_superseded);
  }
}

int List(const Options& options, const Context& context) {
  if (!options.answer.empty()) throw Error(ErrorCode::kInvalidArgument, "--list takes at most one photo and no answer.");
  const Catalogue catalogue(context.RequireCollection().catalogue(), Catalogue::Access::kRead);
  const std::vector<Review> history = Reviews(catalogue).History();
  std::map<std::pair<Sha256, Sha256>, int64_t> latest;
  for (const Review& review : history) latest[{review.low, review.high}] = review.id;
  std::optional<Sha256> photo;
  if (!options.a.empty()) photo = Find(options.a, catalogue).sha256;
  if (!options.b.empty()) throw Error(ErrorCode::kInvalidArgument, "--list takes at most one photo.");
  std::string text;
  for (const Review& review : history) {
    const bool is_superseded = latest[{review.low, review.high}] != review.id;
    if (is_superseded && !options.all) continue;
    if (photo && review.low != *photo && review.high != *photo) continue;
    text += JsonLine(ToJson(review, is_superseded)) + "\n";
    Print(review, is_superseded, context.format);
  }
  context.audit->AddResult({{"hash", HashOf(text).Hex()}});
  return kDone;
}

int Add(const Options& options, const Context& context) {
  if (options.answer.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "Name two photos and the answer: pugmark review QUERY PHOTO yes|no|unsure. "
                                             "--list shows the reviews so far.");
  }
  const CollectionPaths paths = context.RequireCollection();
  Review review;
  review.answer = ParseAnswer(options.answer);
  review.note = options.note;
  review.reviewer = options.by.empty() ? LoginName() : options.by;
  const Catalogue catalogue(paths.catalogue(), Catalogue::Access::kRead);
  const Named a = Find(options.a, catalogue), b = Find(options.b, catalogue);
  if (!a.id && !b.id) {
    throw Error(ErrorCode::kNotFound, "Neither of the two photos is in the collection. One of them must be: reviews are of "
                                      "what the collection holds.");
  }
  if (a.sha256 != b.sha256) AskMachine(a, b, context.collection, &review);  // Else AddReview says what is wrong.
  review = AddReview(paths.catalogue(), a.sha256, b.sha256, review);
  context.audit->AddInput(a.file.value_or(options.a), a.sha256);
  context.audit->AddInput(b.file.value_or(options.b), b.sha256);
  context.audit->AddResult({{"review", review.id},
                            {"answer", AnswerName(review.answer)},
                            {"by", AuditText(review.reviewer)},
                            {"hash", HashOf(ToJson(review, false)).Hex()}});
  Print(review, false, context.format);
  return kDone;
}

}  // namespace

Run AddReview(CLI::App& app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("review", "Record what a person says of a pair of photos: yes, no or unsure");
  command->add_option("a", options->a, "Name the query or a photo, by its file or its SHA-256")->type_name("PHOTO");
  command->add_option("b", options->b, "Name the photo of the collection, likewise")->type_name("PHOTO");
  command->add_option("answer", options->answer, "Say whether both show the same thing: yes, no or unsure")
      ->type_name("yes|no|unsure");
  command->add_option("--note", options->note, "Keep this text with the review, such as the reason")->type_name("TEXT");
  command->add_option("--by", options->by, "Record this person as the reviewer (default: the login name)")
      ->type_name("NAME");
  command
      ->add_flag("--list", options->list,
                 "Show the answers that count, of all pairs or of one photo; with --format json to "
                 "export them")
      ->group("Showing reviews");
  command->add_flag("--all", options->all, "With --list: show superseded answers too")->group("Showing reviews");
  return [options, &context] { return options->list ? List(*options, context) : Add(*options, context); };
}

}  // namespace pugmark::cli
