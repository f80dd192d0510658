// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/state.h"

#include "base/json.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

ContainerState sample() {
    ContainerState state;
    state.oci_version = "1.2.0";
    state.id = "c1";
    state.init = {.pid = 4321, .start_time = UINT64_MAX, .boot_id = "b\n\"oot"};
    state.bundle = "/b/\xc3\xbc";
    state.rootfs = "/b/rootfs";
    state.created = "2026-01-01T00:00:00Z";
    state.annotations = {{"a", "b"}, {"", "\x01\n"}};
    state.cgroup.places = {
        {.v2 = true, .controllers = {"cpu"}, .folder = "/f", .mount_point = "/m"},
        {.controllers = {"memory", "name=systemd"}, .folder = "/g", .mount_point = "/n"}};
    state.no_pivot = true;
    return state;
}

TEST(State, ReadsWhatItWrites) {
    const auto state = parse_state(to_json(sample()));
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_EQ(state->oci_version, "1.2.0");
    EXPECT_EQ(state->id, "c1");
    EXPECT_EQ(state->init, sample().init);
    EXPECT_EQ(state->bundle, sample().bundle);
    EXPECT_EQ(state->rootfs, "/b/rootfs");
    EXPECT_EQ(state->created, sample().created);
    EXPECT_EQ(state->annotations, sample().annotations);
    EXPECT_TRUE(state->no_pivot);
    ASSERT_EQ(state->cgroup.places.size(), 2U);
    EXPECT_TRUE(state->cgroup.places[0].v2);
    EXPECT_FALSE(state->cgroup.places[1].v2);
    EXPECT_EQ(state->cgroup.places[1].controllers,
              (std::vector<std::string>{"memory", "name=systemd"}));
    EXPECT_EQ(state->cgroup.places[1].folder, "/g");
    EXPECT_EQ(state->cgroup.places[1].mount_point, "/n");
    EXPECT_EQ(to_json(*state), to_json(sample()));
}

TEST(State, EveryPrefixIsRefused) {
    const std::string whole = to_json(sample());
    for (size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(parse_state(whole.substr(0, length))) << length;
    }
}

TEST(State, EveryMemberThatMattersIsNeeded) {
    const auto object = json::parse_object(to_json(sample()), "state").take();
    for (const char* name :
         {"ociVersion", "id", "pid", "startTime", "bootId", "bundle", "rootfs", "created"}) {
        auto less = object;
        less.erase(name);
        EXPECT_FALSE(parse_state(json::compact(less))) << name;
        auto wrong = object;
        wrong[name] = json::Array{};
        EXPECT_FALSE(parse_state(json::compact(wrong))) << name;
    }
    auto fewer = object;
    for (const char* name : {"annotations", "cgroups", "noPivot"}) fewer.erase(name);
    const auto state = parse_state(json::compact(fewer));
    ASSERT_TRUE(state);
    EXPECT_FALSE(state->cgroup.exists());
}

TEST(State, GarbageIsRefused) {
    const auto object = json::parse_object(to_json(sample()), "state").take();
    const auto with = [&](const char* name, json::Value value) {
        auto changed = object;
        changed[name] = std::move(value);
        return parse_state(json::compact(changed)).has_value();
    };
    EXPECT_FALSE(with("pid", -1));
    EXPECT_FALSE(with("pid", int64_t{INT32_MAX} + 1));
    EXPECT_FALSE(with("pid", "4321"));
    EXPECT_FALSE(with("startTime", "-1"));
    EXPECT_FALSE(with("startTime", "18446744073709551616"));
    EXPECT_FALSE(with("startTime", ""));
    EXPECT_FALSE(with("cgroups", json::Array{1}));
    EXPECT_FALSE(with("cgroups", json::Array{json::Object{{"folder", "/f"}}}));
    const json::Object no_mount{{"controllers", json::Array{"cpu"}}, {"folder", "/f"}};
    EXPECT_FALSE(with("cgroups", json::Array{no_mount})) << "and nothing leaks";
    EXPECT_FALSE(with("cgroups", json::Object{}));
    EXPECT_FALSE(with("annotations", json::Object{{"a", 1}}));
    EXPECT_FALSE(with("noPivot", "yes"));
    for (const char* text : {"", "[]", "null", "{", "{}", "\xff", "nonsense"}) {
        EXPECT_FALSE(parse_state(text)) << text;
    }
}

