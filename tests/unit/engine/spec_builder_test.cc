// SPDX-License-Identifier: Apache-2.0
#include "engine/spec_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dhow::engine {
namespace {

ContainerConfig minimal() {
    ContainerConfig config;
    config.id = std::string(64, 'a');
    config.options.command = {"true"};
    config.options.working_dir = "/";
    config.options.network = NetworkKind::None;
    config.options.env = {"PATH=/bin"};
    return config;
}

SpecInput input_for(const ContainerConfig& config) {
    SpecInput input{.config = config};
    input.rootfs = "/r";
    input.files_dir = "/f";
    input.mount_sources.assign(config.options.mounts.size(), MountSource{.path = "/source"});
    return input;
}

oci::RuntimeSpec build(const ContainerConfig& config) {
    auto spec = build_runtime_spec(input_for(config));
    EXPECT_TRUE(spec) << spec.error().message;
    return spec.take();
}

const oci::Mount* mount_at(const oci::RuntimeSpec& spec, const std::string& destination) {
    for (const auto& mount : spec.mounts) {
        if (mount.destination == destination) return &mount;
    }
    return nullptr;
}

bool has_namespace(const oci::RuntimeSpec& spec, oci::NamespaceType type) {
    const auto& list = spec.linux_->namespaces;
    return std::any_of(list.begin(), list.end(), [&](const auto& ns) { return ns.type == type; });
}

TEST(SpecBuilder, ATerminalIsBornWithTheCallersSize) {
    auto config = minimal();
    auto input = input_for(config);
    input.console_size = {.height = 33, .width = 77};
    EXPECT_FALSE(build_runtime_spec(input)->process->console_size) << "no terminal";
    config.options.terminal = true;
    const auto spec = build_runtime_spec(input);
    ASSERT_TRUE(spec && spec->process->console_size);
    EXPECT_EQ(spec->process->console_size->height, 33U);
    EXPECT_EQ(spec->process->console_size->width, 77U);
    input.console_size = {};
    EXPECT_FALSE(build_runtime_spec(input)->process->console_size) << "size unknown";
}

TEST(SpecBuilder, EverythingIsIsolatedByDefault) {
    const auto config = minimal();
    const auto spec = build(config);
    for (const auto type : {oci::NamespaceType::Pid,
                            oci::NamespaceType::Network,
                            oci::NamespaceType::Mount,
                            oci::NamespaceType::Ipc,
                            oci::NamespaceType::Uts,
                            oci::NamespaceType::Cgroup}) {
        EXPECT_TRUE(has_namespace(spec, type));
    }
    ASSERT_TRUE(spec.linux_->seccomp);
    EXPECT_EQ(spec.process->capabilities->bounding.size(), 11U);
    EXPECT_TRUE(spec.process->capabilities->inheritable.empty());
    EXPECT_TRUE(spec.process->capabilities->ambient.empty());
    EXPECT_FALSE(spec.linux_->masked_paths.empty());
    EXPECT_FALSE(spec.linux_->readonly_paths.empty());
}

TEST(SpecBuilder, UserOtherThanRootHasNoEffectiveCapabilities) {
    const auto config = minimal();
    auto input = input_for(config);
    input.user.uid = 1000;
    const auto spec = build_runtime_spec(input);
    ASSERT_TRUE(spec);
    EXPECT_TRUE(spec->process->capabilities->effective.empty());
    EXPECT_TRUE(spec->process->capabilities->permitted.empty());
    EXPECT_EQ(spec->process->capabilities->bounding.size(), 11U);
}

TEST(SpecBuilder, HostNetworkSharesNetworkAlone) {
    auto config = minimal();
    config.options.network = NetworkKind::Host;
    const auto spec = build(config);
    EXPECT_FALSE(has_namespace(spec, oci::NamespaceType::Network));
    EXPECT_TRUE(has_namespace(spec, oci::NamespaceType::Pid));
    EXPECT_TRUE(spec.linux_->sysctl.empty());  // it would be the host's
    ASSERT_NE(mount_at(spec, "/sys"), nullptr);
    EXPECT_EQ(mount_at(spec, "/sys")->type, "bind");
}

TEST(SpecBuilder, UserMountReplacesOursAndParentsComeFirst) {
    auto config = minimal();
    config.options.mounts = {{MountKind::Bind, "/a", "/etc/hosts", false, {}},
                             {MountKind::Bind, "/b", "/deep/er/still", true, {}},
                             {MountKind::Bind, "/c", "/deep", false, {}}};
    const auto spec = build(config);
    EXPECT_EQ(mount_at(spec, "/etc/hosts")->source, "/source");
    EXPECT_LT(mount_at(spec, "/deep"), mount_at(spec, "/deep/er/still"));
    const auto& options = mount_at(spec, "/deep/er/still")->options;
    EXPECT_NE(std::find(options.begin(), options.end(), "ro"), options.end());
}

TEST(SpecBuilder, InitGoesBeforeTheCommand) {
    auto config = minimal();
    config.options.init = true;
    const auto spec = build(config);
    EXPECT_EQ(spec.process->args, (std::vector<std::string>{kInitInContainer, "--", "true"}));
    EXPECT_NE(mount_at(spec, kInitInContainer), nullptr);
}

TEST(SpecBuilder, LimitsOnlyWhereTheyCanBeHeld) {
    auto config = minimal();
    config.options.resources = {.memory = 64 << 20, .nano_cpus = 1500000000, .pids_limit = 10};
    EXPECT_FALSE(build(config).linux_->resources);
    auto input = input_for(config);
    input.limits_possible = true;
    const auto spec = build_runtime_spec(input);
    ASSERT_TRUE(spec && spec->linux_->resources);
    EXPECT_EQ(spec->linux_->resources->memory->limit, 64 << 20);
    EXPECT_EQ(spec->linux_->resources->cpu->quota, 150000);
    EXPECT_EQ(spec->linux_->resources->cpu->period, 100000U);
    EXPECT_EQ(spec->linux_->resources->pids->limit, 10);
}

TEST(SpecBuilder, SecurityOptionsOpenAndClose) {
    auto config = minimal();
    config.options.security_opt = {
        "seccomp=unconfined", "no-new-privileges", "unmask=/proc/kcore", "mask=/proc/uptime"};
    const auto spec = build(config);
    EXPECT_FALSE(spec.linux_->seccomp);
    EXPECT_TRUE(spec.process->no_new_privileges);
    const auto& masked = spec.linux_->masked_paths;
    EXPECT_EQ(std::find(masked.begin(), masked.end(), "/proc/kcore"), masked.end());
    EXPECT_NE(std::find(masked.begin(), masked.end(), "/proc/uptime"), masked.end());
}

// What an image may say must not change isolation (CVE-2021-30465 and kin): labels and environment
// that name options leave the spec as it is but for themselves.
TEST(SpecBuilder, LabelsAndEnvironmentChangeNothingElse) {
    const auto plain = minimal();
    auto hostile = minimal();
    hostile.options.labels = {{"privileged", "true"},
                              {"io.podman.annotations.seccomp", "unconfined"}};
    auto before = build(plain);
    auto after = build(hostile);
    EXPECT_EQ(oci::to_json(before), oci::to_json(after));
}

}  // namespace
}  // namespace dhow::engine
