// SPDX-License-Identifier: Apache-2.0
#include "base/cgroup_fs.h"

#include <gtest/gtest.h>

namespace dhow {

static const char* const kHybridMounts =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "36 31 0:32 / /mnt/with\\040blank rw,relatime - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
static const char* const kHybridSelf =
    "9:name=systemd:/user\n4:memory:/a/b\n1:cpu,cpuacct:/\n0::/init.scope\n";

TEST(CgroupFs, SeesHybrid) {
    const auto layout = parse_cgroup_layout(kHybridMounts, kHybridSelf);
    EXPECT_EQ(layout.mode, CgroupMode::Hybrid);
    ASSERT_EQ(layout.hierarchies.size(), 4U);
    const auto* memory = layout.with_controller("memory");
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(memory->mount_point, "/sys/fs/cgroup/memory");
    EXPECT_EQ(memory->own_folder(), "/sys/fs/cgroup/memory/a/b");
    EXPECT_EQ(layout.with_controller("cpuacct"), layout.with_controller("cpu"));
    EXPECT_EQ(layout.with_controller("rw"), nullptr);
    EXPECT_EQ(layout.with_controller("name=systemd")->own_path, "/user");
    EXPECT_EQ(layout.unified()->own_path, "/init.scope");
    EXPECT_EQ(layout.with_controller("cpu")->own_folder(), "/sys/fs/cgroup/cpu,cpuacct");
}

TEST(CgroupFs, SeesV2AndV1AndNothing) {
    const auto v2 = parse_cgroup_layout(
        "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n", "0::/user.slice/a\n");
    EXPECT_EQ(v2.mode, CgroupMode::V2);
    EXPECT_EQ(v2.unified()->own_folder(), "/sys/fs/cgroup/user.slice/a");
    const auto v1 =
        parse_cgroup_layout("1 1 0:1 / /c/pids rw - cgroup cgroup rw,pids\n", "8:pids:/\n");
    EXPECT_EQ(v1.mode, CgroupMode::V1);
    EXPECT_EQ(parse_cgroup_layout("", "0::/\n").mode, CgroupMode::None);
    EXPECT_EQ(parse_cgroup_layout("garbage - cgroup\n", "garbage").mode, CgroupMode::None);
}

TEST(CgroupFs, ASubtreeMountHidesWhatIsOutside) {
    const char* mounts = "1 1 0:1 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    EXPECT_EQ(parse_cgroup_layout(mounts, "4:memory:/docker/x/y\n").hierarchies[0].own_folder(),
              "/sys/fs/cgroup/memory/y");
    EXPECT_EQ(parse_cgroup_layout(mounts, "4:memory:/docker/x\n").hierarchies[0].own_folder(),
              "/sys/fs/cgroup/memory");
    EXPECT_EQ(parse_cgroup_layout(mounts, "4:memory:/elsewhere\n").hierarchies[0].own_folder(), "");
}

TEST(CgroupFs, DetectsThisMachine) {
    const auto layout = detect_cgroups();
    ASSERT_TRUE(layout);
    for (const auto& hierarchy : layout->hierarchies) {
        EXPECT_TRUE(hierarchy.mount_point.starts_with('/'));
        EXPECT_TRUE(hierarchy.own_path.starts_with('/'));
    }
}

}  // namespace dhow
