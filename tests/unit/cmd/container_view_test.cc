// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/container_view.h"

#include <gtest/gtest.h>

namespace dhow::cli {
namespace {

using engine::ContainerStatus;
using engine::ContainerSummary;
using engine::PortMapping;
using engine::Protocol;

constexpr UnixNanos kSecond = 1'000'000'000;
constexpr UnixNanos kNow = 1'700'000'000 * kSecond;

ContainerSummary sample() {
    ContainerSummary container;
    container.id = std::string(64, 'a');
    container.name = "web";
    container.image = "docker.io/library/nginx:latest";
    container.image_id = std::string(64, 'b');
    container.command = {"nginx", "-g", "daemon off;"};
    container.created_at = kNow - 600 * kSecond;
    container.started_at = kNow - 5 * kSecond;
    container.status = ContainerStatus::Running;
    container.ports = {{"", 8080, 80, Protocol::Tcp}};
    container.labels = {{"k", "v"}};
    container.network_mode = "pasta";
    return container;
}

TEST(ContainerView, StatusWords) {
    ContainerSummary container = sample();
    EXPECT_EQ(status_words(container, kNow), "Up 5 seconds");
    container.status = ContainerStatus::Paused;
    EXPECT_EQ(status_words(container, kNow), "Up 5 seconds (Paused)");
    container.status = ContainerStatus::Exited;
    container.exit_code = 137;
    container.finished_at = kNow - 120 * kSecond;
    EXPECT_EQ(status_words(container, kNow), "Exited (137) 2 minutes ago");
    container.status = ContainerStatus::Created;
    EXPECT_EQ(status_words(container, kNow), "Created");
}

TEST(ContainerView, Ports) {
    EXPECT_EQ(ports_words({}), "");
    EXPECT_EQ(ports_words({{"", 8080, 80, Protocol::Tcp}}), "0.0.0.0:8080->80/tcp");
    EXPECT_EQ(ports_words({{"", 0, 80, Protocol::Tcp}}), "80/tcp");
    EXPECT_EQ(ports_words({{"::1", 53, 53, Protocol::Udp}}), "[::1]:53->53/udp");
    EXPECT_EQ(ports_words({{"", 8001, 81, Protocol::Tcp},
                           {"", 8000, 80, Protocol::Tcp},
                           {"", 9000, 82, Protocol::Tcp},
                           {"127.0.0.1", 8002, 82, Protocol::Tcp}}),
              "0.0.0.0:8000-8001->80-81/tcp, 0.0.0.0:9000->82/tcp, 127.0.0.1:8002->82/tcp");
}

TEST(ContainerView, Commands) {
    EXPECT_EQ(command_words({"sleep", "1000"}, false), "sleep 1000");
    EXPECT_EQ(command_words({"nginx", "-g", "daemon off;"}, false), "nginx -g daemon o...");
    EXPECT_EQ(command_words({"nginx", "-g", "daemon off;"}, true), "nginx -g daemon off;");
    EXPECT_EQ(command_words({"0123456789abcdefä"}, false), "0123456789abcdef...");
}

TEST(ContainerView, RowsHaveEveryColumn) {
    const json::Value row = container_row(sample(), kNow, false);
    for (const Column& column : container_columns()) {
        if (column.field == "Label") continue;
        EXPECT_TRUE(row.as_object().contains(column.field)) << column.field;
    }
    EXPECT_EQ(row.at("ID").as_string(), "aaaaaaaaaaaa");
    EXPECT_EQ(row.at("CreatedHuman").as_string(), "10 minutes ago");
    EXPECT_EQ(container_row(sample(), kNow, true).at("ID").as_string().size(), 64U);
}

TEST(ContainerView, Json) {
    const json::Value object = container_json(sample(), kNow);
    EXPECT_EQ(object.at("Names").as_array().at(0).as_string(), "web");
    EXPECT_EQ(object.at("Created").as_int64(), 1'700'000'000 - 600);
    const json::Value& port = object.at("Ports").as_array().at(0);
    EXPECT_EQ(port.at("host_port").to_number<int>(), 8080);
    EXPECT_EQ(port.at("range").to_number<int>(), 1);
}

}  // namespace
}  // namespace dhow::cli
