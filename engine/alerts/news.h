// SPDX-License-Identifier: Apache-2.0
//
// What a pair of photos says beyond what was known: of whom, and where. Pure functions on sightings.
#pragma once

#include <string>
#include <vector>

#include "index/catalogue/alerts.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

// kSameListing: all sightings of both are in one listing that has a number, URL or title; a folder is none.
// kSameSeller: all are under one seller's name on one platform. An unknown seller is not the same as another. kNews:
// neither, or nothing is known of one.
AlertRelation RelationOf(const std::vector<Sighting>& a, const std::vector<Sighting>& b);

// The platforms of `sightings` that none of `known` names, ordered, joined by ", ". The platform without a name is
// none.
std::string NewPlatforms(const std::vector<Sighting>& sightings, const std::vector<std::vector<Sighting>>& known);

}  // namespace pugmark
