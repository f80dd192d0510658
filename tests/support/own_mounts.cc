// SPDX-License-Identifier: Apache-2.0
#include "tests/support/own_mounts.h"

#include "base/file.h"
#include "tests/support/test_user.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::test {

namespace {

constexpr const char* kNoNamespaces = "(no namespaces)";

bool map_to_root(uid_t uid, gid_t gid) {
    return write_existing_at(AT_FDCWD, "/proc/self/setgroups", "deny") &&
           write_existing_at(AT_FDCWD, "/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") &&
           write_existing_at(AT_FDCWD, "/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
}

bool unshare_mounts() {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (uid == 0 && ::unshare(CLONE_NEWNS) == 0) return true;
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && map_to_root(uid, gid);
}

// gtest has printed what failed; the parent only has to know that something did.
std::string verdict(const std::function<void()>& body) {
    body();
    return ::testing::Test::HasFailure() ? "failed" : "ok";
}

}  // namespace

void in_own_mounts(const std::function<void()>& body) {
    const std::string said = run_in_child([&]() -> std::string {
        if (!unshare_mounts()) return kNoNamespaces;
        if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kNoNamespaces;
        return verdict(body);
    });
    if (said == kNoNamespaces) GTEST_SKIP() << "no mount namespace can be made here";
    EXPECT_EQ(said, "ok");
}

void in_own_process(const std::function<void()>& body) {
    // By exit code: what is tested may close every descriptor.
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) ::_exit(verdict(body) == "ok" ? 0 : 1);
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
}

TemporaryFolder::TemporaryFolder() {
    const char* parent = ::getenv("TMPDIR");
    path_ = std::string(parent != nullptr ? parent : "/tmp") + "/dhow-test-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) {
        ADD_FAILURE() << "no temporary folder at " << path_;
        path_.clear();
    }
}

TemporaryFolder::~TemporaryFolder() {
    if (!path_.empty()) ignore(remove_tree_at(AT_FDCWD, path_), "a test's leftovers in /tmp");
}

void write_file(const std::string& path, const std::string& content, unsigned mode) {
    const auto written = replace_file_at(AT_FDCWD, path, content, mode, Durability::None);
    EXPECT_TRUE(written) << written.error().message;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0) << path;
}

std::string read_file(const std::string& path) {
    return read_file_at(AT_FDCWD, path).value_or("(unreadable)");
}

}  // namespace dhow::test
