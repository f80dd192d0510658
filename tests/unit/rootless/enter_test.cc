// SPDX-License-Identifier: Apache-2.0
// The held namespaces on a real user: made, joined, made again after a kill, refused with a reason.
#include "rootless/enter.h"

#include "base/file.h"
#include "base/text.h"
#include "rootless/hold_file.h"
#include "rootless/id_map.h"
#include "rootless/paths.h"
#include "tests/support/test_user.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::rootless {
namespace {

using test::run_in_child;
using test::TestUser;

std::string to_text(const Error& error) {
    return error.message + " | " + error.fix;
}

class Held : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { user_ = new TestUser(); }

    static void TearDownTestSuite() {
        delete user_;
        user_ = nullptr;
    }

    void SetUp() override {
        if (!user_->made()) GTEST_SKIP() << "needs root and useradd";
    }

    static HoldOptions options() {
        return {.run_root = user_->run_root(), .init_path = HOLD_HELPER};
    }

    // "PID NAMESPACE" of the holder, made when missing.
    static std::string ensure() {
        return user_->run([] {
            const auto hold = ensure_hold(options());
            return hold ? format_hold(*hold) : to_text(hold.error());
        });
    }

    static TestUser* user_;
};

TestUser* Held::user_ = nullptr;

TEST_F(Held, IsMadeOnceAndKept) {
    const std::string first = ensure();
    EXPECT_TRUE(parse_hold(first)) << first;
    EXPECT_EQ(ensure(), first);
    const auto hold = find_hold(user_->run_root());
    ASSERT_TRUE(hold) << hold.error().message;

    struct stat info {};

    ASSERT_EQ(::stat((user_->run_root() + "/hold").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(Held, EnteringMakesTheUserRootOfAllItsIds) {
    const std::string said = user_->run([]() -> std::string {
        if (auto entered = enter(options()); !entered) return to_text(entered.error());
        const auto map = read_file_at(AT_FDCWD, "/proc/self/uid_map");
        const auto lines = parse_id_map(map ? *map : "");
        if (::geteuid() != 0 || ::getegid() != 0) return "not root";
        if (!in_user_namespace() || !is_rootless()) return "not in a user namespace";
        if (!lines || lines->size() < 2 || (*lines)[1].size != 65536) return "wrong map";
        // Files of subordinate ids, mounts, /proc/self: what the rest of dhow does here.
        const std::string folder = user_->home() + "/entered";
        if (::mkdir(folder.c_str(), 0700) != 0 || ::chown(folder.c_str(), 33, 33) != 0)
            return "no chown";
        if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, nullptr) != 0) return "no mount";
        struct stat info {};
        if (::stat("/proc/self", &info) != 0 || info.st_uid != 0) return "/proc/self is not ours";
        return "ok";
    });
    EXPECT_EQ(said, "ok");

    // The mount stayed inside; the file is the subordinate id's outside.
    struct stat inside {};

    struct stat parent {};

    ASSERT_EQ(::stat((user_->home() + "/entered").c_str(), &inside), 0);
    ASSERT_EQ(::stat(user_->home().c_str(), &parent), 0);
    EXPECT_EQ(inside.st_dev, parent.st_dev);
    EXPECT_GE(inside.st_uid, 100000U);
}

TEST_F(Held, EnteringTwiceStaysInTheSameUserNamespace) {
    EXPECT_EQ(user_->run([]() -> std::string {
        struct stat first {};
        struct stat second {};
        if (!enter(options()) || ::stat("/proc/self/ns/user", &first) != 0) return "first failed";
        const auto again = enter(options());
        if (!again) return to_text(again.error());
        ::stat("/proc/self/ns/user", &second);
        return first.st_ino == second.st_ino ? "same" : "another";
    }),
              "same");
}

TEST_F(Held, IsMadeAnewWhenKilled) {
    const auto before = parse_hold(ensure());
    user_->end_hold();
    const auto after = parse_hold(ensure());
    ASSERT_TRUE(before && after);
    EXPECT_NE(before->identity, after->identity);
    EXPECT_TRUE(is_alive(after->identity));
}

TEST_F(Held, IsMadeAnewWhenItsFileIsOfAnotherBootOrRubbish) {
    const auto hold = find_hold(user_->run_root());
    ASSERT_TRUE(hold || parse_hold(ensure()));
    const auto now = find_hold(user_->run_root());
    ASSERT_TRUE(now);
    for (const std::string& text :
         {std::to_string(now->identity.pid) + " " + std::to_string(now->identity.start_time) +
              " 00000000-0000-0000-0000-000000000000 1\n",
          std::to_string(::getpid()) + " 1 " + boot_id() + " 1\n",
          std::string("rubbish"),
          std::string(),
          std::string("1 2 3 4 5")}) {
        const std::string left = format_hold(*now);
        ASSERT_TRUE(replace_file_at(AT_FDCWD, user_->run_root() + "/hold", text));
        const auto made = parse_hold(ensure());
        ASSERT_TRUE(made) << text;
        EXPECT_NE(made->identity.pid, now->identity.pid);
        user_->end_hold();
    }
    ignore(signal_process(now->pidfd.get(), SIGKILL), "the first of this test");
}

TEST_F(Held, ASuccessorLivesInTheSurvivorsUserNamespace) {
    const auto first = parse_hold(ensure());
    ASSERT_TRUE(first);
    const std::string said = user_->run([&]() -> std::string {
        // A process of ours inside, as a container's shim is.
        const pid_t sleeper = ::fork();
        if (sleeper == 0) {
            if (!enter(options())) ::_exit(1);
            while (true) ::pause();
        }
        struct stat own {};
        ::stat("/proc/self/ns/user", &own);
        for (int i = 0; i < 1000; ++i) {
            struct stat theirs {};
            ::stat(("/proc/" + std::to_string(sleeper) + "/ns/user").c_str(), &theirs);
            if (theirs.st_ino != own.st_ino) break;
            ::usleep(1000);
        }
        const auto before = find_hold(user_->run_root());
        if (!before) return "no hold";
        ignore(signal_process(before->pidfd.get(), SIGKILL), "checked by what follows");
        if (!wait_for_end(before->pidfd.get(), std::chrono::seconds(5))) return "it does not end";
        HoldOptions with_survivors = options();
        with_survivors.survivors = [&] {
            return std::vector<ProcessIdentity>{before->identity, *identify(sleeper)};
        };
        const auto after = ensure_hold(with_survivors);
        ::kill(sleeper, SIGKILL);
        if (!after) return to_text(after.error());
        if (after->identity == before->identity) return "the same holder";
        if (auto entered = enter(options()); !entered) return to_text(entered.error());
        auto netns = open_hold_netns(user_->run_root());
        if (!netns) return to_text(netns.error());
        if (auto joined = join_namespace(netns->get(), CLONE_NEWNET, "join"); !joined)
            return "no net";
        return after->user_ns == before->user_ns ? "same namespace" : "another namespace";
    });
    EXPECT_EQ(said, "same namespace");
}

TEST_F(Held, ManyAtOnceMakeOne) {
    user_->end_hold();
    std::vector<pid_t> children;
    const std::string said = user_->run([]() -> std::string {
        constexpr int kMany = 12;
        for (int i = 0; i < kMany; ++i) {
            if (::fork() == 0) {
                const auto hold = ensure_hold(options());
                const std::string name = user_->home() + "/many" + std::to_string(i);
                const std::string text = hold ? format_hold(*hold) : to_text(hold.error());
                ::_exit(replace_file_at(AT_FDCWD, name, text) ? 0 : 1);
            }
        }
        for (int i = 0; i < kMany; ++i) ::wait(nullptr);
        std::string first;
        for (int i = 0; i < kMany; ++i) {
            const auto text = read_file_at(AT_FDCWD, user_->home() + "/many" + std::to_string(i));
            if (!text) return "missing";
            if (i == 0) first = *text;
            if (*text != first) return first + " and " + *text;
        }
        return parse_hold(first) ? "one" : first;
    });
    EXPECT_EQ(said, "one");
}

TEST_F(Held, NothingStaysWhenItCannotBeMade) {
    user_->end_hold();
    const std::string said = user_->run([]() -> std::string {
        auto broken = options();
        broken.init_path = "/nonexistent/dhow-init";
        const auto hold = ensure_hold(broken);
        return hold ? "made" : to_text(hold.error());
    });
    EXPECT_EQ(
        said,
        "execute '/nonexistent/dhow-init' to hold the namespaces: no such file or directory | "
        "every user must be able to execute it: reinstall dhow");
    EXPECT_FALSE(find_hold(user_->run_root()));
}

TEST_F(Held, CostOfEntering) {
    ensure();
    const std::string said = user_->run([]() -> std::string {
        using Clock = std::chrono::steady_clock;
        long best = 1000000;
        for (int i = 0; i < 20; ++i) {
            const std::string text = run_in_child([] {
                const auto start = Clock::now();
                const bool entered = enter(options()).has_value();
                const auto spent = Clock::now() - start;
                return entered ? std::to_string(spent / std::chrono::microseconds(1))
                               : std::string();
            });
            const auto spent = parse_int<long>(text);
            if (!spent) return "failed: " + text;
            best = std::min(best, *spent);
        }
        return std::to_string(best);
    });
    const auto best = parse_int<long>(said);
    ASSERT_TRUE(best) << said;
    RecordProperty("enter_us", said);
    std::printf("enter(): %ld us at best\n", *best);
}

TEST(WithoutSubIds, TheErrorNamesTheCommand) {
    const TestUser user(TestUser::SubIds::None);
    if (!user.made()) GTEST_SKIP() << "needs root and useradd";
    EXPECT_EQ(user.run([&] {
        const auto hold = ensure_hold({.run_root = user.run_root(), .init_path = HOLD_HELPER});
        return hold ? "made" : to_text(hold.error());
    }),
              "user '" + user.name() +
                  "' has no subordinate ids in '/etc/subuid' | run as root: usermod "
                  "--add-subuids 100000-165535 --add-subgids 100000-165535 " +
                  user.name());
}

TEST(WithoutUserNamespaces, TheErrorNamesTheSwitch) {
    const TestUser user;
    if (!user.made()) GTEST_SKIP() << "needs root and useradd";
    // The switch belongs to a user namespace: turned off in one of its own, the machine's stays on.
    const std::string said = user.run([&]() -> std::string {
        if (!enter({.run_root = user.run_root(), .init_path = HOLD_HELPER})) return "cannot enter";
        if (!write_existing_at(AT_FDCWD, "/proc/sys/user/max_user_namespaces", "0"))
            return "no sysctl";
        const std::string folder = user.run_root() + "/nested";
        if (!replace_file_at(AT_FDCWD, user.run_root() + "/subids", "root:1:1000\n"))
            return "no file";
        const auto hold = ensure_hold({.run_root = folder,
                                       .init_path = HOLD_HELPER,
                                       .subuid_file = user.run_root() + "/subids",
                                       .subgid_file = user.run_root() + "/subids"});
        return hold ? "made" : to_text(hold.error());
    });
    user.end_hold();
    EXPECT_EQ(said,
              "create a user namespace: they are turned off (user.max_user_namespaces is 0) | "
              "run as root: sysctl -w user.max_user_namespaces=15000 "
              "(and write it to /etc/sysctl.d/)");
}

TEST(WithoutUserNamespaces, DistributionSwitchesAreTold) {
    const std::string root = "/tmp/dhow-sysctl-" + std::to_string(::getpid());
    ASSERT_TRUE(make_dirs(root + "/kernel"));
    ASSERT_TRUE(make_dirs(root + "/user"));
    const auto set = [&](const char* name, const char* value) {
        ASSERT_TRUE(replace_file_at(AT_FDCWD, root + "/" + name, value));
    };
    set("user/max_user_namespaces", "1000\n");
    set("kernel/unprivileged_userns_clone", "0\n");
    EXPECT_NE(explain_no_user_namespace(EPERM, root).fix.find("kernel.unprivileged_userns_clone=1"),
              std::string::npos);
    set("kernel/unprivileged_userns_clone", "1\n");
    set("kernel/apparmor_restrict_unprivileged_userns", "1\n");
    EXPECT_NE(explain_no_user_namespace(EACCES, root).message.find("AppArmor"), std::string::npos);
    set("kernel/apparmor_restrict_unprivileged_userns", "0\n");
    EXPECT_NE(explain_no_user_namespace(ENOSPC, root).message.find("too many"), std::string::npos);
    EXPECT_NE(explain_no_user_namespace(EPERM, root).fix.find("seccomp"), std::string::npos);
    EXPECT_NE(explain_no_user_namespace(EINVAL, root).fix.find("CONFIG_USER_NS"),
              std::string::npos);
    ignore(remove_tree_at(AT_FDCWD, root), "temporary");
}

TEST(EnterAsRoot, OnlyTheMountNamespaceChanges) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(run_in_child([]() -> std::string {
                  struct stat before {};
                  struct stat after {};
                  ::stat("/proc/self/ns/mnt", &before);
                  if (!enter({.run_root = "/nonexistent"})) return "failed";
                  ::stat("/proc/self/ns/mnt", &after);
                  if (before.st_ino == after.st_ino) return "same mount namespace";
                  return ::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr) == 0 ? "ok" : "no mount";
              }),
              "ok");
    const auto mounts = read_file_at(AT_FDCWD, "/proc/self/mountinfo");
    ASSERT_TRUE(mounts);
    EXPECT_EQ(mounts->find(" /mnt "), std::string::npos);
}

}  // namespace
}  // namespace dhow::rootless
