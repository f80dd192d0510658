// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/mount_point.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

struct Entry {
    std::string parent;  // with its slash
    std::string name;
};

Entry split_entry(const std::string& path) {
    const size_t last = path.find_last_not_of('/');
    const std::string trimmed = last == std::string::npos ? "" : path.substr(0, last + 1);
    const size_t slash = trimmed.rfind('/');
    if (slash == std::string::npos) return {"/", trimmed};
    return {trimmed.substr(0, slash + 1), trimmed.substr(slash + 1)};
}

// Makes the file `path`; where a link is in its place, what that link means instead.
Result<UniqueFd> create_file(const RootDir& root, std::string path) {
    constexpr int kMostLinks = 40;  // as the kernel's own limit
    for (int link = 0; link < kMostLinks; ++link) {
        const Entry entry = split_entry(path);
        const auto folder = TRY(root.make_dirs(entry.parent));
        const auto made =
            open_at(folder.get(), entry.name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0644);
        if (made) return root.open_at(path, O_PATH);
        if (made.error().sys_errno != EEXIST) return made.error();
        const auto target = read_link_at(folder.get(), entry.name);
        if (!target) return root.open_at(path, O_PATH);  // somebody else made it meanwhile
        path = target->starts_with('/') ? *target : entry.parent + *target;
    }
    return make_error(ErrorKind::InvalidArgument,
                      "too many symbolic links at '" + printable(path) + "' in the root");
}

Result<UniqueFd> make_file(const RootDir& root, const std::string& path) {
    auto present = root.open_at(path, O_PATH);
    if (present || present.error().sys_errno != ENOENT) return present;
    return create_file(root, path);
}

}  // namespace

Result<UniqueFd> make_mount_point(const RootDir& root, const std::string& path, bool folder) {
    if (!folder) return make_file(root, path);
    auto made = root.make_dirs(path);
    if (!made && made.error().sys_errno == ENOTDIR) {
        return make_error(ErrorKind::InvalidArgument,
                          "'" + printable(path) + "' in the root is not a folder");
    }
    return made;
}

Result<UniqueFd> make_mount_point_nofollow(const RootDir& root,
                                           const std::string& path,
                                           bool folder) {
    auto present = root.open_at(path, O_PATH | O_NOFOLLOW);
    if (present || present.error().sys_errno != ENOENT) return present;
    return make_mount_point(root, path, folder);
}

Result<bool> copy_symlink(const RootDir& root, const std::string& source, const std::string& path) {
    const auto content = read_link_at(AT_FDCWD, source);
    if (!content && content.error().sys_errno == EINVAL) return false;
    if (!content) return content.error();
    const Entry entry = split_entry(path);
    const auto folder = TRY(root.make_dirs(entry.parent));
    if (::symlinkat(content->c_str(), folder.get(), entry.name.c_str()) == 0) return true;
    if (errno != EEXIST) return system_error("create link '" + printable(path) + "'");
    const auto present = read_link_at(folder.get(), entry.name);
    if (present && *present == *content) return true;
    return make_error(ErrorKind::InvalidArgument,
                      "'" + printable(path) + "' is in the root already, and is another");
}

}  // namespace dhow::oci
