// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/hooks.h"

#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <chrono>

namespace dhow::oci {
namespace {

class Hooks : public ::testing::Test {
  protected:
    [[nodiscard]] Hook shell(const std::string& script) const {
        return {.path = "/bin/sh",
                .args = {"hook", "-c", script, "zero"},
                .env = std::vector<std::string>{"OUT=" + folder_.path() + "/out",
                                                "PATH=/usr/bin:/bin"}};
    }

    [[nodiscard]] std::string out() const { return test::read_file(folder_.path() + "/out"); }

    static std::string verdict(const std::vector<Hook>& hooks) {
        const auto ran = run_hooks(hooks, "poststop", "{\"id\": \"c1\"}");
        return ran ? "ok" : ran.error().message;
    }

    test::TemporaryFolder folder_;
};

TEST_F(Hooks, RunInOrderWithTheStateOnStdin) {
    EXPECT_EQ(verdict({shell("cat >>$OUT; echo \" $0 one\" >>$OUT"), shell("echo two >>$OUT")}),
              "ok");
    EXPECT_EQ(out(), "{\"id\": \"c1\"} zero one\ntwo\n");
    EXPECT_EQ(verdict({}), "ok");
}

TEST_F(Hooks, EachGetsTheWholeState) {
    const std::string large(1U << 20U, 's');
    const auto ran =
        run_hooks({shell("wc -c >>$OUT"), shell("wc -c >>$OUT"), shell(":")}, "poststop", large);
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(out(), "1048576\n1048576\n");
}

TEST_F(Hooks, HaveTheirOwnEnvironmentAlone) {
    ::setenv("DHOW_TEST_SECRET", "s", 1);
    EXPECT_EQ(
        verdict({shell("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | cut -d= -f1 | sort >$OUT")}),
        "ok");
    EXPECT_EQ(out(), "OUT\nPATH\n");
    ::unsetenv("DHOW_TEST_SECRET");
}

TEST_F(Hooks, TheFirstThatFailsEndsIt) {
    EXPECT_EQ(verdict({shell("exit 3"), shell("echo never >$OUT")}),
              "error running poststop hook #0: '/bin/sh': exit status 3");
    EXPECT_EQ(out(), "(unreadable)");
    EXPECT_EQ(verdict({shell(":"), shell("kill -9 $$")}),
              "error running poststop hook #1: '/bin/sh': killed by signal 9");
}

TEST_F(Hooks, WhatOneWroteIsInItsError) {
    EXPECT_EQ(verdict({shell("echo out; echo why >&2; exit 1")}),
              "error running poststop hook #0: '/bin/sh': exit status 1: out\\x0awhy");
    const auto error = verdict({shell("yes no | head -c 9999999; exit 1")});
    EXPECT_LT(error.size(), 5000U);
}

TEST_F(Hooks, WithoutAnEnvironmentTheyGetTheContainers) {
    Hook hook = shell("");
    hook.args = {"sh", "-c", "echo $A >" + folder_.path() + "/out"};
    hook.env.reset();
    ASSERT_TRUE(run_hooks({hook}, "startContainer", "{}", std::vector<std::string>{"A=b"}));
    EXPECT_EQ(out(), "b\n");
}

TEST_F(Hooks, PathsAreAbsoluteAndThere) {
    EXPECT_NE(verdict({{.path = "bin/sh"}}).find("path is not absolute"), std::string::npos);
    EXPECT_NE(verdict({{.path = ""}}).find("path is not absolute"), std::string::npos);
    EXPECT_NE(verdict({{.path = "/no/such/hook"}}).find("no such file"), std::string::npos);
    EXPECT_NE(verdict({{.path = "/no\nsuch"}}).find("'/no\\x0asuch'"), std::string::npos);
    EXPECT_EQ(verdict({{.path = "/bin/true"}}), "ok") << "its own name is its first argument";
}

TEST_F(Hooks, OneThatDoesNotEndIsEnded) {
    Hook slow = shell("echo $$ >$OUT; exec sleep 60");
    slow.timeout = 1;
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(verdict({slow}), "error running poststop hook #0: '/bin/sh': no end within 1 s");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
    std::string pid = out();
    pid.pop_back();
    EXPECT_EQ(test::read_file("/proc/" + pid + "/stat"), "(unreadable)") << "killed and reaped";
}

TEST_F(Hooks, DescriptorsOfTheRuntimeStayWithIt) {
    EXPECT_EQ(verdict({shell("ls /proc/self/fd | wc -l >$OUT")}), "ok");
    EXPECT_EQ(out(), "4\n") << "0, 1, 2 and ls's own";
}

}  // namespace
}  // namespace dhow::oci
