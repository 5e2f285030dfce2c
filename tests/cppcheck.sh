#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cppcheck on the program's own code, or on the files and folders that are named. Any finding fails.
set -euo pipefail
cd "$(dirname "$0")/.."
paths=("$@")
[[ ${#paths[@]} -gt 0 ]] || paths=(cli engine index)
exec cppcheck --quiet --std=c++20 --language=c++ --platform=unix64 --enable=warning,performance,portability \
  --inline-suppr --suppressions-list=tests/cppcheck.supp --error-exitcode=1 --template=gcc -I . "${paths[@]}"
