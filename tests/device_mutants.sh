#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mutation tests of the emulator: in each honest kernel of attacks/device/ every barrier, bound and mask is taken away in
# turn, one a mutant. Each must be refused, or stand in device_equivalences.txt with the reason why it is as good as before.
#   tests/device_mutants.sh CUPEL SOURCE SCRATCH [EVERY TASK]     a sample: one mutant of so many, of the kernels for a task
# Exit: 0 as it should be, 1 a mutant that should have been refused (or an entry of the list that is none), 77 no compiler.
set -euo pipefail
cupel=$1 source=$2 scratch=$3 every=${4:-1} of=${5:-}
list=$source/tests/device_equivalences.txt
export CUPEL_RIVALS=none
rm -rf "$scratch"
mkdir -p "$scratch"

# Writes SCRATCH/NUMBER.cu and prints a line for each mutant: number, file, kind, line number, the line.
cat >"$scratch/mutate.pl" <<'PERL'
use strict; use warnings;
my ($scratch, @files) = @ARGV;
my $number = 0;
my @kinds = (
  # what waits, or keeps an order
  [barrier => qr/(__syncthreads\(\);|__syncwarp\([^)]*\);|__threadfence\(\);|\b\w+\.sync\(\);|\bcde::\w*(?:fence|wait)\w*(?:<\d>)?\(\);|asm volatile\("(?:bar\.sync|barrier\.sync|barrier\.cta\.sync|cp\.async\.(?:bulk\.)?wait|fence\.proxy)[^;]*;[^;]*;)/, sub { ";" }],
  # who does not take part
  [guard => qr/(if \((?:[^()]|\([^()]*\))*\) (?:return|continue|break);)/, sub { ";" }],
  # what is done only where something holds
  [bound => qr/(if \((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))(?! (?:return|continue|break);)/, sub { "if (true)" }],
  # what is read only where something is there
  [choice => qr/((?<=[=(,] )[^=;?(,]*[<>][^=;?]*? \?)/, sub { "true ?" }],
  [flag => qr/((?<== )[^=;?,]*<[^=;?,]*(?=[,;]))/, sub { "true" }, qr/bool /],
  # the end of a loop: one step too far
  [loop => qr/(for \([^;]*; [^;]*?< [^;]*;)/, sub { my $t = shift; $t =~ s/< (?=[^<]*$)/<= /; $t }],
  # which lanes take part
  [mask => qr/(0xffffffffu?)/, sub { "0x7fffffffu" }],
);
for my $path (@files) {
  open my $in, '<', $path or die "$path: $!";
  my @lines = <$in>;
  close $in;
  (my $file = $path) =~ s{.*/}{};
  for my $at (0 .. $#lines) {
    next if $lines[$at] =~ m{^\s*(//|#)};
    for my $kind (@kinds) {
      my ($name, $what, $change, $only) = @$kind;
      next if $only && $lines[$at] !~ $only;
      my $line = $lines[$at];
      my $from = 0;
      while (substr($line, $from) =~ $what) {
        my ($begin, $end) = ($from + $-[1], $from + $+[1]);
        $from = $end;
        my $mutant = substr($line, 0, $begin) . $change->(substr($line, $begin, $end - $begin)) . substr($line, $end);
        next if $mutant eq $line;
        $number++;
        my @all = @lines;
        $all[$at] = $mutant;
        open my $out, '>', "$scratch/$number.cu" or die;
        print $out @all;
        close $out;
        (my $shown = $line) =~ s/^\s+|\s+$//g;
        (my $gone = substr($line, $begin, $end - $begin)) =~ s/^\s+|\s+$//g;
        print join("\t", $number, $file, $name, $at + 1, $gone, $shown), "\n";
      }
    }
  }
}
PERL

mapfile -t honest < <(grep -l '^// honest:' "$source"/attacks/device/*.cu | sort | xargs grep -l "^// task: ${of:-.*}\$")
perl "$scratch/mutate.pl" "$scratch" "${honest[@]}" >"$scratch/mutants.tsv"

planted=0 refused=0 equivalent=0 missed=0
declare -A used
while IFS=$'\t' read -r number file kind line gone text; do
    (((number - 1) % every == 0)) || continue
    task=$(sed -n 's|^// task: ||p' "$source/attacks/device/$file")
    read -ra set < <(sed -n 's|^// set: ||p' "$source/attacks/device/$file") || true
    sizes=("${set[@]/#/--set=}")
    [[ ! -f $source/attacks/device/$task.task ]] || task=$source/attacks/device/$task.task
    code=0
    "$cupel" judge "$task" "$scratch/$number.cu" "${sizes[@]}" --threads 1 --json >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
    [[ $code != 30 ]] || { echo "skipped: $(head -n 1 "$scratch/err")" >&2; exit 77; }
    planted=$((planted + 1))
    entry="$file | $kind | $gone | $text"
    verdict=
    if ((code >= 20 && code <= 25)); then
        refused=$((refused + 1))
        verdict="refused: $(sed -n 's/^  "reason": "\(.*\)",*$/\1/p' "$scratch/out" | head -n 1)"
        ! grep -qF -- "$entry | " "$list" || { verdict="NOT EQUIVALENT, but in the list"; missed=$((missed + 1)); }
    elif ((code == 0)) && grep -qF -- "$entry | " "$list"; then
        equivalent=$((equivalent + 1))
        used[$entry]=1
        verdict="equivalent: $(grep -F -- "$entry | " "$list" | head -n 1 | sed 's/.* | //')"
    else
        missed=$((missed + 1))
        verdict="MISSED (exit code $code)"
    fi
    printf '%s:%s %s [%s]: %s\n' "$file" "$line" "$kind" "$gone" "$verdict"
done <"$scratch/mutants.tsv"

if ((every == 1)); then # an entry that no mutant has any more says nothing
    while IFS= read -r entry; do
        [[ -n $entry && $entry != \#* ]] || continue
        [[ -n ${used[${entry% | *}]:-} ]] || { echo "in the list, but no mutant that survives: $entry"; missed=$((missed + 1)); }
    done <"$list"
fi
echo "$planted mutants: $refused refused, $equivalent equivalent with a reason, $missed not as they should be"
((planted > 0 && missed == 0))
