#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The claims of docs/measurements.md: every certificate there is whole, signed, and follows from its samples.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

count=0
for file in "$TASKS"/../docs/certificates/*.json; do
    run 0 verify "$file" --recompute-only --json
    is_json out
    equals out ON consistent
    signer=$(json out signer)
    [[ ${#signer} == 32 ]] || fail "$file is not signed"
    name=$(basename "$file" .json) threads=2 # NAME-1.json: on one thread
    [[ $name != *-1 ]] || threads=1
    grep -qF "| ${name%-1} | $threads | faster |" "$TASKS/../docs/measurements.md" ||
        fail "docs/measurements.md claims nothing of $file"
    count=$((count + 1))
done
claims=$(grep -cE '^\| [a-z0-9_]+ \| [12] \| faster \|' "$TASKS/../docs/measurements.md")
[[ $count -ge 12 && $count == "$claims" ]] || fail "$count certificates, $claims claims"
