// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/list_format.h"

#include "base/text.h"
#include "cmd/dhow/exit_code.h"
#include "cmd/dhow/table.h"

#include <algorithm>

namespace dhow::cli {

namespace {

constexpr std::string_view kTable = "table ";

// "{{.ID}}  {{.Names}}" after "table": blanks between two actions part columns.
std::string columns_parted(std::string_view format) {
    std::string out;
    while (!format.empty()) {
        const size_t close = format.find("}}");
        if (close == std::string_view::npos) break;
        out += format.substr(0, close + 2);
        format.remove_prefix(close + 2);
        const size_t blanks = std::min(format.find_first_not_of(' '), format.size());
        if (blanks > 0 && format.substr(blanks).starts_with("{{")) {
            out += '\t';
            format.remove_prefix(blanks);
        }
    }
    return out + std::string(format);
}

json::Value headings(const ListFormat& how) {
    json::Object object;
    for (const Column& column : how.columns) {
        object[column.field] = boost::json::string(column.heading);
    }
    return object;
}

TableRow cells_of(const std::string& line) {
    return split(line, '\t');
}

std::string safe_lines(const std::string& text) {
    std::vector<std::string> lines = split(text, '\n');
    for (std::string& line : lines) line = on_one_line(line);
    return join(lines, "\n");
}

Result<std::string> format_table_list(const ListFormat& how,
                                      const std::string& format,
                                      const std::vector<json::Value>& rows) {
    const std::string text = columns_parted(trim(std::string_view(format).substr(kTable.size())));
    const tmpl::Template row_template = TRY(tmpl::Template::parse(text, std::string(how.what)));
    std::vector<TableRow> table;
    if (!how.no_heading) table.push_back(cells_of(TRY(row_template.execute(headings(how)))));
    for (const json::Value& row : rows) {
        table.push_back(cells_of(TRY(row_template.execute(row, how.methods))));
    }
    return format_table(table);
}

bool needs_quotes(std::string_view text) {
    if (text.empty()) return true;
    constexpr std::string_view kSpecial = ":{}[],&*#?|-<>=!%@\\\"'`";
    const bool special_start =
        kSpecial.find(text.front()) != std::string_view::npos || text.front() == ' ';
    const bool inner = text.find(": ") != std::string_view::npos ||
                       text.find(" #") != std::string_view::npos || text.back() == ':' ||
                       text.back() == ' ';
    const bool number = text.find_first_not_of("0123456789.+-eE") == std::string_view::npos;
    const bool word =
        text == "true" || text == "false" || text == "null" || text == "yes" || text == "no";
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    return special_start || inner || number || word || control;
}

std::string yaml_scalar(const json::Value& value) {
    if (value.is_null()) return "null";
    if (!value.is_string()) return json::compact(value);
    const std::string text(value.get_string());
    return needs_quotes(text) ? json::compact(value) : text;
}

void write_yaml(const json::Value& value, size_t indent, std::string& out) {
    const std::string margin(indent, ' ');
    if (value.is_object()) {
        for (const auto& member : value.get_object()) {
            out += margin + std::string(member.key()) + ":";
            const json::Value& inner = member.value();
            const bool nested = (inner.is_object() && !inner.get_object().empty()) ||
                                (inner.is_array() && !inner.get_array().empty());
            if (nested) {
                out += "\n";
                write_yaml(inner, indent + (inner.is_object() ? 2 : 0), out);
            } else {
                out += " " + yaml_scalar(inner) + "\n";
            }
        }
    } else if (value.is_array()) {
        for (const json::Value& element : value.get_array()) {
            out += margin + "- " + yaml_scalar(element) + "\n";
        }
    }
}

}  // namespace

bool is_json_format(std::string_view format) {
    return trim(format) == "json";
}

std::string unescaped(std::string_view format) {
    std::string out;
    for (size_t at = 0; at < format.size(); ++at) {
        const char next = at + 1 < format.size() ? format[at + 1] : '\0';
        if (format[at] == '\\' && (next == 't' || next == 'n')) {
            out += next == 't' ? '\t' : '\n';
            ++at;
        } else {
            out += format[at];
        }
    }
    return out;
}

Result<std::string> format_list(const ListFormat& how, const std::vector<json::Value>& rows) {
    const std::string format = unescaped(how.format.empty() ? how.default_format : how.format);
    if (format == "table") {
        ListFormat with_default = how;
        with_default.format.clear();
        return format_list(with_default, rows);
    }
    if (format.starts_with(kTable)) return format_table_list(how, format, rows);
    const tmpl::Template row_template = TRY(tmpl::Template::parse(format, std::string(how.what)));
    std::string out;
    for (const json::Value& row : rows) {
        out += safe_lines(TRY(row_template.execute(row, how.methods))) + "\n";
    }
    return out;
}

Result<std::string> format_document(const json::Value& document,
                                    std::string_view format,
                                    std::string_view what) {
    const tmpl::Template parsed = TRY(tmpl::Template::parse(unescaped(format), std::string(what)));
    return TRY(parsed.execute(document)) + "\n";
}

std::string to_yaml(const json::Value& value) {
    std::string out;
    write_yaml(value, 0, out);
    return out;
}

}  // namespace dhow::cli
