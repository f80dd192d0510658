// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/self_protect.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/mounts/mount_api.h"
#include "rootless/paths.h"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

namespace dhow::oci {

static constexpr const char* kMarker = "_DHOW_RUNTIME_PROTECTED";
static constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

static bool is_sealed_or_readonly(int binary) {
    struct statvfs fs {};

    if (::fstatvfs(binary, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0) return true;
    const int seals = ::fcntl(binary, F_GET_SEALS);
    return seals >= 0 && (seals & kSeals) == kSeals;
}

// The ids of a container started by an ordinary user, or within a user namespace, are that user's
// and its subordinate ones. A file of somebody else, closed to group and others, is beyond them.
static bool belongs_outside(int binary) {
    constexpr uid_t kUnmapped = 65534;  // what the kernel shows for ids without a place here

    struct stat st {};

    if (::fstat(binary, &st) != 0 || (st.st_mode & 022U) != 0) return false;
    if (rootless::in_user_namespace()) return st.st_uid == kUnmapped;
    return ::geteuid() != 0 && st.st_uid != ::geteuid();
}

static Result<UniqueFd> overlay_view() {
    const auto path = TRY(read_link_at(AT_FDCWD, "/proc/self/exe"));
    const size_t slash = path.rfind('/');
    const std::string folder = path.substr(0, slash);
    if (folder.empty() || folder.find_first_of(":\\,") != std::string::npos) {
        return make_error(ErrorKind::Unsupported, "overlay of '" + path + "'");
    }
    // An overlay without an upper layer wants two lower ones; the second only has to be elsewhere.
    const auto mount = TRY(make_filesystem(
        {"overlay", "dhow-runtime", {{"lowerdir", folder + ":/dev"}}, MOUNT_ATTR_RDONLY}));
    return open_at(mount.get(), path.substr(slash + 1), O_PATH | O_NOFOLLOW);
}

static Result<UniqueFd> sealed_copy(int binary) {
    UniqueFd copy(::memfd_create("dhow-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!copy) return system_error("create memory file");
    while (true) {
        const ssize_t sent = ::sendfile(copy.get(), binary, nullptr, size_t{1} << 30U);
        if (sent == 0) break;
        if (sent < 0 && errno != EINTR) return system_error("copy the runtime's binary");
    }
    if (::fchmod(copy.get(), 0500) != 0) return system_error("set mode");
    ::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_EXEC);  // newer than our oldest kernel
    if (::fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0) return system_error("seal memory file");
    return copy;
}

// The arguments as the kernel has them: main's have been parsed into other shapes by now.
static Result<std::vector<std::string>> own_arguments() {
    const auto text = TRY(read_file_at(AT_FDCWD, "/proc/self/cmdline"));
    auto args = split(text, '\0');
    if (!args.empty()) args.pop_back();
    return args;
}

static Error execute_again(int binary, std::vector<std::string>& args) {
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    ::setenv(kMarker, "1", 1);
    ::syscall(SYS_execveat, binary, "", argv.data(), environ, AT_EMPTY_PATH);
    return system_error("execute the runtime's protected binary");
}

Status protect_own_binary() {
    const auto binary = TRY(open_at(AT_FDCWD, "/proc/self/exe", O_RDONLY));
    if (is_sealed_or_readonly(binary.get())) return {};
    if (belongs_outside(binary.get())) return {};
    if (::secure_getenv(kMarker) != nullptr) {
        return make_error(ErrorKind::Internal, "the runtime's binary cannot be protected");
    }
    auto args = TRY(own_arguments());
    if (const auto view = overlay_view()) {
        // A folder whose file system overlays cannot take fails here or there; memory serves then.
        ignore(execute_again(view->get(), args), "the copy below is tried next");
    }
    const auto copy = TRY_CONTEXT(sealed_copy(binary.get()), "protect the runtime's binary");
    return execute_again(copy.get(), args);
}

}  // namespace dhow::oci
