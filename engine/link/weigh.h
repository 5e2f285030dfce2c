// SPDX-License-Identifier: Apache-2.0
//
// Are two sellers one hand? What their photos share, weighed into a probability.
//
// A wrong link accuses somebody, so every reason is asked for its innocent explanation:
//   * A photo, or an edited copy of it, may have been copied by somebody else. It says less the more unrelated sellers
//     share it, and nothing beyond `max_unrelated`: a stock photo. Copy thieves take several, so further pictures add
//     less, and those of the same advertisement hardly anything.
//   * The same object photographed twice cannot be copied. But where one of the two photos is itself a copy of the
//   other
//     seller's, the picture is the reason and not the object; that counts as a picture only.
//   * The same table or room likewise.
//   * Photos of a benign bank, and copies of them, say nothing; furniture of platforms was left out before matching.
//   Photos of
//     a seizure bank are exhibits: who offered the goods before is told by alerts, and customs are not one hand with
//     him.
// Pairs of photos that show one picture, object or place are one reason, however many they are. Reasons are taken as
// independent: the doubt that remains is the product of what each leaves. Soft traces are listed and add nothing to it.
//
// "Unrelated" is counted in two passes: sellers who are one group by a first weighing, in which everybody is a
// stranger, count as one in the second.
#pragma once

#include "engine/link/graph.h"

namespace pugmark {

// Probabilities of one hand given one reason, if nobody else shares it. Measured on simulated markets and the staged
// ads: docs/measuring.md, "Links between sellers".
struct LinkModel {
  double picture = 0.75;          // The same file, or a copy of it.
  double object = 0.97;           // The same thing, photographed separately.
  double scene = 0.93;            // The same table or room.
  double further_picture = 0.85;  // Factor of every picture but the first.
  double same_advertisement =
      0.1;                       // Instead, if both listings are those of a stronger picture: one theft, or one offer.
  double falloff = 1.5;          // Exponent: a reason that n unrelated sellers share has (2 / n)^falloff of its weight.
  int max_unrelated = 5;         // More share it: it says nothing.
  double min_probability = 0.9;  // Of a link. Below it is a lead.
  // Of communities.h: how strongly, on average, the members of a group are linked. Lower: longer chains are one group.
  double resolution = 0.2;
  double max_probability = 0.999;  // No machine is surer than this.
};

// Fills seller_edges from nodes, photo_edges and traces; decisions are those already set on seller_edges, which may
// hold such edges and nothing else. Threads: pure. Deterministic. Cost: linear in photo edges, times sellers per photo.
void WeighSellers(const LinkModel& model, LinkGraph* graph);

// The community of each seller over the links, confirmed and cut pairs heeded; numbered as Communities() does.
std::vector<size_t> CommunitiesOf(const LinkModel& model, const LinkGraph& graph);

}  // namespace pugmark
