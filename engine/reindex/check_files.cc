// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/check_files.h"
