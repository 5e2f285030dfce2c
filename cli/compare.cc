// SPDX-License-Identifier: Apache-2.0
#include "engine/search/compare.h"

#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "cli/result_output.h"
#include "engine/collection/collection.h"
#include "engine/report/html.h"
#include "engine/report/limits.h"
#include "engine/report/report.h"
#include "engine/search/digest.h"

namespace pugmark::cli {
namespace {

struct Options {
  std::filesystem::path a, b;
  CompareOptions compare;
  ReportFiles reports;
  bool verbose = false;
};

void Print(const Comparison& comparison, bool verbose, Format format) {
  switch (format) {
    case Format::kJson: fmt::print("{}\n", FormatJson(comparison)); break;
    case Format::kCsv: {
      fmt::print("{}", CsvHeader());
      const bool a_is_readable = comparison.a.error_code.empty(), b_is_readable = comparison.b.error_code.empty();
      if (b_is_readable || !a_is_readable) fmt::print("{}", FormatCsv(comparison.a));
      if (!b_is_readable) fmt::print("{}", FormatCsv(comparison.b));
      break;
    }
    case Format::kText: fmt::print("{}", FormatText(comparison, TextOptionsOfStdout(verbose))); break;
  }
}

void Write(const Comparison& comparison, const Options& options) {
  if (!options.reports.is_wanted()) return;
  HtmlOptions html;
  html.title = "Comparison of two photos";
  html.not_searched = LimitsOf(options.compare);
  html.parameters = {
      {"features", ExtractorName(options.compare.features)},
      {"largest expected number of false hits", fmt::format("{:g}", options.compare.max_expected_false_hits)},
      {"note", std::string(kComparisonSentence)}};
  // The second photo is that of the hit; without one it would not be on the page, nor in the packet.
  std::vector<QueryResult> results = {comparison.a};
  if (comparison.a.hits.empty()) results.push_back(comparison.b);
  WriteReportFiles(options.reports, results, std::move(html), FormatJson(comparison) + "\n", PhotoFiles(std::nullopt));
}

int Compare(Options options, const Context& context) {
  CheckReportFiles(options.reports);
  if (!context.collection.empty()) {
    context.RequireCollection();
    options.compare.features = OpenCollection(context.collection, Catalogue::Access::kRead).features;
  }
  const Comparison comparison = pugmark::Compare(options.a, options.b, options.compare);
  context.audit->AddInput(options.a, comparison.a.sha256);
  context.audit->AddInput(options.b, comparison.b.sha256);
  context.audit->AddResult({{"hash", DigestOf(comparison.a).Hex()},
                            {"num_hits", comparison.a.hits.size()},
                            {"verdict", VerdictName(comparison.a.hits.empty() ? Verdict::kNone
                                                                              : comparison.a.hits.front().verdict)}});
  Print(comparison, options.verbose, context.format);
  const bool is_readable = comparison.a.error_code.empty() && comparison.b.error_code.empty();
  const bool is_hit = !comparison.a.hits.empty();
  if (context.format == Format::kText && is_hit) fmt::print("{}\n", kLeadSentence);
  Write(comparison, options);
  return !is_readable ? kSkipped : is_hit ? kDone : kNoHit;
}

}  // namespace

Run AddCompare(CLI::App& app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compare", "Say whether two photos show the same; needs no collection");
  command->add_option("a", options->a, "Compare this photo")->type_name("A")->required();
  command->add_option("b", options->b, "Compare it with this photo")->type_name("B")->required();
  command
      ->add_option(
          "--max-false-hits", options->compare.max_expected_false_hits,
          "Call the two alike if at most this many of such comparisons are expected to be wrong (default 0.0001)")
      ->check(CLI::Range(1e-12, 1.0))
      ->type_name("X");
  AddReportFiles(command, &options->reports);
  command->add_flag("-v,--verbose", options->verbose, "Show the numbers behind the verdict")->group("Output");
  return [options, &context] { return Compare(*options, context); };
}

}  // namespace pugmark::cli
