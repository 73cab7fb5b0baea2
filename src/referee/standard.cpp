// SPDX-License-Identifier: Apache-2.0
#include "referee/standard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace cupel::referee {
namespace {

using wire::oracle::Truth;

constexpr double kRmsFactor = 2;  // over the worst honest order
constexpr double kHonestSpread =
    1.4;                          // of one honest order's root mean square error over another's
constexpr double kMaxFactor = 4;  // over the largest honest error
constexpr double kFloor = 1;      // no order is expected to do better than one rounding everywhere
constexpr double kFloorOfAverage = 1.0 / 2;
// oneDNN's log-softmax has 1.0 to 1.05 roundings where sums of 1024 exponentials have 0.3.
constexpr double kFloorOfAverageOfMore = 3.0 / 4;
// ... but factors that are rounded once each are off this way and that, and what is added up in
// floats is not rounded again: of n terms the error is that of sqrt(n), not of n. Seen of normal
// factors, in roundings over sqrt(n): 0.5 rounded to tf32, 1.2 cut off, as some tensor cores are
// fed; 0.3 where an answer in bf16 is rounded, 0.7 cut off; sums in halves 1.9 with 64 terms, 7.5
// with 1024.
constexpr double kRoundedFactors = 2;
constexpr double kShortFactors = 1;  // which nobody needs to round
constexpr double kSingle = 0x1p-24;
// Products of 16-bit factors are exact in fp32, and only added up. Tensor cores cut off what they
// add, always towards zero, so that errors of n terms grow with n and not with its root. Models of
// them that add 8 and 16 products at once stay below kCutOff * sqrt(n) of what three rounding
// orders have (64 to 4096 terms: 0.1 of normal factors, 0.9 of positive ones); products rounded to
// halves are at 11 of 1024 normal terms, chains of 16 halves at 34 and of 128 at 95. Beyond 4096
// terms so wide a room would hold 8-bit factors.
constexpr double kCutOff = 1;
constexpr double kMostCutOff = 64;
// Behind an answer that is rounded as it is stored, the panel's sums are not seen. One step of the
// answer is allowed, and beyond it what sums in a row have at most (a twelfth of sqrt(n), of
// positive terms), or usual tensor cores.
constexpr double kHiddenSums = 1.0 / 8;
constexpr double kHiddenCutOff = 8;
// On widened questions: far beyond what honest code loses where values of all sizes meet, and far
// below what overflow does. Where a formula only adds and multiplies, Strassen's and Winograd's
// honest algorithms lose everywhere what is lost at the largest element of all.
constexpr double kWideFactor = 16;
constexpr double kWideFloor = 1e-30;
// Where it does more, one answer may be exp(85), or have scores of thousands behind it, and says
// nothing of what others may lose: a kernel that has no maximum under its exponentials, or takes
// the best key for all of them, is wrong in rows of middling size beside it. There an element is
// held to the largest of its question as far as its own scale goes with room for other formulas of
// the same function, and for tiles that mix what lies side by side; where sums cancel, also to
// what is usual, as another formula may have 0 for -50 / (1 + exp(50)).
constexpr double kWideFactorOfMore = 4;
constexpr double kOwnLeeway = 32;
// Where it only adds up what never cancels.
constexpr double kOwnLeewayOfSums = 256;

double smallest_normal(task::Type type) {
    return type == task::Type::F64 ? DBL_MIN : static_cast<double>(FLT_MIN);
}

double largest(task::Type type) {
    constexpr double kLargestHalf = 65504;
    if (type == task::Type::F64) return DBL_MAX;
    return type == task::Type::F16 ? kLargestHalf : static_cast<double>(FLT_MAX);
}

// Where honest arithmetic overflows, a kernel may end in an infinity or in NaN, stay at the largest
// number or near it, as by the bound of an exponential, or avoid all that and be right. It may not
// give anything else.
bool is_outflow(double truth, double value, task::Type type) {
    constexpr double kNear = 2;
    if (!std::isfinite(value)) return true;
    const double size = std::min(std::abs(truth), largest(type));
    return std::signbit(value) == std::signbit(truth) && std::abs(value) >= size / kNear &&
           std::abs(value) <= size * kNear;
}

// Of a type that answers of a class are rounded to: the gap at `value`. 0: it is no such type.
double step_at(double value, task::Type type) {
    if (type != task::Type::F16 && type != task::Type::BF16) return 0;
    const int bits = type == task::Type::F16 ? 11 : 8;
    const int least = type == task::Type::F16 ? -14 : -126;  // exponent of normal numbers
    const int exponent = value == 0 ? least : std::max(std::ilogb(value), least);
    return std::ldexp(1.0, exponent - bits + 1);
}

// A half that is cut off as it is stored is never infinite.
bool is_cut_to_largest(double truth, double value, task::Type type) {
    return type == task::Type::F16 && std::abs(truth) > largest(type) &&
           value == std::copysign(largest(type), truth);
}

// Every honest order gives the very truth: then so must a kernel.
bool is_exact(const Truth& truth) {
    return std::ranges::all_of(truth.panel, [&](double x) { return x == truth.value; });
}

}  // namespace

