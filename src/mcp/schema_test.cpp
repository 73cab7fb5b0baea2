// SPDX-License-Identifier: Apache-2.0
#include "mcp/schema.hpp"

#include <gtest/gtest.h>

namespace cupel::mcp {
namespace {

using nlohmann::json;

const json& schema() {
    static const json kSchema = json::parse(R"({
        "type": "object", "additionalProperties": false, "required": ["name"],
        "properties": {
            "name": {"type": "string", "maxLength": 5},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "count": {"type": "integer", "minimum": 1, "maximum": 9},
            "either": {"type": ["string", "null"]},
            "list": {"type": "array", "items": {"type": "boolean"}},
            "sizes": {"type": "object", "additionalProperties": {"type": "integer"}}}})");
    return kSchema;
}

TEST(Schema, LetsThroughWhatFits) {
    for (const char* text :
         {R"({"name": "a"})", R"({"name": "abcde", "kind": "b", "count": 9.0})",
          R"({"name": "", "either": null, "list": [true, false], "sizes": {"N": 3}})"}) {
        EXPECT_EQ(violation(schema(), json::parse(text)), std::nullopt) << text;
    }
}

TEST(Schema, NamesThePlaceAndWhatWasExpectedThere) {
    const auto problem = [](const char* text) {
        return violation(schema(), json::parse(text)).value_or("fits");
    };
    EXPECT_EQ(problem("[]"), "expected object");
    EXPECT_EQ(problem("{}"), "name: missing");
    EXPECT_EQ(problem(R"({"name": 1})"), "name: expected string");
    EXPECT_EQ(problem(R"({"name": "abcdef"})"), "name: more than 5 bytes");
    EXPECT_EQ(problem(R"({"name": "a", "kind": "c"})"), R"(kind: expected one of ["a","b"])");
    EXPECT_EQ(problem(R"({"name": "a", "count": 0})"), "count: expected at least 1");
    EXPECT_EQ(problem(R"({"name": "a", "count": 10})"), "count: expected at most 9");
    EXPECT_EQ(problem(R"({"name": "a", "count": 1.5})"), "count: expected integer");
    EXPECT_EQ(problem(R"({"name": "a", "count": "1"})"), "count: expected integer");
    EXPECT_EQ(problem(R"({"name": "a", "either": 1})"), "either: expected string or null");
    EXPECT_EQ(problem(R"({"name": "a", "list": [true, 0]})"), "list[1]: expected boolean");
    EXPECT_EQ(problem(R"({"name": "a", "sizes": {"N": "3"}})"), "sizes.N: expected integer");
    EXPECT_EQ(problem(R"({"name": "a", "cuont": 1})"), "cuont: not known; did you mean count?");
}

}  // namespace
}  // namespace cupel::mcp
