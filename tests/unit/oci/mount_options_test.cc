// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/mount_options.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include <sys/mount.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

namespace dhow::oci {
namespace {

using Data = std::vector<std::pair<std::string, std::string>>;

struct Bits {
    uint64_t set;
    uint64_t clear;
};

// mount_setattr(2): an atime mode is a value of a field, all of which must be cleared first.
const std::map<std::string, Bits> kBits = {
    {"ro", {MOUNT_ATTR_RDONLY, 0}},
    {"rw", {0, MOUNT_ATTR_RDONLY}},
    {"nosuid", {MOUNT_ATTR_NOSUID, 0}},
    {"suid", {0, MOUNT_ATTR_NOSUID}},
    {"nodev", {MOUNT_ATTR_NODEV, 0}},
    {"dev", {0, MOUNT_ATTR_NODEV}},
    {"noexec", {MOUNT_ATTR_NOEXEC, 0}},
    {"exec", {0, MOUNT_ATTR_NOEXEC}},
    {"noatime", {MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME}},
    {"atime", {0, MOUNT_ATTR__ATIME}},
    {"relatime", {MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME}},
    {"norelatime", {MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME}},
    {"strictatime", {MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME}},
    {"nostrictatime", {MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME}},
    {"nodiratime", {MOUNT_ATTR_NODIRATIME, 0}},
    {"diratime", {0, MOUNT_ATTR_NODIRATIME}},
    {"nosymfollow", {MOUNT_ATTR_NOSYMFOLLOW, 0}},
    {"symfollow", {0, MOUNT_ATTR_NOSYMFOLLOW}},
};

TEST(MountOptions, EachAttributePlain) {
    for (const auto& [name, bits] : kBits) {
        const auto parsed = parse_mount_options({name});
        EXPECT_EQ(parsed.attr_set, bits.set) << name;
        EXPECT_EQ(parsed.attr_clear, bits.clear) << name;
        EXPECT_EQ(parsed.recursive_set | parsed.recursive_clear, 0U) << name;
        EXPECT_TRUE(parsed.data.empty()) << name;
    }
}

TEST(MountOptions, EachAttributeRecursive) {
    for (const auto& [name, bits] : kBits) {
        const auto parsed = parse_mount_options({"r" + name});
        EXPECT_EQ(parsed.recursive_set, bits.set) << name;
        EXPECT_EQ(parsed.recursive_clear, bits.clear) << name;
        EXPECT_EQ(parsed.attr_set | parsed.attr_clear, 0U) << name;
        EXPECT_TRUE(parsed.data.empty()) << name;
    }
}

TEST(MountOptions, ALaterOptionOverridesAnEarlierOne) {
    for (const auto& [first, one] : kBits) {
        for (const auto& [second, two] : kBits) {
            const auto parsed = parse_mount_options({first, second});
            // Attributes of `second` are as it alone asks.
            const uint64_t mask = two.set | two.clear;
            EXPECT_EQ(parsed.attr_set & mask, two.set & mask) << first << "," << second;
            // mount_setattr clears, then sets: what is set must not depend on that.
            const uint64_t effect = (parsed.attr_clear & ~parsed.attr_set) & mask;
            EXPECT_EQ(effect, two.clear & ~two.set) << first << "," << second;
            // Those of `first` alone stay.
            EXPECT_EQ(parsed.attr_set & ~mask, one.set & ~mask) << first << "," << second;
        }
    }
}

TEST(MountOptions, AtimeIsAlwaysClearedBeforeItIsSet) {
    for (const char* name : {"noatime", "strictatime", "relatime", "norelatime"}) {
        for (const char* other : {"ro", "rw", "nodiratime", "atime", "noatime"}) {
            const auto parsed = parse_mount_options({name, other});
            EXPECT_EQ(parsed.attr_clear & MOUNT_ATTR__ATIME, uint64_t{MOUNT_ATTR__ATIME});
        }
    }
}

TEST(MountOptions, Switches) {
    EXPECT_TRUE(parse_mount_options({"bind"}).bind);
    EXPECT_FALSE(parse_mount_options({"bind"}).recursive_bind);
    EXPECT_TRUE(parse_mount_options({"rbind"}).bind);
    EXPECT_TRUE(parse_mount_options({"rbind"}).recursive_bind);
    EXPECT_TRUE(parse_mount_options({"remount"}).remount);
    EXPECT_TRUE(parse_mount_options({"tmpcopyup"}).copy_up);
    EXPECT_TRUE(parse_mount_options({"idmap"}).id_map);
    EXPECT_FALSE(parse_mount_options({"idmap"}).recursive_id_map);
    EXPECT_TRUE(parse_mount_options({"ridmap"}).recursive_id_map);
    const auto none = parse_mount_options({"defaults", "silent", "loud", ""});
    EXPECT_FALSE(none.bind || none.remount || none.copy_up || none.id_map);
    EXPECT_EQ(none.attr_set | none.attr_clear | none.recursive_set | none.recursive_clear, 0U);
    EXPECT_TRUE(none.data.empty());
}

TEST(MountOptions, Propagation) {
    const std::map<std::string, uint64_t> flags = {{"private", MS_PRIVATE},
                                                   {"shared", MS_SHARED},
                                                   {"slave", MS_SLAVE},
                                                   {"unbindable", MS_UNBINDABLE}};
    for (const auto& [name, flag] : flags) {
        bool recursive = true;
        EXPECT_EQ(propagation_flag(name, recursive), flag);
        EXPECT_FALSE(recursive);
        EXPECT_EQ(propagation_flag("r" + name, recursive), flag);
        EXPECT_TRUE(recursive);
        EXPECT_EQ(propagation_flag("rr" + name, recursive), 0U);
    }
    bool recursive = false;
    for (const char* name : {"", "r", "rro", "privat", "privatee", "PRIVATE", "shared,ro"}) {
        EXPECT_EQ(propagation_flag(name, recursive), 0U) << name;
    }
    // In the order given: "private,shared" is not "shared,private".
    const auto parsed = parse_mount_options({"rprivate", "shared"});
    const std::vector<std::pair<uint64_t, bool>> wanted = {{MS_PRIVATE, true}, {MS_SHARED, false}};
    EXPECT_EQ(parsed.propagation, wanted);
}

TEST(MountOptions, TheRestGoesToTheFileSystem) {
    const auto parsed = parse_mount_options(
        {"size=64m", "mode=1777", "sync", "lowerdir=/a=b:/c", "nosuchoption", "rdefaults", "RO"});
    const Data wanted = {{"size", "64m"},
                         {"mode", "1777"},
                         {"sync", ""},
                         {"lowerdir", "/a=b:/c"},
                         {"nosuchoption", ""},
                         {"rdefaults", ""},
                         {"RO", ""}};
    EXPECT_EQ(parsed.data, wanted);
    EXPECT_EQ(parsed.attr_set, 0U);
    EXPECT_TRUE(parse_mount_options(
                    {"async", "nodirsync", "nomand", "nolazytime", "iversion", "noiversion"})
                    .data.empty())
        << "what a new file system starts with";
}

TEST(MountOptions, WhatIsKnownIsUnderstood) {
    std::set<std::string> names;
    for (const std::string& name : known_mount_options()) {
        EXPECT_TRUE(names.insert(name).second) << name << " is listed twice";
        const auto parsed = parse_mount_options({name});
        const bool flag =
            name == "sync" || name == "dirsync" || name == "mand" || name == "lazytime";
        EXPECT_EQ(parsed.data.size(), flag ? 1U : 0U) << name;
    }
    for (const auto& [name, bits] : kBits) {
        EXPECT_TRUE(names.contains(name)) << name;
        EXPECT_TRUE(names.contains("r" + name)) << name;
    }
    for (const char* name : {"rbind", "rprivate", "unbindable", "tmpcopyup", "async"}) {
        EXPECT_TRUE(names.contains(name)) << name;
    }
}

}  // namespace
}  // namespace dhow::oci
