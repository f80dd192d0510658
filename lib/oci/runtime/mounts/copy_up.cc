// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/copy_up.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

static constexpr int kDeepest = 64;

static Status copy_folder(int from, int to, int depth);

static Status copy_bytes(int from, int to) {
    while (true) {
        const ssize_t sent = ::sendfile(to, from, nullptr, size_t{1} << 30U);
        if (sent == 0) return {};
        if (sent < 0 && errno != EINTR) return system_error("copy");
    }
}

static Status take_owner_and_mode(int fd, const struct stat& st) {
    if (::fchown(fd, st.st_uid, st.st_gid) != 0) return system_error("set owner");
    if (::fchmod(fd, st.st_mode & 07777U) != 0) return system_error("set mode");
    return {};
}

static Status copy_entry(int from, int to, const std::string& name, int depth) {
    struct stat st {};

    if (::fstatat(from, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return system_error("stat");
    if (S_ISDIR(st.st_mode)) {
        const auto source = TRY(open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        const auto copy = TRY(make_dir_at(to, name, 0700));
        TRY(copy_folder(source.get(), copy.get(), depth + 1));
        return take_owner_and_mode(copy.get(), st);
    }
    if (S_ISLNK(st.st_mode)) {
        const auto target = TRY(read_link_at(from, name));
        if (::symlinkat(target.c_str(), to, name.c_str()) != 0) return system_error("create link");
        return {};
    }
    if (!S_ISREG(st.st_mode)) return {};  // sockets, FIFOs and devices begin anew
    const auto source = TRY(open_at(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    const auto copy = TRY(open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    TRY(copy_bytes(source.get(), copy.get()));
    return take_owner_and_mode(copy.get(), st);
}

static Status copy_folder(int from, int to, int depth) {
    if (depth > kDeepest) return make_error(ErrorKind::InvalidArgument, "folders nested too deep");
    const auto names = TRY(list_dir_at(from, "."));
    for (const std::string& name : names) {
        TRY_CONTEXT(copy_entry(from, to, name, depth), "copy '" + printable(name) + "'");
    }
    return {};
}

Status copy_up(int from, int to) {
    const auto source = TRY(open_at(from, ".", O_RDONLY | O_DIRECTORY));
    const auto target = TRY(open_at(to, ".", O_RDONLY | O_DIRECTORY));

    struct stat st {};

    if (::fstat(source.get(), &st) != 0) return system_error("stat");
    TRY(copy_folder(source.get(), target.get(), 0));
    return take_owner_and_mode(target.get(), st);
}

}  // namespace dhow::oci
