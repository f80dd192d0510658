// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/parse/mounts.h"

#include "base/text.h"
#include "cmd/dhow/argv_normalize.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace dhow::cli {

namespace {

constexpr auto kVolumeOptions = std::to_array<std::string_view>({
    "z",        "Z",     "U",      "exec",   "noexec", "suid",       "nosuid",
    "dev",      "nodev", "bind",   "rbind",  "shared", "rshared",    "private",
    "rprivate", "slave", "rslave", "nocopy", "copy",   "unbindable", "runbindable",
});

constexpr auto kTmpfsFlags = std::to_array<std::string_view>({
    "exec",
    "noexec",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "noatime",
    "atime",
    "relatime",
    "strictatime",
    "private",
    "rprivate",
    "shared",
    "rshared",
    "slave",
    "rslave",
    "notmpcopyup",
    "tmpcopyup",
});

constexpr auto kTmpfsValues = std::to_array<std::string_view>(
    {"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "huge"});

constexpr std::string_view kVolumeFix = "the format is [SOURCE:]DESTINATION[:OPTIONS]";
constexpr std::string_view kMountFix =
    "the format is type=bind|volume|tmpfs[,source=SOURCE],destination=DESTINATION[,OPTION...]";
constexpr std::string_view kTmpfsFix = "the format is DESTINATION[:OPTION[,OPTION...]]";

struct Blame {
    std::string_view what;
    std::string_view text;
    std::string_view fix;

    [[nodiscard]] Error because(std::string_view cause) const {
        return make_error(
            ErrorKind::InvalidArgument,
            "invalid " + std::string(what) + " '" + printable(text) + "': " + std::string(cause),
            std::string(fix));
    }
};

template <size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Names of volumes follow the grammar of ids: no path can hide in one.
bool is_volume_name(std::string_view name) {
    constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    return !name.empty() && name.size() <= 255 &&
           kLetters.find(name[0]) != std::string_view::npos &&
           name.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
               std::string_view::npos;
}

std::string absolute(std::string_view path, std::string_view working_dir) {
    std::filesystem::path whole(path);
    if (whole.is_relative()) whole = std::filesystem::path(working_dir) / whole;
    std::string clean = whole.lexically_normal().string();
    if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
    return clean;
}

Result<std::string> clean_destination(std::string_view text, const Blame& blame) {
    if (!text.starts_with('/')) return blame.because("the destination is no absolute path");
    std::string clean = absolute(text, "/");
    if (clean == "/") return blame.because("the destination must not be '/'");
    return clean;
}

Status set_source(engine::MountSpec& mount,
                  std::string_view text,
                  std::string_view working_dir,
                  const Blame& blame) {
    if (text.empty()) return blame.because("the source is empty");
    if (text.starts_with('/') || text.starts_with('.')) {
        mount.kind = engine::MountKind::Bind;
        mount.source = absolute(text, working_dir);
        return {};
    }
    if (!is_volume_name(text)) {
        return blame.because("'" + printable(text) +
                             "' is neither a path that begins with / or . nor a volume name");
    }
    mount.kind = engine::MountKind::Volume;
    mount.source = text;
    return {};
}

Status add_volume_options(engine::MountSpec& mount, std::string_view text, const Blame& blame) {
    for (const std::string& option : split(text, ',')) {
        if (option == "ro" || option == "rw") {
            mount.read_only = option == "ro";
        } else if (contains(kVolumeOptions, option)) {
            mount.options.push_back(option);
        } else {
            return blame.because("unknown option '" + printable(option) + "'");
        }
    }
    return {};
}

Status add_tmpfs_option(engine::MountSpec& mount, const std::string& option, const Blame& blame) {
    const auto [name, value] = split_once(option, '=');
    if (!value && (option == "ro" || option == "rw")) {
        mount.read_only = option == "ro";
        return {};
    }
    const bool known =
        value ? contains(kTmpfsValues, name) && !value->empty() : contains(kTmpfsFlags, name);
    if (!known) return blame.because("unknown option '" + printable(option) + "'");
    mount.options.push_back(option);
    return {};
}

struct MountFields {
    std::string type = "volume";
    std::string source;
    bool has_source = false;
    std::string destination;
};

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// "readonly", "ro=true", "rw".
Result<bool> read_switch(std::optional<std::string_view> value, const Blame& blame) {
    if (!value) return true;
    const std::optional<bool> truth = parse_bool(*value);
    if (!truth) return blame.because("'" + printable(*value) + "' is neither true nor false");
    return *truth;
}

Status take_mount_field(const std::string& piece,
                        engine::MountSpec& mount,
                        MountFields& fields,
                        const Blame& blame) {
    const auto [name, value] = split_once(piece, '=');
    const std::string text(value.value_or(""));
    if (is_one_of(name, {"type"})) {
        fields.type = text;
    } else if (is_one_of(name, {"source", "src"})) {
        fields.source = text;
        fields.has_source = true;
    } else if (is_one_of(name, {"destination", "dst", "target"})) {
        fields.destination = text;
    } else if (is_one_of(name, {"readonly", "ro"})) {
        mount.read_only = TRY(read_switch(value, blame));
    } else if (name == "rw") {
        mount.read_only = !TRY(read_switch(value, blame));
    } else if (is_one_of(name, {"bind-propagation"})) {
        if (!contains(kVolumeOptions, text)) return blame.because("unknown propagation");
        mount.options.push_back(text);
    } else if (name == "tmpfs-size" || name == "tmpfs-mode") {
        return add_tmpfs_option(mount, std::string(name.substr(6)) + "=" + text, blame);
    } else if (is_one_of(name, {"chown", "U"})) {
        if (TRY(read_switch(value, blame))) mount.options.emplace_back("U");
    } else if (name == "relabel") {
        if (text != "shared" && text != "private") return blame.because("unknown relabel value");
        mount.options.emplace_back(text == "shared" ? "z" : "Z");
    } else if (name == "bind-nonrecursive") {
        if (TRY(read_switch(value, blame))) mount.options.emplace_back("bind");
    } else if (!value && contains(kVolumeOptions, name)) {
        mount.options.emplace_back(name);
    } else {
        return add_tmpfs_option(mount, piece, blame);
    }
    return {};
}

Status check_kind(const MountFields& fields,
                  engine::MountSpec& mount,
                  std::string_view working_dir,
                  const Blame& blame) {
    if (fields.type == "bind") {
        if (fields.source.empty()) return blame.because("a bind mount needs a source");
        mount.kind = engine::MountKind::Bind;
        mount.source = absolute(fields.source, working_dir);
    } else if (fields.type == "volume") {
        mount.kind = engine::MountKind::Volume;
        if (fields.has_source && !is_volume_name(fields.source)) {
            return blame.because("'" + printable(fields.source) + "' is no volume name");
        }
        mount.source = fields.source;
    } else if (fields.type == "tmpfs") {
        if (fields.has_source) return blame.because("a tmpfs has no source");
        mount.kind = engine::MountKind::Tmpfs;
    } else {
        return blame.because("unknown type '" + printable(fields.type) + "'");
    }
    const bool tmpfs_only =
        std::any_of(mount.options.begin(), mount.options.end(), [](const auto& option) {
            return option.find('=') != std::string::npos;
        });
    if (tmpfs_only && fields.type != "tmpfs") {
        return blame.because("size, mode and their like belong to type=tmpfs");
    }
    return {};
}

}  // namespace

Result<engine::MountSpec> parse_volume(std::string_view text, std::string_view working_dir) {
    const Blame blame{"volume", text, kVolumeFix};
    engine::MountSpec mount;
    const std::vector<std::string> pieces = split(text, ':');
    if (pieces.size() > 3) return blame.because("too many colons");
    if (pieces.size() == 1) {
        mount.kind = engine::MountKind::Volume;
        mount.destination = TRY(clean_destination(text, blame));
        return mount;
    }
    TRY(set_source(mount, pieces[0], working_dir, blame));
    mount.destination = TRY(clean_destination(pieces[1], blame));
    if (pieces.size() == 3) TRY(add_volume_options(mount, pieces[2], blame));
    return mount;
}

Result<engine::MountSpec> parse_mount(std::string_view text, std::string_view working_dir) {
    const Blame blame{"mount", text, kMountFix};
    engine::MountSpec mount;
    MountFields fields;
    for (const std::string& piece : split(text, ',')) {
        TRY(take_mount_field(piece, mount, fields, blame));
    }
    TRY(check_kind(fields, mount, working_dir, blame));
    mount.destination = TRY(clean_destination(fields.destination, blame));
    return mount;
}

Result<engine::MountSpec> parse_tmpfs(std::string_view text) {
    const Blame blame{"tmpfs", text, kTmpfsFix};
    engine::MountSpec mount;
    mount.kind = engine::MountKind::Tmpfs;
    const auto [destination, options] = split_once(text, ':');
    mount.destination = TRY(clean_destination(destination, blame));
    if (options && !options->empty()) {
        for (const std::string& option : split(*options, ',')) {
            TRY(add_tmpfs_option(mount, option, blame));
        }
    }
    return mount;
}

}  // namespace dhow::cli
