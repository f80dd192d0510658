// SPDX-License-Identifier: Apache-2.0
#include "rootless/paths.h"

#include "base/file.h"
#include "base/text.h"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::rootless {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

bool is_absolute(const std::string& path) {
    return !path.empty() && path.front() == '/';
}

// A folder of the caller's that nobody else may write to.
bool is_own_folder(const std::string& path) {
    struct stat info {};

    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
           info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool is_link(const std::string& path) {
    struct stat info {};

    return ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

// State may be moved to another disk behind a link of the caller's; in /tmp anybody can plant one.
bool is_trusted_link(const std::string& path) {
    struct stat info {};

    return ::lstat(path.c_str(), &info) == 0 && (info.st_uid == ::geteuid() || info.st_uid == 0);
}

Result<std::string> home_folder() {
    const std::string home = environment("HOME");
    if (is_absolute(home)) return home;
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    const uid_t uid = ::getuid();
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr &&
        is_absolute(found->pw_dir)) {
        return std::string(found->pw_dir);
    }
    return make_error(ErrorKind::NotFound,
                      "no home folder is known for uid " + std::to_string(uid),
                      "set HOME, or give --root and --runroot");
}

std::string runtime_folder() {
    const std::string given = environment("XDG_RUNTIME_DIR");
    if (is_absolute(given) && is_own_folder(given)) return given + "/dhow";
    const std::string uid = std::to_string(::geteuid());
    const std::string login = "/run/user/" + uid;
    if (is_own_folder(login)) return login + "/dhow";
    return "/tmp/dhow-run-" + uid;
}

std::string creation_fix(int code) {
    switch (code) {
        case EROFS:
            return "choose a writable place with --root and --runroot, or XDG_DATA_HOME";
        case EACCES:
        case EPERM:
            return "make its parent writable for you, or give --root and --runroot";
        case ENOSPC:
        case EDQUOT:
            return "free some space there, or give --root and --runroot";
        case ENOTDIR:
            return "a file is in the way; move it, or give --root and --runroot";
        default:
            return "give another place with --root and --runroot";
    }
}

Error untrusted(const std::string& path, const std::string& why) {
    return make_error(ErrorKind::Permission,
                      "use folder '" + path + "': " + why,
                      "remove or move it, or give --root and --runroot");
}

}  // namespace

Result<std::string> find_user_bus() {
    constexpr std::string_view kUnixPath = "unix:path=";
    const std::string address = environment("DBUS_SESSION_BUS_ADDRESS");
    const std::string given = environment("XDG_RUNTIME_DIR");
    std::string path = given.empty() ? "/run/user/" + std::to_string(outer_uid()) : given;
    path += "/bus";
    if (address.starts_with(kUnixPath)) {
        path = address.substr(kUnixPath.size(), address.find_first_of(",;") - kUnixPath.size());
    }
    if (::access(path.c_str(), W_OK) == 0) return path;
    return make_error(ErrorKind::NotFound,
                      "no bus of a systemd of yours at '" + printable(path) + "'",
                      "log in through systemd, with the package dbus-user-session installed");
}

Result<Folders> default_folders() {
    if (::geteuid() == 0) return Folders{.root = "/var/lib/dhow", .run_root = "/run/dhow"};
    Folders folders;
    const std::string data = environment("XDG_DATA_HOME");
    if (is_absolute(data)) {
        folders.root = data + "/dhow";
    } else {
        folders.root = TRY(home_folder()) + "/.local/share/dhow";
    }
    folders.run_root = runtime_folder();
    return folders;
}

Result<UniqueFd> open_private_folder(const std::string& path) {
    if (!is_absolute(path)) {
        return make_error(ErrorKind::InvalidArgument, "folder '" + path + "' is not absolute");
    }
    // Almost always it is there already: one open, one fstat.
    UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder && errno == ENOENT) {
        if (auto made = make_dirs(path, 0700); !made) {
            const int code = made.error().sys_errno;
            auto error = system_error("create folder '" + path + "'", code);
            return std::move(error).with_fix(creation_fix(code));
        }
        folder.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    // O_DIRECTORY says ENOTDIR of a link before O_NOFOLLOW could say ELOOP (open(2)).
    if (!folder && (errno == ELOOP || errno == ENOTDIR) && is_link(path)) {
        if (!is_trusted_link(path)) return untrusted(path, "it is somebody else's symbolic link");
        folder.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    if (!folder) {
        const int code = errno;
        return system_error("open folder '" + path + "'", code).with_fix(creation_fix(code));
    }

    struct stat info {};

    if (::fstat(folder.get(), &info) != 0) return system_error("look at folder '" + path + "'");
    if (info.st_uid != ::geteuid()) {
        return untrusted(path, "it belongs to uid " + std::to_string(info.st_uid));
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return untrusted(path, "others may write to it");
    }
    return folder;
}

}  // namespace dhow::rootless
