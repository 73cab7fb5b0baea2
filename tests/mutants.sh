#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mutation tests of the referee: a fault is planted in a copy of the sources, and the tests named beside it must go red.
# A fault that changes nothing, that does not compile, or that the tests do not see, is a failure.
#   tests/mutants.sh SOURCE SCRATCH [WORDS]     WORDS: only faults whose description holds them
set -euo pipefail
source=$1 copy=$2 words=${3:-}
build=$copy/build/release # as deep as the real one, so that a compiler cache knows the files again
mkdir -p "$copy"
planted=0 missed=0

rm -rf "$copy/src"
(cd "$source" && tar -cf - --exclude=./build --exclude=./.git .) | tar -xmf - -C "$copy" # of this moment: what a fault left is built anew

# mutant DESCRIPTION FILE OLD NEW ROOM TESTS: in FILE, the first OLD becomes NEW; then TESTS of the room's must fail.
mutant() {
    local what=$1 file=$copy/src/$2 old=$3 new=$4 room=$5 tests=$6
    [[ $what == *"$words"* ]] || return 0
    planted=$((planted + 1))
    OLD=$old NEW=$new perl -0777 -pi -e 's/\Q$ENV{OLD}\E/$ENV{NEW}/' "$file"
    local verdict=caught
    if cmp --silent "$file" "$source/src/$2"; then
        verdict="NOT PLANTED: $2 no longer says: $old"
    elif ! cmake --build "$build" --target "cupel_${room}_test" >"$build/log" 2>&1; then
        verdict="DOES NOT COMPILE: $(grep -m 1 error: "$build/log" || tail -n 1 "$build/log")"
    elif timeout 300 "$build/bin/cupel_${room}_test" --gtest_filter="$tests" --gtest_brief=1 >"$build/log" 2>&1; then
        verdict="MISSED by $tests"
    fi
    [[ $verdict == caught ]] || missed=$((missed + 1))
    printf '%-62s %s\n' "$what" "$verdict"
    cp --preserve=timestamps "$source/src/$2" "$file"
    touch "$file"
}

mkdir -p "$build"
cmake -S "$copy" --preset release >"$build/log"
cmake --build "$build" --target cupel_referee_test cupel_stats_test cupel_base_test cupel_oracle_test cupel_task_test >"$build/log" 2>&1 ||
    { tail -n 20 "$build/log"; exit 1; }
for room in referee stats base oracle task; do # green before anything is planted, or red says nothing
    "$build/bin/cupel_${room}_test" --gtest_brief=1 >"$build/log" 2>&1 || { echo "the tests of $room fail as they are"; tail -n 20 "$build/log"; exit 1; }
done

# --- the checker ----------------------------------------------------------------------------------------
mutant "an element is skipped" referee/check.cpp "for (std::size_t i = 0; i < probe.positions" "for (std::size_t i = 1; i < probe.positions" referee 'FirstWrong.*'
mutant "an index is shifted" referee/check.cpp "value_at(answer[position.output], position.element," "value_at(answer[position.output], position.element / 2," referee 'FirstWrong.*'
mutant "the largest error allowed is ten times too wide" referee/standard.cpp "kMaxFactor = 4;" "kMaxFactor = 40;" referee 'Standard.*:*Precision*'
mutant "the average error allowed is ten times too wide" referee/standard.cpp "kRmsFactor = 2;" "kRmsFactor = 20;" referee 'Standard.*'
mutant "chance is given sixty deviations" referee/standard.cpp "std::exp(3 *" "std::exp(30 *" referee 'Standard.*'
mutant "what was chosen for looking bad counts in the average" referee/standard.cpp "counts = random && kind" "counts = (random || true) && kind" referee 'Standard.*'
mutant "exact questions forgive a rounding" referee/standard.cpp "if (kind == Kind::Exact && is_exact(truth))" "if (false && is_exact(truth))" referee 'Standard.*'
mutant "infinity passes" referee/standard.cpp ".wrong = !honest(value)" ".wrong = !honest(value) && !std::isinf(value)" referee 'Standard.*'
mutant "integers may be off by one" referee/standard.cpp ".wrong = value != truth.value}" ".wrong = std::abs(value - truth.value) > 1}" referee 'Standard.*'
mutant "elements of one sum count as many" task/independence.cpp "std::erase_if(*result" "if (false) std::erase_if(*result" task 'Independence.*'
mutant "the last element of a block is not compared" referee/compare.cpp "for (; i < count; ++i)" "for (; i + 1 < count; ++i)" referee 'Suspects.*'
mutant "a difference that is no number is none" referee/compare.cpp "if (a == b || (std::isnan(a) && std::isnan(b))) return {};" "if (a == b || std::isnan(a) || std::isnan(b)) return {};" referee 'Suspects.*'
mutant "relative differences are not looked at" referee/compare.cpp "for (float Difference::* const kind : {&Difference::absolute, &Difference::relative})" "for (float Difference::* const kind : {&Difference::absolute, &Difference::absolute})" referee 'Suspects.*'
mutant "one double far off is not looked at" referee/compare.cpp "for (auto By::* const kind : {&By::absolute, &By::relative})" "for (auto By::* const kind : {&By::relative, &By::relative})" referee 'Suspects.*'
mutant "one output is held to another's standard" referee/check.cpp "standards[position.output];" "standards[standards.size() - 1];" referee 'TwoOutputs.*'
mutant "one output's rules follow from all stages" referee/check.cpp "if (!needed.contains(stage.out)) {" "if (false && !needed.contains(stage.out)) {" referee 'FormulaOfAnOutput.*'
mutant "one huge answer forgives all others" referee/standard.cpp "if (!formula_.adds_only)" "if (false)" referee 'Standard.*'
mutant "the oracle hides a NaN" oracle/arithmetic.hpp "return a > b || (std::isnan(a) && !std::isnan(b));" "return a > b;" oracle '*'
mutant "an axis is off by one" oracle/arithmetic.hpp "out.value[lane] = static_cast<T>(at);" "out.value[lane] = static_cast<T>(at + 1);" oracle '*'

