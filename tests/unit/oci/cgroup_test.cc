// SPDX-License-Identifier: Apache-2.0
// Where a container's cgroup goes, on hierarchies that are plain folders here.
#include "oci/runtime/cgroup/cgroup.h"

#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

std::string path_of(const std::string& path) {
    auto clean = cgroup_relative_path({.id = "c1", .path = path});
    return clean ? clean.take() : "(refused)";
}

TEST(CgroupPath, ItIsTheIdWhenNothingIsAskedFor) {
    EXPECT_EQ(path_of(""), "/c1");
}

TEST(CgroupPath, AbsoluteAndRelative) {
    EXPECT_EQ(path_of("/a/b"), "/a/b");
    EXPECT_EQ(path_of("a/b"), "a/b");
    EXPECT_EQ(path_of("//a///b//"), "/a/b");
    EXPECT_EQ(path_of("/./a/./b/."), "/a/b");
    EXPECT_EQ(path_of("./a"), "a");
    EXPECT_EQ(path_of("/..a/b.."), "/..a/b..") << "dots within a name are no way up";
}

TEST(CgroupPath, NeverOutside) {
    for (const char* path : {"/",
                             "//",
                             ".",
                             "./",
                             "..",
                             "../x",
                             "/../x",
                             "/a/..",
                             "/a/../../x",
                             "a/../b",
                             "/..",
                             "/a/b/../c"}) {
        EXPECT_EQ(path_of(path), "(refused)") << path;
    }
}

bool is_folder(const std::string& path) {
    struct stat st {};

    return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

// Two hierarchies of version 1, this process in /own of both.
class FolderHierarchies : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const char* name : {"pids", "memory"}) {
            ASSERT_EQ(::mkdir(at(name).c_str(), 0755), 0);
            ASSERT_EQ(::mkdir(at(std::string(name) + "/own").c_str(), 0755), 0);
            layout_.hierarchies.push_back({.controllers = {name},
                                           .mount_point = at(name),
                                           .mount_root = "/",
                                           .own_path = "/own"});
        }
        layout_.mode = CgroupMode::V1;
    }

    [[nodiscard]] std::string at(const std::string& name) const {
        return folder_.path() + "/" + name;
    }

    Result<ContainerCgroup> create(const std::string& path,
                                   const Resources* resources = nullptr,
                                   bool optional = false) {
        return create_cgroup(
            layout_, {.id = "c1", .path = path, .optional = optional, .resources = resources});
    }

    test::TemporaryFolder folder_;
    CgroupLayout layout_;
};

TEST_F(FolderHierarchies, AnAbsolutePathBeginsAtTheMountPoint) {
    const auto cgroup = create("/deep/er/c");
    ASSERT_TRUE(cgroup) << cgroup.error().message;
    EXPECT_TRUE(is_folder(at("pids/deep/er/c")));
    EXPECT_TRUE(is_folder(at("memory/deep/er/c")));
    ASSERT_NE(cgroup->with_controller("memory"), nullptr);
    EXPECT_EQ(cgroup->with_controller("memory")->folder, at("memory/deep/er/c"));
    EXPECT_EQ(cgroup->with_controller("cpu"), nullptr);
    EXPECT_EQ(cgroup->unified(), nullptr);
    ASSERT_TRUE(destroy_cgroup(*cgroup));
    EXPECT_FALSE(is_folder(at("pids/deep/er/c")));
    EXPECT_TRUE(is_folder(at("pids/deep/er"))) << "the caller's parent stays";
    EXPECT_TRUE(destroy_cgroup(*cgroup)) << "a missing one is success";
}

TEST_F(FolderHierarchies, ARelativePathBeginsAtTheCallersOwnGroup) {
    const auto cgroup = create("c");
    ASSERT_TRUE(cgroup);
    EXPECT_TRUE(is_folder(at("pids/own/c")));
    EXPECT_FALSE(is_folder(at("pids/c")));
}

TEST_F(FolderHierarchies, AGroupWithProcessesIsNotTakenOver) {
    for (const char* inner : {"", "/inner"}) {
        const std::string folder = at(std::string("memory/taken") + inner);
        ASSERT_EQ(::mkdir(folder.c_str(), 0755), 0);
        test::write_file(folder + "/cgroup.procs", "17\n");
        const auto cgroup = create("/taken");
        ASSERT_FALSE(cgroup) << inner;
        EXPECT_EQ(cgroup.error().kind, ErrorKind::Conflict);
        EXPECT_TRUE(is_folder(folder));
        EXPECT_FALSE(is_folder(at("pids/taken"))) << "what was made beside it is taken back";
        ASSERT_EQ(::unlink((folder + "/cgroup.procs").c_str()), 0);
    }
    EXPECT_TRUE(create("/taken")) << "an empty one is";
}

