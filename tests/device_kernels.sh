#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the built-in engineer writes in CUDA for each task of the tree: all of it must be verified on the emulator.
#   tests/device_kernels.sh CUPEL SOURCE SCRATCH [TASK...]      Exit: 77 where no compiler of device code is.
#   CUPEL_KERNELS=3: only so many of each.
set -uo pipefail
cupel=$1 source=$2 scratch=$3
shift 3
(($# > 0)) || set -- "$source"/tasks/*.task
export CUPEL_RIVALS=none
rm -rf "$scratch"
mkdir -p "$scratch"
failed=0 kernels=0
for task in "$@"; do
    name=$(basename "$task" .task)
    code=0
    "$cupel" optimize "$task" --target cuda --budget "${CUPEL_KERNELS:-17}evals" --budget 1h --run "$scratch/$name" --threads 1 --json \
        >"$scratch/$name.json" 2>"$scratch/$name.err" </dev/null || code=$?
    if [[ $code == 30 ]]; then
        echo "skipped: $(tail -n 1 "$scratch/$name.err")" >&2
        exit 77
    fi
    tried=$(grep -c '^      "schedule"' "$scratch/$name.json")
    right=$(grep -c '^      "status": "accepted"' "$scratch/$name.json")
    kernels=$((kernels + tried))
    printf '%-24s %2d tried, %2d verified; best: %s\n' "$name" "$tried" "$right" \
        "$(sed -n '2s/ *│ *//gp' "$scratch/$name/summary.txt" 2>/dev/null)"
    if [[ $code != 0 || $tried == 0 || $tried != "$right" ]]; then
        failed=$((failed + 1))
        grep -A 1 '^      "reason"' "$scratch/$name.json" | grep -v 'verified on the emulator' | head -n 12
        tail -n 2 "$scratch/$name.err"
    fi
done
echo "$kernels kernels, tasks with one that is not verified: $failed"
((failed == 0 && kernels > 0))
