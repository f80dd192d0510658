// SPDX-License-Identifier: Apache-2.0
// How lists (ps, images) and single documents (inspect, info, version) are shaped by --format: a
// table, a Go template, or JSON, in Podman's layout. Pure.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "engine/template.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::cli {

// One field a list's rows have, and its column's heading.
struct Column {
    std::string_view field;
    std::string_view heading;
};

struct ListFormat {
    std::string_view what;        // names the template in errors: "ps"
    std::vector<Column> columns;  // every field rows may have
    std::string default_format;   // "table {{.ID}}\t..."
    std::string format;           // --format; empty: default_format. Never "json"
    bool no_heading = false;
    tmpl::Methods methods;
};

// Rows are objects with a member for each column. "table ..." gives aligned columns under headings,
// anything else one line a row.
Result<std::string> format_list(const ListFormat& how, const std::vector<json::Value>& rows);

// "json" itself, with blanks around it or not.
bool is_json_format(std::string_view format);
// \t and \n written as two characters become one, as the shell leaves them in
// '{{.ID}}\t{{.Names}}'.
std::string unescaped(std::string_view format);

// One document through a template, with a newline at its end.
Result<std::string> format_document(const json::Value& document,
                                    std::string_view format,
                                    std::string_view what);

// Plain YAML for people to read (info): block style, strings quoted where YAML would misread them.
std::string to_yaml(const json::Value& value);

}  // namespace dhow::cli
