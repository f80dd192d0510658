// SPDX-License-Identifier: Apache-2.0
#include "base/root_dir.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow {

static uint64_t resolve_flags(RootDir::Links links) {
    switch (links) {
        case RootDir::Links::InRoot:
            return RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
        case RootDir::Links::Refuse:
            return RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
        case RootDir::Links::Beneath:
            return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    }
    return RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
}

static std::string_view relative(std::string_view path, RootDir::Links links) {
    // RESOLVE_BENEATH refuses absolute paths outright; in the tree they mean "from the root".
    if (links == RootDir::Links::InRoot) return path;
    while (!path.empty() && path.front() == '/') path.remove_prefix(1);
    return path.empty() ? "." : path;
}

Result<RootDir> RootDir::open(const std::string& path) {
    return RootDir(TRY(dhow::open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY)));
}

Result<UniqueFd> RootDir::open_at(const std::string& path,
                                  int flags,
                                  mode_t mode,
                                  Links links) const {
    const std::string below(relative(path, links));
    open_how how{};
    how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
    how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
    how.resolve = resolve_flags(links);
    // EAGAIN: a rename anywhere on the system raced with `..` in the path (openat2(2)); try again.
    for (int attempt = 0; attempt < 128; ++attempt) {
        UniqueFd fd(static_cast<int>(
            ::syscall(SYS_openat2, folder_.get(), below.c_str(), &how, sizeof how)));
        if (fd) return fd;
        if (errno != EAGAIN && errno != EINTR) break;
    }
    return system_error("open '" + printable(path) + "' in the root");
}

namespace {

// The way from a root to a folder that is being made: what lies ahead, and where it stands.
struct MakingWay {
    std::vector<std::string> ahead;  // names, the next one last
    std::string prefix;              // where `at` is
    UniqueFd at;

    void go_on_with(const std::string& path) {
        auto pieces = split(path, '/');
        for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
            if (!piece->empty() && *piece != ".") ahead.push_back(std::move(*piece));
        }
    }
};

}  // namespace

// Makes `name` where the way stands. True: it was a link that leads nowhere yet, and the way goes
// on with what it names.
static Result<bool> make_or_follow(const UniqueFd& root,
                                   MakingWay& way,
                                   const std::string& name,
                                   mode_t mode) {
    const bool made = name != ".." && ::mkdirat(way.at.get(), name.c_str(), mode) == 0;
    if (!made && (name == ".." || errno != EEXIST)) {
        return system_error("create folder '" + printable(way.prefix + "/" + name) +
                            "' in the root");
    }
    const auto target = read_link_at(way.at.get(), name);
    if (!target) return false;
    way.go_on_with(*target);
    if (!target->starts_with('/')) return true;
    way.prefix.clear();
    way.at = TRY(dhow::open_at(root.get(), ".", O_PATH | O_DIRECTORY));
    return true;
}

// Where a link leads nowhere yet, what it names is made: a program in the root would find it there.
Result<UniqueFd> RootDir::make_dirs(const std::string& path, mode_t mode) const {
    auto whole = open_at(path, O_PATH | O_DIRECTORY);
    if (whole || whole.error().sys_errno != ENOENT) return whole;
    constexpr int kMostLinks = 40;  // path_resolution(7)
    int links = 0;
    MakingWay way;
    way.at = TRY(dhow::open_at(folder_.get(), ".", O_PATH | O_DIRECTORY));
    way.go_on_with(path);
    while (!way.ahead.empty()) {
        const std::string name = std::move(way.ahead.back());
        way.ahead.pop_back();
        const std::string below = way.prefix + "/" + name;
        auto next = open_at(below, O_PATH | O_DIRECTORY);
        if (!next && next.error().sys_errno == ENOENT) {
            const bool followed = TRY(make_or_follow(folder_, way, name, mode));
            if (followed && ++links <= kMostLinks) continue;
            next = open_at(below, O_PATH | O_DIRECTORY);
        }
        way.at = TRY(std::move(next));
        way.prefix = below;
    }
    return std::move(way.at);
}

Result<std::string> RootDir::read_file(const std::string& path, size_t limit) const {
    const auto fd = TRY(open_at(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));

    struct stat st {};

    if (::fstat(fd.get(), &st) != 0) return system_error("stat '" + printable(path) + "'");
    if (!S_ISREG(st.st_mode)) {
        return make_error(ErrorKind::InvalidArgument,
                          "read '" + printable(path) + "': not a regular file");
    }
    return read_all(fd.get(), limit);
}

Result<std::pair<UniqueFd, std::string>> RootDir::parent_of(const std::string& path) const {
    std::string_view view(path);
    while (view.size() > 1 && view.back() == '/') view.remove_suffix(1);
    const size_t slash = view.rfind('/');
    const std::string name(slash == std::string_view::npos ? view : view.substr(slash + 1));
    const std::string parent(slash == std::string_view::npos ? "." : view.substr(0, slash + 1));
    if (name.empty() || name == "." || name == "..") {
        return make_error(ErrorKind::InvalidArgument, "'" + printable(path) + "' names no entry");
    }
    return std::pair(TRY(open_at(parent, O_RDONLY | O_DIRECTORY)), name);
}

}  // namespace dhow
