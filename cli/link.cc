// SPDX-License-Identifier: Apache-2.0
#include "engine/link/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/link_exports.h"
#include "cli/link_output.h"
#include "cli/person.h"
#include "cli/photos.h"
#include "cli/progress.h"
#include "engine/collection/collection.h"
#include "engine/link/link_words.h"
#include "engine/link/photo_traces.h"
#include "engine/report/report.h"
#include "engine/report/wording.h"
#include "index/base/files.h"
#include "index/catalogue/links.h"

namespace pugmark::cli {
namespace {

struct Options {
  std::string seller;
  bool leads = false, groups = false, again = false;
  int64_t group = 0, top = 0;
  std::vector<std::string> same, different, undecided;
  std::string note, by;
  LinkExports exports;
  int num_threads = 1;

  int NumQuestions() const {
    const std::initializer_list<bool> asked = {
        !seller.empty(),    groups, group != 0,         !same.empty(), !different.empty(),
        !undecided.empty(), again,  exports.is_wanted()};
    return static_cast<int>(std::count(asked.begin(), asked.end(), true));
  }
};

// Prints and logs what a command found, as it goes.
class Output {
 public:
  explicit Output(const Context& context) : context_(context) {}
  void Add(const Json& json, const std::string& text) {
    const std::string line = JsonLine(json) + "\n";
    lines_ += line;
    ++num_;
    fmt::print("{}", context_.format == Format::kJson ? line : text);
  }
  int End() {
    context_.audit->AddResult({{"hash", HashOf(lines_).Hex()}, {"answers", num_}});
    if (num_ > 0 && context_.format == Format::kText) fmt::print("{}\n", kLeadSentence);
    return num_ > 0 ? kDone : kNoHit;
  }

