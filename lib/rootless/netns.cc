// SPDX-License-Identifier: Apache-2.0
// Clones, with this contract: CLONE_VM | CLONE_VFORK | CLONE_FILES, from a single-threaded process
// with every signal blocked, on a stack of its own. Until the child ends this process does not run,
// so the child may use its memory like a called function; it ends with _exit and runs no destructor
// of ours beyond those of `body` itself.
#include "rootless/netns.h"

#include "base/file.h"
#include "base/netlink.h"
#include "base/process.h"
#include "rootless/enter.h"

#include <cerrno>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

namespace dhow::rootless {

namespace {

constexpr size_t kStackSize = 1U << 20U;  // address space; pages are made when touched

class Stack {
  public:
    Stack()
        : base_(::mmap(nullptr,
                       kStackSize,
                       PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE,
                       -1,
                       0)) {}

    ~Stack() {
        if (valid()) ::munmap(base_, kStackSize);
    }

    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;

    [[nodiscard]] bool valid() const { return base_ != MAP_FAILED; }

    [[nodiscard]] void* top() const { return static_cast<char*>(base_) + kStackSize; }

  private:
    void* base_;
};

// nullopt stays when the child died on the way.
struct Errand {
    const std::function<Status()>* body;
    std::optional<Status> outcome;
};

int child_main(void* argument) noexcept {
    auto* errand = static_cast<Errand*>(argument);
    errand->outcome.emplace((*errand->body)());
    return 0;  // clone(2) ends the process with the bare system call
}

Status run_in_child(const std::function<Status()>& body) {
    const Stack stack;
    if (!stack.valid()) return system_error("reserve a stack");
    Errand errand{.body = &body, .outcome = {}};
    assert_single_threaded();
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    int pidfd = -1;
    const int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD;
    const int pid = ::clone(child_main, stack.top(), flags, &errand, &pidfd);
    const int saved = errno;
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) return system_error("clone", saved);
    const UniqueFd child(pidfd);
    ignore(reap(child.get()), "its outcome is in memory");
    if (!errand.outcome) {
        return make_error(ErrorKind::Internal, "a child died in a network namespace");
    }
    return std::move(*errand.outcome);
}

}  // namespace

Status run_in_netns(int netns, const std::function<Status()>& body) {
    return run_in_child([&]() -> Status {
        TRY(join_namespace(netns, CLONE_NEWNET, "join a network namespace"));
        return body();
    });
}

Result<UniqueFd> create_netns(const std::function<Status()>& body) {
    UniqueFd netns;
    auto made = run_in_child([&]() -> Status {
        TRY(leave_namespaces(CLONE_NEWNET, "create a network namespace"));
        netns = TRY(open_own_netns());
        TRY_CONTEXT(bring_loopback_up(), "bring up loopback");
        return body ? body() : Status();
    });
    if (!made) return std::move(made).error();
    return netns;
}

// /proc/self would be the child's parent's under vfork-like sharing only by name: thread-self is
// the caller for certain.
Result<UniqueFd> open_own_netns() {
    return open_at(AT_FDCWD, "/proc/thread-self/ns/net", O_RDONLY);
}

Status bind_netns(int netns, const std::string& path) {
    const auto place = TRY(open_at(AT_FDCWD, path, O_RDONLY | O_CREAT | O_NOFOLLOW, 0600));
    if (::mount(fd_path(netns).c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        return system_error("bind network namespace to '" + path + "'");
    }
    return {};
}

Status unbind_netns(const std::string& path) {
    if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL &&
        errno != ENOENT) {
        return system_error("unmount '" + path + "'");
    }
    return remove_file_at(AT_FDCWD, path);
}

}  // namespace dhow::rootless
