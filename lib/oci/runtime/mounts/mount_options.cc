// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/mount_options.h"

#include "base/text.h"

#include <array>
#include <string_view>

#include <sys/mount.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

namespace dhow::oci {

namespace {

struct Attribute {
    std::string_view name;
    uint64_t set;
    uint64_t clear;
};

// The three atime modes are values of one field: setting any clears the field first.
constexpr uint64_t kAtime = MOUNT_ATTR__ATIME;
constexpr std::array<Attribute, 21> kAttributes = {{
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME, kAtime},
    {"atime", 0, kAtime},
    {"relatime", MOUNT_ATTR_RELATIME, kAtime},
    {"norelatime", MOUNT_ATTR_STRICTATIME, kAtime},
    {"strictatime", MOUNT_ATTR_STRICTATIME, kAtime},
    {"nostrictatime", MOUNT_ATTR_RELATIME, kAtime},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"defaults", 0, 0},
    {"silent", 0, 0},
    {"loud", 0, 0},
}};

struct Propagation {
    std::string_view name;
    uint64_t flag;
};

constexpr std::array<Propagation, 4> kPropagations = {{
    {"private", MS_PRIVATE},
    {"shared", MS_SHARED},
    {"slave", MS_SLAVE},
    {"unbindable", MS_UNBINDABLE},
}};

// Of the file system; their opposites are what a new file system starts with.
constexpr std::array<std::string_view, 4> kSuperblockFlags = {
    "sync", "dirsync", "mand", "lazytime"};
// fsconfig(2) knows no "iversion": the file systems that can count versions do so unasked.
constexpr std::array<std::string_view, 6> kSuperblockDefaults = {
    "async", "nodirsync", "nomand", "nolazytime", "iversion", "noiversion"};

const Attribute* find_attribute(std::string_view name) {
    for (const Attribute& attribute : kAttributes) {
        if (attribute.name == name) return &attribute;
    }
    return nullptr;
}

bool apply_switch(std::string_view option, MountOptions& parsed) {
    if (option == "bind" || option == "rbind") {
        parsed.bind = true;
        parsed.recursive_bind = parsed.recursive_bind || option == "rbind";
    } else if (option == "remount") {
        parsed.remount = true;
    } else if (option == "tmpcopyup") {
        parsed.copy_up = true;
    } else if (option == "copy-symlink") {
        parsed.copy_symlink = true;
    } else if (option == "src-nofollow") {
        parsed.source_nofollow = true;
    } else if (option == "dest-nofollow") {
        parsed.destination_nofollow = true;
    } else if (const auto name = split_once(option, '=').first;
               name == "idmap" || name == "ridmap") {  // with its maps: idmap_option.h
        parsed.id_map = true;
        parsed.recursive_id_map = name == "ridmap";
    } else {
        return false;
    }
    return true;
}

// A later option overrides an earlier one of the same attribute.
void apply(const Attribute& attribute, uint64_t& set, uint64_t& clear) {
    set &= ~(attribute.clear | attribute.set);
    clear &= ~attribute.set | kAtime;
    set |= attribute.set;
    clear |= attribute.clear;
}

bool apply_attribute(std::string_view option, MountOptions& parsed) {
    if (const Attribute* attribute = find_attribute(option)) {
        apply(*attribute, parsed.attr_set, parsed.attr_clear);
        return true;
    }
    if (!option.starts_with('r')) return false;
    const Attribute* attribute = find_attribute(option.substr(1));
    if (attribute == nullptr || (attribute->set == 0 && attribute->clear == 0)) return false;
    apply(*attribute, parsed.recursive_set, parsed.recursive_clear);
    return true;
}

}  // namespace

uint64_t propagation_flag(const std::string& name, bool& recursive) {
    std::string_view plain(name);
    for (int round = 0; round < 2; ++round) {
        for (const Propagation& entry : kPropagations) {
            if (entry.name != plain) continue;
            recursive = round == 1;
            return entry.flag;
        }
        if (!plain.starts_with('r')) break;
        plain.remove_prefix(1);
    }
    return 0;
}

MountOptions parse_mount_options(const std::vector<std::string>& options) {
    MountOptions parsed;
    for (const std::string& option : options) {
        if (option.empty() || apply_switch(option, parsed) || apply_attribute(option, parsed)) {
            continue;
        }
        bool recursive = false;
        if (const uint64_t flag = propagation_flag(option, recursive); flag != 0) {
            parsed.propagation.emplace_back(flag, recursive);
            continue;
        }
        bool is_default = false;
        for (const auto name : kSuperblockDefaults) is_default = is_default || name == option;
        if (is_default) continue;
        const auto [key, value] = split_once(option, '=');
        parsed.data.emplace_back(key, value.value_or(""));
    }
    return parsed;
}

std::vector<std::string> known_mount_options() {
    std::vector<std::string> names = {"bind",
                                      "rbind",
                                      "remount",
                                      "tmpcopyup",
                                      "idmap",
                                      "ridmap",
                                      "copy-symlink",
                                      "src-nofollow",
                                      "dest-nofollow"};
    for (const Attribute& attribute : kAttributes) {
        names.emplace_back(attribute.name);
        if (attribute.set != 0 || attribute.clear != 0) {
            names.push_back("r" + std::string(attribute.name));
        }
    }
    for (const Propagation& entry : kPropagations) {
        names.emplace_back(entry.name);
        names.push_back("r" + std::string(entry.name));
    }
    names.insert(names.end(), kSuperblockFlags.begin(), kSuperblockFlags.end());
    names.insert(names.end(), kSuperblockDefaults.begin(), kSuperblockDefaults.end());
    return names;
}

}  // namespace dhow::oci