 private:
  const Context& context_;
  std::string lines_;
  int64_t num_ = 0;
};

// group: the one of which the timeline is to be told; 0: none.
LinkGraph Load(const Context& context, int64_t group = 0) {
  Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const Catalogue::Transaction one_state(collection.catalogue);
  LinkGraph graph = LoadGraph(collection.catalogue, ReadPhotoTraces(collection.catalogue));
  for (const Group& g : graph.groups) {
    if (g.id == group) AddListingChanges(collection.catalogue, g, &graph);
  }
  if (graph.linked_at.empty()) {
    fmt::print(stderr, "Nothing has been linked yet: 'pugmark link' matches all photos with each other.\n");
  } else if (graph.num_unlinked_photos > 0) {
    fmt::print(stderr, "{} photos came in since the last linking on {}; 'pugmark link' matches them too.\n",
               Grouped(graph.num_unlinked_photos), graph.linked_at);
  }
  return graph;
}

[[noreturn]] void ThrowNoSeller(const std::string& platform, const std::string& handle) {
  throw Error(ErrorCode::kNotFound, fmt::format("There is no seller '{}' of platform '{}' in the collection.",
                                                EscapeText(handle), EscapeText(platform)));
}

size_t SellerNamed(const LinkGraph& graph, const std::string& text, const std::string& option) {
  const auto [platform, handle] = OnPlatform(text, option, "PLATFORM:HANDLE");
  for (size_t s = 0; s < graph.sellers.size(); ++s) {
    if (graph.sellers[s].platform == platform && graph.sellers[s].handle == handle) return s;
  }
  ThrowNoSeller(platform, handle);
}

SellerNode SellerNamed(const Catalogue& catalogue, const std::string& text, const std::string& option) {
  SellerNode seller;
  std::tie(seller.platform, seller.handle) = OnPlatform(text, option, "PLATFORM:HANDLE");
  const std::optional<SellerId> id = FindSeller(catalogue, seller.platform, seller.handle);
  if (!id) ThrowNoSeller(seller.platform, seller.handle);
  seller.id = *id;
  return seller;
}

int ShowSeller(const Options& options, const Context& context) {
  const LinkGraph graph = Load(context);
  const size_t seller = SellerNamed(graph, options.seller, "--seller");
  const std::vector<SellerPath> paths = PathsFrom(graph, seller);
  if (context.format == Format::kText) {
    const std::optional<size_t> group = graph.sellers[seller].group;
    fmt::print("{}: {}\n", NameOf(graph.sellers[seller]),
               group           ? fmt::format("group {}", graph.groups[*group].id)
               : paths.empty() ? "linked to nobody"
                               : "of no group yet");
  }
  Output output(context);
  for (const SellerPath& path : paths) output.Add(ToJson(graph, seller, path), TextOf(graph, seller, path));
  if (options.leads) {
    std::vector<const SellerEdge*> leads;
    for (const SellerEdge& edge : graph.seller_edges) {
      if (!edge.is_link && (edge.a == seller || edge.b == seller)) leads.push_back(&edge);
    }
    std::stable_sort(leads.begin(), leads.end(),
                     [](const SellerEdge* a, const SellerEdge* b) { return a->probability > b->probability; });
    for (const SellerEdge* edge : leads) output.Add(LeadJson(graph, seller, *edge), LeadText(graph, seller, *edge));
  }
  return output.End();
}

int ShowGroups(const Options& options, const Context& context) {
  const LinkGraph graph = Load(context);
  Output output(context);
  int64_t num_shown = 0;
  for (const Group& group : graph.groups) {
    if (options.top > 0 && num_shown++ == options.top) break;
    output.Add(ToJson(graph, group), TextOf(graph, group));
  }
  return output.End();
}

int ShowGroup(const Options& options, const Context& context) {
  const LinkGraph graph = Load(context, options.group);
  const auto group =
      std::find_if(graph.groups.begin(), graph.groups.end(), [&](const Group& g) { return g.id == options.group; });
  if (group == graph.groups.end()) {
    throw Error(ErrorCode::kNotFound,
                fmt::format("There is no group {}; 'pugmark link --groups' lists them.", options.group));
  }
  Output output(context);
  output.Add(DetailsJson(graph, *group), DetailsText(graph, *group));
  return output.End();
}

int Decide(const Options& options, const Context& context) {
  const bool same = !options.same.empty();
  const std::vector<std::string>& names = same                         ? options.same
                                          : !options.different.empty() ? options.different
                                                                       : options.undecided;
  const Answer answer = same ? Answer::kYes : !options.different.empty() ? Answer::kNo : Answer::kUnsure;
  const std::string option = same ? "--same" : !options.different.empty() ? "--different" : "--undecided";
  const FileLock lock(CollectionPaths{context.collection}.lock());
  Collection collection = OpenCollection(context.collection, Catalogue::Access::kWrite);
  const SellerNode a = SellerNamed(collection.catalogue, names[0], option),
                   b = SellerNamed(collection.catalogue, names[1], option);
  const SellerReview review = Links(collection.catalogue)
                                  .AddReview(a.id, b.id, answer, options.note,
                                             options.by.empty() ? LoginName() : options.by);
  const Json json = {{"sellers", {AuditText(names[0]), AuditText(names[1])}},
                     {"answer", AnswerName(answer)},
                     {"by", AuditText(review.reviewer)},
                     {"note", AuditText(review.note)}};
  context.audit->AddResult({{"hash", HashOf(json).Hex()}, {"answer", AnswerName(answer)}});
  fmt::print(stderr, "Recorded: {} and {} are {}. Groups follow with the next 'pugmark link'.\n",
             NameOf(a), NameOf(b),
             answer == Answer::kYes  ? "one hand"
             : answer == Answer::kNo ? "not one hand"
                                     : "undecided");
  return kDone;
}

int RunNow(const Options& options, const Context& context) {
  Progress progress;
  LinkOptions link;
  link.num_threads = options.num_threads;
  link.again = options.again;
  const LinkReport report = RunLinking(context.collection, link, context.stop,
                                       [&](int64_t done, int64_t total) { progress.Show("linking", done, total); });
  progress.Clear();
  LinkGraph graph;  // For names and evidence of what is new.
  if (!report.new_links.empty() || !report.group_events.empty()) {
    Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
    const Catalogue::Transaction one_state(collection.catalogue);
    graph = LoadGraph(collection.catalogue);
  }
  const Json json = ToJson(report, graph);
  context.audit->SetSnapshot(report.snapshot);
  context.audit->AddResult({{"hash", HashOf(json).Hex()}, {"run", report.run}, {"links", report.num_links}});
  if (context.format == Format::kJson) {
    fmt::print("{}\n", JsonLine(json));
  } else {
    fmt::print("{}", TextOf(report, graph));
  }
  if (report.num_damaged > 0) {
    fmt::print(
        stderr,
        "{} photos could not be matched in full because stored features are damaged; 'pugmark check' names them.\n",
        Grouped(report.num_damaged));
  }
  if (report.num_unindexed > 0) {
    fmt::print(stderr,
               "{} photos are not in the index yet and were not matched: run 'pugmark reindex', then link again.\n",
               Grouped(report.num_unindexed));
  }
  if (report.cancelled) {
    fmt::print(stderr, "Interrupted after {} photos; the same command goes on.\n", Grouped(report.num_matched));
    return kInterrupted;
  }
  fmt::print(stderr, "{} matched, {} show the same. {}: {}, {}, {}.\n", Counted(report.num_matched, "photo"),
             Counted(report.num_photo_links, "pair"), Counted(report.num_sellers, "seller"),
             Counted(report.num_links, "link"), Counted(report.num_leads, "lead"), Counted(report.num_groups, "group"));
  return report.num_damaged > 0 ? kDamaged : kDone;
}

int Link(const Options& options, const Context& context) {
  context.RequireCollection();
  if (options.NumQuestions() > 1) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "--seller, --groups, --group, --same, --different, --undecided, --again and files are asked one at a time.");
  }
  if (options.leads && options.seller.empty()) throw Error(ErrorCode::kInvalidArgument, "--leads goes with --seller.");
  if (options.top != 0 && !options.groups) throw Error(ErrorCode::kInvalidArgument, "--top goes with --groups.");
  const bool decides = !options.same.empty() || !options.different.empty() || !options.undecided.empty();
  if (!decides && !(options.note.empty() && options.by.empty())) {
    throw Error(ErrorCode::kInvalidArgument, "--note and --by go with --same, --different or --undecided.");
  }
  CheckLinkExports(options.exports);
  if (decides) return Decide(options, context);
  if (!options.seller.empty()) return ShowSeller(options, context);
  if (options.group != 0) return ShowGroup(options, context);
  if (options.groups) return ShowGroups(options, context);
  if (options.exports.is_wanted()) {
    WriteLinkExports(options.exports, Load(context), context);
    return kDone;
  }
  return RunNow(options, context);
}

}  // namespace

