// SPDX-License-Identifier: Apache-2.0
#include "oci/spec/image_config.h"

#include "base/json.h"

#include <limits>

namespace dhow::oci {

namespace {

// Docker's sets are objects whose values are empty objects.
Result<std::vector<std::string>> keys_of(const json::Object& object, std::string_view name) {
    std::vector<std::string> keys;
    const json::Object* members = TRY(json::get_object(object, name));
    if (members == nullptr) return keys;
    for (const auto& member : *members) keys.emplace_back(member.key());
    return keys;
}

// Old tools wrote a single string where the spec has a list.
Result<std::vector<std::string>> words_of(const json::Object& object, std::string_view name) {
    const json::Value* value = object.if_contains(name);
    if (value != nullptr && value->is_string()) {
        return std::vector<std::string>{std::string(value->get_string())};
    }
    return json::get_strings(object, name);
}

Result<ContainerDefaults> parse_defaults(const json::Object& object) {
    ContainerDefaults defaults;
    defaults.user = TRY(json::get_string(object, "User")).value_or("");
    defaults.env = TRY(json::get_strings(object, "Env"));
    defaults.entrypoint = TRY(words_of(object, "Entrypoint"));
    defaults.cmd = TRY(words_of(object, "Cmd"));
    defaults.volumes = TRY(keys_of(object, "Volumes"));
    defaults.exposed_ports = TRY(keys_of(object, "ExposedPorts"));
    defaults.working_dir = TRY(json::get_string(object, "WorkingDir")).value_or("");
    defaults.labels = TRY(json::get_string_map(object, "Labels"));
    defaults.stop_signal = TRY(json::get_string(object, "StopSignal")).value_or("");
    return defaults;
}

Result<RootFs> parse_rootfs(const json::Object& object) {
    RootFs rootfs;
    const json::Object* member = TRY(json::get_object(object, "rootfs"));
    if (member == nullptr) {
        return make_error(ErrorKind::InvalidArgument, "image config: no 'rootfs'");
    }
    const auto texts = TRY(json::get_strings(*member, "diff_ids"));
    for (const std::string& text : texts) rootfs.diff_ids.push_back(TRY(DiffId::parse(text)));
    return rootfs;
}

}  // namespace

Result<ImageConfig> parse_image_config(std::string_view text) {
    if (text.size() > kMaxConfigBytes) {
        return make_error(ErrorKind::InvalidArgument, "image config: larger than 8 MiB");
    }
    const auto object = TRY(json::parse_object(text, "image config"));
    ImageConfig image;
    image.architecture = TRY(json::get_string(object, "architecture")).value_or("");
    image.os = TRY(json::get_string(object, "os")).value_or("");
    image.variant = TRY(json::get_string(object, "variant")).value_or("");
    image.author = TRY(json::get_string(object, "author")).value_or("");
    const auto created = TRY(json::get_string(object, "created"));
    if (created) {
        // Out of reach is the nearest time that is not: "0001-01-01T00:00:00Z" means unknown.
        const auto time = parse_rfc3339(*created);
        using Limits = std::numeric_limits<UnixNanos>;
        if (time && *time != Limits::min() && *time != Limits::max()) image.created = *time;
    }
    const json::Object* defaults = TRY(json::get_object(object, "config"));
    if (defaults != nullptr) image.config = TRY(parse_defaults(*defaults));
    image.rootfs = TRY(parse_rootfs(object));
    return image;
}

}  // namespace dhow::oci
