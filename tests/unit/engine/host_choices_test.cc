// SPDX-License-Identifier: Apache-2.0
// What depends on the host: limits that can be held here, and where mounts come from.
#include "engine/cgroup_choice.h"
#include "engine/context.h"
#include "engine/mount_sources.h"
#include "store/volume_store.h"
#include "tests/unit/store/store_fixture.h"

#include <algorithm>

namespace dhow::engine {
namespace {

class HostChoicesTest : public store::StoreTest {
  protected:
    void SetUp() override {
        store::StoreTest::SetUp();
        auto opened = open_again();
        ASSERT_TRUE(opened) << opened.error().message;
        ASSERT_TRUE(make_dirs(folder() + "/run"));
        ASSERT_TRUE(make_dirs(folder() + "/rootfs/data"));
        store::write_file(folder() + "/rootfs/data/file", "of the image");
        context_ = std::make_unique<Context>(
            Context{.store = opened.take(),
                    .run_root_path = folder() + "/run",
                    .run_root = open_dir_at(AT_FDCWD, folder() + "/run").take()});
        context_->rootless = ::geteuid() != 0;
        config_.id = std::string(64, 'a');
    }

    void TearDown() override {
        context_.reset();
        store::StoreTest::TearDown();
    }

    Result<std::vector<std::string>> sources() {
        const auto rootfs = RootDir::open(folder() + "/rootfs");
        EXPECT_TRUE(rootfs);
        const auto found = find_mount_sources(*context_, config_, *rootfs);
        if (!found) return found.error();
        std::vector<std::string> paths;
        for (const MountSource& source : *found) paths.push_back(source.path);
        return paths;
    }

