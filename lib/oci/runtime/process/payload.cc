// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/payload.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/process/credentials.h"
#include "oci/runtime/process/environment.h"
#include "oci/runtime/process/exec_path.h"
#include "oci/runtime/process/memory_policy.h"
#include "oci/runtime/security/capabilities.h"
#include "oci/runtime/security/seccomp.h"
#include "oci/runtime/security/seccomp_listener.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

// So that the program can reopen /dev/stdout as its own user. Pipes alone: a device or a file of
// the host must not change hands (CVE-2026-88265).
static Status own_stdio(uint32_t uid) {
    if (uid == 0) return {};
    for (int fd = 0; fd <= 2; ++fd) {
        struct stat st {};

        if (::fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode) || st.st_uid == uid) continue;
        if (::fchown(fd, uid, static_cast<gid_t>(-1)) == 0) continue;
        if (errno == EPERM || errno == EINVAL || errno == EROFS) continue;
        return system_error("give stdio to user " + std::to_string(uid));
    }
    return {};
}

static Status start_session(PayloadPlan& plan) {
    if (::setsid() < 0 && errno != EPERM) return system_error("start a session");
    if (plan.terminal) {
        TRY(use_terminal(*plan.terminal, plan.process.user.uid));
        plan.terminal.reset();
    } else {
        TRY(own_stdio(plan.process.user.uid));
    }
    if (plan.new_keyring) {
        plan.labels.label_keys(true);
        join_session_keyring(plan.container_id);
        plan.labels.label_keys(false);
    }
    return {};
}

// getcwd(2) itself: libc's would search for a way. A folder outside the root shows as
// "(unreachable)" (CVE-2024-21626).
static Status verify_cwd(const std::string& cwd) {
    std::array<char, 4096> buffer{};
    const long length = ::syscall(SYS_getcwd, buffer.data(), buffer.size());
    if (length > 0 && buffer[0] == '/') return {};
    return make_error(ErrorKind::InvalidArgument,
                      "working directory '" + printable(cwd) + "' is outside of the container");
}

static Status enter_cwd(const std::string& cwd) {
    if (::chdir(cwd.c_str()) != 0) {
        return system_error("enter working directory '" + printable(cwd) + "'");
    }
    return verify_cwd(cwd);
}

// The container's filter may refuse close_range(2): what the caller left open must not outlive the
// exec even then. close_foreign() gives the preserved ones back.
static void seal_descriptors() {
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
}

bool keeps_groups(const RuntimeSpec& spec) {
    const auto found = spec.annotations.find("run.oci.keep_original_groups");
    return found != spec.annotations.end() && found->second != "0" && found->second != "false";
}

// Signals as a fresh program expects them: the caller may have blocked or ignored some.
static void reset_signals() {
    struct sigaction defaults {};

    defaults.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &defaults, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

static Status take_limits(const PayloadPlan& plan) {
    TRY(set_rlimits(plan.process.rlimits));
    TRY(set_scheduling(plan.process));
    if (plan.personality != nullptr) TRY(set_personality(*plan.personality));
    if (plan.memory_policy != nullptr) TRY(set_memory_policy(*plan.memory_policy));
    if (plan.process.no_new_privileges) TRY(set_no_new_privileges());
    return {};
}

static Status become_user(const PayloadPlan& plan) {
    if (!plan.process.capabilities) return set_user(plan.process.user, plan.keep_groups);
    const auto sets = resolve_capabilities(*plan.process.capabilities);
    TRY(drop_bounding(sets));
    TRY(set_user(plan.process.user, plan.keep_groups));
    return set_capabilities(sets);
}

static Status find_program(const PayloadPlan& plan, Payload& payload) {
    if (plan.no_program) return {};
    if (plan.wasm == nullptr) {
        payload.executable = TRY(find_executable(plan.process.args[0], payload.env));
        return {};
    }
    auto program = TRY(wasm_program(*plan.wasm, plan.process, std::move(payload.env)));
    payload.executable = program.args[0];
    payload.args = std::move(program.args);
    payload.env = std::move(program.env);
    return {};
}

static Status load_filter(const PayloadPlan& plan, Payload& payload, ChildEnd& sync) {
    if (payload.late_filter.empty() || !notifies(*plan.seccomp)) {
        return load_late_filter(plan, payload);
    }
    return load_with_listener(std::exchange(payload.late_filter, {}), *plan.seccomp, sync);
}

Result<Payload> prepare_payload(PayloadPlan& plan, ChildEnd& sync) {
    Payload payload;
    const Process& process = plan.process;
    if (process.args.empty() && !plan.no_program) {
        return make_error(ErrorKind::InvalidArgument, "process.args is empty");
    }
    TRY(start_session(plan));
    TRY(take_limits(plan));
    payload.env = environment_of(process);
    // A folder may be closed to the user and open to root, or (on NFS) the other way about.
    const bool entered = ::chdir(process.cwd.c_str()) == 0;
    if (entered) TRY(verify_cwd(process.cwd));
    seal_descriptors();
    if (plan.seccomp != nullptr) payload.late_filter = TRY(sync.wait_for(ParentMessage::Filter));
    // Without no_new_privs a filter needs CAP_SYS_ADMIN, which is about to go.
    if (!process.no_new_privileges) TRY(load_filter(plan, payload, sync));
    TRY(become_user(plan));
    if (!entered) TRY(enter_cwd(process.cwd));
    TRY(find_program(plan, payload));
    reset_signals();
    // The parent that hands the listener on may be gone when the program starts.
    if (plan.seccomp != nullptr && notifies(*plan.seccomp)) TRY(load_filter(plan, payload, sync));
    return payload;
}

Status load_late_filter(const PayloadPlan& plan, Payload& payload) {
    if (payload.late_filter.empty()) return {};
    const std::string filter = std::exchange(payload.late_filter, {});
    const auto listener = TRY(load_seccomp(filter, *plan.seccomp));
    return {};
}

void close_foreign(const std::vector<int>& preserved, std::vector<int> keep) {
    keep.insert(keep.end(), preserved.begin(), preserved.end());
    std::sort(keep.begin(), keep.end());
    unsigned next = 3U;
    for (const int fd : keep) {
        const auto kept = static_cast<unsigned>(fd);
        if (fd < 0 || kept < next) continue;
        if (kept > next) ::syscall(SYS_close_range, next, kept - 1, 0);
        next = kept + 1;
    }
    ::syscall(SYS_close_range, next, ~0U, 0);
    // What is preserved must also survive the exec, however it was opened.
    for (const int fd : preserved) ::fcntl(fd, F_SETFD, 0);
}

static std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> list;
    list.reserve(strings.size() + 1);
    for (const std::string& text : strings) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

Error execute(const PayloadPlan& plan, Payload& payload) {
    const auto argv = pointers(payload.args.empty() ? plan.process.args : payload.args);
    const auto envp = pointers(payload.env);
    if (auto labelled = plan.labels.apply(); !labelled) return std::move(labelled).error();
    if (auto loaded = load_late_filter(plan, payload); !loaded) return std::move(loaded).error();
    ::execve(payload.executable.c_str(), argv.data(), envp.data());
    return exec_error(plan.process.args[0], errno);
}

}  // namespace dhow::oci
