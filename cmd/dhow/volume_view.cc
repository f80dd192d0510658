// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/volume_view.h"

#include "base/text.h"
#include "cmd/dhow/argv_normalize.h"
#include "cmd/dhow/parse/times.h"

#include <algorithm>

namespace dhow::cli {

namespace {

constexpr std::string_view kDriver = "local";
constexpr std::string_view kScope = "local";

template <class Matches>
bool one_of(const std::vector<std::string>& wanted, const Matches& matches) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), matches);
}

}  // namespace

std::vector<Column> volume_columns() {
    return {{"Driver", "DRIVER"},
            {"Name", "VOLUME NAME"},
            {"Mountpoint", "MOUNTPOINT"},
            {"CreatedAt", "CREATED AT"},
            {"Labels", "LABELS"},
            {"Scope", "SCOPE"},
            {"Options", "OPTIONS"},
            {"Anonymous", "ANONYMOUS"},
            {"MountCount", "MOUNT COUNT"},
            {"NeedsCopyUp", "NEEDS COPY UP"}};
}

json::Object volume_json(const engine::VolumeDetails& volume) {
    json::Object object;
    object["Name"] = volume.name;
    object["Driver"] = kDriver;
    object["Mountpoint"] = volume.mount_point;
    object["CreatedAt"] = format_rfc3339(volume.created_at);
    object["Labels"] = json::to_object(volume.labels);
    object["Scope"] = kScope;
    object["Options"] = json::to_object(volume.options);
    object["Anonymous"] = volume.anonymous;
    object["MountCount"] = volume.containers.size();
    object["NeedsCopyUp"] = volume.needs_copy_up;
    return object;
}

Status VolumeFilter::add(std::string_view text, UnixNanos now) {
    const auto [key, value] = split_once(text, '=');
    const std::string word(value.value_or(""));
    if (value && key == "name") {
        names_.push_back(word);
    } else if (value && key == "label") {
        common_.labels.push_back(word);
    } else if (value && key == "label!") {
        common_.without_labels.push_back(word);
    } else if (value && key == "driver") {
        drivers_.push_back(word);
    } else if (value && key == "scope" && word == kScope) {
        return {};
    } else if (value && key == "opt") {
        options_.push_back(word);
    } else if (value && key == "dangling" && parse_bool(word)) {
        dangling_ = parse_bool(word);
    } else if (value && key == "anonymous" && parse_bool(word)) {
        anonymous_ = parse_bool(word);
    } else if (value && key == "until") {
        common_.until = TRY_CONTEXT(parse_time(word, now), "--filter until");
    } else if (value && (key == "since" || key == "after")) {
        since_ = TRY_CONTEXT(parse_time(word, now), "--filter since");
    } else {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid volume filter '" + printable(text) + "'",
                          "use name=, label=, label!=, driver=, scope=local, opt=, dangling=BOOL, "
                          "anonymous=BOOL, since=TIME or until=TIME");
    }
    return {};
}

bool VolumeFilter::passes(const engine::VolumeDetails& volume) const {
    const auto has_name = [&](const std::string& part) {
        return volume.name.find(part) != std::string::npos;
    };
    const auto is_driver = [](const std::string& driver) { return driver == kDriver; };
    const auto has_option = [&](const std::string& option) {
        return engine::has_label(volume.options, option);
    };
    if (!one_of(names_, has_name) || !one_of(drivers_, is_driver)) return false;
    if (!one_of(options_, has_option)) return false;
    if (dangling_ && *dangling_ != volume.containers.empty()) return false;
    if (anonymous_ && *anonymous_ != volume.anonymous) return false;
    if (since_ && volume.created_at <= *since_) return false;
    return common_.passes(volume.labels, volume.created_at);
}

}  // namespace dhow::cli