    std::unique_ptr<Context> context_;
    ContainerConfig config_;
};

TEST_F(HostChoicesTest, BindSourcesMustBeThere) {
    config_.options.mounts = {{MountKind::Bind, folder() + "/rootfs", "/a", false, {}},
                              {MountKind::Tmpfs, "", "/b", false, {}}};
    EXPECT_EQ(*sources(), (std::vector<std::string>{folder() + "/rootfs", ""}));
    config_.options.mounts[0].source = folder() + "/missing";
    const auto missing = sources();
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
    EXPECT_EQ(missing.error().message.find("mount '" + folder() + "/missing' on '/a'"), 0U);
    EXPECT_NE(missing.error().fix.find("mkdir -p"), std::string::npos);
    EXPECT_FALSE(exists_at(AT_FDCWD, folder() + "/missing"));
}

TEST_F(HostChoicesTest, VolumesComeIntoBeingOnceAndAnonymousOnesGetNames) {
    config_.options.mounts = {{MountKind::Volume, "named", "/data", false, {}},
                              {MountKind::Volume, "", "/x", false, {}},
                              {MountKind::Bind, "/", "/host", true, {}}};
    ASSERT_TRUE(create_volumes(*context_, config_));
    EXPECT_EQ(config_.options.mounts[0].source, "named");
    EXPECT_EQ(config_.options.mounts[1].source.size(), 64U);
    EXPECT_EQ(config_.options.mounts[2].source, "/");
    store::VolumeStore volumes(context_->store);
    EXPECT_FALSE(volumes.find("named")->anonymous);
    EXPECT_TRUE(volumes.find(config_.options.mounts[1].source)->anonymous);
    ASSERT_TRUE(create_volumes(*context_, config_));
    EXPECT_EQ(volumes.list()->size(), 2U);
}

TEST_F(HostChoicesTest, AVolumeIsFilledFromTheImageOnItsFirstUseOnly) {
    config_.options.mounts = {{MountKind::Volume, "filled", "/data", false, {}},
                              {MountKind::Volume, "bare", "/not/in/the/image", false, {}}};
    ASSERT_TRUE(create_volumes(*context_, config_));
    const auto first = sources();
    ASSERT_TRUE(first) << first.error().message;
    const std::string file = (*first)[0] + "/file";
    EXPECT_EQ(*read_file_at(AT_FDCWD, file), "of the image");
    EXPECT_TRUE(list_dir_at(AT_FDCWD, (*first)[1])->empty());
    ASSERT_TRUE(remove_file_at(AT_FDCWD, file));
    EXPECT_EQ(*sources(), *first);
    EXPECT_FALSE(exists_at(AT_FDCWD, file));
}

// An image may put a link where its volume is said to be.
TEST_F(HostChoicesTest, AVolumeIsNeverFilledFromOutsideTheImage) {
    ASSERT_TRUE(make_dirs(folder() + "/host"));
    store::write_file(folder() + "/host/secret", "secret");
    ASSERT_EQ(::symlink((folder() + "/host").c_str(), (folder() + "/rootfs/link").c_str()), 0);
    ASSERT_EQ(::symlink("../host", (folder() + "/rootfs/up").c_str()), 0);
    config_.options.mounts = {{MountKind::Volume, "a", "/link", false, {}},
                              {MountKind::Volume, "b", "/up", false, {}}};
    ASSERT_TRUE(create_volumes(*context_, config_));
    const auto found = sources();
    ASSERT_TRUE(found) << found.error().message;
    for (const std::string& folder : *found) EXPECT_TRUE(list_dir_at(AT_FDCWD, folder)->empty());
}

TEST_F(HostChoicesTest, WhatCannotBeLimitedIsRefusedWithItsCause) {
    const auto abilities = cgroup_abilities(*context_, "");
    ASSERT_TRUE(abilities);
    const auto settle = [&](Resources resources) {
        config_.options.resources = resources;
        return settle_limits(*context_, config_);
    };
    const std::pair<const char*, Resources> asked[] = {{"memory", {.memory = 64 << 20}},
                                                       {"cpu", {.nano_cpus = 1'000'000}},
                                                       {"pids", {.pids_limit = 10}}};
    for (const auto& [controller, resources] : asked) {
        const auto settled = settle(resources);
        EXPECT_EQ(settled.has_value(), abilities->has(controller)) << controller;
        if (settled) continue;
        EXPECT_EQ(settled.error().kind, ErrorKind::Unsupported);
        EXPECT_NE(settled.error().fix, "");
    }
    EXPECT_TRUE(settle({.pids_limit = -1}));  // no limit can be had anywhere
    EXPECT_EQ(config_.options.resources.pids_limit, -1);
    ASSERT_TRUE(settle({}));
    EXPECT_EQ(config_.options.resources.pids_limit.has_value(), abilities->has("pids"));
}

TEST_F(HostChoicesTest, WithoutAPlaceThereIsNoCgroup) {
    const auto abilities = cgroup_abilities(*context_, "");
    ASSERT_TRUE(abilities);
    if (abilities->manager != "none") {
        EXPECT_FALSE(abilities->controllers.empty() && abilities->why_not.empty());
        return;
    }
    EXPECT_NE(abilities->why_not, "");
    const auto choice = choose_cgroup(*context_, config_);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->path, "");
    EXPECT_FALSE(choice->limits_possible);
    config_.options.runtime = "/usr/bin/crun";
    const auto arguments = runtime_arguments(*context_, config_);
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->back(), "--cgroup-manager=disabled");
}

TEST_F(HostChoicesTest, OrdinaryUsersHaveNoPlaceInVersionOne) {
    context_->rootless = true;
    const auto abilities = cgroup_abilities(*context_, "");
    ASSERT_TRUE(abilities);
    if (abilities->version != "v1" && abilities->version != "hybrid") {
        GTEST_SKIP() << "cgroups are " << abilities->version << " here";
    }
    EXPECT_EQ(abilities->manager, "none");
    EXPECT_FALSE(abilities->has("memory"));
    EXPECT_NE(abilities->why_not.find("systemd.unified_cgroup_hierarchy=1"), std::string::npos);
}

}  // namespace
}  // namespace dhow::engine
