// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_user.h"

#include "base/file.h"
#include "base/process.h"
#include "base/random.h"
#include "rootless/user_ns.h"

#include <array>
#include <chrono>
#include <cstdlib>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::test {

namespace {

bool run_tool(const std::vector<std::string>& argv) {
    const auto done = run_captured({.program = argv[0], .argv = argv});
    return done && done->status.success();
}

}  // namespace

std::string run_in_child(const std::function<std::string()>& body) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "(no pipe)";
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return "(no fork)";
    if (pid == 0) {
        const std::string said = body();
        const bool written = write_all(write_end.get(), said).has_value();
        ::_exit(written ? 0 : 1);
    }
    write_end.reset();
    std::string said = read_all(read_end.get()).value_or("(unreadable)");
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) said += "(died)";
    return said;
}

TestUser::TestUser(SubIds sub_ids) {
    if (::geteuid() != 0) return;
    name_ = "dhowtest" + random_hex(4);
    home_ = "/tmp/" + name_;
    std::vector<std::string> argv = {
        "/usr/sbin/useradd", "--no-create-home", "--home-dir", home_, "--shell", "/bin/sh"};
    // System users are given no subordinate ids.
    if (sub_ids == SubIds::None) argv.emplace_back("--system");
    argv.push_back(name_);
    if (!run_tool(argv)) return;
    const passwd* entry = ::getpwnam(name_.c_str());
    if (entry == nullptr) return;
    gid_ = entry->pw_gid;
    if (::mkdir(home_.c_str(), 0700) != 0 || ::chown(home_.c_str(), entry->pw_uid, gid_) != 0) {
        return;
    }
    uid_ = entry->pw_uid;
}

TestUser::~TestUser() {
    if (name_.empty()) return;
    end_hold();
    run_tool({"/usr/sbin/userdel", "--force", name_});
    ignore(remove_tree_at(AT_FDCWD, home_), "a test's leftovers in /tmp");
}

void TestUser::end_hold() const {
    const auto hold = rootless::find_hold(run_root());
    if (!hold) return;
    ignore(signal_process(hold->pidfd.get(), SIGKILL), "it may have ended");
    ignore(wait_for_end(hold->pidfd.get(), std::chrono::seconds(5)), "tests look for themselves");
}

std::string TestUser::run(const std::function<std::string()>& body) const {
    return run_in_child([&]() -> std::string {
        if (::setgroups(0, nullptr) != 0 || ::setresgid(gid_, gid_, gid_) != 0 ||
            ::setresuid(uid_, uid_, uid_) != 0) {
            return "(cannot become the user)";
        }
        ::prctl(PR_SET_DUMPABLE, 1);
        ::setenv("HOME", home_.c_str(), 1);
        ::unsetenv("XDG_RUNTIME_DIR");
        ::unsetenv("XDG_DATA_HOME");
        return body();
    });
}

}  // namespace dhow::test