TEST(State, ThePublicDocument) {
    const auto text = public_state(sample(), ContainerStatus::Running, false);
    const auto object = json::parse_object(text, "state").take();
    EXPECT_EQ(*json::get_string(object, "status").take(), "running");
    EXPECT_EQ(*json::get_int(object, "pid").take(), 4321);
    EXPECT_EQ(*json::get_string(object, "bundle").take(), sample().bundle);
    EXPECT_EQ(json::get_string_map(object, "annotations").take(), sample().annotations);
    EXPECT_EQ(text.find("bootId"), std::string::npos);
    const auto stopped =
        json::parse_object(public_state(sample(), ContainerStatus::Stopped, true), "state").take();
    EXPECT_EQ(*json::get_int(stopped, "pid").take(), 0) << "the pid may be another's by now";
    EXPECT_EQ(*json::get_string(stopped, "status").take(), "stopped");
}

TEST(State, IdsAreNames) {
    for (const char* id : {"a", "A1", "a_b", "a+b", "a-b", "a.b", "..a", "...", ".a"}) {
        EXPECT_TRUE(check_id(id)) << id;
    }
    EXPECT_TRUE(check_id(std::string(1024, 'a')));
    for (const std::string id : {"",
                                 "-a",
                                 ".",
                                 "..",
                                 "../x",
                                 "a/b",
                                 "/a",
                                 "a b",
                                 "a\nb",
                                 "\xc3\xbc",
                                 "a:b",
                                 "a%b",
                                 "a\\b",
                                 "a*"}) {
        EXPECT_FALSE(check_id(id)) << id;
    }
    EXPECT_FALSE(check_id(std::string(1025, 'a')));
    EXPECT_FALSE(check_id(std::string("a\0b", 3)));
}

class Folders : public ::testing::Test {
  protected:
    [[nodiscard]] std::string root() const { return folder_.path() + "/not/yet"; }

    test::TemporaryFolder folder_;
};

TEST_F(Folders, AnIdIsTakenOnce) {
    auto first = StateFolder::create(root(), "c1");
    ASSERT_TRUE(first) << first.error().message;
    const auto second = StateFolder::create(root(), "c1");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::AlreadyExists);
    EXPECT_EQ(StateFolder::list(root()).take(), (std::vector<std::string>{"c1"}));

    struct stat st {};

    ASSERT_EQ(::stat((root() + "/c1").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777U, 0700U);
    EXPECT_TRUE(first->remove());
    EXPECT_TRUE(StateFolder::list(root())->empty());
    EXPECT_TRUE(first->remove()) << "a missing one is success";
    EXPECT_TRUE(StateFolder::create(root(), "c1"));
}

TEST_F(Folders, HostileIdsLeadNowhere) {
    for (const char* id : {"..", ".", "../c1", "a/b", ""}) {
        EXPECT_FALSE(StateFolder::create(root(), id)) << id;
        EXPECT_FALSE(StateFolder::open(root(), id)) << id;
    }
    EXPECT_TRUE(StateFolder::list(folder_.path())->empty());
}

TEST_F(Folders, WhatIsMissingIsNotFound) {
    const auto none = StateFolder::open(root(), "c1");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::NotFound);
    EXPECT_TRUE(StateFolder::list(root())->empty()) << "no folder is no container";
    const auto made = StateFolder::create(root(), "c1");
    ASSERT_TRUE(made);
    const auto early = made->load();
    ASSERT_FALSE(early);
    EXPECT_NE(early.error().message.find("still being created"), std::string::npos);
}

TEST_F(Folders, KeepsTheStateAndTellsTheStatus) {
    auto made = StateFolder::create(root(), "c1");
    ASSERT_TRUE(made);
    auto state = sample();
    state.cgroup = {};
    state.init = identify(::getpid()).take();
    ASSERT_TRUE(made->save(state));
    const auto loaded = StateFolder::open(root(), "c1")->load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->init, state.init);
    EXPECT_EQ(made->status(*loaded), ContainerStatus::Running);
    test::write_file(root() + "/c1/" + StateFolder::kStartSocket, "");
    EXPECT_EQ(made->status(*loaded), ContainerStatus::Created);
    // The same pid in another life is nobody.
    state.init.start_time += 1;
    EXPECT_EQ(made->status(state), ContainerStatus::Stopped);
    state.init = identify(::getpid()).take();
    state.init.boot_id = "another boot";
    EXPECT_EQ(made->status(state), ContainerStatus::Stopped);
    test::write_file(root() + "/c1/unexpected", "");
    EXPECT_TRUE(made->remove());
    EXPECT_FALSE(StateFolder::open(root(), "c1"));
}

TEST_F(Folders, ACorruptFileIsAnError) {
    const auto made = StateFolder::create(root(), "c1");
    ASSERT_TRUE(made);
    test::write_file(root() + "/c1/state.json", "{\"id\": ");
    EXPECT_FALSE(made->load());
}

}  // namespace
}  // namespace dhow::oci
