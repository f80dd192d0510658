// SPDX-License-Identifier: Apache-2.0
#include "engine/container_config.h"

#include <gtest/gtest.h>

namespace dhow::engine {
namespace {

ContainerConfig full_config() {
    ContainerConfig config;
    config.id = std::string(64, 'a');
    config.name = "web";
    config.image = "docker.io/library/nginx:latest";
    config.image_id = std::string(64, 'b');
    config.layers = {std::string(64, 'c'), std::string(64, 'd')};
    config.entrypoint = {"/entry", "with space"};
    config.created_at = 1234567890123456789;
    CreateRequest& options = config.options;
    options.name = config.name;
    options.image = config.image;
    options.command = {"sh", "-c", "echo \"hi\"\n"};
    options.env = {"A=1", "B=x=y", "EMPTY="};
    options.labels = {{"k", "v"}, {"empty", ""}};
    options.annotations = {{"a.b/c", "d"}};
    options.mounts = {{MountKind::Bind, "/src", "/dst", true, {"nosuid"}},
                      {MountKind::Volume, "data", "/data", false, {}},
                      {MountKind::Tmpfs, "", "/tmp", false, {"size=1m"}}};
    options.ports = {{"127.0.0.1", 8080, 80, Protocol::Tcp}, {"", 53, 53, Protocol::Udp}};
    options.hostname = "host";
    options.user = "1:2";
    options.working_dir = "/w";
    options.interactive = options.terminal = options.auto_remove = options.read_only = true;
    options.init = options.privileged = true;
    options.network = NetworkKind::Bridge;
    options.resources = {.memory = 1 << 20, .memory_swap = -1, .nano_cpus = 5, .pids_limit = 9};
    options.cap_add = {"NET_ADMIN"};
    options.cap_drop = {"ALL"};
    options.security_opt = {"no-new-privileges"};
    options.restart = {RestartKind::OnFailure, 3};
    options.runtime = "crun";
    options.stop_signal = "SIGINT";
    options.stop_timeout_seconds = 0;
    options.log_driver = "k8s-file";
    return config;
}

TEST(ContainerConfig, SurvivesJson) {
    const auto before = full_config();
    const std::string text = json::compact(to_json(before));
    const auto after = parse_container_config(text);
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_EQ(json::compact(to_json(*after)), text);
    EXPECT_EQ(after->options.mounts, before.options.mounts);
    EXPECT_EQ(after->options.ports, before.options.ports);
    EXPECT_EQ(after->options.resources, before.options.resources);
    EXPECT_EQ(after->options.restart, before.options.restart);
    EXPECT_EQ(after->options.env, before.options.env);
    EXPECT_EQ(after->stop_timeout_seconds(), 0);
    EXPECT_EQ(after->argv(),
              (std::vector<std::string>{"/entry", "with space", "sh", "-c", "echo \"hi\"\n"}));
}

TEST(ContainerConfig, DamagedTextIsAnError) {
    EXPECT_FALSE(parse_container_config(""));
    EXPECT_FALSE(parse_container_config("[]"));
    EXPECT_FALSE(parse_container_config("{}"));
    EXPECT_FALSE(parse_container_config(R"({"options":{"network":"elsewhere"}})"));
    EXPECT_FALSE(parse_container_config(R"({"options":{"env":[1]}})"));
}

}  // namespace
}  // namespace dhow::engine
