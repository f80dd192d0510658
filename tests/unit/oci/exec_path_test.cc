// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/exec_path.h"

#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

class ExecPath : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const char* name : {"a", "b", "b/tool-dir"}) {
            ASSERT_EQ(::mkdir(at(name).c_str(), 0755), 0);
        }
        test::write_file(at("a/data"), "text", 0644);
        test::write_file(at("a/tool"), "#!/bin/sh\n", 0755);
        test::write_file(at("b/tool"), "#!/bin/sh\n", 0755);
        test::write_file(at("b/data"), "#!/bin/sh\n", 0755);
        test::write_file(at("b/later"), "#!/bin/sh\n", 0755);
    }

    [[nodiscard]] std::string at(const std::string& name) const {
        return folder_.path() + "/" + name;
    }

    [[nodiscard]] Result<std::string> find(const std::string& name) const {
        return find_executable(name, {"HOME=/", "PATH=" + at("a") + ":" + at("b"), "PATH=/bin"});
    }

    test::TemporaryFolder folder_;
};

TEST_F(ExecPath, TheFirstFolderThatHasItWins) {
    EXPECT_EQ(find("tool").take(), at("a/tool"));
    EXPECT_EQ(find("later").take(), at("b/later"));
    EXPECT_EQ(find("data").take(), at("b/data")) << "what cannot run is passed over";
}

TEST_F(ExecPath, ANameWithASlashIsAPath) {
    EXPECT_EQ(find(at("b/tool")).take(), at("b/tool"));
    test::in_own_process([&] {
        ASSERT_EQ(::chdir(at("b").c_str()), 0);
        EXPECT_EQ(find("./later").take(), "./later");
        EXPECT_EQ(find_executable("later", {"PATH=:/none"}).take(), "./later");
        EXPECT_EQ(find_executable("later", {}).take(), "./later") << "an empty PATH is the folder";
    });
}

TEST_F(ExecPath, WhatIsMissingIsNotFound) {
    const auto bare = find("nosuch");
    ASSERT_FALSE(bare);
    EXPECT_EQ(bare.error().kind, ErrorKind::CommandNotFound);
    EXPECT_EQ(bare.error().message, "exec: \"nosuch\": executable file not found in $PATH");
    for (const std::string& path : {at("nosuch"), at("a/tool/x")}) {
        const auto found = find(path);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().kind, ErrorKind::CommandNotFound);
        EXPECT_TRUE(
            found.error().message.starts_with("exec: \"" + path + "\": stat " + path + ": "));
    }
    EXPECT_FALSE(find("tool-dir")) << "a folder is no program";
    EXPECT_FALSE(find(""));
}

TEST_F(ExecPath, WhatCannotRunIsNotInvoked) {
    const auto folder = find(at("b/tool-dir"));
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().kind, ErrorKind::CannotInvoke);
    EXPECT_NE(folder.error().message.find("is a directory"), std::string::npos);
    const auto data = find(at("a/data"));
    ASSERT_FALSE(data);
    EXPECT_EQ(data.error().kind, ErrorKind::CannotInvoke);
    EXPECT_EQ(data.error().sys_errno, EACCES);
    ASSERT_EQ(::chmod(at("b/data").c_str(), 0644), 0);
    const auto only = find("data");
    ASSERT_FALSE(only);
    EXPECT_EQ(only.error().message, "exec: \"data\": permission denied");
}

TEST_F(ExecPath, AFolderIsSeenAsTheUserSeesIt) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    ASSERT_EQ(::chmod(at("a").c_str(), 0700), 0);
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    test::in_own_process([&] {
        ASSERT_EQ(::setresuid(1234, 1234, 1234), 0);
        EXPECT_EQ(find("tool").take(), at("b/tool"));
        EXPECT_EQ(find(at("a/tool")).error().kind, ErrorKind::CannotInvoke);
    });
}

TEST_F(ExecPath, WhatAFailedExecMeans) {
    EXPECT_EQ(exec_error("x", ENOENT).kind, ErrorKind::CommandNotFound);
    EXPECT_EQ(exec_error("x", ENOEXEC).kind, ErrorKind::CannotInvoke);
    EXPECT_EQ(exec_error("x", ENOEXEC).message, "exec: \"x\": exec format error");
    EXPECT_EQ(exec_error("x\n", EACCES).message, "exec: \"x\\x0a\": permission denied");
    EXPECT_EQ(exec_error("x", E2BIG).sys_errno, E2BIG);
}

}  // namespace
}  // namespace dhow::oci
