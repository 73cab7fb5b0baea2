#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a stranger hands over: certificates that prove nothing, texts that drive a terminal, pipes in the place of files.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

# forge FILE SCRIPT: a certificate of ours, changed by a Perl script, unsigned and hashed anew, as anybody can.
forge() {
    perl -0777 -pe "$2"'
        s/"hash": "[0-9a-f]+",\n "headline"/"hash": "",\n "headline"/;
        s/("signature": \{\n  "key": )"[^"]*"/$1""/;
        s/("reason": )"",(\n  "scheme": )"ed25519"/$1"no key: lost",$2"unsigned"/;
        s/("value": )"[0-9a-f]{128}"/$1""/' "$TASKS/../docs/certificates/softmax.json" >"$1"
    local digits
    digits=$(b2sum -l 256 "$1")
    sed -i 's/^ "hash": ""/ "hash": "'"${digits:0:64}"'"/' "$1"
}

# clean FILE: nothing in it steers a terminal, and a card's border stands.
clean() {
    perl -CSD -ne '
        exit 1 if /[\x00-\x08\x0b-\x1f\x7f-\x9f\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]/;
        chomp;
        $width //= length if /^\x{256d}/;
        exit 1 if defined $width && length != $width' "$1" 2>perl.log || fail "'$1' steers the terminal"
    [[ ! -s perl.log ]] || fail "'$1' is no UTF-8"
}

# The seal is no proof of anything where nobody known signed.
forge plain.json ''
run 0 verify plain.json --recompute-only
says out "consistent, unsigned"
run 0 verify "$TASKS/../docs/certificates/softmax.json" --recompute-only
says out "consistent, foreign key"
signer=$(sed -n 's/.*signature *by key \([0-9a-f]*\);.*/\1/p' out)
run 0 verify "$TASKS/../docs/certificates/softmax.json" --recompute-only --key "$signer"
if grep -q "foreign key" out; then fail "the key that was demanded is known"; fi
run 0 show plain.json
says out "claimed: faster, unsigned"
run 20 verify plain.json --recompute-only --key "$signer"

# Half of a certificate: without the measurement that chose the kernel.
forge half.json 's/"selected": \{.*?\n \},\n "signature"/"selected": null,\n "signature"/s;'
run 20 verify half.json --recompute-only
says out "selected: the measurement"

# Of more threads than this machine has processors: nobody gave --threads, so nobody is told of it.
forge wide.json 's/"threads": 2/"threads": 4096/g; s/"cpus": 2/"cpus": 4096/; s/\b2 threads/4096 threads/g;'
run 0 verify wide.json --recompute-only
run 30 verify wide.json
one_line err
says err "4096 threads"
says err "--recompute-only"

# What no samples contradict, and still cannot be.
forge date.json 's/"written": "[^"]*"/"written": "yesterday"/;'
run 20 verify date.json --recompute-only
says out "written: expected a time"
forge bytes.json 's/"l2_bytes": \d+/"l2_bytes": 9223372036854775807/;'
run 20 verify bytes.json --recompute-only
says out "machine: l2_bytes"

# Words that move the cursor, and lines that look like the card's own.
# shellcheck disable=SC2016 # $1 is Perl's
forge words.json 's/"reason": "",(\n  "scheme")/"reason": "x\\u001b[2J\\nverified by key 1\xc2\x9b2J\xe2\x80\xae",$1/; s/"ed25519"/"unsigned"/;'
run 0 verify words.json --recompute-only
says out "verified by key 1"
clean out

printf '# A \033]0;x\007 \342\200\256 \302\233title\ntask t(x: f32[N]) -> y: f32[N] where N = 4096\n  y[n] = x[n] * 2\n' >t.task
run 0 show ./t.task
clean out
printf 'int \342\200\256 \233 \033[2J;\n' >bad.cpp
run 23 judge softmax bad.cpp --set B=16 --set N=64 --threads 1
clean out

# A task in another encoding, and names that kernels cannot have.
printf '# Gr\366\337e\ntask t(x: f32[N]) -> y: f32[N] where N = 4096\n  y[n] = x[n] * 2\n' >latin.task
run 2 optimize ./latin.task --budget 1evals
says err "latin.task:1:5: error: a byte that is not UTF-8"
printf 'task t(int: f32[N]) -> y: f32[N] where N = 4096\n  y[n] = int[n] * 2\n' >int.task
run 2 optimize ./int.task --budget 1evals
says err "int.task:1:8: error: 'int' is a word of C++"

# The reason of a failure is not the kernel's to choose.
printf '#error out of memory allocating\n' >spoof.cpp
run 23 judge softmax spoof.cpp --set B=16 --set N=64 --threads 1
says out "does not compile"

# A pipe is waited for, for ever, by whoever opens it.
CUPEL_PATH=$CUPEL
CUPEL=limited
limited() { timeout 20 "$CUPEL_PATH" "$@"; }
mkdir pipe
mkfifo pipe/archive.db
run 30 show pipe
one_line err
says err "archive.db: archive.db is not a file"
run 30 show pipe --kernel 1
printf '{"sizes": {"N": 4096}, "task": "t", "text": "task t(x: f32[N]) -> y: f32[N] where N = 4096\\n  y[n] = x[n] * 2\\n", "threads": 1}\n' >pipe/run.json
run 30 optimize --resume pipe --budget 1evals
says err "archive.db is not a file"
for name in certificate.json kernel.cpp t.task; do
    mkfifo "pipe/$name"
    code=0
    limited show "pipe/$name" >out 2>err || code=$?
    [[ $code == 2 || $code == 30 ]] || fail "show pipe/$name ended with $code"
done
run 2 verify pipe
