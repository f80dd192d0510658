// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include "base/random.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>

namespace dhow {

static std::string quoted(std::string_view verb, const std::string& path) {
    return std::string(verb) + " '" + path + "'";
}

Result<UniqueFd> open_at(int dir, const std::string& path, int flags, mode_t mode) {
    while (true) {
        UniqueFd fd(::openat(dir, path.c_str(), flags | O_CLOEXEC, mode));
        if (fd) return fd;
        if (errno != EINTR) return system_error(quoted("open", path));
    }
}

Result<UniqueFd> open_dir_at(int dir, const std::string& path) {
    return open_at(dir, path, O_RDONLY | O_DIRECTORY);
}

Result<UniqueFd> make_dir_at(int dir, const std::string& path, mode_t mode) {
    if (::mkdirat(dir, path.c_str(), mode) == 0) {
        auto fd = TRY(open_dir_at(dir, path));
        if (::fchmod(fd.get(), mode) != 0) return system_error(quoted("set mode of", path));
        return fd;
    }
    if (errno != EEXIST) return system_error(quoted("create folder", path));
    return open_dir_at(dir, path);
}

Status make_dirs(const std::string& path, mode_t mode) {
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string prefix = path.substr(0, end);
        if (::mkdir(prefix.c_str(), mode) != 0 && errno != EEXIST) {
            const int saved = errno;
            // An existing folder on a read-only mount gives EROFS before EEXIST is looked at.
            if (!exists_at(AT_FDCWD, prefix)) {
                return system_error(quoted("create folder", prefix), saved);
            }
        }
        if (end == std::string::npos) return {};
    }
}

Result<std::string> read_all(int fd, size_t limit) {
    std::string bytes;
    char buffer[16384];
    while (true) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read");
        if (got == 0) return bytes;
        bytes.append(buffer, static_cast<size_t>(got));
        if (bytes.size() > limit) {
            return make_error(ErrorKind::InvalidArgument,
                              "larger than " + std::to_string(limit) + " bytes");
        }
    }
}

Result<std::string> read_file_at(int dir, const std::string& path, size_t limit) {
    const auto fd = TRY(open_at(dir, path, O_RDONLY));
    auto bytes = read_all(fd.get(), limit);
    if (!bytes) return std::move(bytes).error().context(quoted("read", path));
    return bytes;
}

Status write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return system_error("write");
        bytes.remove_prefix(static_cast<size_t>(put));
    }
    return {};
}

Status write_existing_at(int dir, const std::string& path, std::string_view bytes) {
    const auto fd = TRY(open_at(dir, path, O_WRONLY));
    ssize_t put = -1;
    do {
        put = ::write(fd.get(), bytes.data(), bytes.size());
    } while (put < 0 && errno == EINTR);
    if (put != static_cast<ssize_t>(bytes.size())) return system_error(quoted("write", path));
    return {};
}

static Status write_and_sync(int fd, std::string_view bytes, Durability durability) {
    TRY(write_all(fd, bytes));
    if (durability == Durability::Synced && ::fsync(fd) != 0) return system_error("fsync");
    return {};
}

static Status sync_parent(int dir, const std::string& path) {
    const size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const auto fd = TRY(open_dir_at(dir, parent));
    if (::fsync(fd.get()) != 0) return system_error(quoted("fsync folder of", path));
    return {};
}

Status replace_file_at(
    int dir, const std::string& path, std::string_view bytes, mode_t mode, Durability durability) {
    const std::string temp = path + ".tmp-" + random_hex(6);
    auto fd = TRY(open_at(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
    auto written = write_and_sync(fd.get(), bytes, durability);
    if (written && ::renameat(dir, temp.c_str(), dir, path.c_str()) != 0) {
        written = system_error("rename");
    }
    if (!written) {
        ::unlinkat(dir, temp.c_str(), 0);
        return std::move(written).error().context(quoted("write", path));
    }
    if (durability == Durability::Synced) TRY(sync_parent(dir, path));
    return {};
}

Status remove_file_at(int dir, const std::string& path) {
    if (::unlinkat(dir, path.c_str(), 0) == 0 || errno == ENOENT) return {};
    return system_error(quoted("remove", path));
}

bool exists_at(int dir, const std::string& path) {
    return ::faccessat(dir, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<std::string> read_link_at(int dir, const std::string& path) {
    char target[4096];
    const ssize_t length = ::readlinkat(dir, path.c_str(), target, sizeof target);
    if (length < 0) return system_error(quoted("read link", path));
    return std::string(target, static_cast<size_t>(length));
}

Status set_non_blocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        return system_error("make descriptor non-blocking");
    }
    return {};
}

std::string fd_path(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

static Result<std::optional<UniqueFd>> lock_file(int dir, const std::string& path, int operation) {
    auto fd = TRY(open_at(dir, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    while (::flock(fd.get(), operation) != 0) {
        if (errno == EWOULDBLOCK) return std::optional<UniqueFd>();
        if (errno != EINTR) return system_error(quoted("lock", path));
    }
    return std::optional<UniqueFd>(std::move(fd));
}

static int flock_operation(FileLock::Mode mode) {
    return mode == FileLock::Mode::Shared ? LOCK_SH : LOCK_EX;
}

Result<FileLock> FileLock::acquire_at(int dir, const std::string& path, Mode mode) {
    auto fd = TRY(lock_file(dir, path, flock_operation(mode)));
    return FileLock(std::move(*fd));
}

Result<std::optional<FileLock>> FileLock::try_acquire_at(int dir,
                                                         const std::string& path,
                                                         Mode mode) {
    auto fd = TRY(lock_file(dir, path, flock_operation(mode) | LOCK_NB));
    if (!fd) return std::optional<FileLock>();
    return std::optional<FileLock>(FileLock(std::move(*fd)));
}

}  // namespace dhow
