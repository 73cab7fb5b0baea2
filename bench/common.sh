# SPDX-License-Identifier: Apache-2.0
# What the benchmarks share. Figures are ratios measured side by side in one run, never absolute times.
set -euo pipefail

bench_root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
CUPEL=${CUPEL:-$bench_root/scripts/cupel}
command -v jq >/dev/null || { echo "bench: jq is missing (apt-get install jq)" >&2; exit 30; }
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# Runs cupel with --json; fails only where there is no document.
cupel_json() {
    "$CUPEL" "$@" --json 2>/dev/null || true
}
