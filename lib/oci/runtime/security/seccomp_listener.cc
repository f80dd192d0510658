// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/seccomp_listener.h"

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "oci/runtime/clone.h"
#include "oci/runtime/security/seccomp.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

bool notifies_call(const Seccomp& seccomp, std::string_view name) {
    return std::any_of(seccomp.syscalls.begin(), seccomp.syscalls.end(), [&](const auto& call) {
        return call.action == "SCMP_ACT_NOTIFY" &&
               std::find(call.names.begin(), call.names.end(), name) != call.names.end();
    });
}

struct Helper {
    ChildEnd& sync;
    int numbers = -1;  // a pipe on which the listener's number comes
};

// The descriptors are the child's own, the new one among them.
void help(void* argument) noexcept {
    const auto& helper = *static_cast<Helper*>(argument);
    // Both ends of the pipe are here: nothing but this tells that the child is gone.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    int listener = -1;
    const bool told = ::read(helper.numbers, &listener, sizeof listener) == sizeof listener;
    ::_exit(told && helper.sync.listener(listener) ? 0 : 1);
}

Status load_with_helper(std::string_view program, const Seccomp& seccomp, ChildEnd& sync) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("make a pipe");
    const UniqueFd reading(ends[0]);
    const UniqueFd writing(ends[1]);
    Helper plan{.sync = sync, .numbers = reading.get()};
    auto helper = TRY(clone_process({.flags = CLONE_FILES}, help, &plan));
    const UniqueFd listener = TRY(load_seccomp(program, seccomp));
    const int number = listener.get();
    if (::write(writing.get(), &number, sizeof number) != sizeof number) {
        return system_error("seccomp: tell of the listener");
    }
    ignore(helper.wait(), "what counts is what the parent gets");
    return {};
}

Result<UniqueFd> connect_agent(const std::string& path) {
    const size_t slash = path.rfind('/');
    if (!path.starts_with('/')) {
        return make_error(ErrorKind::InvalidArgument, "listenerPath is not an absolute path");
    }
    const auto folder = TRY(open_dir_at(AT_FDCWD, slash == 0 ? "/" : path.substr(0, slash)));
    return connect_unix_at(folder.get(), path.substr(slash + 1), SocketType::Stream);
}

Result<std::string> container_process_state(const Seccomp& seccomp, const AgentReport& report) {
    auto state = TRY(json::parse_object(report.state, "container state"));
    json::Object object;
    object["ociVersion"] = state["ociVersion"];
    object["fds"] = json::to_array({"seccompFd"});
    object["pid"] = report.pid;
    if (!seccomp.listener_metadata.empty()) object["metadata"] = seccomp.listener_metadata;
    object["state"] = std::move(state);
    return json::compact(object);
}

}  // namespace

Status load_with_listener(std::string_view program, const Seccomp& seccomp, ChildEnd& sync) {
    if (notifies_call(seccomp, "sendmsg")) return load_with_helper(program, seccomp, sync);
    const UniqueFd listener = TRY(load_seccomp(program, seccomp));
    return sync.listener(listener.get());
}

Status give_to_agent(const Seccomp& seccomp, const AgentReport& report, int listener) {
    const std::string document = TRY(container_process_state(seccomp, report));
    const auto agent = TRY_CONTEXT(
        connect_agent(seccomp.listener_path),
        "failed to connect with seccomp agent '" + printable(seccomp.listener_path) + "'");
    return send_message(agent.get(), document, {listener});
}

}  // namespace dhow::oci
