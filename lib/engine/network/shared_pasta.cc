// SPDX-License-Identifier: Apache-2.0
#include "engine/network/shared_pasta.h"

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "engine/network/user_mode.h"
#include "rootless/netns.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace dhow::engine::network {

namespace {

constexpr const char* kIdentityFile = "pasta";

// Which pasta, and which namespace it serves: a new holder means a new namespace.
struct Served {
    ProcessIdentity process;
    uint64_t netns = 0;
};

Result<uint64_t> namespace_inode(int netns) {
    struct stat info {};

    if (::fstat(netns, &info) != 0) return system_error("look at the held network namespace");
    return info.st_ino;
}

std::string format_served(const Served& served) {
    return std::to_string(served.process.pid) + " " + std::to_string(served.process.start_time) +
           " " + served.process.boot_id + " " + std::to_string(served.netns) + "\n";
}

Result<Served> read_served(int folder) {
    const auto text = TRY(read_file_at(folder, kIdentityFile, 512));
    const auto words = split(trim(text), ' ');
    Served served;
    if (words.size() == 4) {
        served.process = {.pid = parse_int<pid_t>(words[0]).value_or(0),
                          .start_time = parse_int<uint64_t>(words[1]).value_or(0),
                          .boot_id = words[2]};
        served.netns = parse_int<uint64_t>(words[3]).value_or(0);
    }
    return served;
}

Status end_process(const ProcessIdentity& identity) {
    const auto pidfd = open_process(identity);
    if (!pidfd) return {};
    TRY(signal_process(pidfd->get(), SIGKILL));
    TRY(wait_for_end(pidfd->get(), std::chrono::seconds(2)));
    return {};
}

Result<Served> start_pasta(const std::string& folder, int held_netns) {
    const auto programs = TRY(find_user_mode_programs(kProgramFolders));
    if (programs.pasta.empty()) {
        return make_error(ErrorKind::NotFound,
                          "connect the bridge: 'pasta' is not installed",
                          "install it, as root: apt install passt");
    }
    const std::string pid_file = folder + "/pasta.pid";
    // pasta has too few capabilities to look into other processes: it gets the namespace by a path.
    const std::string netns_path = folder + "/netns";
    TRY(rootless::bind_netns(held_netns, netns_path));
    const UserModeCall call{.netns_path = netns_path,
                            .pid_file = pid_file,
                            .ports = {},
                            .interface = "up0",
                            .ends_with_netns = false};
    const auto done = TRY(
        run_captured({.program = programs.pasta, .argv = pasta_arguments(programs.pasta, call)}));
    ignore(rootless::unbind_netns(netns_path), "it dies with this process's mounts");
    if (!done.status.success()) {
        return make_error(ErrorKind::Unavailable,
                          "connect the bridge: pasta: " + printable(trim(done.err)));
    }
    const auto text = TRY(read_file_at(AT_FDCWD, pid_file, 64));
    const auto pid = parse_int<pid_t>(trim(text));
    if (!pid) return make_error(ErrorKind::Internal, "pasta wrote no pid");
    return Served{.process = TRY(identify(*pid)), .netns = TRY(namespace_inode(held_netns))};
}

struct Folder {
    std::string path;
    UniqueFd fd;
    UniqueFd users;
    FileLock lock;
};

Result<Folder> open_locked(const std::string& run_root) {
    std::string path = run_root + "/bridge";
    auto fd = TRY(make_dir_at(AT_FDCWD, path));
    auto users = TRY(make_dir_at(fd.get(), "users"));
    auto lock = TRY(FileLock::acquire_at(fd.get(), "lock", FileLock::Mode::Exclusive));
    return Folder{.path = std::move(path),
                  .fd = std::move(fd),
                  .users = std::move(users),
                  .lock = std::move(lock)};
}

}  // namespace

Status join_shared_pasta(const std::string& run_root,
                         const std::string& container_id,
                         int held_netns) {
    const auto folder = TRY(open_locked(run_root));
    const auto served = read_served(folder.fd.get());
    const uint64_t netns = TRY(namespace_inode(held_netns));
    if (!served || served->netns != netns || !is_alive(served->process)) {
        if (served) TRY(end_process(served->process));
        const auto started = TRY(start_pasta(folder.path, held_netns));
        TRY(replace_file_at(
            folder.fd.get(), kIdentityFile, format_served(started), 0600, Durability::None));
    }
    const auto user =
        TRY(open_at(folder.users.get(), container_id, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600));
    return {};
}

Status leave_shared_pasta(const std::string& run_root, const std::string& container_id) {
    if (!exists_at(AT_FDCWD, run_root + "/bridge")) return {};
    const auto folder = TRY(open_locked(run_root));
    TRY(remove_file_at(folder.users.get(), container_id));
    if (!TRY(list_dir_at(folder.users.get(), ".")).empty()) return {};
    if (const auto served = read_served(folder.fd.get())) TRY(end_process(served->process));
    return remove_file_at(folder.fd.get(), kIdentityFile);
}

}  // namespace dhow::engine::network
