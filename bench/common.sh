# SPDX-License-Identifier: Apache-2.0
# What the benchmarks share. Figures are ratios measured side by side in one run, never absolute times.
set -euo pipefail

bench_root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
# Built once, here: scripts/cupel would build again between two rows where a source has changed.
if [[ -z ${CUPEL:-} ]]; then
    "$bench_root/scripts/cupel" --version >/dev/null
    CUPEL=$bench_root/build/release/bin/cupel
fi
command -v jq >/dev/null || { echo "bench: jq is missing (apt-get install jq)" >&2; exit 30; }
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# Runs cupel with --json; fails only where there is no document.
cupel_json() {
    "$CUPEL" "$@" --json 2>/dev/null || true
}