Run AddLink(CLI::App& app, const Context& context) {
  constexpr char kShow[] = "Showing links";
  constexpr char kDecide[] = "Deciding";
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("link", "Find the sellers who are one hand, by what their photos share");
  command->add_flag("--again", options->again, "Forget all matches and match every photo anew; decisions stay");
  AddThreads(command, &options->num_threads);
  command->add_option("--seller", options->seller, "Show who is linked to this seller, and by what evidence")
      ->type_name("PLATFORM:HANDLE")
      ->group(kShow);
  command->add_flag("--leads", options->leads, "With --seller: also show what is too little for a link")->group(kShow);
  command->add_flag("--groups", options->groups, "Show the groups of sellers, those that reach furthest first")
      ->group(kShow);
  command->add_option("--top", options->top, "With --groups: show this many")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->group(kShow);
  command
      ->add_option("--group", options->group,
                   "Show this group: its links, what it offered when and where, what became of it")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("ID")
      ->group(kShow);
  const auto decision = [&](const char* name, std::vector<std::string>* sellers, const char* what) {
    command->add_option(name, *sellers, what)->expected(2)->type_name("PLATFORM:HANDLE")->group(kDecide);
  };
  decision("--same", &options->same, "Record that these two sellers are one hand");
  decision("--different", &options->different,
           "Record that these two sellers are not one hand: they are never linked again");
  decision("--undecided", &options->undecided, "Take such a record back");
  command->add_option("--note", options->note, "Keep this text with the record, such as the reason")
      ->type_name("TEXT")
      ->group(kDecide);
  command->add_option("--by", options->by, "Record this person as the one who decides (default: the login name)")
      ->type_name("NAME")
      ->group(kDecide);
  AddLinkExports(command, &options->exports);
  return [options, &context] { return Link(*options, context); };
}

}  // namespace pugmark::cli