double unit_of(std::string_view precision) {
    if (precision == "fp64") return 0x1p-53;
    if (precision == "tf32" || precision == "fp16") return 0x1p-11;
    if (precision == "bf16") return 0x1p-8;
    return 0x1p-24;
}

double independent_together(double positions, double independent, double more_positions,
                            double more_independent) {
    const auto squared_weights = [](double n, double k) { return k > 0 ? n * n / k : 0; };
    const double all = positions + more_positions;
    const double weights =
        squared_weights(positions, independent) + squared_weights(more_positions, more_independent);
    return weights > 0 ? all * all / weights : 0;
}

Standard::Standard(std::string_view precision, Formula formula)
    : unit_(unit_of(precision)),
      honest_(fmt::format("{} arithmetic", precision)),
      formula_(formula),
      panel_exact_(formula.adds_only) {
    whole_products_ =
        unit_ > kSingle && formula.adds_only && formula.short_factors && formula.one_sum;
    if (!whole_products_) return;
    unit_ = kSingle;
    honest_ = fmt::format("{} products, added up in fp32,", precision);
    const double root = std::sqrt(formula.longest);
    const bool cuts_off = formula.adders == Adders::TensorCores;
    cut_off_ = cuts_off ? std::clamp(kCutOff * root, 1.0, kMostCutOff) : 1;
    hidden_floor_ = std::max({kFloor, kHiddenSums * root, std::min(cut_off_, kHiddenCutOff)});
}

void Standard::learn(const Truth& truth, task::Type type, Kind kind, bool random) {
    if (!task::is_float(type)) return;
    if (kind == Kind::Wide) {
        if (std::isfinite(truth.scale)) wide_scale_ = std::max(wide_scale_, truth.scale);
        return;
    }
    if (!std::isfinite(truth.value) || truth.scale <= 0) return;
    if (std::isfinite(truth.scale)) usual_scale_ = std::max(usual_scale_, truth.scale);
    const bool counts = random && kind == Kind::Lawful;  // exact ones would make averages small
    sums_are_hidden_ = sums_are_hidden_ || (whole_products_ && step_at(truth.value, type) > 0);
    for (std::size_t order = 0; order < std::size(truth.panel); ++order) {
        const double error =
            beyond_storing(truth, truth.panel[order], type) / (unit_ * truth.scale);
        if (!std::isfinite(error)) continue;
        if (counts) panel_squares_[order] += error * error;
        if (counts) panel_fourths_[order] += std::pow(error, 4);
        panel_worst_ = std::max(panel_worst_, error);
        panel_exact_ = panel_exact_ && truth.panel[order] == truth.value;
    }
    if (counts) panel_positions_ += 1;
}

// Less what storing may round or cut off, where that is not counted in the unit.
double Standard::beyond_storing(const Truth& truth, double value, task::Type type) const {
    const double stored = whole_products_ ? step_at(truth.value, type) : 0;
    const double beyond = std::abs(value - truth.value) - stored;
    return beyond <= 0 ? 0 : beyond;  // a NaN stays one
}

double Standard::allowed() const {
    return panel_exact_ ? 0 : kMaxFactor * std::max(cut_off_ * panel_worst_, floor());
}

// Of classes below fp32: their unit is that of factors and answers, while sums are added up in
// floats. One rounding of such a unit everywhere would allow sums in halves, too.
double Standard::floor() const {
    if (sums_are_hidden_) return hidden_floor_;
    if (unit_ <= kSingle || !formula_.adds_only) return kFloor;
    const double each = formula_.short_factors ? kShortFactors : kRoundedFactors;
    return std::min(kFloor, each / std::sqrt(formula_.terms));
}

