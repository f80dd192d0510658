// SPDX-License-Identifier: Apache-2.0
#include "engine/config_changes.h"

#include <gtest/gtest.h>

namespace dhow::engine {
namespace {

std::string changed(const std::vector<std::string>& changes, const std::string& config = "{}") {
    auto object = json::parse_object(config, "config");
    EXPECT_TRUE(object);
    for (const std::string& change : changes) {
        const auto applied = apply_change(*object, change);
        EXPECT_TRUE(applied) << change << ": " << applied.error().message;
    }
    return json::compact(*object);
}

TEST(ConfigChanges, CommandsInBothForms) {
    EXPECT_EQ(changed({R"(CMD ["a", "b c"])"}), R"({"Cmd":["a","b c"]})");
    EXPECT_EQ(changed({"CMD echo $HOME"}), R"({"Cmd":["/bin/sh","-c","echo $HOME"]})");
    EXPECT_EQ(changed({R"(entrypoint=["x"])"}), R"({"Entrypoint":["x"]})");
}

TEST(ConfigChanges, PairsWithQuotesAndTheOldForm) {
    EXPECT_EQ(changed({R"(ENV A=1 B="two words" C=th\ ree)"}),
              R"({"Env":["A=1","B=two words","C=th ree"]})");
    EXPECT_EQ(changed({"ENV A the rest of it"}), R"({"Env":["A=the rest of it"]})");
    EXPECT_EQ(changed({"ENV A=2"}, R"({"Env":["A=1","B=1"]})"), R"({"Env":["B=1","A=2"]})");
    EXPECT_EQ(changed({"LABEL a=b", "LABEL=c='d e'"}), R"({"Labels":{"a":"b","c":"d e"}})");
}

TEST(ConfigChanges, PortsVolumesAndTheRest) {
    EXPECT_EQ(changed({"EXPOSE 80 53/udp 90-91/tcp"}),
              R"({"ExposedPorts":{"80/tcp":{},"53/udp":{},"90/tcp":{},"91/tcp":{}}})");
    EXPECT_EQ(changed({R"(VOLUME ["/a", "/b"])", "VOLUME /c"}),
              R"({"Volumes":{"/a":{},"/b":{},"/c":{}}})");
    EXPECT_EQ(changed({"WORKDIR /a", "WORKDIR b"}), R"({"WorkingDir":"/a/b"})");
    EXPECT_EQ(changed({"USER 5:6", "STOPSIGNAL SIGINT", "ONBUILD RUN make"}),
              R"({"User":"5:6","StopSignal":"SIGINT","OnBuild":["RUN make"]})");
}

TEST(ConfigChanges, WhatIsNoChangeIsNamed) {
    for (const std::string change : {"",
                                     "RUN make",
                                     "CMD",
                                     R"(CMD ["a)",
                                     "CMD [1]",
                                     "ENV A",
                                     "ENV =b",
                                     "LABEL \"open",
                                     "EXPOSE 0",
                                     "EXPOSE 70000",
                                     "EXPOSE 9-8",
                                     "EXPOSE 1/icmp",
                                     "VOLUME relative",
                                     "STOPSIGNAL NOISE"}) {
        json::Object config;
        const auto applied = apply_change(config, change);
        ASSERT_FALSE(applied) << change;
        EXPECT_EQ(applied.error().kind, ErrorKind::InvalidArgument) << change;
        EXPECT_TRUE(config.empty()) << change;
    }
}

}  // namespace
}  // namespace dhow::engine
