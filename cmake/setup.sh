#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what Pugmark is built from, on Debian 12. Needs root or sudo the first time; does nothing when all is there.
# With --tests also what the tests use.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  g++ cmake ninja-build pkg-config ccache
  libopencv-dev libfaiss-dev libopenblas-dev libsqlite3-dev libsqlitecpp-dev
  libjpeg62-turbo-dev libpng-dev libtiff-dev libwebp-dev libgif-dev libheif-dev libexif-dev libseccomp-dev libzxing-dev libzstd-dev
  libcli11-dev nlohmann-json3-dev libfmt-dev libtbb-dev libssl-dev libcsv-dev libkainjow-mustache-dev
)
with_tests=
if [[ "${1:-}" == --tests ]]; then
  with_tests=yes
  packages+=(libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev chromium)
  packages+=(groff-base mandoc zsh)  # Man pages and completions are tried with them.
  packages+=(cppcheck)
  # A newer Node.js from elsewhere will do, and would clash with Debian's.
  command -v node >/dev/null || packages+=(nodejs)
  command -v npm >/dev/null || packages+=(npm)
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ "$state" == installed ]] || missing+=("$package")
done

if [[ ${#missing[@]} -gt 0 ]]; then
  as_root=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || { echo "Run this once as root, or install sudo: packages are missing: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "Installing ${#missing[@]} packages: ${missing[*]}" >&2
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if ! { "${as_root[@]}" apt-get update -q &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
       >"$log" 2>&1; then
    cat "$log" >&2
    echo "Installing packages failed (see above). Pugmark needs Debian 12 and its package mirror once." >&2
    exit 1
  fi
fi

# What drives the browser in the tests: one npm package without dependencies, its content fixed by the lock file.
if [[ -n "$with_tests" && ! tests/browser/node_modules/.package-lock.json -nt tests/browser/package-lock.json ]]; then
  npm --prefix tests/browser ci --no-audit --no-fund >&2 ||
    echo "WARNING: npm could not install playwright-core; the tests in the browser will be skipped." >&2
fi
