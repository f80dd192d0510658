// SPDX-License-Identifier: Apache-2.0
// The labels of security modules, as far as they go without one: what is refused, what is written.
#include "oci/runtime/security/labels.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

Process labelled(const std::string& profile, const std::string& label) {
    Process process;
    process.apparmor_profile = profile;
    process.selinux_label = label;
    return process;
}

TEST(Labels, WhatCannotBeEnforcedIsRefused) {
    EXPECT_TRUE(check_labels(labelled("", ""), false, false));
    EXPECT_FALSE(check_labels(labelled("docker-default", ""), false, true));
    EXPECT_TRUE(check_labels(labelled("docker-default", ""), true, false));
    EXPECT_TRUE(check_labels(labelled("unconfined", ""), false, false));
    EXPECT_FALSE(check_labels(labelled("", "a:b:c:s0"), true, false));
    EXPECT_TRUE(check_labels(labelled("", "a:b:c:s0"), false, true));
}

TEST(Labels, ALabelIsOneLine) {
    EXPECT_FALSE(check_labels(labelled("a\nchangeprofile b", ""), true, true));
    EXPECT_FALSE(check_labels(labelled("", "a:b\n"), true, true));
}

TEST(Labels, WhoIsConfinedOnlyBecomesMoreSo) {
    EXPECT_EQ(apparmor_command("p", false, false), "exec p");
    EXPECT_EQ(apparmor_command("p", false, true), "exec p");
    EXPECT_EQ(apparmor_command("p", true, false), "exec p");
    EXPECT_EQ(apparmor_command("p", true, true), "stack p");
}

TEST(Labels, KernelFileSystemsAndBindsTakeNoMountLabel) {
    for (const char* type : {"tmpfs", "devpts", "ramfs"}) EXPECT_TRUE(takes_mount_label(type));
    for (const char* type : {"proc", "sysfs", "cgroup", "cgroup2", "bind", "mqueue"}) {
        EXPECT_FALSE(takes_mount_label(type)) << type;
    }
}

TEST(Labels, WithoutLabelsNothingIsOpened) {
    const auto labels = ExecLabels::open(Process{});
    ASSERT_TRUE(labels);
    for (const int fd : labels->descriptors()) EXPECT_LT(fd, 0);
    EXPECT_TRUE(labels->apply());
}

}  // namespace
}  // namespace dhow::oci
