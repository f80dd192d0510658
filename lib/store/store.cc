// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include "base/file.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr std::array<const char*, 7> kFolders = {
    "blobs", "blobs/sha256", "layers", "skeletons", "staging", "containers", "volumes"};

// Somebody else's folder would either be unusable half-way or fill up with files its owner cannot
// remove.
Status check_owner(const std::string& root, int fd) {
    struct stat st {};

    if (::fstat(fd, &st) != 0) return system_error("stat '" + root + "'");
    if (st.st_uid == ::geteuid()) return {};
    return make_error(ErrorKind::Permission,
                      "open the state folder '" + root + "': it belongs to user id " +
                          std::to_string(st.st_uid) + ", not to " + std::to_string(::geteuid()),
                      "run dhow as its owner, or choose another folder with --root");
}

Result<UniqueFd> open_root(const std::string& root) {
    auto fd = open_dir_at(AT_FDCWD, root);
    if (!fd && fd.error().sys_errno == ENOENT) {
        TRY(make_dirs(root));
        fd = open_dir_at(AT_FDCWD, root);
    }
    return fd;
}

Status make_folders(int root_fd) {
    for (const char* folder : kFolders) {
        if (::mkdirat(root_fd, folder, 0700) != 0 && errno != EEXIST) {
            return system_error("create folder '" + std::string(folder) + "' in the state folder");
        }
    }
    return {};
}

}  // namespace

Result<Store> Store::open(const StoreOptions& options) {
    if (!options.root.starts_with('/')) {
        return make_error(ErrorKind::InvalidArgument,
                          "state folder '" + options.root + "' is no absolute path");
    }
    auto root_fd = TRY_CONTEXT(open_root(options.root), "open the state folder");
    TRY(check_owner(options.root, root_fd.get()));
    TRY(make_folders(root_fd.get()));
    auto database = TRY(Database::open(options.root, root_fd.get()));
    return Store(options, std::move(root_fd), std::move(database));
}

std::string Store::path_of(std::string_view relative) const {
    return options_.root + "/" + std::string(relative);
}

}  // namespace dhow::store