TEST_F(FolderHierarchies, ProcessesAreCountedWithTheGroupsBelow) {
    const auto cgroup = create("/c");
    ASSERT_TRUE(cgroup);
    ASSERT_EQ(::mkdir(at("pids/c/a").c_str(), 0755), 0);
    test::write_file(at("pids/c/cgroup.procs"), "30\n4\n");
    test::write_file(at("pids/c/a/cgroup.procs"), "7\n0\nx\n");
    const auto pids = cgroup_pids(*cgroup);
    ASSERT_TRUE(pids);
    EXPECT_EQ(*pids, (std::vector<pid_t>{4, 7, 30}));
}

TEST_F(FolderHierarchies, LimitsGoToTheirControllersFile) {
    const auto cgroup = create("/c");
    ASSERT_TRUE(cgroup);
    for (const char* file : {"pids/c/pids.max", "memory/c/memory.limit_in_bytes"}) {
        test::write_file(at(file), "");
    }
    Resources resources;
    resources.pids = PidsLimit{.limit = 5};
    resources.memory = MemoryLimits{.limit = 4096};
    const auto applied = apply_resources(*cgroup, resources, false);
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_EQ(test::read_file(at("pids/c/pids.max")), "5");
    EXPECT_EQ(test::read_file(at("memory/c/memory.limit_in_bytes")), "4096");
    resources.cpu = CpuLimits{.shares = 10};
    const auto lacking = apply_resources(*cgroup, resources, false);
    ASSERT_FALSE(lacking) << "a limit is never dropped";
    EXPECT_NE(lacking.error().message.find("controller `cpu` is not available"), std::string::npos);
}

TEST_F(FolderHierarchies, WithoutPermissionACgroupIsOptionalUnlessLimited) {
    layout_.hierarchies.resize(1);
    layout_.hierarchies[0].mount_point = at("gone");
    const auto none = create("/c", nullptr, true);
    ASSERT_TRUE(none) << none.error().message;
    EXPECT_FALSE(none->exists());
    EXPECT_FALSE(create("/c", nullptr, false));
    Resources resources;
    resources.pids = PidsLimit{.limit = 5};
    EXPECT_FALSE(create("/c", &resources, true));
}

TEST_F(FolderHierarchies, AnUpdateCompletesWhatTheKernelKeepsTogether) {
    ContainerCgroup cgroup;
    cgroup.places.push_back({.v2 = true,
                             .controllers = {"cpu", "memory"},
                             .folder = at("pids/own"),
                             .mount_point = at("pids")});
    const auto file = [this](const char* name) { return at(std::string("pids/own/") + name); };
    test::write_file(file("cpu.max"), "500000 1000000\n");
    test::write_file(file("memory.max"), "1000\n");
    test::write_file(file("memory.swap.max"), "");
    Resources changes;
    changes.cpu = CpuLimits{.period = 900000};
    ASSERT_TRUE(update_resources(cgroup, changes));
    EXPECT_EQ(test::read_file(file("cpu.max")).substr(0, 13), "500000 900000");
    changes.cpu = CpuLimits{.quota = -1};
    changes.memory = MemoryLimits{.swap = 1500};
    ASSERT_TRUE(update_resources(cgroup, changes));
    EXPECT_EQ(test::read_file(file("cpu.max")).substr(0, 10), "max 900000");
    EXPECT_EQ(test::read_file(file("memory.swap.max")), "500");
    test::write_file(file("memory.current"), "800\n");
    changes.memory = MemoryLimits{.limit = 800, .check_before_update = true};
    const auto refused = update_resources(cgroup, changes);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("rejecting memory limit 800"), std::string::npos);
    EXPECT_FALSE(update_resources({}, changes)) << "nowhere to set it";
}

TEST(Cgroup, WhatCountsAsALimit) {
    Resources resources;
    EXPECT_FALSE(has_limits(resources));
    resources.devices.push_back({.allow = false});
    EXPECT_FALSE(has_limits(resources)) << "device rules alone limit nobody in a user namespace";
    resources.unified["memory.high"] = "1";
    EXPECT_TRUE(has_limits(resources));
}

TEST(Cgroup, WithoutAnyThereIsNothingToListOrFreeze) {
    const ContainerCgroup none;
    EXPECT_FALSE(none.exists());
    EXPECT_FALSE(cgroup_pids(none));
    EXPECT_FALSE(set_frozen(none, true));
    EXPECT_FALSE(is_frozen(none));
    EXPECT_TRUE(destroy_cgroup(none));
    EXPECT_FALSE(open_unified(none).take());
}

}  // namespace
}  // namespace dhow::oci
