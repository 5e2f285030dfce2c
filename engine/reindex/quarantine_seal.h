// SPDX-License-Identifier: Apache-2.0
//
// quarantine.jsonl is only ever appended to: at the end of a batch the catalogue is told what is in it, so that damage to
// any line is seen. Lines of a run that was killed are sealed by the next one.
#pragma once

#include <optional>
#include <string>

#include "engine/collection/collection.h"

namespace pugmark {

// At the start of a batch. If somebody has moved the file away, it begins anew.
void ForgetLostQuarantine(Collection& collection);

// At the end of a batch, after the file was synced. If what was sealed before is damaged, that seal stays: damage must not
// become the truth. Cost: reads the file.
void SealQuarantine(Collection& collection);

// What is wrong with it, a sentence; nothing if it is what was sealed, or nothing was sealed. Cost: reads the file.
std::optional<std::string> QuarantineProblem(const Collection& collection);

}  // namespace pugmark
