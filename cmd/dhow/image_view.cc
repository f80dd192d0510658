// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/image_view.h"

#include "base/text.h"
#include "cmd/dhow/argv_normalize.h"
#include "cmd/dhow/human.h"
#include "engine/filters.h"

#include <algorithm>

#include <fnmatch.h>

namespace dhow::cli {

namespace {

constexpr UnixNanos kSecond = 1'000'000'000;

std::string digest_of(const engine::ImageSummary& image, std::string_view repository) {
    for (const std::string& digest : image.digests) {
        const auto [name, hash] = split_once(digest, '@');
        if (hash && (name == repository || repository == "<none>")) return std::string(*hash);
    }
    return image.digests.empty()
               ? "<none>"
               : std::string(split_once(image.digests[0], '@').second.value_or("<none>"));
}

bool glob(std::string_view pattern, std::string_view text) {
    return ::fnmatch(std::string(pattern).c_str(), std::string(text).c_str(), 0) == 0;
}

}  // namespace

RepoTag split_name(std::string_view name) {
    if (name.empty()) return {"<none>", "<none>"};
    const size_t at = name.find('@');
    if (at != std::string_view::npos) return {std::string(name.substr(0, at)), "<none>"};
    const size_t colon = name.rfind(':');
    const size_t slash = name.rfind('/');
    const bool tagged =
        colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
    if (!tagged) return {std::string(name), "<none>"};
    return {std::string(name.substr(0, colon)), std::string(name.substr(colon + 1))};
}

std::vector<Column> image_columns() {
    return {
        {"Repository", "REPOSITORY"},
        {"Tag", "TAG"},
        {"Digest", "DIGEST"},
        {"ID", "IMAGE ID"},
        {"Id", "IMAGE ID"},
        {"Created", "CREATED"},
        {"CreatedSince", "CREATED"},
        {"CreatedAt", "CREATED AT"},
        {"CreatedTime", "CREATED AT"},
        {"Size", "SIZE"},
        {"VirtualSize", "VIRTUAL SIZE"},
        {"Labels", "LABELS"},
        {"Containers", "CONTAINERS"},
        {"Names", "NAMES"},
    };
}

json::Value image_row(const engine::ImageSummary& image,
                      const std::string& name,
                      UnixNanos now,
                      bool full) {
    const RepoTag parts = split_name(name);
    const std::string id = full ? "sha256:" + image.id : short_id(image.id);
    json::Object row;
    row["Repository"] = parts.repository;
    row["Tag"] = parts.tag;
    row["Digest"] = digest_of(image, parts.repository);
    row["ID"] = id;
    row["Id"] = id;
    row["Created"] = human_ago(image.created_at, now);
    row["CreatedSince"] = human_ago(image.created_at, now);
    row["CreatedAt"] = human_time(image.created_at);
    row["CreatedTime"] = human_time(image.created_at);
    row["Size"] = human_size(image.size);
    row["VirtualSize"] = human_size(image.size);
    row["Labels"] = json::to_object(image.labels);
    row["Containers"] = image.containers;
    row["Names"] = json::to_array(image.names);
    return row;
}

json::Value image_json(const engine::ImageSummary& image) {
    json::Object object;
    object["Id"] = image.id;
    object["RepoTags"] = json::to_array(image.names);
    object["RepoDigests"] = json::to_array(image.digests);
    object["Size"] = image.size;
    object["SharedSize"] = 0;
    object["VirtualSize"] = image.size;
    object["Labels"] = json::to_object(image.labels);
    object["Containers"] = image.containers;
    object["Names"] = json::to_array(image.names);
    object["Digest"] = digest_of(image, "<none>");
    object["Created"] = image.created_at / kSecond;
    object["CreatedAt"] = format_rfc3339(image.created_at);
    return object;
}

bool name_matches(std::string_view name, std::string_view pattern) {
    const RepoTag have = split_name(name);
    const RepoTag want = split_name(pattern);
    if (want.tag != "<none>" && !glob(want.tag, have.tag)) return false;
    std::string_view repository = have.repository;
    for (;;) {
        if (glob(want.repository, repository)) return true;
        const size_t slash = repository.find('/');
        if (slash == std::string_view::npos) return false;
        repository.remove_prefix(slash + 1);
    }
}

Status ImageFilter::add(std::string_view text) {
    const auto [key, value] = split_once(text, '=');
    if (value && key == "reference") {
        references.emplace_back(*value);
    } else if (value && key == "label") {
        labels.emplace_back(*value);
    } else if (value && key == "dangling" && parse_bool(*value)) {
        dangling = parse_bool(*value);
    } else {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid image filter '" + printable(text) + "'",
                          "use reference=NAME, label=KEY[=VALUE] or dangling=true|false");
    }
    return {};
}

std::vector<std::string> ImageFilter::passing_names(const engine::ImageSummary& image) const {
    if (dangling && *dangling != image.names.empty()) return {};
    const bool labelled = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
        return engine::has_label(image.labels, label);
    });
    if (!labelled) return {};
    if (references.empty()) return image.names.empty() ? std::vector<std::string>{""} : image.names;
    std::vector<std::string> passing;
    for (const std::string& name : image.names) {
        const bool wanted =
            std::any_of(references.begin(), references.end(), [&](const std::string& each) {
                return name_matches(name, each);
            });
        if (wanted) passing.push_back(name);
    }
    return passing;
}

}  // namespace dhow::cli
