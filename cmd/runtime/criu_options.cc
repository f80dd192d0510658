// SPDX-License-Identifier: Apache-2.0
#include "cmd/runtime/criu_options.h"

#include "base/process.h"
#include "base/text.h"
#include "rootless/paths.h"

#include <climits>

#include <cstdlib>

namespace dhow::runtime_cli {

static Result<std::string> find_criu(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = ::secure_getenv("PATH");
    auto found = find_program(name, path != nullptr ? path : "/usr/local/sbin:/usr/sbin:/sbin");
    if (found) return found;
    return make_error(ErrorKind::Unsupported,
                      "'" + printable(name) + "' is not installed: it saves and restores processes",
                      "install the package criu, or name the program with --criu");
}

static Result<std::optional<oci::CriuCgroups>> cgroups_mode(const Options& options) {
    const std::string mode = options.value("manage-cgroups-mode");
    if (mode.empty()) return std::optional<oci::CriuCgroups>();
    if (mode == "ignore") return std::optional(oci::CriuCgroups::Ignore);
    if (mode == "soft") return std::optional(oci::CriuCgroups::Soft);
    if (mode == "full") return std::optional(oci::CriuCgroups::Full);
    if (mode == "strict") return std::optional(oci::CriuCgroups::Strict);
    return make_error(ErrorKind::InvalidArgument,
                      "invalid value '" + printable(mode) + "' for --manage-cgroups-mode",
                      "soft, full, strict or ignore");
}

static Status check_supported(const Options& options) {
    if (options.flag("lazy-pages")) {
        return make_error(ErrorKind::Unsupported,
                          "--lazy-pages is not supported: memory is restored as a whole");
    }
    for (const std::string& type : options.values("empty-ns")) {
        if (type == "network") continue;
        return make_error(ErrorKind::InvalidArgument,
                          "namespace \"" + printable(type) + "\" is not supported by --empty-ns");
    }
    if (!rootless::is_rootless()) return {};
    return make_error(ErrorKind::Permission,
                      "criu saves and restores processes for root alone",
                      "run this as root, outside of user namespaces");
}

Result<oci::CriuOptions> criu_options(const Context& context, const Options& options) {
    TRY(check_supported(options));
    oci::CriuOptions criu;
    criu.program = TRY(find_criu(context.criu));
    criu.image_path = options.value("image-path", "checkpoint");
    criu.work_path = options.value("work-path");
    criu.parent_path = options.value("parent-path");
    criu.page_server = options.value("page-server");
    criu.lsm_profile = options.value("lsm-profile");
    criu.lsm_mount_context = options.value("lsm-mount-context");
    criu.leave_running = options.flag("leave-running");
    criu.tcp_established = options.flag("tcp-established");
    criu.tcp_skip_in_flight = options.flag("tcp-skip-in-flight");
    criu.link_remap = options.flag("link-remap");
    criu.ext_unix_sk = options.flag("ext-unix-sk");
    criu.shell_job = options.flag("shell-job");
    criu.file_locks = options.flag("file-locks");
    criu.pre_dump = options.flag("pre-dump");
    criu.auto_dedup = options.flag("auto-dedup");
    criu.cgroups = TRY(cgroups_mode(options));
    return criu;
}

}  // namespace dhow::runtime_cli
