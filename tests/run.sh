#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs packages, builds and runs all tests. Options go to ctest: tests/run.sh -LE slow, tests/run.sh -R decode.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake/setup.sh --tests
[[ -f build/dev/build.ninja ]] || cmake --preset dev >/dev/null
cmake --build --preset dev
# Real photos beside the project, if they are there; tests that need them are skipped loudly otherwise.
[[ -n "${PUGMARK_DATA:-}" || ! -d ../shared/data ]] || export PUGMARK_DATA="$PWD/../shared/data"
ctest --preset dev --parallel "$(nproc)" "$@"
