// SPDX-License-Identifier: Apache-2.0
// info: this dhow on this host, with a warning for each default that cannot be had here.
#include "base/file.h"
#include "base/text.h"
#include "engine/cgroup_choice.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "store/image_store.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace dhow::engine {

namespace {

std::string operating_system() {
    const auto text = read_file_at(AT_FDCWD, "/etc/os-release", 65536);
    if (!text) return "linux";
    for (const std::string& line : split(*text, '\n')) {
        if (!line.starts_with("PRETTY_NAME=")) continue;
        std::string name = line.substr(12);
        std::erase(name, '"');
        return printable(name);
    }
    return "linux";
}

Status count_containers(Context& context, SystemInfo& info) {
    const auto rows = TRY(list_container_rows(context));
    for (const ContainerRow& row : rows) {
        const auto state = TRY(read_container_state(context, row.id));
        if (state.status == ContainerStatus::Running) {
            ++info.containers_running;
        } else if (state.status == ContainerStatus::Paused) {
            ++info.containers_paused;
        } else {
            ++info.containers_stopped;
        }
    }
    return {};
}

void describe_host(SystemInfo& info) {
    utsname system{};
    ::uname(&system);
    info.kernel = system.release;
    info.architecture = system.machine;
    info.hostname = system.nodename;
    info.operating_system = operating_system();
    info.cpus = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));

    struct sysinfo memory {};

    ::sysinfo(&memory);
    info.memory_total = static_cast<uint64_t>(memory.totalram) * memory.mem_unit;
}

void warn_of_limits(const CgroupAbilities& abilities, SystemInfo& info) {
    for (const char* controller : {"memory", "cpu", "pids"}) {
        const auto& list = abilities.controllers;
        if (std::find(list.begin(), list.end(), controller) != list.end()) continue;
        info.warnings.push_back("no " + std::string(controller) + " limits: " + abilities.why_not);
    }
}

}  // namespace

Result<SystemInfo> system_info(Engine& engine) {
    Context& context = engine.context();
    SystemInfo info;
    info.version = DHOW_VERSION;
    info.root = context.store.root();
    info.run_root = context.run_root_path;
    info.runtime = context.default_runtime.empty() ? "dhow-runtime" : context.default_runtime;
    info.rootless = context.rootless;
    const CgroupAbilities abilities = TRY(cgroup_abilities(context, context.default_runtime));
    info.cgroup_version = abilities.version;
    info.cgroup_manager = abilities.manager;
    info.cgroup_controllers = abilities.controllers;
    describe_host(info);
    TRY(count_containers(context, info));
    const auto images = TRY(store::ImageStore(context.store).list());
    info.images = static_cast<int>(images.size());
    warn_of_limits(abilities, info);
    return info;
}

}  // namespace dhow::engine
