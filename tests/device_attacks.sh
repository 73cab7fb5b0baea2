#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attacks/device/ on the emulator. Without a compiler of device code there is nothing to try, which is said.
#   tests/device_attacks.sh CUPEL
set -uo pipefail
"$1" redteam --target emu
code=$?
if [[ $code == 30 ]]; then
    echo "skipped: no compiler of device code here" >&2
    exit 77
fi
exit "$code"
