// SPDX-License-Identifier: Apache-2.0
#include "rootless/paths.h"

#include "base/file.h"
#include "tests/support/test_user.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::rootless {
namespace {

using test::run_in_child;
using test::TestUser;

class UserPaths : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { user_ = new TestUser(); }

    static void TearDownTestSuite() {
        delete user_;
        user_ = nullptr;
    }

    void SetUp() override {
        if (!user_->made()) GTEST_SKIP() << "needs root and useradd";
    }

    static std::string describe(const Result<UniqueFd>& folder) {
        if (folder) return "ok";
        return folder.error().message + " | " + folder.error().fix;
    }

    static TestUser* user_;
};

TestUser* UserPaths::user_ = nullptr;

std::string show_folders() {
    const auto folders = default_folders();
    return folders ? folders->root + " " + folders->run_root : folders.error().message;
}

TEST(Paths, RootHasTheSystemsFolders) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(show_folders(), "/var/lib/dhow /run/dhow");
}

TEST_F(UserPaths, WithoutXdgTheFallbackIsInTmp) {
    EXPECT_EQ(user_->run(show_folders),
              user_->home() + "/.local/share/dhow /tmp/dhow-run-" + std::to_string(user_->uid()));
}

TEST_F(UserPaths, XdgFoldersAreUsedOnlyWhenTheyAreTheUsersOwn) {
    const std::string home = user_->home();
    EXPECT_EQ(user_->run([&] {
        ::mkdir((home + "/xdg").c_str(), 0700);
        ::setenv("XDG_RUNTIME_DIR", (home + "/xdg").c_str(), 1);
        ::setenv("XDG_DATA_HOME", (home + "/data").c_str(), 1);
        return show_folders();
    }),
              home + "/data/dhow " + home + "/xdg/dhow");
    for (const char* foreign : {"/root", "/run", "relative", ""}) {
        EXPECT_EQ(user_->run([&] {
            ::setenv("XDG_RUNTIME_DIR", foreign, 1);
            return show_folders();
        }),
                  home + "/.local/share/dhow /tmp/dhow-run-" + std::to_string(user_->uid()));
    }
}

TEST_F(UserPaths, MakesPrivateFolders) {
    const std::string path = user_->home() + "/a/b/c";
    EXPECT_EQ(user_->run([&] { return describe(open_private_folder(path)); }), "ok");

    struct stat info {};

    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0700U);
    EXPECT_EQ(info.st_uid, user_->uid());
}

TEST_F(UserPaths, RefusesFoldersThatOthersRule) {
    const std::string open_to_all = user_->home() + "/open";
    EXPECT_EQ(user_->run([&] {
        ::mkdir(open_to_all.c_str(), 0700);
        ::chmod(open_to_all.c_str(), 0777);
        return describe(open_private_folder(open_to_all));
    }),
              "use folder '" + open_to_all +
                  "': others may write to it | "
                  "remove or move it, or give --root and --runroot");
    EXPECT_NE(user_->run([&] { return describe(open_private_folder("/usr")); })
                  .find("use folder '/usr': it belongs to uid 0"),
              std::string::npos);
    // A link planted by somebody else, as in /tmp.
    const std::string link = "/tmp/" + user_->name() + "-link";
    ASSERT_EQ(::symlink(user_->home().c_str(), link.c_str()), 0);
    ASSERT_EQ(::lchown(link.c_str(), 65534, 65534), 0);
    EXPECT_NE(user_->run([&] { return describe(open_private_folder(link)); })
                  .find("somebody else's symbolic link"),
              std::string::npos);
    ::unlink(link.c_str());
    EXPECT_NE(
        user_->run([&] { return describe(open_private_folder("x/y")); }).find("is not absolute"),
        std::string::npos);
}

TEST_F(UserPaths, ReadOnlyHomeNamesFolderCauseAndFix) {
    const std::string home = user_->home();
    const std::string said = run_in_child([&]() -> std::string {
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount(home.c_str(), home.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
            ::mount(nullptr, home.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) !=
                0) {
            return "(no mounts)";
        }
        return user_->run(
            [&] { return describe(open_private_folder(home + "/.local/share/dhow")); });
    });
    EXPECT_EQ(said,
              "create folder '" + home +
                  "/.local/share/dhow': read-only file system | "
                  "choose a writable place with --root and --runroot, or XDG_DATA_HOME");
}

}  // namespace
}  // namespace dhow::rootless
