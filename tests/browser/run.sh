#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a browser test: PUGMARK_BINARY=... PUGMARK_SAMPLES=... tests/browser/run.sh page_test.mjs
# Exit code 77, which ctest shows as skipped, if what they need is missing.
set -euo pipefail
cd "$(dirname "$0")"

skip() {
  echo "SKIPPED: the page was not tried in any browser, because $1 is missing. Run cmake/setup.sh --tests." >&2
  exit 77
}
command -v node >/dev/null || skip "node"
[[ -x "${PUGMARK_CHROMIUM:-/usr/bin/chromium}" ]] || skip "Debian's package chromium"
[[ -d node_modules/playwright-core ]] || skip "the npm package playwright-core"

exec node "$1"
