// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"

#include <array>
#include <cstring>

#include <signal.h>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 1> kOptions = {
    {{"all", 'a', false, "every process of the container"}}};

// "9", "KILL", "SIGKILL", "sigrtmin+3"; 0 asks whether there is somebody to signal
static Result<int> parse_signal(const std::string& text) {
    const auto number = parse_int<int>(text);
    if (number && *number >= 0 && *number < NSIG) return *number;
    std::string name = to_lower(text);
    if (name.starts_with("sig")) name.erase(0, 3);
    for (int candidate = 1; candidate < 32; ++candidate) {
        const char* known = ::sigabbrev_np(candidate);
        if (known != nullptr && to_lower(known) == name) return candidate;
    }
    const bool from_min = name.starts_with("rtmin");
    if (from_min || name.starts_with("rtmax")) {
        const std::string offset = name.substr(5);
        const auto distance = offset.empty() ? 0 : parse_int<int>(offset.substr(1));
        const int value = distance ? (from_min ? SIGRTMIN + *distance : SIGRTMAX - *distance) : -1;
        if (value >= SIGRTMIN && value <= SIGRTMAX) return value;
    }
    return make_error(ErrorKind::InvalidArgument, "unknown signal \"" + printable(text) + "\"");
}

// Where its init is an ordinary process of a pid namespace that others share, the kernel ends that
// one alone; a container is killed as a whole.
static Result<bool> kill_whole(const Container& container) {
    const auto pids = oci::cgroup_pids(container.state.cgroup);
    if (!pids || pids->empty()) return false;
    TRY(oci::signal_cgroup(container.state.cgroup, SIGKILL));
    return true;
}

static Result<int> kill(const Context& context, const Parsed& parsed) {
    const int number = TRY(parse_signal(parsed.rest.size() > 1 ? parsed.rest[1] : "TERM"));
    const auto container = TRY(open_container(context, parsed.rest[0]));
    if (parsed.options.flag("all") && container.state.cgroup.exists()) {
        TRY(oci::signal_cgroup(container.state.cgroup, number));
        return 0;
    }
    if (number == SIGKILL && container.state.shares_pids) {
        const bool killed = TRY(kill_whole(container));
        if (killed) return 0;
    }
    if (container.status == oci::ContainerStatus::Stopped) {
        if (parsed.options.flag("all")) return 0;
        return make_error(ErrorKind::Conflict, "container not running");
    }
    const auto init = TRY(open_process(container.state.init));
    TRY(signal_process(init.get(), number));
    // A frozen process would take its death only when it is resumed.
    if (number == SIGKILL && container.status == oci::ContainerStatus::Paused) {
        TRY(oci::set_frozen(container.state.cgroup, false));
    }
    return 0;
}

const Verb kKill{.name = "kill",
                 .arguments = "CONTAINER [SIGNAL]",
                 .help = "signal a container's init, SIGTERM if not said",
                 .options = kOptions,
                 .least_arguments = 1,
                 .most_arguments = 2,
                 .run = kill};

}  // namespace dhow::runtime_cli
