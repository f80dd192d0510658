// SPDX-License-Identifier: Apache-2.0
#include "engine/spec_builder.h"

#include "base/text.h"
#include "engine/capability_names.h"
#include "engine/security_options.h"

#include <algorithm>

namespace dhow::engine {

namespace {

void set_env_default(std::vector<std::string>& env,
                     const std::string& name,
                     const std::string& value) {
    const bool present = std::any_of(env.begin(), env.end(), [&](const std::string& entry) {
        return split_once(entry, '=').first == name;
    });
    if (!present) env.push_back(name + "=" + value);
}

std::vector<std::string> arguments(const SpecInput& input) {
    std::vector<std::string> args = input.config.argv();
    if (input.config.options.init) args.insert(args.begin(), {kInitInContainer, "--"});
    return args;
}

oci::Process build_process(const SpecInput& input, const std::vector<std::string>& capabilities) {
    const CreateRequest& options = input.config.options;
    oci::Process process;
    process.terminal = options.terminal;
    if (options.terminal && input.console_size.height > 0) {
        process.console_size = input.console_size;
    }
    process.user.uid = input.user.uid;
    process.user.gid = input.user.gid;
    process.user.additional_gids = input.user.additional_gids;
    process.args = arguments(input);
    process.env = options.env;
    set_env_default(process.env, "HOME", input.user.home);
    process.cwd = options.working_dir;
    process.capabilities = capability_sets(capabilities, input.user.uid);
    const SecurityOptions security = parse_security_options(options.security_opt);
    process.no_new_privileges = security.no_new_privileges;
    if (security.apparmor != "unconfined") process.apparmor_profile = security.apparmor;
    return process;
}

}  // namespace

// A user other than root starts without effective capabilities, as after any setuid(2); inheritable
// and ambient stay empty always (CVE-2022-24769).
oci::Capabilities capability_sets(const std::vector<std::string>& names, uint32_t uid) {
    oci::Capabilities sets;
    sets.bounding = names;
    if (uid == 0) {
        sets.effective = names;
        sets.permitted = names;
    }
    return sets;
}

Result<oci::RuntimeSpec> build_runtime_spec(const SpecInput& input) {
    const CreateRequest& options = input.config.options;
    const auto capabilities =
        TRY(resolve_capabilities(options.cap_add, options.cap_drop, options.privileged));
    oci::RuntimeSpec spec;
    // The oldest version that has all we use: crun 1.8 (Debian 12) refuses what is newer than
    // itself.
    spec.oci_version = "1.0.2";
    spec.root = oci::Root{.path = input.rootfs, .readonly = options.read_only};
    spec.hostname = options.hostname;
    spec.process = build_process(input, capabilities);
    spec.mounts = build_mounts(input);
    spec.linux_ = TRY(build_linux(input, capabilities));
    spec.annotations = options.annotations;
    return spec;
}

}  // namespace dhow::engine
