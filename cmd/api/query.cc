// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/query.h"

#include "base/json.h"
#include "base/text.h"

#include <cctype>

namespace dhow::api {

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_blank) {
            out += ' ';
        } else if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const auto byte = parse_int<uint8_t>(to_lower(text.substr(i + 1, 2)), 16);
            if (!byte || *byte == 0) return std::nullopt;
            out += static_cast<char>(*byte);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += '%';
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 15U];
        }
    }
    return out;
}

Result<Query> Query::parse(std::string_view text) {
    Query query;
    if (text.empty()) return query;
    for (const std::string& pair : split(text, '&')) {
        if (pair.empty()) continue;
        const auto [key, value] = split_once(pair, '=');
        auto name = percent_decode(key, true);
        auto decoded = percent_decode(value.value_or(""), true);
        if (!name || !decoded) {
            return make_error(ErrorKind::InvalidArgument, "malformed escape in the query string");
        }
        query.values_[std::move(*name)].push_back(std::move(*decoded));
    }
    return query;
}

std::string Query::get(std::string_view name) const {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? std::string() : found->second.front();
}

std::vector<std::string> Query::all(std::string_view name) const {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? std::vector<std::string>() : found->second;
}

bool Query::flag(std::string_view name, bool missing) const {
    if (!has(name)) return missing;
    const std::string value = to_lower(get(name));
    return !(value.empty() || value == "0" || value == "no" || value == "false" || value == "none");
}

Result<std::optional<int64_t>> Query::number(std::string_view name) const {
    const std::string value = get(name);
    if (value.empty()) return std::optional<int64_t>();
    const auto number = parse_int<int64_t>(value);
    if (!number) {
        return make_error(
            ErrorKind::InvalidArgument,
            "parameter '" + std::string(name) + "' is no whole number: '" + printable(value) + "'");
    }
    return std::optional(*number);
}

static Result<std::vector<std::string>> filter_values(const json::Value& value,
                                                      const std::string& name) {
    std::vector<std::string> values;
    const auto malformed =
        make_error(ErrorKind::InvalidArgument, "filter '" + name + "' is malformed");
    if (const auto* list = value.if_array()) {
        for (const json::Value& element : *list) {
            if (!element.is_string()) return malformed;
            values.emplace_back(element.get_string());
        }
        return values;
    }
    const auto* object = value.if_object();
    if (object == nullptr) return malformed;
    for (const auto& member : *object) {
        if (!member.value().is_bool()) return malformed;
        if (member.value().get_bool()) values.emplace_back(member.key());
    }
    return values;
}

Result<Filters> parse_filters(std::string_view text) {
    Filters filters;
    if (text.empty()) return filters;
    const json::Object object = TRY(json::parse_object(text, "filters"));
    for (const auto& member : object) {
        const std::string name(member.key());
        filters[name] = TRY(filter_values(member.value(), name));
    }
    return filters;
}

}  // namespace dhow::api
