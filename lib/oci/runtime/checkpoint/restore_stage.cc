// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/restore_stage.h"

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "oci/runtime/clone.h"
#include "oci/runtime/init_sync.h"
#include "oci/runtime/mounts/mount_api.h"
#include "oci/runtime/mounts/mount_options.h"
#include "oci/runtime/mounts/mount_point.h"
#include "oci/runtime/mounts/mounts.h"
#include "oci/runtime/process/credentials.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

struct Birth {
    RestoreStage& stage;
    SyncPair& sync;
    UniqueFd& socket;
};

Status cut_mount_events() {
    const auto top = TRY(open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
    return set_propagation(top.get(), MS_SLAVE, true);
}

Result<RootDir> mount_root(const RestoreStage& stage) {
    auto tree = TRY_CONTEXT(clone_tree(AT_FDCWD, stage.rootfs, true), "root filesystem");
    const auto place = TRY(open_at(AT_FDCWD, stage.mount_root, O_PATH | O_DIRECTORY));
    TRY(attach(tree.get(), place.get()));
    return RootDir(std::move(tree));
}

// criu brings back what a tmpfs held, mount points included.
bool is_on_tmpfs(const std::string& path, const std::vector<Mount>& mounts) {
    for (const Mount& mount : mounts) {
        if (mount.type == "tmpfs" && path.starts_with(mount.destination + "/")) return true;
    }
    return false;
}

Status make_one_point(const RestoreStage& stage, const RootDir& root, const Mount& mount) {
    const auto options = parse_mount_options(mount.options);
    if (options.remount || mount.type == "cgroup" || mount.type == "cgroup2") return {};
    if (is_on_tmpfs(mount.destination, stage.spec.mounts)) return {};
    if (!is_bind(mount, options)) {
        const auto made = TRY(make_mount_point(root, mount.destination, true));
        return {};
    }
    const auto source = TRY(open_bind_source(stage.bundle, mount));

    struct stat st {};

    if (::fstat(source.get(), &st) != 0) return system_error("inspect the source");
    const auto point = TRY(make_mount_point(root, mount.destination, S_ISDIR(st.st_mode)));
    // The points of later mounts may lie in it.
    return attach(source.get(), point.get());
}

// As the container's first start did it: what that made may have been cleaned up since.
Status make_mount_points(const RestoreStage& stage) {
    const RootDir root = TRY(mount_root(stage));
    for (const Mount& mount : stage.spec.mounts) {
        TRY_CONTEXT(
            make_one_point(stage, root, mount),
            "mount '" + printable(mount.source) + "' to '" + printable(mount.destination) + "'");
    }
    if (::umount2(stage.mount_root.c_str(), MNT_DETACH) != 0) {
        return system_error("unmount '" + stage.mount_root + "'");
    }
    return {};
}

// criu's descriptors in their places; all others are closed by the exec.
Status place_descriptors(const Birth& birth) {
    constexpr int kAbove = 64;
    std::vector<UniqueFd> high;
    const auto lift = [&high](int fd) -> Status {
        UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, kAbove));
        if (!copy) return system_error("duplicate a descriptor");
        high.push_back(std::move(copy));
        return {};
    };
    TRY(lift(birth.socket.get()));
    for (const UniqueFd& given : birth.stage.given) TRY(lift(given.get()));
    TRY(lift(birth.sync.child.fd()));
    birth.sync.child.replace(std::move(high.back()));
    high.pop_back();
    int number = CriuService::kSocketFd;
    for (const UniqueFd& fd : high) {
        if (::dup3(fd.get(), number, 0) < 0) return system_error("place a descriptor");
        ++number;
    }
    return {};
}

Status become_criu(Birth& birth) {
    RestoreStage& stage = birth.stage;
    TRY(birth.sync.child.wait_for(ParentMessage::Proceed));
    TRY(cut_mount_events());
    TRY(make_mount_points(stage));
    { const RootDir root = TRY(mount_root(stage)); }
    if (stage.own_cgroup_namespace && ::unshare(CLONE_NEWCGROUP) != 0) {
        return system_error("make a cgroup namespace");
    }
    // Inherited by all that criu makes: before 4.0 it does not bring it back itself.
    if (stage.spec.process->no_new_privileges) TRY(set_no_new_privileges());
    TRY(place_descriptors(birth));
    const std::string number = std::to_string(CriuService::kSocketFd);
    const char* const argv[] = {"criu", "swrk", number.c_str(), nullptr};
    ::execv(stage.criu.c_str(), const_cast<char* const*>(argv));
    return system_error("start '" + stage.criu + "'");
}

void stage_main(void* argument) noexcept {
    auto& birth = *static_cast<Birth*>(argument);
    birth.sync.parent.close();
    const auto failed = become_criu(birth);
    birth.sync.child.failed(failed.error());
    ::_exit(1);
}

}  // namespace

Result<CriuService> start_restore_stage(RestoreStage& stage) {
    auto [ours, theirs] = TRY(make_socket_pair(SocketType::Packet));
    auto sync = TRY(make_sync_pair());
    Birth birth{stage, sync, theirs};
    const auto unified = TRY(open_unified(stage.cgroup));
    auto child =
        TRY(clone_process({.flags = CLONE_NEWNS, .cgroup = unified.get()}, stage_main, &birth));
    TRY(join_cgroup(stage.cgroup, child.pid(), false));
    sync.child.replace(UniqueFd());
    theirs.reset();
    TRY(sync.parent.send(ParentMessage::Proceed));
    TRY(sync.parent.await_exec());
    return CriuService(std::move(child), std::move(ours));
}

}  // namespace dhow::oci
