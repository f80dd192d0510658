// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "engine/template_nodes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace dhow::tmpl {

namespace {

using Arguments = std::vector<json::Value>;
using Answer = Result<json::Value>;

Error wrong(std::string message) {
    return make_error(ErrorKind::InvalidArgument, std::move(message));
}

json::Value text_value(std::string_view text) {
    return boost::json::string(text);
}

std::optional<double> number_of(const json::Value& value) {
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    if (value.is_double()) return value.get_double();
    return std::nullopt;
}

Answer do_json(const Arguments& arguments) {
    return text_value(json::compact(arguments[0]));
}

Answer do_pretty_json(const Arguments& arguments) {
    return text_value(json::pretty(arguments[0], 4));
}

Answer do_upper(const Arguments& arguments) {
    std::string text = plain_text(arguments[0]);
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
    }
    return text_value(text);
}

Answer do_lower(const Arguments& arguments) {
    return text_value(to_lower(plain_text(arguments[0])));
}

Answer do_title(const Arguments& arguments) {
    std::string text = plain_text(arguments[0]);
    bool begins = true;
    for (char& c : text) {
        if (begins && c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
        begins = c == ' ';
    }
    return text_value(text);
}

// join LIST SEPARATOR, as Docker and Podman have it.
Answer do_join(const Arguments& arguments) {
    if (arguments[0].is_null()) return text_value("");
    if (!arguments[0].is_array()) return wrong("join wants a list and a separator");
    std::vector<std::string> pieces;
    for (const json::Value& element : arguments[0].get_array())
        pieces.push_back(plain_text(element));
    return text_value(join(pieces, plain_text(arguments[1])));
}

// split TEXT SEPARATOR
Answer do_split(const Arguments& arguments) {
    const std::string text = plain_text(arguments[0]);
    const std::string separator = plain_text(arguments[1]);
    json::Array pieces;
    if (separator.empty()) return wrong("split wants a separator");
    size_t begin = 0;
    for (;;) {
        const size_t end = text.find(separator, begin);
        pieces.emplace_back(text_value(std::string_view(text).substr(begin, end - begin)));
        if (end == std::string::npos) return json::Value(std::move(pieces));
        begin = end + separator.size();
    }
}

Answer do_len(const Arguments& arguments) {
    const json::Value& value = arguments[0];
    if (value.is_array()) return json::Value(static_cast<int64_t>(value.get_array().size()));
    if (value.is_object()) return json::Value(static_cast<int64_t>(value.get_object().size()));
    if (value.is_string()) return json::Value(static_cast<int64_t>(value.get_string().size()));
    if (value.is_null()) return json::Value(int64_t{0});
    return wrong("len of a value that has no length");
}

// index VALUE KEY...: a missing key of a map is empty, an index out of range is an error.
Answer do_index(const Arguments& arguments) {
    const json::Value* current = &arguments[0];
    for (size_t i = 1; i < arguments.size(); ++i) {
        const json::Value& key = arguments[i];
        if (current->is_object() && key.is_string()) {
            current = current->get_object().if_contains(key.get_string());
            if (current == nullptr)
                return i + 1 == arguments.size() ? text_value("") : json::Value(nullptr);
        } else if (current->is_array() && key.is_int64()) {
            const int64_t at = key.get_int64();
            if (at < 0 || static_cast<size_t>(at) >= current->get_array().size()) {
                return wrong("error calling index: index out of range: " + std::to_string(at));
            }
            current = &current->get_array()[static_cast<size_t>(at)];
        } else if (current->is_null()) {
            return wrong("error calling index: index of untyped nil");
        } else {
            return wrong("error calling index: can't index that value with that key");
        }
    }
    return *current;
}

Answer do_slice(const Arguments& arguments) {
    const std::string text = plain_text(arguments[0]);
    size_t bounds[] = {0, text.size()};
    for (size_t i = 1; i < arguments.size() && i < 3; ++i) {
        const std::optional<double> bound = number_of(arguments[i]);
        if (!bound || *bound < 0 || *bound > static_cast<double>(text.size())) {
            return wrong("error calling slice: index out of range");
        }
        bounds[i - 1] = static_cast<size_t>(*bound);
    }
    if (bounds[0] > bounds[1]) return wrong("error calling slice: invalid slice index");
    return text_value(std::string_view(text).substr(bounds[0], bounds[1] - bounds[0]));
}

bool equal(const json::Value& left, const json::Value& right) {
    const std::optional<double> first = number_of(left);
    const std::optional<double> second = number_of(right);
    if (first && second) return *first == *second;
    return left == right;
}

Answer compare(const Arguments& arguments, bool (*judge)(int)) {
    const json::Value& left = arguments[0];
    const json::Value& right = arguments[1];
    const std::optional<double> first = number_of(left);
    const std::optional<double> second = number_of(right);
    if (first && second)
        return json::Value(judge(*first < *second ? -1 : (*first > *second ? 1 : 0)));
    if (left.is_string() && right.is_string()) {
        return json::Value(judge(left.get_string().compare(right.get_string())));
    }
    return wrong("incompatible types for comparison");
}

Answer do_eq(const Arguments& arguments) {
    for (size_t i = 1; i < arguments.size(); ++i) {
        if (equal(arguments[0], arguments[i])) return json::Value(true);
    }
    return json::Value(false);
}

Answer do_ne(const Arguments& arguments) {
    return json::Value(!equal(arguments[0], arguments[1]));
}

Answer do_lt(const Arguments& arguments) {
    return compare(arguments, [](int order) { return order < 0; });
}

Answer do_le(const Arguments& arguments) {
    return compare(arguments, [](int order) { return order <= 0; });
}

Answer do_gt(const Arguments& arguments) {
    return compare(arguments, [](int order) { return order > 0; });
}

Answer do_ge(const Arguments& arguments) {
    return compare(arguments, [](int order) { return order >= 0; });
}

Answer do_not(const Arguments& arguments) {
    return json::Value(!is_true(arguments[0]));
}

Answer do_and(const Arguments& arguments) {
    for (const json::Value& value : arguments) {
        if (!is_true(value)) return value;
    }
    return arguments.back();
}

Answer do_or(const Arguments& arguments) {
    for (const json::Value& value : arguments) {
        if (is_true(value)) return value;
    }
    return arguments.back();
}

std::string quoted(const json::Value& value) {
    return json::compact(text_value(plain_text(value)));
}

std::string padded(std::string text, std::string_view flags_and_width) {
    const bool left = flags_and_width.find('-') != std::string_view::npos;
    const size_t digits = flags_and_width.find_first_of("123456789");
    if (digits == std::string_view::npos) return text;
    const bool zeros = digits > 0 && flags_and_width[digits - 1] == '0' && !left;
    const std::string_view number = flags_and_width.substr(digits);
    const size_t width = parse_int<uint16_t>(number.substr(0, number.find('.'))).value_or(0);
    if (text.size() >= width) return text;
    const std::string fill(width - text.size(), zeros ? '0' : ' ');
    return left ? text + fill : fill + text;
}

std::string with_precision(double number, std::string_view spec) {
    const size_t point = spec.find('.');
    const int precision = point == std::string_view::npos
                              ? 6
                              : parse_int<uint8_t>(spec.substr(point + 1)).value_or(0);
    std::array<char, 400> buffer{};
    const int length =
        std::snprintf(buffer.data(), buffer.size(), "%.*f", std::min(precision, 60), number);
    return {buffer.data(), static_cast<size_t>(std::max(length, 0))};
}

std::string formatted(char verb, std::string_view spec, const json::Value& value) {
    const std::optional<double> number = number_of(value);
    switch (verb) {
        case 'v':
        case 's':
            return padded(plain_text(value), spec);
        case 'q':
            return padded(quoted(value), spec);
        case 't':
            if (value.is_bool()) return padded(plain_text(value), spec);
            break;
        case 'd':
            if (value.is_int64() || value.is_uint64()) return padded(plain_text(value), spec);
            break;
        case 'x':
            if (value.is_string()) return padded(to_hex(plain_text(value)), spec);
            break;
        case 'f':
            if (number) return padded(with_precision(*number, spec), spec);
            break;
        default:
            break;
    }
    return std::string("%!") + verb + "(" + plain_text(value) + ")";
}

Answer do_printf(const Arguments& arguments) {
    const std::string format = plain_text(arguments[0]);
    std::string out;
    size_t next = 1;
    for (size_t at = 0; at < format.size(); ++at) {
        if (format[at] != '%') {
            out += format[at];
            continue;
        }
        const size_t verb = format.find_first_not_of("-+# 0123456789.", at + 1);
        if (verb == std::string::npos) return wrong("printf: format ends in the middle of a verb");
        const std::string_view spec = std::string_view(format).substr(at + 1, verb - at - 1);
        at = verb;
        if (format[verb] == '%') {
            out += '%';
        } else if (next >= arguments.size()) {
            out += std::string("%!") + format[verb] + "(MISSING)";
        } else {
            out += formatted(format[verb], spec, arguments[next++]);
        }
    }
    return text_value(out);
}

Answer do_print(const Arguments& arguments) {
    std::string out;
    for (const json::Value& value : arguments) out += plain_text(value);
    return text_value(out);
}

Answer do_println(const Arguments& arguments) {
    std::vector<std::string> words;
    for (const json::Value& value : arguments) words.push_back(plain_text(value));
    return text_value(join(words, " ") + "\n");
}

// truncate TEXT LENGTH
Answer do_truncate(const Arguments& arguments) {
    const std::optional<double> length = number_of(arguments[1]);
    if (!length || *length < 0) return wrong("truncate wants a text and a length");
    return text_value(plain_text(arguments[0]).substr(0, static_cast<size_t>(*length)));
}

struct Function {
    std::string_view name;
    size_t least;
    size_t most;
    Answer (*call)(const Arguments&);
};

constexpr size_t kMany = 64;

constexpr auto kFunctions = std::to_array<Function>({
    {"and", 1, kMany, do_and},
    {"eq", 2, kMany, do_eq},
    {"ge", 2, 2, do_ge},
    {"gt", 2, 2, do_gt},
    {"index", 1, kMany, do_index},
    {"join", 2, 2, do_join},
    {"json", 1, 1, do_json},
    {"le", 2, 2, do_le},
    {"len", 1, 1, do_len},
    {"lower", 1, 1, do_lower},
    {"lt", 2, 2, do_lt},
    {"ne", 2, 2, do_ne},
    {"not", 1, 1, do_not},
    {"or", 1, kMany, do_or},
    {"prettyjson", 1, 1, do_pretty_json},
    {"print", 0, kMany, do_print},
    {"printf", 1, kMany, do_printf},
    {"println", 0, kMany, do_println},
    {"slice", 1, 3, do_slice},
    {"split", 2, 2, do_split},
    {"title", 1, 1, do_title},
    {"truncate", 2, 2, do_truncate},
    {"upper", 1, 1, do_upper},
});

const Function* find_function(std::string_view name) {
    const auto* const found = std::find_if(kFunctions.begin(),
                                           kFunctions.end(),
                                           [&](const Function& each) { return each.name == name; });
    return found == kFunctions.end() ? nullptr : found;
}

std::string number_text(double number) {
    std::array<char, 64> buffer{};
    const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return code == std::errc{} ? std::string(buffer.data(), end) : std::string("NaN");
}

}  // namespace

