// SPDX-License-Identifier: Apache-2.0
// dhow volume ls
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/volume_view.h"

namespace dhow::cli::verbs {

namespace {

constexpr int kJsonIndent = 5;

Result<std::vector<json::Value>> find_rows(Invocation& call) {
    VolumeFilter filter;
    const UnixNanos now = now_unix_nanos();
    for (const std::string& text : call.args().list("filter")) TRY(filter.add(text, now));
    engine::Engine* const engine = TRY(call.engine());
    std::vector<json::Value> rows;
    for (const engine::VolumeDetails& volume : TRY(engine::list_volumes(*engine))) {
        if (filter.passes(volume)) rows.emplace_back(volume_json(volume));
    }
    return rows;
}

std::string as_names(const std::vector<json::Value>& rows) {
    std::string out;
    for (const json::Value& row : rows) {
        out += std::string(row.as_object().at("Name").as_string()) + "\n";
    }
    return out;
}

Result<std::string> as_list(const Args& args, const std::vector<json::Value>& rows) {
    ListFormat how;
    how.what = "volume ls";
    how.columns = volume_columns();
    how.default_format = "table {{.Driver}}\t{{.Name}}";
    how.format = args.text("format");
    how.no_heading = args.flag("noheading");
    return format_list(how, rows);
}

}  // namespace

Result<int> volume_ls(Invocation& call) {
    const Args& args = call.args();
    const auto rows = TRY(find_rows(call));
    if (args.flag("quiet")) {
        TRY(print(as_names(rows)));
    } else if (is_json_format(args.text("format"))) {
        TRY(print(json::pretty(json::Array(rows.begin(), rows.end()), kJsonIndent) + "\n"));
    } else {
        const std::string list = TRY(as_list(args, rows));
        TRY(print(list));
    }
    return 0;
}

}  // namespace dhow::cli::verbs
