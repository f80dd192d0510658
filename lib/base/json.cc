// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/text.h"

#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>

namespace dhow::json {

static constexpr size_t kMaxDepth = 64;

static Error malformed(std::string_view what, const std::string& why) {
    return make_error(ErrorKind::InvalidArgument,
                      "parse " + std::string(what) + ": " + to_lower(why));
}

// Boost keeps the last of duplicate members; two readers that disagree on which one counts are how
// signed and unsigned views of a document drift apart (CVE-2021-41190), so they are refused by
// comparing the count of members kept with the count of members written.
static size_t members_kept(const Value& value) {
    size_t count = 0;
    if (const auto* object = value.if_object()) {
        count += object->size();
        for (const auto& member : *object) count += members_kept(member.value());
    } else if (const auto* array = value.if_array()) {
        for (const auto& element : *array) count += members_kept(element);
    }
    return count;
}

// In valid JSON each ':' outside a string belongs to exactly one member.
static size_t members_written(std::string_view text) {
    size_t count = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        if (in_string && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string && text[i] == ':') {
            ++count;
        }
    }
    return count;
}

// What Boost reads as infinite it writes as a number that it does not read.
static bool all_finite(const Value& value) {
    if (const auto* object = value.if_object()) {
        return std::all_of(object->begin(), object->end(), [](const auto& member) {
            return all_finite(member.value());
        });
    }
    if (const auto* array = value.if_array()) {
        return std::all_of(array->begin(), array->end(), all_finite);
    }
    const double* number = value.if_double();
    return number == nullptr || std::isfinite(*number);
}

Result<Value> parse(std::string_view text, std::string_view what) {
    boost::json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::json::parser parser({}, options);
    boost::system::error_code code;
    parser.write(text.data(), text.size(), code);
    if (code) return malformed(what, code.message());
    Value value = parser.release();
    if (members_kept(value) != members_written(text)) return malformed(what, "duplicate member");
    if (!all_finite(value)) return malformed(what, "number out of range");
    return value;
}

Result<Object> parse_object(std::string_view text, std::string_view what) {
    auto value = TRY(parse(text, what));
    if (!value.is_object()) return malformed(what, "not an object");
    return std::move(value.get_object());
}

std::string compact(const Value& value) {
    return boost::json::serialize(value);
}

static void write_pretty(std::string& out, const Value& value, int indent, int level) {
    const auto newline = [&](int depth) {
        out += '\n';
        out.append(static_cast<size_t>(indent * depth), ' ');
    };
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        out += '{';
        bool first = true;
        for (const auto& member : *object) {
            if (!std::exchange(first, false)) out += ',';
            newline(level + 1);
            out += boost::json::serialize(member.key()) + ": ";
            write_pretty(out, member.value(), indent, level + 1);
        }
        newline(level);
        out += '}';
    } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
        out += '[';
        bool first = true;
        for (const auto& element : *array) {
            if (!std::exchange(first, false)) out += ',';
            newline(level + 1);
            write_pretty(out, element, indent, level + 1);
        }
        newline(level);
        out += ']';
    } else {
        out += boost::json::serialize(value);
    }
}

std::string pretty(const Value& value, int indent) {
    std::string out;
    write_pretty(out, value, indent, 0);
    return out;
}

static const Value* find(const Object& object, std::string_view name) {
    const Value* value = object.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

static Error wrong_type(std::string_view name, std::string_view wanted) {
    return make_error(ErrorKind::InvalidArgument,
                      "member '" + std::string(name) + "' is not " + std::string(wanted));
}

// Words end up in execve and in paths, where a NUL would end them early.
static Result<std::string> read_text(const Value& value,
                                     std::string_view name,
                                     std::string_view wanted) {
    if (!value.is_string()) return wrong_type(name, wanted);
    const std::string_view text = value.get_string();
    if (text.find('\0') == std::string_view::npos) return std::string(text);
    return make_error(ErrorKind::InvalidArgument, "member '" + std::string(name) + "' holds a NUL");
}

Result<std::optional<std::string>> get_string(const Object& object, std::string_view name) {
    const Value* value = find(object, name);
    if (value == nullptr) return std::optional<std::string>();
    return std::optional(TRY(read_text(*value, name, "a string")));
}

Result<std::optional<int64_t>> get_int(const Object& object, std::string_view name) {
    const Value* value = find(object, name);
    if (value == nullptr) return std::optional<int64_t>();
    boost::system::error_code code;
    const auto number = value->to_number<int64_t>(code);
    if (code) return wrong_type(name, "a whole number");
    return std::optional(number);
}

Result<std::optional<bool>> get_bool(const Object& object, std::string_view name) {
    const Value* value = find(object, name);
    if (value == nullptr) return std::optional<bool>();
    if (!value->is_bool()) return wrong_type(name, "true or false");
    return std::optional(value->get_bool());
}

Result<std::vector<std::string>> get_strings(const Object& object, std::string_view name) {
    std::vector<std::string> strings;
    const Array* array = TRY(get_array(object, name));
    if (array == nullptr) return strings;
    for (const Value& element : *array) {
        strings.push_back(TRY(read_text(element, name, "a list of strings")));
    }
    return strings;
}

Result<std::map<std::string, std::string>> get_string_map(const Object& object,
                                                          std::string_view name) {
    std::map<std::string, std::string> map;
    const Object* members = TRY(get_object(object, name));
    if (members == nullptr) return map;
    for (const auto& member : *members) {
        TRY(read_text(member.key(), name, "a map of strings"));
        map.emplace(member.key(), TRY(read_text(member.value(), name, "a map of strings")));
    }
    return map;
}

Result<const Object*> get_object(const Object& object, std::string_view name) {
    const Value* value = find(object, name);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) return wrong_type(name, "an object");
    return &value->get_object();
}

Result<const Array*> get_array(const Object& object, std::string_view name) {
    const Value* value = find(object, name);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) return wrong_type(name, "a list");
    return &value->get_array();
}

Array to_array(const std::vector<std::string>& strings) {
    Array array;
    for (const std::string& text : strings) array.emplace_back(text);
    return array;
}

Object to_object(const std::map<std::string, std::string>& map) {
    Object object;
    for (const auto& [key, value] : map) object.emplace(key, value);
    return object;
}

}  // namespace dhow::json
