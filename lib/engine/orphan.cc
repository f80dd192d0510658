// SPDX-License-Identifier: Apache-2.0
#include "engine/orphan.h"

#include "base/file.h"
#include "base/process.h"
#include "engine/cgroup_choice.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/siblings.h"

#include <chrono>

namespace dhow::engine {

namespace {

bool supervised(const Context& context, const std::string& id) {
    const auto state = read_container_state(context, id);
    return state && state->alive();
}

// The first process takes its whole pid namespace with it.
Status await_end(const ProcessIdentity& process) {
    const auto pidfd = open_process(process);
    if (!pidfd) return {};
    constexpr std::chrono::seconds kPatience(10);
    if (TRY(wait_for_end(pidfd->get(), kPatience))) return {};
    return make_error(ErrorKind::Timeout,
                      "end process " + std::to_string(process.pid) + ", which no supervisor owns");
}

Result<ProcessIdentity> last_known_process(const Context& context, const std::string& id) {
    const auto run_dir = open_run_dir(context, id);
    if (!run_dir) return ProcessIdentity{};
    const auto status = TRY(shim::read_status(run_dir->get()));
    return status ? status->container : ProcessIdentity{};
}

}  // namespace

Status end_orphan(Context& context, const ContainerConfig& config) {
    if (!exists_at(context.run_root.get(), "runtime/" + config.id)) return {};
    if (supervised(context, config.id)) return {};
    const auto process = TRY(last_known_process(context, config.id));
    SpawnOptions call;
    call.program = TRY(find_runtime(config.options.runtime));
    call.argv = TRY(runtime_arguments(context, config));
    call.argv.insert(call.argv.begin(), call.program);
    call.argv.insert(call.argv.end(), {"delete", "--force", config.id});
    const auto result = TRY(run_captured(std::move(call)));
    if (!result.status.success()) {
        return make_error(ErrorKind::System,
                          "clear what is left of container '" + config.name + "': " + result.err);
    }
    return await_end(process);
}

}  // namespace dhow::engine
