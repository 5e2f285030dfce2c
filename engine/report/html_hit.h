// SPDX-License-Identifier: Apache-2.0
//
// Everything the page says and shows of one hit. Private to the report room.
#pragma once

#include <string>

#include "engine/report/html.h"
#include "engine/report/html_data.h"
#include "engine/report/html_drawing.h"
#include "engine/report/html_pictures.h"

namespace pugmark::html {

// A query on the page, borrowed.
struct QueryOnPage {
  const QueryResult* result = nullptr;
  const Image* image = nullptr;  // Null: there is none.
  const Picture* picture = nullptr;
};

// Values for page/hit.html. symbols: the query's list of pictures, to which the photo is added.
data HitData(const std::string& id, const QueryOnPage& query, const Hit& hit, const HtmlOptions& options,
             PictureStore* pictures, PictureBudget* budget, data* symbols);

// What the page calls one hit: its first sighting, and what a person said of it.
void AddWhere(const Hit& hit, data* item);

}  // namespace pugmark::html