bool is_true(const json::Value& value) {
    if (value.is_bool()) return value.get_bool();
    if (value.is_string()) return !value.get_string().empty();
    if (value.is_array()) return !value.get_array().empty();
    if (value.is_object()) return !value.get_object().empty();
    const std::optional<double> number = number_of(value);
    return number && *number != 0;
}

std::string plain_text(const json::Value& value) {
    if (value.is_string()) return std::string(value.get_string());
    if (value.is_bool()) return value.get_bool() ? "true" : "false";
    if (value.is_int64()) return std::to_string(value.get_int64());
    if (value.is_uint64()) return std::to_string(value.get_uint64());
    if (value.is_double()) return number_text(value.get_double());
    if (value.is_array()) {
        std::vector<std::string> pieces;
        for (const json::Value& element : value.get_array()) pieces.push_back(plain_text(element));
        return "[" + join(pieces, " ") + "]";
    }
    if (value.is_object()) {
        std::vector<std::string> pieces;
        for (const auto& each : value.get_object()) {
            pieces.push_back(std::string(each.key()) + ":" + plain_text(each.value()));
        }
        std::sort(pieces.begin(), pieces.end());
        return "map[" + join(pieces, " ") + "]";
    }
    return "<nil>";
}

bool is_function(std::string_view name) {
    return find_function(name) != nullptr;
}

Result<json::Value> call_function(std::string_view name,
                                  const std::vector<json::Value>& arguments) {
    const Function* function = find_function(name);
    if (function == nullptr) return wrong("function \"" + std::string(name) + "\" not defined");
    if (arguments.size() < function->least || arguments.size() > function->most) {
        return wrong("wrong number of args for " + std::string(name) + ": got " +
                     std::to_string(arguments.size()));
    }
    return function->call(arguments);
}

}  // namespace dhow::tmpl
