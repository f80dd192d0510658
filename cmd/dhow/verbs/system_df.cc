// SPDX-License-Identifier: Apache-2.0
// dhow system df
#include "cmd/dhow/container_view.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/image_view.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/table.h"
#include "cmd/dhow/targets.h"
#include "engine/disk_usage.h"

#include <algorithm>

namespace dhow::cli::verbs {

namespace {

constexpr uint64_t kPercent = 100;

struct Row {
    std::string_view type;
    size_t total = 0;
    size_t active = 0;
    uint64_t size = 0;
    uint64_t reclaimable = 0;
};

// An image's own layers are free when no container uses it.
Row images_row(const engine::DiskUsage& usage) {
    Row row{.type = "Images", .total = usage.images.size(), .size = usage.layers};
    for (const engine::ImageUsage& each : usage.images) {
        if (each.image.containers != 0) {
            ++row.active;
        } else {
            row.reclaimable += each.unique;
        }
    }
    return row;
}

Row containers_row(const engine::DiskUsage& usage) {
    Row row{.type = "Containers", .total = usage.containers.size()};
    for (const engine::ContainerUsage& each : usage.containers) {
        row.size += each.size;
        if (is_running(each.container)) {
            ++row.active;
        } else {
            row.reclaimable += each.size;
        }
    }
    return row;
}

Row volumes_row(const engine::DiskUsage& usage) {
    Row row{.type = "Local Volumes", .total = usage.volumes.size()};
    for (const engine::VolumeUsage& each : usage.volumes) {
        row.size += each.size;
        if (each.volume.containers.empty()) {
            row.reclaimable += each.size;
        } else {
            ++row.active;
        }
    }
    return row;
}

std::string reclaimable_words(const Row& row) {
    const uint64_t percent = row.size == 0 ? 0 : row.reclaimable * kPercent / row.size;
    return human_size(row.reclaimable) + " (" + std::to_string(percent) + "%)";
}

json::Value row_json(const Row& row) {
    json::Object object;
    object["Type"] = row.type;
    object["Total"] = row.total;
    object["Active"] = row.active;
    object["RawSize"] = row.size;
    object["RawReclaimable"] = row.reclaimable;
    object["Size"] = human_size(row.size);
    object["Reclaimable"] = reclaimable_words(row);
    object["TotalCount"] = row.total;
    return object;
}

Result<std::string> summary(const Args& args, const engine::DiskUsage& usage) {
    const std::vector<json::Value> rows = {
        row_json(images_row(usage)), row_json(containers_row(usage)), row_json(volumes_row(usage))};
    if (is_json_format(args.text("format"))) {
        return json::pretty(json::Array(rows.begin(), rows.end()), 2) + "\n";
    }
    ListFormat how;
    how.what = "system df";
    how.columns = {{"Type", "TYPE"},
                   {"Total", "TOTAL"},
                   {"TotalCount", "TOTAL"},
                   {"Active", "ACTIVE"},
                   {"Size", "SIZE"},
                   {"RawSize", "SIZE"},
                   {"Reclaimable", "RECLAIMABLE"},
                   {"RawReclaimable", "RECLAIMABLE"}};
    how.default_format = "table {{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}";
    how.format = args.text("format");
    return format_list(how, rows);
}

std::string images_table(const engine::DiskUsage& usage, UnixNanos now) {
    std::vector<TableRow> rows = {{"REPOSITORY",
                                   "TAG",
                                   "IMAGE ID",
                                   "CREATED",
                                   "SIZE",
                                   "SHARED SIZE",
                                   "UNIQUE SIZE",
                                   "CONTAINERS"}};
    for (const engine::ImageUsage& each : usage.images) {
        const RepoTag name = split_name(each.image.names.empty() ? "" : each.image.names.front());
        rows.push_back({name.repository,
                        name.tag,
                        short_id(each.image.id),
                        human_ago(each.image.created_at, now),
                        human_size(each.image.size),
                        human_size(each.shared),
                        human_size(each.unique),
                        std::to_string(each.image.containers)});
    }
    return format_table(rows);
}

std::string containers_table(const engine::DiskUsage& usage, UnixNanos now) {
    std::vector<TableRow> rows = {{"CONTAINER ID",
                                   "IMAGE",
                                   "COMMAND",
                                   "LOCAL VOLUMES",
                                   "SIZE",
                                   "CREATED",
                                   "STATUS",
                                   "NAMES"}};
    for (const engine::ContainerUsage& each : usage.containers) {
        rows.push_back({short_id(each.container.id),
                        each.container.image,
                        command_words(each.container.command, false),
                        std::to_string(each.volumes),
                        human_size(each.size),
                        human_ago(each.container.created_at, now),
                        status_words(each.container, now),
                        each.container.name});
    }
    return format_table(rows);
}

std::string volumes_table(const engine::DiskUsage& usage) {
    std::vector<TableRow> rows = {{"VOLUME NAME", "LINKS", "SIZE"}};
    for (const engine::VolumeUsage& each : usage.volumes) {
        rows.push_back({each.volume.name,
                        std::to_string(each.volume.containers.size()),
                        human_size(each.size)});
    }
    return format_table(rows);
}

std::string verbose(const engine::DiskUsage& usage) {
    const UnixNanos now = now_unix_nanos();
    return "Images space usage:\n\n" + images_table(usage, now) + "\nContainers space usage:\n\n" +
           containers_table(usage, now) + "\nLocal Volumes space usage:\n\n" + volumes_table(usage);
}

}  // namespace

Result<int> system_df(Invocation& call) {
    const Args& args = call.args();
    if (args.flag("verbose") && args.given("format")) {
        return call.usage_error("cannot combine --format and --verbose");
    }
    engine::Engine* const engine = TRY(call.engine());
    const engine::DiskUsage usage = TRY(engine::disk_usage(*engine));
    const std::string text = args.flag("verbose") ? verbose(usage) : TRY(summary(args, usage));
    TRY(print(text));
    return 0;
}

}  // namespace dhow::cli::verbs
