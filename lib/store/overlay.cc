// SPDX-License-Identifier: Apache-2.0
#include "store/overlay.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::store {

namespace {

// Everything opened in the mount namespace we are in now: the kernel takes no layer from another.
struct Opened {
    std::vector<UniqueFd> lowers;
    UniqueFd upper;
    UniqueFd work;
};

Result<UniqueFd> open_folder(const std::string& path) {
    return open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY);
}

Result<Opened> open_folders(const OverlaySpec& spec) {
    if (spec.lowers.empty()) {
        return make_error(ErrorKind::InvalidArgument, "an overlay needs at least one layer");
    }
    Opened opened;
    opened.lowers.reserve(spec.lowers.size());
    for (const std::string& lower : spec.lowers) {
        opened.lowers.push_back(TRY_CONTEXT(open_folder(lower), "overlay layer"));
    }
    if (spec.upper.empty()) return opened;
    opened.upper = TRY_CONTEXT(open_folder(spec.upper), "overlay upper folder");
    opened.work = TRY_CONTEXT(open_folder(spec.work), "overlay work folder");
    return opened;
}

// What the kernel said about this context: "e overlay: ..." lines, one read each.
std::string kernel_log(int context) {
    std::string text;
    char line[512];
    while (true) {
        const ssize_t got = ::read(context, line, sizeof line);
        if (got <= 0) return text;
        const std::string_view message = trim(std::string_view(line, static_cast<size_t>(got)));
        text += " (" + printable(message) + ")";
    }
}

// One file system context, configured key by key.
class Context {
  public:
    static Result<Context> create() {
        UniqueFd fd(::fsopen("overlay", FSOPEN_CLOEXEC));
        if (!fd) return system_error("open an overlay file system context");
        return Context(std::move(fd));
    }

    Status set(const char* key, const std::string& value) {
        return checked(::fsconfig(fd_.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0), key);
    }

    Status set_flag(const char* key) {
        return checked(::fsconfig(fd_.get(), FSCONFIG_SET_FLAG, key, nullptr, 0), key);
    }

    Status set_folder(const char* key, const UniqueFd& folder, OverlayApi api) {
        if (api == OverlayApi::Strings) return set(key, fd_path(folder.get()));
        return checked(::fsconfig(fd_.get(), FSCONFIG_SET_FD, key, nullptr, folder.get()), key);
    }

    Result<UniqueFd> mount(unsigned attributes) {
        TRY(checked(::fsconfig(fd_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "create"));
        UniqueFd mount(::fsmount(fd_.get(), FSMOUNT_CLOEXEC, attributes));
        if (!mount) return checked(-1, "mount").error();
        return mount;
    }

  private:
    explicit Context(UniqueFd fd) : fd_(std::move(fd)) {}

    Status checked(int result, const char* step) const {
        if (result == 0) return {};
        const int saved = errno;
        return system_error("configure overlay (" + std::string(step) + ")" + kernel_log(fd_.get()),
                            saved);
    }

    UniqueFd fd_;
};

// Options that a distribution may have turned on in its kernel, and that must not depend on it:
// redirects and metacopy would let extended attributes of a layer name files elsewhere, and an
// index binds an upper folder to the very mount it was first used in.
Status set_fixed_options(Context& context, const OverlaySpec& spec) {
    if (spec.userxattr) return context.set_flag("userxattr");
    TRY(context.set("redirect_dir", "nofollow"));
    TRY(context.set("metacopy", "off"));
    if (!spec.upper.empty()) TRY(context.set("index", "off"));
    return {};
}

Result<UniqueFd> configure(const OverlaySpec& spec, const Opened& opened, OverlayApi api) {
    auto context = TRY(Context::create());
    TRY(context.set("source", "overlay"));
    for (const UniqueFd& lower : opened.lowers) TRY(context.set_folder("lowerdir+", lower, api));
    if (opened.upper) {
        TRY(context.set_folder("upperdir", opened.upper, api));
        TRY(context.set_folder("workdir", opened.work, api));
        if (spec.volatile_upper) TRY(context.set_flag("volatile"));
    }
    TRY(set_fixed_options(context, spec));
    return context.mount(spec.nodev ? MOUNT_ATTR_NODEV : 0U);
}

Status place(const UniqueFd& mount, const std::string& target) {
    if (::move_mount(mount.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0) {
        return {};
    }
    return system_error("mount overlay on '" + target + "'");
}

// Kernels before 6.5 take all layers in one option; fsconfig(2) cuts strings at 256 bytes, mount(2)
// at a page.
Status mount_legacy(const OverlaySpec& spec, const Opened& opened, const std::string& target) {
    std::string options = "lowerdir=";
    for (size_t i = 0; i < opened.lowers.size(); ++i) {
        options += (i == 0 ? "" : ":") + fd_path(opened.lowers[i].get());
    }
    if (opened.upper) {
        options += ",upperdir=" + fd_path(opened.upper.get());
        options += ",workdir=" + fd_path(opened.work.get());
        if (spec.volatile_upper) options += ",volatile";
    }
    options += spec.userxattr ? ",userxattr" : ",redirect_dir=nofollow,metacopy=off";
    if (!spec.userxattr && opened.upper) options += ",index=off";
    const unsigned long flags = spec.nodev ? MS_NODEV : 0;
    if (::mount("overlay", target.c_str(), "overlay", flags, options.c_str()) == 0) return {};
    return system_error("mount overlay on '" + target + "'");
}

// The kernel refuses an overlay of one layer without an upper folder; that is a read-only bind.
Status mount_single(const OverlaySpec& spec, const std::string& target) {
    UniqueFd mount(
        ::open_tree(AT_FDCWD, spec.lowers[0].c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (!mount) return system_error("clone the mount of layer '" + spec.lowers[0] + "'");
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY | (spec.nodev ? MOUNT_ATTR_NODEV : 0U);
    if (::mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
        return system_error("make the layer's mount read-only");
    }
    return place(mount, target);
}

// EOPNOTSUPP: descriptors handed to a file system that only has mount(2)'s options (before 6.5).
bool unsupported(const Error& error) {
    return error.sys_errno == EINVAL || error.sys_errno == ENOSYS || error.sys_errno == EOPNOTSUPP;
}

}  // namespace

Status mount_overlay(const OverlaySpec& spec, const std::string& target) {
    const Opened opened = TRY(open_folders(spec));
    if (!opened.upper && opened.lowers.size() == 1) return mount_single(spec, target);
    OverlayApi api = spec.api;
    while (api != OverlayApi::Legacy) {
        auto mount = configure(spec, opened, api);
        if (mount) return place(*mount, target);
        if (!unsupported(mount.error())) {
            return std::move(mount).error().context("mount overlay on '" + target + "'");
        }
        api = api == OverlayApi::Best ? OverlayApi::Strings : OverlayApi::Legacy;
    }
    return mount_legacy(spec, opened, target);
}

}  // namespace dhow::store
