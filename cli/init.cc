// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "engine/collection/collection.h"
#include "index/base/files.h"

namespace pugmark::cli {

Run AddInit(CLI::App& app, const Context& context) {
  auto options = std::make_shared<FeatureOptions>();
  auto embedding = std::make_shared<std::filesystem::path>();
  CLI::App* command = app.add_subcommand("init", "Make an empty collection");
  command->add_option("--size", options->working_size_px,
                      "Working scale: long side in pixels. 640 (default) recognises objects photographed again; 320 is "
                      "enough for edited copies at a quarter of the cost")
      ->check(CLI::Range(kMinWorkingSize_px, kMaxWorkingSize_px))
      ->type_name("PX");
  command->add_option("--keypoints", options->max_keypoints, "Most keypoints kept of a photo (default 800)")
      ->check(CLI::Range(kFewestKeypoints, kMostKeypoints))
      ->type_name("N");
  command->add_option("--contrast", options->contrast_threshold,
                      "Contrast threshold of the keypoint detector (default 0.01); smaller finds fainter detail")
      ->check(CLI::Range(0.0, 0.2))
      ->type_name("X");
  command->add_option("--embedding", *embedding,
                      "Also describe photos by this network, with a JSON file of the same name beside it (man pugmark, "
                      "EMBEDDING); both are copied into the collection")
      ->type_name("MODEL.onnx");
  return [options, embedding, &context]() -> int {
    CreateCollection(context.RequireName(), *options, *embedding);
    fmt::print(stderr, "Made an empty collection in {}. Next: pugmark -c {} ingest FOLDER\n",
               EscapeText(context.collection.string()), EscapeText(context.collection.string()));
    return kDone;
  };
}

}  // namespace pugmark::cli
