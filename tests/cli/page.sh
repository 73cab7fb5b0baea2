#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page of a run: left by optimize, made anew by show, refused where it cannot be.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

small=(--set B=64 --set N=512 --threads 1)

is_page() { # FILE
    [[ $(head -c 15 "$1") == "<!DOCTYPE html>" ]] || fail "'$1' begins otherwise"
    [[ $(tail -n 1 "$1") == "</html>" ]] || fail "'$1' ends otherwise"
    says "$1" "default-src 'none'"
    for word in "<script" "http:" "https:" "$scratch"; do
        ! grep -qF -- "$word" "$1" || fail "'$1' has $word"
    done
}

# A program whose kernels carry markup.
cat >evil.sh <<'PROGRAM'
echo 'void kernel(); // </pre><script>alert(1)</script>' >kernel.cpp
PROGRAM
code=0
"$CUPEL" optimize softmax "${small[@]}" --budget 3evals --run "a <b>run" --proposer-command "bash '$PWD/evil.sh'" >out 2>err </dev/null || code=$?
case $code in
    0 | 10 | 11) ;;
    *) fail "optimize ended with $code" ;;
esac
is_page "a <b>run/page.html"
says "a <b>run/page.html" "a &lt;b&gt;run"
says "a <b>run/page.html" "Tree of descent"
says "a <b>run/page.html" "id=\"k1\""
if [[ -e "a <b>run/certificate.json" ]]; then
    says "a <b>run/page.html" "cupel verify"
else
    says "a <b>run/page.html" "only what is faster both times is certified"
fi

run 0 show "a <b>run" --page anew.html --json
is_json out
equals out anew.html page
is_page anew.html
cmp anew.html "a <b>run/page.html" || fail "show makes another page than optimize left"

# Where it cannot be written: one line that names it, and nothing half.
run 30 show "a <b>run" --page /proc/nowhere/page.html
one_line err
says err "/proc/nowhere/page.html"
mkdir folder
run 2 show "a <b>run" --page folder
one_line err
run 2 show softmax --page page.html
one_line err
run 2 show --page page.html
one_line err
[[ ! -e page.html ]] || fail "a page of nothing"

# Of device code: bounds, and no speedup.
run 0 optimize softmax --target cuda --set B=4 --set N=64 --budget 2evals --run device
is_page device/page.html
says device/page.html "verified, not timed"
says device/page.html "no speedup was measured"
run 0 show device --page device.html
cmp device.html device/page.html || fail "show makes another page than optimize left"

# A link in the page's place is not written through.
echo mine >victim
ln -sf ../victim device/page.html
run 0 optimize --resume device --budget 1evals
says err "it is a link"
[[ $(cat victim) == mine ]] || fail "the page went through a link"
