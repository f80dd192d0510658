// SPDX-License-Identifier: Apache-2.0
// dhow history
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/output.h"

namespace dhow::cli::verbs {

namespace {

constexpr size_t kCommandWidth = 45;

std::string cut(const std::string& text, bool full) {
    std::string line = on_one_line(text);
    if (full || line.size() <= kCommandWidth) return line;
    return line.substr(0, kCommandWidth - 3) + "...";
}

std::string id_of(const engine::HistoryStep& step, bool full) {
    if (step.image_id.empty()) return "<missing>";
    return full ? step.image_id : short_id(step.image_id);
}

json::Value row_of(const engine::HistoryStep& step, UnixNanos now, const Args& args) {
    const bool full = args.flag("no-trunc");
    const bool human = args.flag("human", true);
    const std::string since = human_ago(step.created_at, now);
    const std::string at = format_rfc3339(step.created_at);
    json::Object row;
    row["ID"] = id_of(step, full);
    row["Created"] = human ? since : at;
    row["CreatedSince"] = since;
    row["CreatedAt"] = at;
    row["CreatedBy"] = cut(step.created_by, full);
    row["Size"] = human ? human_size(step.size) : std::to_string(step.size);
    row["Comment"] = on_one_line(step.comment);
    row["Tags"] = json::to_array(step.names);
    return row;
}

std::string as_json(const std::vector<engine::HistoryStep>& steps) {
    json::Array array;
    for (const engine::HistoryStep& step : steps) {
        array.push_back(json::Object{{"id", id_of(step, true)},
                                     {"created", format_rfc3339(step.created_at)},
                                     {"CreatedBy", step.created_by},
                                     {"size", step.size},
                                     {"comment", step.comment},
                                     {"tags", json::to_array(step.names)}});
    }
    return json::pretty(array) + "\n";
}

Result<std::string> as_list(const Args& args, const std::vector<engine::HistoryStep>& steps) {
    ListFormat how;
    how.what = "history";
    how.columns = {{"ID", "ID"},
                   {"Created", "CREATED"},
                   {"CreatedSince", "CREATED"},
                   {"CreatedAt", "CREATED AT"},
                   {"CreatedBy", "CREATED BY"},
                   {"Size", "SIZE"},
                   {"Comment", "COMMENT"},
                   {"Tags", "TAGS"}};
    how.default_format = "table {{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";
    how.format = args.text("format");
    const UnixNanos now = now_unix_nanos();
    std::vector<json::Value> rows;
    for (const engine::HistoryStep& step : steps) rows.push_back(row_of(step, now, args));
    return format_list(how, rows);
}

}  // namespace

Result<int> history(Invocation& call) {
    const Args& args = call.args();
    engine::Engine* const engine = TRY(call.engine());
    const auto steps = TRY(engine::image_history(*engine, args.operands()[0]));
    std::string out;
    if (args.flag("quiet")) {
        for (const auto& step : steps) out += id_of(step, args.flag("no-trunc")) + "\n";
    } else if (is_json_format(args.text("format"))) {
        out = as_json(steps);
    } else {
        out = TRY(as_list(args, steps));
    }
    TRY(print(out));
    return 0;
}

}  // namespace dhow::cli::verbs
