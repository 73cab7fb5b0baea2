#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# judge: each ending has its status, its exit code and a reason. The sizes are small: nothing here is about speed.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

small=(--set B=64 --set N=512 --threads 1)

judge() { # CODE STATUS FILE
    run "$1" judge softmax "$3" "${small[@]}" --json
    is_json out
    equals out "$2" status
}
kernel() { # FILE BODY
    printf '#include "task.hpp"\n\nextern "C" void kernel(const float* x, float* y) {\n%s\n}\n' "$2" >"$1"
}

kernel crash.cpp '    *(volatile int*)0 = 1; y[0] = x[0];'
judge 21 crashed crash.cpp

kernel nothing.cpp '    (void)x; (void)y;'
judge 20 wrong nothing.cpp

kernel typo.cpp '    y[0] = x[0]'
judge 23 compile_error typo.cpp
run 23 judge softmax typo.cpp "${small[@]}"
says out ":4:"

printf '#include "task.hpp"\nvoid other() {}\n' >absent.cpp
judge 23 compile_error absent.cpp

# The honest naive kernel against itself is right, whatever the clock says of it.
run 0 show softmax --naive --set B=64 --set N=512
cp out naive.cpp
code=0
"$CUPEL" judge softmax naive.cpp "${small[@]}" --json >out 2>err || code=$?
is_json out
status=$(json out status)
case $status:$code in
    faster:0 | slower:10 | not_resolved:11) ;;
    *) fail "the naive kernel got $status with code $code" ;;
esac
for key in reason speedup naive_speedup ceiling precision tier advantage_bound isolation law; do
    json out "$key" >/dev/null
done

# A kernel of several files is one kernel: from any folder, and with the files' own names and lines in what is said of it.
mkdir -p several/parts
cat >several/parts/row.hpp <<'CPP'
#pragma once
#include "exp.hpp"
inline void row(const float* x, float* y) {
    float m = x[0], s = 0;
    for (long n = 1; n < N; ++n) m = x[n] > m ? x[n] : m;
    for (long n = 0; n < N; ++n) s += y[n] = power(x[n] - m);
    for (long n = 0; n < N; ++n) y[n] /= s;
}
CPP
cat >several/parts/exp.hpp <<'CPP'
#ifndef EXP_HPP
#define EXP_HPP
#include <cmath>
inline float power(float v) { return std::exp(v); }
#endif
CPP
cat >several/rows.cpp <<'CPP'
#include "task.hpp"
#include "parts/exp.hpp"
#include "parts/row.hpp"
extern "C" void kernel(const float* x, float* y) {
    for (long b = 0; b < B; ++b) row(x + b * N, y + b * N);
}
CPP
echo '#error this is not the contract' >several/task.hpp
code=0
"$CUPEL" judge softmax several/rows.cpp --against several/rows.cpp "${small[@]}" --json >out 2>err || code=$?
is_json out
case $(json out status):$code in
    faster:0 | slower:10 | not_resolved:11) ;;
    *) fail "a kernel of three files got $(json out status) with code $code" ;;
esac
[[ $(json out samples) == *"your rows.cpp"* ]] || fail "the kernel of three files given with --against was not asked"
sed -i 's/std::exp(v)/std::exp(w)/' several/parts/exp.hpp
judge 23 compile_error several/rows.cpp
says out "parts/exp.hpp:4:"
sed -i 's/std::exp(w)/std::exp(v)/; s/row(x + b/raw(x + b/' several/parts/exp.hpp several/rows.cpp
judge 23 compile_error several/rows.cpp
says out "rows.cpp:5:"
# Nothing is taken from elsewhere, by no way round.
echo 'constexpr char kSecret[] = "PASSWORD";' >secret.hpp
ln -s ../secret.hpp several/link.hpp
mkfifo several/pipe.hpp
printf '#include "../secret.hpp"\n#include "%s/secret.hpp"\n' "$PWD" >several/out.cpp
judge 23 compile_error several/out.cpp
! grep -q PASSWORD out || fail 'a file of elsewhere was read'
for name in link pipe; do
    printf '\n#include "%s.hpp"\n' "$name" >several/out.cpp
    run 2 judge softmax several/out.cpp "${small[@]}"
    one_line err
    says err "out.cpp:2: $name.hpp"
    ! grep -q PASSWORD err || fail 'a file of elsewhere was read'
done

# Another kernel of the user's joins the panel, and is held to the same contract.
kernel faster.cpp '#pragma GCC ivdep
    for (long b = 0; b < B; ++b) { float m = x[b * N], s = 0;
      for (long n = 1; n < N; ++n) m = std::max(m, x[b * N + n]);
      for (long n = 0; n < N; ++n) s += y[b * N + n] = std::exp(x[b * N + n] - m);
      for (long n = 0; n < N; ++n) y[b * N + n] /= s; }'
sed -i '1i #include <algorithm>\n#include <cmath>' faster.cpp
code=0
"$CUPEL" judge softmax naive.cpp --against faster.cpp "${small[@]}" --json >out 2>err || code=$?
is_json out
[[ $(json out samples) == *"your faster.cpp"* ]] || fail "the kernel given with --against was not asked"
run 2 judge softmax naive.cpp --against typo.cpp "${small[@]}"
says err "your typo.cpp"
run 2 judge softmax naive.cpp --against nowhere.cpp "${small[@]}"
says err "nowhere.cpp"

# A schedule written by hand: printed, judged, and refused with its line and the reason.
printf '%s\n' '# mine' 'tile c 6 2 64 48 64' 'pack c a' 'pack c b' 'order c n k m' 'unroll c 2' >mine.schedule
matmul=(--set M=96 --set N=64 --set K=64 --threads 1)
run 0 show matmul --schedule --from mine.schedule "${matmul[@]}"
says out "tile c 6 2 64 48 64"
code=0
"$CUPEL" judge matmul mine.schedule "${matmul[@]}" --json >out 2>err </dev/null || code=$?
case $code in
    0 | 10 | 11) is_json out ;;
    *) fail "a schedule ended with $code" ;;
esac
echo 'tile c 6 2 64 47 64' >bad.schedule
run 2 judge matmul bad.schedule "${matmul[@]}"
one_line err
says err "bad.schedule: tile: MC = 47"
run 2 show matmul --from mine.schedule
says err "--from belongs to --schedule"
