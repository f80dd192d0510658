// SPDX-License-Identifier: Apache-2.0
// dhow ps
#include "base/text.h"
#include "cmd/dhow/container_view.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/output.h"

#include <algorithm>

namespace dhow::cli::verbs {

namespace {

using Containers = std::vector<engine::ContainerSummary>;

constexpr int kJsonIndent = 2;
constexpr std::string_view kDefaultFormat =
    "table "
    "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.CreatedHuman}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";

Result<engine::ListRequest> make_request(Invocation& call) {
    const Args& args = call.args();
    engine::ListRequest request;
    request.all = args.flag("all");
    const std::optional<int64_t> last = args.integer("last");
    if (last && *last > 0) request.last = static_cast<int>(std::min<int64_t>(*last, INT32_MAX));
    if (args.flag("latest")) request.last = 1;
    for (const std::string& filter : args.list("filter")) {
        const auto [key, value] = split_once(filter, '=');
        if (key.empty() || !value) {
            return call.usage_error("invalid filter '" + printable(filter) +
                                    "': write it as KEY=VALUE");
        }
        request.filters[std::string(key)].emplace_back(*value);
    }
    return request;
}

Status sort_by(Invocation& call, Containers& containers) {
    if (!call.args().given("sort")) return {};
    const std::string& choice = call.args().text("sort");
    const auto sorted = [&](auto key) {
        std::stable_sort(
            containers.begin(), containers.end(), [&](const auto& left, const auto& right) {
                return key(left) < key(right);
            });
        return Status();
    };
    if (choice == "command")
        return sorted([](const auto& each) { return join(each.command, " "); });
    if (choice == "created") return sorted([](const auto& each) { return each.created_at; });
    if (choice == "id") return sorted([](const auto& each) { return each.id; });
    if (choice == "image") return sorted([](const auto& each) { return each.image; });
    if (choice == "names") return sorted([](const auto& each) { return each.name; });
    if (choice == "status")
        return sorted([](const auto& each) { return engine::status_name(each.status); });
    return call.usage_error("sort containers by '" + printable(choice) +
                            "': choose command, created, id, image, names or status");
}

Result<json::Value> label_of(const json::Value& row, const std::vector<json::Value>& arguments) {
    if (arguments.size() != 1 || !arguments[0].is_string()) {
        return make_error(ErrorKind::InvalidArgument,
                          "template: ps: .Label wants one name in quotes");
    }
    const json::Value* labels = row.as_object().if_contains("Labels");
    const json::Value* value = labels == nullptr || !labels->is_object()
                                   ? nullptr
                                   : labels->get_object().if_contains(arguments[0].get_string());
    return value == nullptr ? json::Value(boost::json::string()) : *value;
}

std::string as_json(const Containers& containers, UnixNanos now) {
    json::Array array;
    for (const engine::ContainerSummary& each : containers)
        array.push_back(container_json(each, now));
    return json::pretty(array, kJsonIndent) + "\n";
}

std::string as_ids(const Containers& containers, bool full) {
    std::string out;
    for (const engine::ContainerSummary& each : containers) {
        out += (full ? each.id : short_id(each.id)) + "\n";
    }
    return out;
}

Result<std::string> as_list(const Args& args, const Containers& containers, UnixNanos now) {
    ListFormat how;
    how.what = "ps";
    how.columns = container_columns();
    how.default_format = kDefaultFormat;
    how.format = args.text("format");
    how.no_heading = args.flag("noheading");
    how.methods["Label"] = label_of;
    std::vector<json::Value> rows;
    for (const engine::ContainerSummary& each : containers) {
        rows.push_back(container_row(each, now, args.flag("no-trunc")));
    }
    return format_list(how, rows);
}

}  // namespace

Result<int> ps(Invocation& call) {
    const engine::ListRequest request = TRY(make_request(call));
    engine::Engine* const engine = TRY(call.engine());
    Containers containers = TRY(engine::list_containers(*engine, request));
    TRY(sort_by(call, containers));
    const Args& args = call.args();
    const UnixNanos now = now_unix_nanos();
    if (args.flag("quiet")) {
        TRY(print(as_ids(containers, args.flag("no-trunc"))));
    } else if (is_json_format(args.text("format"))) {
        TRY(print(as_json(containers, now)));
    } else {
        const std::string list = TRY(as_list(args, containers, now));
        TRY(print(list));
    }
    return 0;
}

}  // namespace dhow::cli::verbs
