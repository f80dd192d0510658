// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/exec_path.h"

#include "base/text.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

static std::string told(const std::string& name, const std::string& why) {
    return "exec: \"" + printable(name) + "\": " + why;
}

Error not_found(const std::string& name, const std::string& why) {
    return make_error(ErrorKind::CommandNotFound, told(name, why));
}

Error cannot_invoke(const std::string& name, const std::string& why, int saved_errno) {
    auto error = make_error(ErrorKind::CannotInvoke, told(name, why));
    error.sys_errno = saved_errno;
    return error;
}

Error exec_error(const std::string& name, int saved_errno) {
    if (saved_errno == ENOENT || saved_errno == ENOTDIR) {
        // The file was there when it was looked for: what is missing is its interpreter.
        return not_found(name, "no such file or directory");
    }
    return cannot_invoke(name, to_lower(::strerror(saved_errno)), saved_errno);
}

// 0 when `path` can be executed, else the errno that says why not.
static int probe(const std::string& path) {
    struct stat st {};

    if (::stat(path.c_str(), &st) != 0) return errno;
    if (S_ISDIR(st.st_mode)) return EISDIR;
    // AT_EACCESS: for who the process is now, with the capabilities it has
    if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0) return 0;
    // faccessat2(2) came with Linux 5.8: the container's own filter, loaded by now, may be of a
    // list without it. The old call asks for the real ids, which are the effective ones since
    // set_user().
    if (errno != EPERM && errno != ENOSYS) return errno;
    return ::syscall(SYS_faccessat, AT_FDCWD, path.c_str(), X_OK) == 0 ? 0 : errno;
}

std::vector<std::string> path_folders(const std::vector<std::string>& env) {
    for (const std::string& entry : env) {
        if (entry.starts_with("PATH=")) return split(std::string_view(entry).substr(5), ':');
    }
    return split("", ':');
}

Result<std::string> find_executable(const std::string& name, const std::vector<std::string>& env) {
    if (name.find('/') != std::string::npos) {
        const int code = probe(name);
        if (code == 0) return name;
        if (code == EISDIR) return cannot_invoke(name, "is a directory", code);
        const std::string why = to_lower(::strerror(code));
        if (code == ENOENT || code == ENOTDIR) {
            return not_found(name, "stat " + printable(name) + ": " + why);
        }
        return cannot_invoke(name, why, code);
    }
    int refused = 0;
    for (const std::string& folder : path_folders(env)) {
        const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        const int code = probe(candidate);
        if (code == 0) return candidate;
        if (code == EACCES) refused = code;
    }
    if (refused != 0) return cannot_invoke(name, "permission denied", refused);
    return not_found(name, "executable file not found in $PATH");
}

}  // namespace dhow::oci
