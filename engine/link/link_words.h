// SPDX-License-Identifier: Apache-2.0
//
// What terminal, digest and page word alike about links. All results are escaped.
#pragma once

#include <string>

#include "engine/link/graph.h"

namespace pugmark {

// "bazaarly savanna-curios".
std::string NameOf(const SellerNode& seller);

// "bazaarly 081468466973 of 2016-08-21".
std::string ListingText(const ListingNode& listing);

// "97.3 %", rounded so that no machine's word is printed as certain; "100.0 %" is a person's.
std::string LinkPercent(double probability);

// One reason as a line: kind, probability, both photos with their listings, and who else shares it. swapped: seller b's
// side is told first.
std::string ReasonText(const LinkGraph& graph, const Evidence& evidence, bool swapped = false);

}  // namespace pugmark
