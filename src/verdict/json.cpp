// SPDX-License-Identifier: Apache-2.0
// Verdicts as JSON, both ways. Reading trusts nothing: every field must be there with its type, and
// the first that is not is named. docs/formats/verdict.md is the table of the fields.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <concepts>
#include <limits>
#include <utility>

#include "verdict/verdict.hpp"

namespace cupel::verdict {

namespace {

using Json = nlohmann::json;
constexpr int kLaws = 14;

// JSON has no word for what is not finite; null is read back as NaN.
Json number(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

// Text may quote a kernel or a compiler; bytes that are not UTF-8 would make every later dump()
// throw.
Json text(const std::string& value) {
    return Json::parse(Json(value).dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json texts(const std::vector<std::string>& values) {
    Json list = Json::array();
    for (const std::string& value : values)
        list.push_back(text(value));
    return list;
}

Json speedup_json(const std::optional<Speedup>& speedup) {
    if (!speedup) return nullptr;
    return {{"low", number(speedup->ratio.low)},
            {"mid", number(speedup->ratio.mid)},
            {"high", number(speedup->ratio.high)},
            {"level", number(speedup->ratio.level)},
            {"baseline", text(speedup->baseline)}};
}

Json ceiling_json(const std::optional<CeilingShare>& ceiling) {
    if (!ceiling) return nullptr;
    return {{"name", text(ceiling->name)}, {"share", number(ceiling->share)}};
}

Json bound_json(const Bound& bound) {
    return {{"is", "a lower bound from published peaks, not a time"},
            {"gpu_name", text(bound.gpu)},
            {"seconds", number(bound.seconds)},
            {"binds", text(bound.binds)},
            {"floor", number(bound.floor)},
            {"floor_binds", text(bound.floor_binds)},
            {"weighed", number(bound.weighed)},
            {"load", number(bound.load)}};
}

Json evidence_json(const Evidence& evidence) {
    return {{"questions", evidence.questions},
            {"positions", evidence.positions},
            {"elements", evidence.elements},
            {"worst_error", number(evidence.worst_error)},
            {"detection", number(evidence.detection)}};
}

// Reads the fields of one object and keeps the first thing that is wrong; after that nothing is
// read.
class Reader {
public:
    Reader(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
        if (!object.is_object()) refuse("", "an object");
    }

    void read(const char* name, double& out) {
        const Json* field = find(name);
        if (field == nullptr) return;
        if (field->is_null()) {
            out = std::numeric_limits<double>::quiet_NaN();
        } else if (field->is_number()) {
            out = field->get<double>();
        } else {
            refuse(name, "a number or null");
        }
    }

    template <std::signed_integral Integer>
    void read(const char* name, Integer& out, Integer least = std::numeric_limits<Integer>::min()) {
        const Json* field = find(name);
        if (field == nullptr) return;
        const bool fits =
            field->is_number_unsigned()
                ? std::in_range<Integer>(field->get<std::uint64_t>())
                : field->is_number_integer() && std::in_range<Integer>(field->get<std::int64_t>());
        if (!fits || field->get<Integer>() < least) {
            refuse(name, least == std::numeric_limits<Integer>::min()
                             ? std::string("an integer")
                             : fmt::format("an integer from {}", least));
            return;
        }
        out = field->get<Integer>();
    }

    void read(const char* name, bool& out) {
        const Json* field = find(name);
        if (field == nullptr) return;
        if (!field->is_boolean()) return refuse(name, "true or false");
        out = field->get<bool>();
    }

    void read(const char* name, std::string& out) {
        const Json* field = find(name);
        if (field == nullptr) return;
        if (!field->is_string()) return refuse(name, "a string");
        out = field->get<std::string>();
    }

    void read(const char* name, std::vector<std::string>& out) {
        each(name, [&](const Json& item) -> Result<void> {
            if (!item.is_string()) return fail(Errc::Corrupt, at(name) + ": expected strings");
            out.push_back(item.get<std::string>());
            return {};
        });
    }

    void read(const char* name, Status& out) {
        std::string word;
        read(name, word);
        if (error_) return;
        const std::optional<Status> status = status_from(word);
        if (!status) return refuse(name, "a known status, not '" + word.substr(0, 40) + "'");
        out = *status;
    }

    // A field that may be null: then nothing is read.
    template <class Function>
    void maybe(const char* name, Function function) {
        if (!is_null(name)) object(name, function);
    }

    template <class Function>
    void object(const char* name, Function function) {
        const Json* field = find(name);
        if (field == nullptr) return;
        Reader inner(*field, at(name));
        function(inner);
        error_ = std::move(inner.error_);
    }

    template <class Function>
    void each(const char* name, Function function) {
        const Json* field = find(name);
        if (field == nullptr) return;
        if (!field->is_array()) return refuse(name, "an array");
        for (const Json& item : *field) {
            if (Result<void> done = function(item); !done) {
                error_ = std::move(done).error();
                return;
            }
        }
    }

    [[nodiscard]] bool has(const char* name) const { return !error_ && object_.contains(name); }
    [[nodiscard]] bool is_null(const char* name) {
        const Json* field = find(name);
        return field != nullptr && field->is_null();
    }

    template <class T>
    [[nodiscard]] Result<T> done(T value) {
        if (error_) return std::unexpected(std::move(*error_));
        return value;
    }

private:
    [[nodiscard]] std::string at(std::string_view name) const {
        return path_.empty() || name.empty() ? path_ + std::string(name)
                                             : fmt::format("{}.{}", path_, name);
    }

    const Json* find(const char* name) {
        if (error_) return nullptr;
        const auto field = object_.find(name);
        if (field != object_.end()) return &*field;
        error_ = Error{Errc::Corrupt, at(name) + ": missing"};
        return nullptr;
    }

    void refuse(std::string_view name, const std::string& expected) {
        const std::string where = at(name);
        if (!error_) {
            error_ = Error{Errc::Corrupt,
                           (where.empty() ? "verdict" : where) + ": expected " + expected};
        }
    }

    const Json& object_;
    std::string path_;
    std::optional<Error> error_;
};

void read_speedup(Reader& json, const char* name, std::optional<Speedup>& out) {
    json.maybe(name, [&](Reader& inner) {
        Speedup& speedup = out.emplace();
        inner.read("low", speedup.ratio.low);
        inner.read("mid", speedup.ratio.mid);
        inner.read("high", speedup.ratio.high);
        inner.read("level", speedup.ratio.level);
        inner.read("baseline", speedup.baseline);
    });
}

void read_evidence(Reader& json, Evidence& evidence) {
    json.read("questions", evidence.questions, 0);
    json.read("positions", evidence.positions, std::int64_t{0});
    json.read("elements", evidence.elements, std::int64_t{0});
    json.read("worst_error", evidence.worst_error);
    json.read("detection", evidence.detection);
}

void read_bound(Reader& json, std::optional<Bound>& out) {
    if (!json.has("bound")) return;
    json.maybe("bound", [&](Reader& inner) {
        Bound& bound = out.emplace();
        inner.read("gpu_name", bound.gpu);
        inner.read("seconds", bound.seconds);
        inner.read("binds", bound.binds);
        inner.read("floor", bound.floor);
        inner.read("floor_binds", bound.floor_binds);
        inner.read("weighed", bound.weighed);
        inner.read("load", bound.load);
    });
}

Result<Sample> read_sample(const Json& json, std::string path) {
    Sample sample;
    Reader reader(json, std::move(path));
    reader.read("contender", sample.contender);
    reader.read("process", sample.process, 0);
    reader.read("round", sample.round, 0);
    reader.read("order", sample.order, 0);
    reader.read("questions", sample.questions, 0);
    reader.read("seconds", sample.seconds);
    reader.read("counted", sample.counted);
    reader.read("first_key", sample.first_key, std::int64_t{0});
    return reader.done(std::move(sample));
}

}  // namespace

Json to_json(const Sample& sample) {
    return {{"contender", text(sample.contender)},
            {"process", sample.process},
            {"round", sample.round},
            {"order", sample.order},
            {"questions", sample.questions},
            {"seconds", number(sample.seconds)},
            {"counted", sample.counted},
            {"first_key", sample.first_key}};
}

Json to_json(const Verdict& verdict) {
    Json samples = Json::array();
    for (const Sample& sample : verdict.samples)
        samples.push_back(to_json(sample));
    Json object = {
        {"status", status_name(verdict.status)},
        {"law", verdict.law ? Json(*verdict.law) : Json(nullptr)},
        {"reason", text(verdict.reason)},
        {"detail", text(verdict.detail)},
        {"speedup", speedup_json(verdict.speedup)},
        {"naive_speedup", speedup_json(verdict.naive_speedup)},
        {"ceiling", ceiling_json(verdict.ceiling)},
        {"seconds", number(verdict.seconds)},
        {"advantage_bound", number(verdict.advantage_bound)},
        {"precision", text(verdict.precision)},
        {"tier", text(verdict.tier)},
        {"target", text(verdict.target)},
        {"threads", verdict.threads},
        {"isolation",
         {{"parts", texts(verdict.isolation.parts)},
          {"missing", texts(verdict.isolation.missing)}}},
        {"evidence", evidence_json(verdict.evidence)},
        {"samples", std::move(samples)},
        {"seed",
         {{"commitment", text(verdict.seed.commitment)}, {"value", text(verdict.seed.value)}}},
        {"kernel_hash", text(verdict.kernel_hash)},
        {"artefact_hash", text(verdict.artefact_hash)},
        {"wall_seconds", number(verdict.wall_seconds)}};
    // Beside the fields that every verdict has: certificates were signed before there were these.
    if (verdict.bound) object["bound"] = bound_json(*verdict.bound);
    if (!verdict.findings.empty()) object["findings"] = texts(verdict.findings);
    if (!verdict.axes.empty()) object["axes"] = text(verdict.axes);
    return object;
}

Result<Sample> sample_from_json(const Json& json) {
    return read_sample(json, "");
}

Result<Verdict> verdict_from_json(const Json& json) {
    Verdict verdict;
    Reader reader(json, "");
    reader.read("status", verdict.status);
    if (!reader.is_null("law")) {
        reader.read("law", verdict.law.emplace(), 1);
        if (*verdict.law > kLaws) return fail(Errc::Corrupt, "law: there are 14");
    }
    reader.read("reason", verdict.reason);
    reader.read("detail", verdict.detail);
    read_speedup(reader, "speedup", verdict.speedup);
    read_speedup(reader, "naive_speedup", verdict.naive_speedup);
    reader.maybe("ceiling", [&](Reader& inner) {
        CeilingShare& ceiling = verdict.ceiling.emplace();
        inner.read("name", ceiling.name);
        inner.read("share", ceiling.share);
    });
    read_bound(reader, verdict.bound);
    if (reader.has("findings")) reader.read("findings", verdict.findings);
    if (reader.has("axes")) reader.read("axes", verdict.axes);
    reader.read("seconds", verdict.seconds);
    reader.read("advantage_bound", verdict.advantage_bound);
    reader.read("precision", verdict.precision);
    reader.read("tier", verdict.tier);
    reader.read("target", verdict.target);
    reader.read("threads", verdict.threads, 1);
    reader.object("isolation", [&](Reader& inner) {
        inner.read("parts", verdict.isolation.parts);
        inner.read("missing", verdict.isolation.missing);
    });
    reader.object("evidence", [&](Reader& inner) { read_evidence(inner, verdict.evidence); });
    reader.each("samples", [&](const Json& item) -> Result<void> {
        CUPEL_TRY(Sample sample,
                  read_sample(item, fmt::format("samples[{}]", verdict.samples.size())));
        verdict.samples.push_back(std::move(sample));
        return {};
    });
    reader.object("seed", [&](Reader& inner) {
        inner.read("commitment", verdict.seed.commitment);
        inner.read("value", verdict.seed.value);
    });
    reader.read("kernel_hash", verdict.kernel_hash);
    reader.read("artefact_hash", verdict.artefact_hash);
    reader.read("wall_seconds", verdict.wall_seconds);
    return reader.done(std::move(verdict));
}

}  // namespace cupel::verdict