Standard::Judged Standard::judge(const Truth& truth, double value, task::Type type, Kind kind,
                                 double largest) const {
    if (!task::is_float(type)) return {.error = 0, .wrong = value != truth.value};
    if (kind == Kind::Wide) return judge_wide(truth, value, type, largest);
    if (kind == Kind::Exact && is_exact(truth))
        return {.error = 0, .wrong = !(value == truth.value)};
    return judge_lawful(truth, value, type);
}

Standard::Judged Standard::judge_lawful(const Truth& truth, double value, task::Type type) const {
    const auto honest = [&](double wanted) {  // some honest order gives just this
        return std::any_of(std::begin(truth.panel), std::end(truth.panel), [&](double panel) {
            return panel == wanted || (std::isnan(panel) && std::isnan(wanted));
        });
    };
    if (!std::isfinite(value) || !std::isfinite(truth.value))
        return {.error = 0, .wrong = !honest(value)};
    if (whole_products_ && is_cut_to_largest(truth.value, value, type)) return {};
    const double apart = beyond_storing(truth, value, type);
    if (apart <= smallest_normal(type)) return {};
    if (truth.scale <= 0) return {.error = 0, .wrong = true};  // the truth is exact
    const double error = apart / (unit_ * truth.scale);
    return {.error = error, .wrong = !(error <= allowed())};
}

// What matters here is that nothing overflows or is lost: see kWideFactor and kOwnLeeway. Where
// honest arithmetic itself does not hold, little is asked of the kernel: see is_outflow.
Standard::Judged Standard::judge_wide(const Truth& truth, double value, task::Type type,
                                      double largest) const {
    const auto finite = [](double x) { return std::isfinite(x); };
    if (!finite(truth.value)) return {};
    if (!std::all_of(std::begin(truth.panel), std::end(truth.panel), finite))
        return {.error = 0, .wrong = !is_outflow(truth.value, value, type)};
    double apart = 0;
    for (const double panel : truth.panel)
        apart = std::max(apart, beyond_storing(truth, panel, type));
    // Not `allowed()`: until a lawful question was seen, that is nothing.
    const double rounding = kMaxFactor * std::max(cut_off_ * panel_worst_, kFloor);
    double factor = kWideFactor;
    double scale = wide_scale_;
    if (!formula_.adds_only) {
        factor = kWideFactorOfMore;
        const double usual = formula_.never_cancels ? 0 : usual_scale_;
        scale = std::min(
            {scale, std::max(largest, truth.scale), std::max(kOwnLeeway * truth.scale, usual)});
    } else if (formula_.never_cancels) {
        scale = std::min(scale, kOwnLeewayOfSums * truth.scale);
    }
    const double most = factor * std::max(apart, rounding * unit_ * scale) + kWideFloor;
    return {.error = 0, .wrong = !(beyond_storing(truth, value, type) <= most)};
}

std::optional<std::string> Standard::judge_average(const Errors& errors) const {
    if (errors.independent < 1 || panel_independent_ < 1) return std::nullopt;
    const auto worst =
        static_cast<std::size_t>(std::ranges::max_element(panel_squares_) - panel_squares_.begin());
    // No position counts where every answer is exact, as of a maximum.
    const double mean_square = panel_positions_ > 0 ? panel_squares_[worst] / panel_positions_ : 0;
    const double honest = std::sqrt(mean_square);
    const double rms = std::sqrt(errors.sum_of_squares / static_cast<double>(errors.positions));
    // The logarithm of a mean of m squares has a variance of (kurtosis - 1) / m: 2 / m for normal
    // errors, more where some rows of a question are far harder than others. Six deviations of the
    // quotient, halved by the root, are chance.
    const double spread =
        mean_square > 0
            ? std::max(2.0,
                       panel_fourths_[worst] / panel_positions_ / (mean_square * mean_square) - 1)
            : 2.0;
    const double chance =
        std::exp(3 * std::sqrt(spread / errors.independent + spread / panel_independent_));
    const double factor = std::max(kRmsFactor, kHonestSpread * chance);
    const double least = (formula_.adds_only ? kFloorOfAverage : kFloorOfAverageOfMore) * floor();
    if (rms <= factor * std::max(cut_off_ * honest, least)) return std::nullopt;
    return fmt::format(
        "root mean square error of {:.3g} roundings over {} elements; honest {} has {:.3g}", rms,
        errors.positions, honest_, honest);
}

}  // namespace cupel::referee