# --- questions ------------------------------------------------------------------------------------------
mutant "every block has the same values" referee/fill.cpp "derived_u64(std::bit_cast<std::uint64_t>(key), block)" "derived_u64(std::bit_cast<std::uint64_t>(key), block / 1000000)" referee 'Fill.*:Asking.*'
mutant "nothing is blended" referee/fill.cpp "if (blend && task::is_float(type))" "if (false && task::is_float(type))" referee 'Fill.*'
mutant "extremes are there once" referee/fill.cpp "% 8 == 0) run[i] = top" "% 8 == 8) run[i] = top" referee 'Fill.*'
mutant "poison is the same each time" referee/arena.cpp "fill_poison(outputs_.bytes().subspan(base + p.offset, p.size), fresh_key(), threads_)" "fill_poison(outputs_.bytes().subspan(base + p.offset, p.size), Key{.a = 1, .b = 2}, threads_)" referee 'Asking.*'

# --- statistics -----------------------------------------------------------------------------------------
mutant "the quantile of an interval is one-sided" stats/interval.cpp "(1 + level) / 2, degrees" "level, degrees" stats '*Interval.*'
mutant "the interval shrinks too fast" stats/interval.cpp "deviation(values) / std::sqrt(n)" "deviation(values) / n" stats '*Interval.*'
mutant "rounds count as processes" stats/interval.cpp "medians.push_back(median(rounds));" "medians.insert(medians.end(), rounds.begin(), rounds.end());" stats 'SpeedupInterval.*'
mutant "the ranks of a median have one tail" stats/interval.cpp "2 * binomial_cdf(rank, n, 0.5)" "binomial_cdf(rank, n, 0.5)" stats 'MedianInterval.*'
mutant "faster is slower" stats/interval.cpp "std::log(pair.baseline) - std::log(pair.candidate)" "std::log(pair.candidate) - std::log(pair.baseline)" stats 'LogRatio.*'
mutant "two measurements always agree" stats/interval.cpp "return distance <= margin + reach" "return true || distance <= margin + reach" stats 'Agree.*'
mutant "looking again adds evidence" stats/decide.cpp "static_cast<double>(rounds + 2)" "static_cast<double>(rounds + 1)" stats 'SignTest.*'
mutant "a ruler that is wrong too often goes on" stats/decide.cpp "binomial_tail(false_positives, runs, promised) >= alpha" "binomial_tail(false_positives, runs, promised) >= 0 * alpha" stats 'Aa*'

# --- the clock ------------------------------------------------------------------------------------------
mutant "a window ends early" referee/session.cpp "window.seconds = static_cast<double>(end - begin) * 1e-9;" "window.seconds = static_cast<double>(end - begin) * 1e-10;" referee 'Softmax.*'
mutant "the cost of a window is taken off ten times" referee/estimate.cpp "sample.seconds - overhead.of(sample.seconds), sample.seconds / 2" "sample.seconds - 10 * overhead.of(sample.seconds), sample.seconds / 10" referee 'Estimate.*'
mutant "long windows cost what brief ones do" referee/overhead.hpp "std::lerp(brief_, long_, std::clamp(share, 0.0, 1.0))" "std::lerp(brief_, brief_, std::clamp(share, 0.0, 1.0))" referee 'Estimate.*'
mutant "the faster of two figures that disagree is claimed" referee/estimate.cpp "single.mid < ahead.mid &&" "single.mid > ahead.mid &&" referee 'Estimate.*'
mutant "short calls are divided by what their windows cost" referee/estimate.cpp "window - shared, median_baseline(batches)" "window - 0 * shared, median_baseline(batches)" referee 'Estimate.*'
mutant "threads that only one contender wakes cost nothing" referee/overhead.hpp "of(window_seconds) / 4, team_)" "of(window_seconds) / 4, 0 * team_)" referee 'Estimate.*'
mutant "what windows may be apart in is a gain" referee/estimate.cpp "single.low -= unsure;" "single.low -= 0 * unsure;" referee 'Estimate.*'
mutant "a gain of batches alone is claimed beside noise" referee/estimate.cpp "sure <= 0 ? sure :" "sure <= 0 ? batch.low :" referee 'Estimate.*'
mutant "a low end is many times what single windows are sure of" referee/estimate.cpp "sure + std::log(kMostForgiven)" "sure + std::log(kMostForgiven) * 99" referee 'Estimate.*'
mutant "warm-up rounds are counted" referee/estimate.cpp "if (!sample.counted || (windows" "if ((windows" referee 'Estimate.*'
mutant "what a window could hide is claimed" referee/estimate.cpp "ratio.low *= verdict.seconds /" "ratio.low *= 1 + 0 * verdict.seconds /" referee 'Decide.*'
mutant "what cannot be is claimed" referee/conclude.cpp "verdict.seconds >= floor.seconds" "verdict.seconds >= 0" referee 'Softmax.*:*Physic*:*mpossible*'
mutant "a record that contradicts withholds nothing" referee/conclude.cpp "if (!claims || !record.test.contradicted)" "if (!claims || record.test.runs >= 0)" referee 'Softmax.*:*A*Record*'

# --- certificates ---------------------------------------------------------------------------------------
mutant "any signature is good" base/sign.cpp "key.data()) == 0;" "key.data()) <= 0;" base '*ign*'

echo "$planted faults planted, $missed not caught"
((planted > 0 && missed == 0))
