// SPDX-License-Identifier: Apache-2.0
#include "engine/volume_options.h"

#include "base/text.h"

#include <algorithm>

namespace dhow::engine {

namespace {

Error refused(const std::string& name, const std::string& value, const std::string& why) {
    return make_error(ErrorKind::InvalidArgument,
                      "volume option '" + printable(name) + "=" + printable(value) + "': " + why,
                      "options are type=, device= and o=, as mount(8) has them");
}

template <class Id>
Status take_id(std::string_view word, std::string_view key, std::optional<Id>& id) {
    const auto number = parse_int<Id>(word.substr(key.size()));
    if (!number) return refused("o", std::string(word), "not a number");
    id = *number;
    return {};
}

// One word of "o": an owner, or the file system's own.
Status take_word(std::string_view word, VolumeMount& mount) {
    if (word.empty() || word == "copy" || word == "nocopy") return {};
    const bool quota = word.starts_with("size=") || word.starts_with("inodes=");
    if (mount.type.empty() && quota) {
        return make_error(ErrorKind::Unsupported,
                          "volume option 'o=" + printable(word) + "' needs a quota of the disk",
                          "use --opt type=tmpfs --opt device=tmpfs for a volume in memory");
    }
    if (mount.type.empty() && word.starts_with("uid=")) {
        return take_id(word, "uid=", mount.owner.uid);
    }
    if (mount.type.empty() && word.starts_with("gid=")) {
        return take_id(word, "gid=", mount.owner.gid);
    }
    mount.options.emplace_back(word);
    return {};
}

bool says_bind(const std::vector<std::string>& words) {
    return std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "bind" || word == "rbind";
    });
}

Status check(const VolumeMount& mount) {
    if (mount.type.empty() && !mount.device.empty()) {
        return refused("device", mount.device, "a type is missing");
    }
    if (mount.type.empty() && !mount.options.empty()) {
        return refused("o", mount.options.front(), "a type and a device are missing");
    }
    if (!mount.type.empty() && mount.device.empty()) {
        return refused("type", mount.type, "a device is missing");
    }
    if (mount.type == "bind" && !mount.device.starts_with('/')) {
        return refused("device", mount.device, "not an absolute path");
    }
    return {};
}

}  // namespace

Result<VolumeMount> parse_volume_options(const std::map<std::string, std::string>& options) {
    VolumeMount mount;
    std::vector<std::string> words;
    for (const auto& [name, value] : options) {
        if (name == "type") {
            mount.type = value;
        } else if (name == "device") {
            mount.device = value;
        } else if (name == "o") {
            words = split(value, ',');
        } else {
            return refused(name, value, "unknown");
        }
    }
    if (mount.type == "none" || (mount.type.empty() && says_bind(words))) mount.type = "bind";
    for (const std::string& word : words) TRY(take_word(word, mount));
    TRY(check(mount));
    return mount;
}

}  // namespace dhow::engine
