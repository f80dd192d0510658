// SPDX-License-Identifier: Apache-2.0
#include "shim/reaper.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/wait.h>

namespace dhow::shim {

static WaitStatus status_of(const siginfo_t& info) {
    const auto kind =
        info.si_code == CLD_EXITED ? WaitStatus::Kind::Exited : WaitStatus::Kind::Signaled;
    return WaitStatus{.kind = kind, .value = info.si_status};
}

void reap_ended_children(const OnEnd& on_end) {
    while (true) {
        siginfo_t info{};
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
        on_end(info.si_pid, status_of(info));
    }
}

void end_all_children() {
    // Each round ends one generation; its children are ours in the next.
    constexpr int kMaxRounds = 64;
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto text = read_file_at(AT_FDCWD, "/proc/thread-self/children");
        if (!text || trim(*text).empty()) return;
        for (const std::string& word : split(trim(*text), ' ')) {
            const auto pid = parse_int<pid_t>(word);
            const auto pidfd = pid ? open_pidfd(*pid) : make_error(ErrorKind::NotFound, word);
            if (!pidfd) continue;
            ignore(signal_process(pidfd->get(), SIGKILL), "it may have ended by itself");
            ignore(reap(pidfd->get()), "nobody asks how it ended");
        }
    }
}

}  // namespace dhow::shim
