// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"
#include "oci/runtime/hooks.h"
#include "oci/runtime/mounts/rootfs.h"
#include "oci/runtime/process/console_socket.h"

#include <climits>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace dhow::runtime_cli {

Result<Container> open_container(const Context& context, const std::string& id) {
    auto folder = TRY(oci::StateFolder::open(context.root, id));
    auto state = TRY(folder.load());
    const auto status = folder.status(state);
    return Container{std::move(folder), std::move(state), status};
}

Result<oci::RuntimeSpec> load_spec_file(const std::string& path) {
    const auto text = TRY(read_file_at(AT_FDCWD, path));
    return oci::parse_runtime_spec(text);
}

Result<oci::RuntimeSpec> load_spec(const std::string& bundle) {
    return load_spec_file(bundle + "/config.json");
}

Result<std::string> resolve_bundle(const std::string& path) {
    char* resolved = ::realpath(path.empty() ? "." : path.c_str(), nullptr);
    if (resolved == nullptr) return system_error("open bundle '" + path + "'");
    std::string bundle(resolved);
    ::free(resolved);
    return bundle;
}

int activation_descriptors() {
    const char* count = ::secure_getenv("LISTEN_FDS");
    const char* pid = ::secure_getenv("LISTEN_PID");
    if (count == nullptr) return 0;
    if (pid != nullptr && parse_int<pid_t>(pid) != ::getpid()) return 0;
    return std::max(0, parse_int<int>(count).value_or(0));
}

void pass_activation(oci::Process& process) {
    const int count = activation_descriptors();
    if (count == 0) return;
    process.env.push_back("LISTEN_FDS=" + std::to_string(count));
    process.env.emplace_back("LISTEN_PID=1");
}

Result<std::vector<int>> preserved_descriptors(const Options& options) {
    const auto count = parse_int<int>(options.value("preserve-fds", "0"));
    constexpr int kMost = 1024;
    if (!count || *count < 0 || *count > kMost) {
        return make_error(
            ErrorKind::InvalidArgument,
            "invalid value '" + printable(options.value("preserve-fds")) + "' for --preserve-fds");
    }
    // Noted before this process opens any of its own.
    std::vector<int> open;
    const int end = 3 + std::min(activation_descriptors(), kMost) + *count;
    for (int fd = 3; fd < end; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) open.push_back(fd);
    }
    return open;
}

Status write_pid_file(const std::string& path, pid_t pid) {
    if (path.empty()) return {};
    TRY_CONTEXT(replace_file_at(AT_FDCWD, path, std::to_string(pid), 0644, Durability::None),
                "write pid file");
    return {};
}

Status write_stdout(const std::string& text) {
    return write_all(STDOUT_FILENO, text);
}

// Somebody may have put it into a group of his own and frozen that, where no signal reaches it:
// back in the container's, it thaws.
static Result<bool> dies(int init, const oci::ContainerState& state) {
    if (TRY(wait_for_end(init, std::chrono::seconds(1)))) return true;
    ignore(oci::join_cgroup(state.cgroup, state.init.pid, true), "waiting tells");
    return wait_for_end(init, std::chrono::seconds(9));
}

static Status end_processes(const Container& container) {
    const auto& state = container.state;
    if (const auto init = open_process(state.init)) {
        if (container.status == oci::ContainerStatus::Paused) {
            TRY(oci::set_frozen(state.cgroup, false));
        }
        ignore(signal_process(init->get(), SIGKILL), "may have ended meanwhile");
        if (!TRY(dies(init->get(), state))) {
            return make_error(ErrorKind::Timeout,
                              "kill container '" + state.id + "': its init does not end");
        }
    }
    // Without a pid namespace of their own the others outlive their init.
    const auto left = oci::cgroup_pids(state.cgroup);
    if (left && !left->empty()) TRY(oci::signal_cgroup(state.cgroup, SIGKILL));
    return {};
}

Status destroy_container(Container& container) {
    TRY(end_processes(container));
    if (container.state.on_host) {
        ignore(oci::detach_root(container.state.rootfs), "somebody else may have done it");
    }
    TRY(oci::destroy_cgroup(container.state.cgroup));
    TRY(oci::destroy_rdt(container.state.rdt));
    const auto document = oci::public_state(container.state, oci::ContainerStatus::Stopped, false);
    // The bundle may be gone, and its hooks with it; the container is deleted all the same.
    const auto spec = load_spec(container.state.bundle);
    Status hooks;
    if (spec && spec->hooks) hooks = oci::run_hooks(spec->hooks->poststop, "poststop", document);
    TRY(container.folder.remove());
    ignore(hooks, "the specification has a failing poststop hook not stop the deletion");
    return {};
}

}  // namespace dhow::runtime_cli
