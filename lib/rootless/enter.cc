// SPDX-License-Identifier: Apache-2.0
#include "rootless/enter.h"

#include "base/file.h"

#include <cerrno>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace dhow::rootless {

namespace {

// True when it joined; false when the holder ended in between.
Result<bool> join_user_namespace(const Hold& hold) {
    if (::setns(hold.pidfd.get(), CLONE_NEWUSER) == 0) return true;
    const int code = errno;
    if (code == ESRCH) return false;
    return system_error("join the held user namespace", code);
}

Status join_held(const EnterOptions& options) {
    constexpr int kAttempts = 3;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto hold = TRY(ensure_hold(options));
        if (!TRY(join_user_namespace(hold))) continue;
        // The caller's own id is 0 there already; a differing one (setgid programs, newgrp) is not.
        if (::getegid() != 0 && ::setresgid(0, 0, 0) != 0) return system_error("become group 0");
        if (::geteuid() != 0 && ::setresuid(0, 0, 0) != 0) return system_error("become user 0");
        // New credentials may have made /proc/self root's: it must stay ours for fd paths.
        ::prctl(PR_SET_DUMPABLE, 1);
        return {};
    }
    return make_error(ErrorKind::Unavailable, "the process that holds the namespaces keeps ending");
}

}  // namespace

Status enter(const EnterOptions& options) {
    if (::geteuid() != 0) TRY(join_held(options));
    TRY(leave_namespaces(CLONE_NEWNS, "create a mount namespace"));
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
        return system_error("make the mount namespace private");
    }
    return {};
}

Result<UniqueFd> open_hold_netns(const std::string& run_root) {
    const auto hold = TRY(find_hold(run_root));
    const std::string path = "/proc/" + std::to_string(hold.identity.pid) + "/ns/net";
    auto netns = TRY(open_at(AT_FDCWD, path, O_RDONLY));
    // The pid is the holder's as long as its pidfd says it lives.
    if (TRY(wait_for_end(hold.pidfd.get(), std::chrono::milliseconds(0)))) {
        return make_error(ErrorKind::NotFound, "the process that held the namespaces has ended");
    }
    return netns;
}

Status join_namespace(int fd, int type, const std::string& what) {
    if (::setns(fd, type) != 0) return system_error(what);
    return {};
}

Status leave_namespaces(int flags, const std::string& what) {
    if (::unshare(flags) != 0) return system_error(what);
    return {};
}

bool move_into_survivor(int survivor) noexcept {
    return ::setns(survivor, CLONE_NEWUSER) == 0 && ::unshare(CLONE_NEWNET) == 0;
}

}  // namespace dhow::rootless
