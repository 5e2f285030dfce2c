// SPDX-License-Identifier: Apache-2.0
//
// Values for pages' templates. For the rooms that write pages. The templates escape markup; Safe() is for what else
// text from outside could do.
#pragma once

#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>

#include "index/base/files.h"

namespace pugmark::html {

using kainjow::mustache::data;

inline std::string Safe(std::string_view untrusted) { return EscapeText(untrusted); }

// A section that is left out if there is no text. (To the mustache library an empty string is something.)
inline data Optional(const std::string& text) { return text.empty() ? data(false) : data(text); }

data Number(double value);   // One decimal: coordinates.
data Percent(double value);  // "37.50%", of a width.

// {"fact": ..., "value": ...} into a list, unless there is no value. Both safe already.
void AddFact(const std::string& fact, const std::string& value, data* facts);

// Strings as a list of {"text": ...}. Safe already.
data Texts(const std::vector<std::string>& texts);

// As a Content-Security-Policy names a script or style that it allows.
std::string CspHash(std::string_view text);

std::string SizeText(int width_px, int height_px);  // "640 × 480"; empty if unknown.

}  // namespace pugmark::html
