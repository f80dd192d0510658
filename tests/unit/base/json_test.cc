// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <gtest/gtest.h>

namespace dhow::json {
namespace {

std::string nested(size_t depth, char open, char close) {
    return std::string(depth, open) + std::string(depth, close);
}

std::string why(std::string_view text) {
    const auto value = parse(text, "doc");
    return value ? "" : value.error().message;
}

TEST(Json, ReadsWhatIsValid) {
    for (const char* text : {"{}",
                             "[]",
                             "null",
                             "true",
                             "0",
                             "-1.5e3",
                             "\"\"",
                             "\"\\u00e9\\ud83d\\ude00\"",
                             " { \"a\" : [ 1 , { \"a\" : { \"a\" : 2 } } ] } \n",
                             R"({"":1,"a:b":"c:\"d:e\\","x":{":":":"}})"}) {
        EXPECT_EQ(why(text), "") << text;
    }
}

TEST(Json, GarbageIsAnErrorThatNamesTheDocument) {
    using namespace std::string_view_literals;
    for (const auto text : {""sv,         " "sv,
                            "{"sv,        "}"sv,
                            "[1,]"sv,     "{\"a\":}"sv,
                            "{\"a\"}"sv,  "{a:1}"sv,
                            "{'a':1}"sv,  "[1] 2"sv,
                            "{}{}"sv,     "nul"sv,
                            "NaN"sv,      "01"sv,
                            "+1"sv,       "\"\n\""sv,
                            "\"\\x\""sv,  "\"\\ud800\""sv,
                            "\"\xff\""sv, "// c\n{}"sv,
                            "{}\0"sv,     "\xef\xbb\xbf{}"sv}) {
        const auto value = parse(text, "image config");
        ASSERT_FALSE(value) << text;
        EXPECT_EQ(value.error().kind, ErrorKind::InvalidArgument);
        EXPECT_EQ(value.error().message.find("parse image config: "), 0U);
    }
    EXPECT_FALSE(parse_object("[]", "x"));
    EXPECT_FALSE(parse_object("null", "x"));
    EXPECT_TRUE(parse_object("{}", "x"));
}

TEST(Json, NestingHasALimit) {
    EXPECT_EQ(why(nested(64, '[', ']')), "");
    EXPECT_NE(why(nested(65, '[', ']')), "");
    EXPECT_NE(why(std::string(1'000'000, '[')), "");
    std::string objects;
    for (int i = 0; i < 1000; ++i) objects += "{\"a\":";
    EXPECT_NE(why(objects), "");
    // What is within the limit can also be written.
    const auto deep = parse(nested(64, '[', ']'), "x");
    EXPECT_EQ(compact(*deep), nested(64, '[', ']'));
    EXPECT_FALSE(pretty(*deep).empty());
}

TEST(Json, DuplicateMembersAreRefusedAtEveryDepth) {
    for (const char* text : {R"({"a":1,"a":1})",
                             R"({"a":1,"b":2,"a":3})",
                             R"([{"x":{"a":1,"a":2}}])",
                             R"({"a":{"a":1},"a":{}})",
                             R"({"\u0061":1,"a":2})",
                             R"({"":1,"":2})",
                             R"({"a\"":1,"a\"":2})"}) {
        EXPECT_EQ(why(text), "parse doc: duplicate member") << text;
    }
    // The same name in different objects is none; colons and quotes in texts count for nothing.
    EXPECT_EQ(why(R"([{"a":1},{"a":2},{"b":{"a":"\"a\":1"}}])"), "");
    EXPECT_EQ(why(R"({"a\\":":::","b":"\\"})"), "");
}

TEST(Json, ReadersTellMissingFromWrong) {
    const auto object = parse_object(
        R"({"s":"x","n":7,"big":9223372036854775807,"over":9223372036854775808,"f":1.5,"whole":2.0,
            "t":true,"nil":null,"l":["a","b"],"mixed":["a",1],"m":{"k":"v"},"bad":{"k":1}})",
        "x");
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_EQ(**get_string(*object, "s"), "x");
    EXPECT_EQ(*get_string(*object, "none"), std::nullopt);
    EXPECT_EQ(*get_string(*object, "nil"), std::nullopt);
    EXPECT_EQ(get_string(*object, "n").error().message, "member 'n' is not a string");

    EXPECT_EQ(**get_int(*object, "n"), 7);
    EXPECT_EQ(**get_int(*object, "big"), INT64_MAX);
    EXPECT_EQ(**get_int(*object, "whole"), 2);
    EXPECT_FALSE(get_int(*object, "over"));
    EXPECT_FALSE(get_int(*object, "f"));
    EXPECT_FALSE(get_int(*object, "s"));
    EXPECT_FALSE(get_int(*object, "t"));

    EXPECT_EQ(**get_bool(*object, "t"), true);
    EXPECT_FALSE(get_bool(*object, "n"));

    EXPECT_EQ(*get_strings(*object, "l"), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(get_strings(*object, "nil")->empty());
    EXPECT_FALSE(get_strings(*object, "mixed"));
    EXPECT_FALSE(get_strings(*object, "s"));

    EXPECT_EQ(get_string_map(*object, "m")->at("k"), "v");
    EXPECT_TRUE(get_string_map(*object, "none")->empty());
    EXPECT_FALSE(get_string_map(*object, "bad"));
    EXPECT_FALSE(get_string_map(*object, "l"));

    EXPECT_EQ(*get_object(*object, "none"), nullptr);
    EXPECT_FALSE(get_object(*object, "l"));
    EXPECT_NE(*get_array(*object, "l"), nullptr);
    EXPECT_FALSE(get_array(*object, "m"));
}

// It would end a word of a command line, or a path, early.
TEST(Json, ReadersTakeNoNul) {
    const auto object = parse_object(
        R"({"s": "a\u0000b", "l": ["a", "\u0000"], "m": {"\u0000": "v"}, "n": {"k": "\u0000"}})",
        "x");
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_EQ(get_string(*object, "s").error().message, "member 's' holds a NUL");
    EXPECT_EQ(get_strings(*object, "l").error().message, "member 'l' holds a NUL");
    EXPECT_FALSE(get_string_map(*object, "m"));
    EXPECT_FALSE(get_string_map(*object, "n"));
}

TEST(Json, WritersKeepOrderAndText) {
    const char* text = R"({"z":1,"a":[],"m":{},"l":[1,{"x":"<&>"}]})";
    const auto value = parse(text, "x");
    EXPECT_EQ(compact(*value), text);
    EXPECT_EQ(pretty(*value, 2),
              "{\n  \"z\": 1,\n  \"a\": [],\n  \"m\": {},\n  \"l\": [\n    1,\n    {\n"
              "      \"x\": \"<&>\"\n    }\n  ]\n}");
    EXPECT_EQ(compact(*parse(pretty(*value), "x")), text);
    EXPECT_EQ(compact(to_array({"a", "b\"c"})), R"(["a","b\"c"])");
    EXPECT_EQ(compact(to_object({{"k", "v"}, {"e", ""}})), R"({"e":"","k":"v"})");
}

}  // namespace
}  // namespace dhow::json
