// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/checkpoint.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "oci/runtime/checkpoint/external_mounts.h"
#include "oci/runtime/namespaces/namespaces.h"

#include <cerrno>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

namespace dhow::oci {

static constexpr const char* kLogFile = "dump.log";

std::string external_namespace_key(NamespaceType type) {
    return type == NamespaceType::Network ? "extRootNetNS" : "extRootPidNS";
}

// Namespaces given by path stay where they are: "net[4026531840]:extRootNetNS".
static Status add_external_namespaces(WireWriter& wire, const RuntimeSpec& spec) {
    for (const Namespace& entry : spec.linux_->namespaces) {
        if (entry.path.empty()) continue;
        if (entry.type != NamespaceType::Network && entry.type != NamespaceType::Pid) continue;

        struct stat st {};

        if (::stat(entry.path.c_str(), &st) != 0) {
            return system_error("open namespace '" + printable(entry.path) + "'");
        }
        wire.text(37,
                  std::string(namespace_proc_name(entry.type)) + "[" + std::to_string(st.st_ino) +
                      "]:" + external_namespace_key(entry.type));
    }
    return {};
}

static bool is_device(int fd) {
    struct stat st {};

    return ::fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);
}

static Status add_external_mounts(WireWriter& wire,
                                  const ContainerState& state,
                                  const RuntimeSpec& spec) {
    const auto root = TRY(RootDir::open("/proc/" + std::to_string(state.init.pid) + "/root"));
    const bool new_user = makes_namespace(*spec.linux_, NamespaceType::User);
    const auto mounts = TRY(external_mounts(spec, state.bundle, state.cgroup, new_user));
    for (const ExternalMount& mount : mounts) {
        const auto found = root.open_at(mount.destination, O_PATH);
        if (!found && mount.optional) continue;
        // A masked folder is an empty tmpfs of the container's own.
        if (found && mount.optional && !is_device(found->get())) continue;
        const std::string path = TRY_CONTEXT(container_path(root, mount.destination),
                                             "mount '" + printable(mount.destination) + "'");
        WireWriter pair;
        pair.text(1, path);
        pair.text(2, mount.name);
        wire.message(23, pair);
    }
    return {};
}

// The freezer stops all at once; without one criu seizes them one by one.
static std::string freezer_folder(const ContainerCgroup& cgroup) {
    if (const CgroupPlace* place = cgroup.unified()) return place->folder;
    if (const CgroupPlace* place = cgroup.with_controller("freezer")) return place->folder;
    return {};
}

static Status save_descriptors(const ContainerState& state, int folder) {
    json::Array names;
    for (int fd = 0; fd <= 2; ++fd) {
        const auto name = read_link_at(
            AT_FDCWD, "/proc/" + std::to_string(state.init.pid) + "/fd/" + std::to_string(fd));
        names.push_back(json::Value(name ? *name : std::string("/dev/null")));
    }
    return replace_file_at(folder, kDescriptorsFile, json::compact(names), 0600, Durability::None);
}

static Status add_page_server(WireWriter& wire, const std::string& text) {
    if (text.empty()) return {};
    const size_t colon = text.rfind(':');
    const auto port =
        colon == std::string::npos ? std::nullopt : parse_int<uint16_t>(text.substr(colon + 1));
    if (!port || colon == 0) {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid --page-server '" + printable(text) + "'",
                          "give ADDRESS:PORT");
    }
    WireWriter server;
    server.text(1, text.substr(0, colon));
    server.number(2, *port);
    wire.message(11, server);
    return {};
}

static Result<WireWriter> dump_options(const ContainerState& state,
                                       const RuntimeSpec& spec,
                                       const CriuOptions& options,
                                       const CriuFolders& folders) {
    WireWriter wire = common_options(options, folders, kLogFile);
    wire.integer(2, state.init.pid);
    wire.text(13, state.rootfs);
    wire.flag(3, options.leave_running);
    wire.flag(18, options.link_remap);
    wire.flag(46, options.tcp_skip_in_flight);
    wire.number(38, CLONE_NEWNET);  // devices and addresses are the caller's to set up
    if (!options.parent_path.empty()) {
        wire.text(14, options.parent_path);
        wire.flag(15, true);
    } else if (options.pre_dump) {
        wire.flag(15, true);
    }
    const std::string freezer = freezer_folder(state.cgroup);
    if (!freezer.empty()) wire.text(44, freezer);
    TRY(add_page_server(wire, options.page_server));
    TRY(add_external_namespaces(wire, spec));
    if (options.pre_dump) return wire;
    TRY(add_external_mounts(wire, state, spec));
    return wire;
}

static Status check_memory_tracking(const CriuOptions& options) {
    if (!options.pre_dump && options.parent_path.empty()) return {};
    const bool tracks = TRY_CONTEXT(tracks_memory(options.program), "ask criu what it can");
    if (tracks) return {};
    return make_error(ErrorKind::Unsupported,
                      "--pre-dump: this kernel does not track memory changes (MemTrack)");
}

Status checkpoint(const ContainerState& state,
                  const RuntimeSpec& spec,
                  const CriuOptions& options) {
    const auto folders = TRY(open_criu_folders(options, true));
    TRY(check_memory_tracking(options));
    const auto wire = TRY(dump_options(state, spec, options, folders));
    if (!options.pre_dump) TRY(save_descriptors(state, folders.images.get()));
    auto service = TRY(CriuService::spawn(options.program, options.pre_dump));
    const auto type = options.pre_dump ? CriuRequest::PreDump : CriuRequest::Dump;
    const auto reply = service.call(type, wire, nullptr);
    if (!reply) {
        const std::string& where =
            options.work_path.empty() ? options.image_path : options.work_path;
        return with_log(reply.error(), folders.log_folder(), kLogFile, where);
    }
    const auto ended = service.finish();
    // After a pre-dump it waits for the next one and takes the end of the talk for an error.
    return options.pre_dump ? Status() : ended;
}

}  // namespace dhow::oci
