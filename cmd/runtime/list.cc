// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"

#include <algorithm>
#include <array>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 2> kOptions = {
    {{"format", 'f', true, "table (default) or json"}, {"quiet", 'q', false, "ids alone"}}};

using Row = std::array<std::string, 6>;

static std::string as_table(std::vector<Row> rows) {
    rows.insert(rows.begin(), Row{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"});
    std::array<size_t, 6> widths{};
    for (const Row& row : rows) {
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    constexpr size_t kNarrowest = 12;
    constexpr size_t kGap = 3;
    std::string text;
    for (const Row& row : rows) {
        for (size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 == row.size()) break;
            const size_t width = std::max(widths[i] + kGap, kNarrowest);
            text.append(width - row[i].size(), ' ');
        }
        text += "\n";
    }
    return text;
}

static Result<int> list(const Context& context, const Parsed& parsed) {
    std::vector<Row> rows;
    std::string ids;
    json::Array array;
    auto names = TRY(oci::StateFolder::list(context.root));
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        const auto container = open_container(context, name);
        if (!container) continue;  // half made, or deleted meanwhile
        const auto& state = container->state;
        const bool ended = container->status == oci::ContainerStatus::Stopped;
        const std::string pid = std::to_string(ended ? 0 : state.init.pid);
        rows.push_back({state.id,
                        pid,
                        std::string(oci::status_name(container->status)),
                        state.bundle,
                        state.created,
                        "root"});
        ids += state.id + "\n";
        array.push_back(TRY(
            json::parse(oci::public_state(state, container->status, false), "container state")));
    }
    const auto format = parsed.options.value("format", "table");
    if (format != "table" && format != "json") {
        return make_error(ErrorKind::InvalidArgument, "invalid format option");
    }
    if (parsed.options.flag("quiet")) {
        TRY(write_stdout(ids));
    } else {
        TRY(write_stdout(format == "json" ? json::compact(array) + "\n"
                                          : as_table(std::move(rows))));
    }
    return 0;
}

const Verb kList{
    .name = "list", .arguments = "", .help = "list containers", .options = kOptions, .run = list};

}  // namespace dhow::runtime_cli
