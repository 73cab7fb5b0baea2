#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Damaged and random task and kernel files: each gets its code within its time, one clear line or a verdict, and leaves nothing.
# CUPEL_RANDOM_TASKS, CUPEL_RANDOM_KERNELS: how many (default 40 and 4). CUPEL_RANDOM_SEED: which (default: another each time).
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

tasks=${CUPEL_RANDOM_TASKS:-40} kernels=${CUPEL_RANDOM_KERNELS:-4} seed=${CUPEL_RANDOM_SEED:-$RANDOM}
mkdir tmp
export TMPDIR=$PWD/tmp
run 0 show softmax --naive --set B=16 --set N=64
cp out naive.cpp

# damage FILE NUMBER: the file with bytes changed, lines lost, doubled or swapped, cut short, spliced with itself, or noise.
damage() {
    perl -e '
        my ($file, $number) = @ARGV;
        srand($number);
        open(my $in, "<:raw", $file) or die;
        local $/;
        my $text = <$in>;
        for (1 .. 1 + int(rand(4))) {
            my $at = int(rand(length($text) + 1));
            my $kind = int(rand(8));
            if ($kind == 0) { substr($text, $at, 1) = chr(int(rand(256))) }
            elsif ($kind == 1) { $text = substr($text, 0, $at) }
            elsif ($kind == 2) { substr($text, $at, 0) = substr($text, int(rand(length($text) + 1)), int(rand(80))) }
            elsif ($kind == 3) { my @lines = split(/^/, $text); splice(@lines, int(rand(@lines)), 1); $text = join("", @lines) }
            elsif ($kind == 4) { my @lines = split(/^/, $text); push(@lines, $lines[int(rand(@lines))]) if @lines; $text = join("", @lines) }
            elsif ($kind == 5) { my @words = qw(-1 0 99999999999999999999 1e999 nan ( ) [ ] { } \\ " / * sum max argmax where ~ .. #include); substr($text, $at, int(rand(4))) = $words[int(rand(@words))] }
            elsif ($kind == 6) { substr($text, $at, int(rand(40))) = "" }
            else { $text = join("", map { chr(int(rand(256))) } 1 .. int(rand(300))) if rand() < 0.2 }
        }
        print $text' "$1" "$2"
}

files=("$TASKS"/*.task)
for ((i = 0; i < tasks; ++i)); do
    number=$((seed * 100003 + i))
    damage "${files[number % ${#files[@]}]}" "$number" >bad.task
    code=0
    timeout 20 "$CUPEL" show ./bad.task >out 2>err </dev/null || code=$?
    [[ $code == 0 || $code == 2 ]] || fail "task $number ended with $code"
    [[ $code == 0 || -s err ]] || fail "task $number was refused without a word"
done

for ((i = 0; i < kernels; ++i)); do
    number=$((seed * 100003 + i))
    damage naive.cpp "$number" >bad.cpp
    code=0
    timeout 120 "$CUPEL" judge softmax bad.cpp --set B=16 --set N=64 --threads 1 --json >out 2>err </dev/null || code=$?
    case $code in
        0 | 10 | 11 | 20 | 21 | 22 | 23 | 24) is_json out ;; # what the damage did not touch may still be right
        2) [[ -s err ]] || fail "kernel $number was refused without a word" ;;
        *) fail "kernel $number ended with $code" ;;
    esac
done
[[ -z $(find tmp -mindepth 1 -print -quit) ]] || fail "left: $(ls tmp)"
