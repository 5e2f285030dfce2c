#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to the first hit: installs packages, builds, takes in the staged ads, re-indexes, searches the
# query photos and shows what was found. A second run is quick and gives the same answer.
set -euo pipefail
cd "$(dirname "$0")/.."
collection=${PUGMARK_DEMO:-demo}

cmake/setup.sh
echo "== Building (the first time takes a few minutes)" >&2
[[ -f build/release/build.ninja ]] || cmake --preset release -DPUGMARK_TESTS=OFF -DPUGMARK_BENCHMARKS=OFF >/dev/null
cmake --build --preset release --target pugmark >&2
pugmark=build/release/cli/pugmark

echo "== Taking in the staged ads" >&2
[[ -f "$collection/catalogue.db" ]] || "$pugmark" -c "$collection" init
"$pugmark" -c "$collection" ingest --manifest samples/ads/manifest.csv
"$pugmark" -c "$collection" ingest --manifest samples/ads/manifest.jsonl
"$pugmark" -c "$collection" reindex
"$pugmark" -c "$collection" status

echo "== Searching for the query photos" >&2
"$pugmark" -c "$collection" search samples/queries --html "$collection/report.html" --top 5
echo "Open $PWD/$collection/report.html in a browser; it needs no network." >&2
