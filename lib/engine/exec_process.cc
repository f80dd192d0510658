// SPDX-License-Identifier: Apache-2.0
#include "engine/exec_process.h"

#include "base/root_dir.h"
#include "base/text.h"
#include "engine/capability_names.h"
#include "engine/security_options.h"
#include "engine/spec_builder.h"

#include <algorithm>

namespace dhow::engine {

static void set_env(std::vector<std::string>& env, const std::string& entry) {
    const std::string_view name = split_once(entry, '=').first;
    std::erase_if(env, [&](const std::string& old) { return split_once(old, '=').first == name; });
    if (entry.find('=') != std::string::npos) env.push_back(entry);
}

Result<std::string> build_exec_process(const ContainerConfig& config,
                                       const ExecRequest& request,
                                       pid_t init_pid) {
    const auto rootfs = TRY(RootDir::open("/proc/" + std::to_string(init_pid) + "/root"));
    const std::string& wanted_user = request.user.empty() ? config.options.user : request.user;
    const auto user = TRY(find_container_user(rootfs, wanted_user));
    const auto capabilities =
        TRY(resolve_capabilities(config.options.cap_add,
                                 config.options.cap_drop,
                                 config.options.privileged || request.privileged));
    oci::Process process;
    process.terminal = request.terminal;
    process.user.uid = user.uid;
    process.user.gid = user.gid;
    process.user.additional_gids = user.additional_gids;
    process.args = request.command;
    process.env = config.options.env;
    set_env(process.env, "HOME=" + user.home);
    if (request.terminal) set_env(process.env, "TERM=xterm");
    for (const std::string& entry : request.env) set_env(process.env, entry);
    process.cwd = request.working_dir.empty() ? config.options.working_dir : request.working_dir;
    process.capabilities = capability_sets(capabilities, user.uid);
    process.no_new_privileges =
        parse_security_options(config.options.security_opt).no_new_privileges;
    return oci::to_json(process);
}

}  // namespace dhow::engine
