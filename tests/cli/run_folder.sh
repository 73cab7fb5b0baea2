#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# optimize, from a task to a folder that others can check; then resume, show, verify, damage.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

small=(--set B=256 --set N=2048 --threads 1)

# optimize ends with the status of its winner: faster, or not resolved on a loud machine.
optimize() { # arguments...
    local code=0
    "$CUPEL" optimize "$@" --json >out 2>err </dev/null || code=$?
    case $code in
        0 | 10 | 11) ;;
        *) fail "optimize $* ended with $code" ;;
    esac
    is_json out
}

optimize softmax "${small[@]}" --budget 4evals --run "a run"
for file in archive.db run.json softmax.task kernel.cpp summary.txt; do
    [[ -s "a run/$file" ]] || fail "no $file in the run folder"
done
says "a run/kernel.cpp" "void kernel("
says err "search ended"
status=$(json out verdict status)
if [[ $status == faster ]]; then
    run 0 verify "a run" --recompute-only --json
    is_json out
    equals out ON consistent

    signer=$(json out signer)
    [[ ${#signer} == 32 ]] || fail "no signer: $signer"
    says "a run/summary.txt" "signed by key $signer"
    run 0 verify "a run" --recompute-only --key "$signer"
    says out "$signer"
    says out "proves"
    run 20 verify "a run" --recompute-only --key 00000000000000000000000000000000
    says out "signed by $signer"
    [[ $(stat -c %a config/cupel config/cupel/signing.key | xargs) == "700 600" ]] || fail "the key is open to others"

    # A space more, the last line feed less, a figure with a digit more.
    mkdir edited
    sed '0,/": /s//":  /' "a run/certificate.json" >edited/certificate.json
    run 20 verify edited --recompute-only
    says out "spelt"
    head -c -1 "a run/certificate.json" >edited/certificate.json
    run 20 verify edited --recompute-only
    sed '0,/\("high": [0-9.]*\),/s//\17,/' "a run/certificate.json" >edited/certificate.json
    run 20 verify edited --recompute-only
    says out "changed after it was written"

    # One figure changed: the certificate contradicts itself.
    mkdir forged
    sed '0,/"high": [0-9.]*/s//"high": 99.5/' "a run/certificate.json" >forged/certificate.json
    run 20 verify forged --recompute-only --json
    is_json out
    equals out OFF consistent
fi

run 2 optimize softmax --run "a run"
says err "--resume"

before=$("$CUPEL" show "a run" --json | grep -c '"hash"')
mkdir runs
mv "a run" "runs/my run"
optimize --resume "my run" --budget 3evals # found in runs/
mv "runs/my run" "a run"
after=$("$CUPEL" show "a run" --json | grep -c '"hash"')
((after >= before)) || fail "resuming lost kernels: $before, then $after"
run 0 show "a run"
says out "kernels"
run 0 show "a run" --kernel 1
says out "// kernel 1 of a run"
says out "void kernel("
run 0 show "a run/kernel.cpp" --json
is_json out
[[ $(json out source) == "$(cat "a run/kernel.cpp")" ]] || fail "another kernel was shown"
run 2 show "a run" --kernel 999
one_line err

# A run in runs/ is found by its name, a name like it is offered, and the options that belong to a run are kept there.
mv "a run" "runs/my run"
run 0 show "my run"
says out "kernels"
run 0 show "my run" --kernel 1
says out "void kernel("
run 2 show "my rum"
one_line err
says err "did you mean 'my run'?"
cp -r "runs/my run" runs/softmax
run 0 show softmax
says out "task softmax("
run 0 show softmax --kernel 1
says out "// kernel 1 of runs/softmax"
run 2 show layernorm --kernel 1
one_line err
run 2 show "my run" --naive
one_line err
mv "runs/my run" "a run"

# Nothing is written where a run is only looked at; a damaged archive is named.
mkdir damaged
head -c 8192 /dev/urandom >damaged/archive.db
run 30 show damaged
one_line err
says err "archive.db"

# A damaged archive is moved aside, never deleted, and the run goes on. Nowhere to keep a signing key: said, and no
# reason to stop. What was certified stays, with its kernel, where a resumed run ends with less.
head -c 8192 /dev/urandom >"a run/archive.db"
rm -f "a run"/archive.db-*
echo '{}' >"a run/certificate.json"
echo kept >"a run/kernel.cpp"
XDG_CONFIG_HOME=/proc/nowhere optimize --resume "a run" --budget 2evals
says err "moved to"
says err "the certificate will be unsigned"
compgen -G "a run/archive.db.corrupt-*" >/dev/null || fail "the damaged archive is gone"
grep -q '"status": "faster"' out || [[ $(cat "a run/kernel.cpp") == kept ]] || fail "a certified kernel was written over"

# A folder that cannot be written: named at once, code 30.
run 30 optimize softmax --run /proc/nowhere
one_line err
says err "/proc/nowhere"
