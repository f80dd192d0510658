// SPDX-License-Identifier: Apache-2.0
// dhow images
#include "base/text.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/image_view.h"
#include "cmd/dhow/output.h"

#include <algorithm>
#include <set>

namespace dhow::cli::verbs {

namespace {

constexpr int kJsonIndent = 4;

struct Row {
    engine::ImageSummary image;
    std::string name;
};

Result<ImageFilter> make_filter(const Args& args) {
    ImageFilter filter;
    for (const std::string& text : args.list("filter")) TRY(filter.add(text));
    if (!args.operands().empty()) filter.references.push_back(args.operands()[0]);
    return filter;
}

Status sort_rows(Invocation& call, std::vector<Row>& rows) {
    const std::string choice = call.args().given("sort") ? call.args().text("sort") : "created";
    const auto sorted = [&](auto before) {
        std::stable_sort(rows.begin(), rows.end(), before);
        return Status();
    };
    const auto repository = [](const Row& row) { return split_name(row.name).repository; };
    const auto tag = [](const Row& row) { return split_name(row.name).tag; };
    if (choice == "created") {
        return sorted(
            [](const Row& a, const Row& b) { return a.image.created_at > b.image.created_at; });
    }
    if (choice == "id")
        return sorted([](const Row& a, const Row& b) { return a.image.id < b.image.id; });
    if (choice == "size")
        return sorted([](const Row& a, const Row& b) { return a.image.size < b.image.size; });
    if (choice == "repository") {
        return sorted([&](const Row& a, const Row& b) { return repository(a) < repository(b); });
    }
    if (choice == "tag") return sorted([&](const Row& a, const Row& b) { return tag(a) < tag(b); });
    return call.usage_error("sort images by '" + printable(choice) +
                            "': choose created, id, repository, size or tag");
}

std::string as_json(const std::vector<Row>& rows) {
    json::Array array;
    std::set<std::string> seen;
    for (const Row& row : rows) {
        if (seen.insert(row.image.id).second) array.push_back(image_json(row.image));
    }
    return json::pretty(array, kJsonIndent) + "\n";
}

std::string as_ids(const std::vector<Row>& rows, bool full) {
    std::string out;
    std::set<std::string> seen;
    for (const Row& row : rows) {
        if (!seen.insert(row.image.id).second) continue;
        out += (full ? "sha256:" + row.image.id : short_id(row.image.id)) + "\n";
    }
    return out;
}

Result<std::string> as_list(const Args& args, const std::vector<Row>& rows) {
    ListFormat how;
    how.what = "images";
    how.columns = image_columns();
    const std::string digest = args.flag("digests") ? "\t{{.Digest}}" : "";
    how.default_format =
        "table {{.Repository}}\t{{.Tag}}" + digest + "\t{{.ID}}\t{{.Created}}\t{{.Size}}";
    how.format = args.text("format");
    how.no_heading = args.flag("noheading");
    const UnixNanos now = now_unix_nanos();
    std::vector<json::Value> values;
    values.reserve(rows.size());
    for (const Row& row : rows) {
        values.push_back(image_row(row.image, row.name, now, args.flag("no-trunc")));
    }
    return format_list(how, values);
}

}  // namespace

Result<int> images(Invocation& call) {
    const Args& args = call.args();
    const ImageFilter filter = TRY(make_filter(args));
    engine::Engine* const engine = TRY(call.engine());
    std::vector<Row> rows;
    for (const engine::ImageSummary& image : TRY(engine::list_images(*engine))) {
        for (std::string& name : filter.passing_names(image))
            rows.push_back({image, std::move(name)});
    }
    TRY(sort_rows(call, rows));
    if (args.flag("quiet")) {
        TRY(print(as_ids(rows, args.flag("no-trunc"))));
    } else if (is_json_format(args.text("format"))) {
        TRY(print(as_json(rows)));
    } else {
        const std::string list = TRY(as_list(args, rows));
        TRY(print(list));
    }
    return 0;
}

}  // namespace dhow::cli::verbs
