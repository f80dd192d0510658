// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/console.h"

#include "base/file.h"
#include "base/unix_socket.h"
#include "oci/runtime/mounts/mount_api.h"

#include <cerrno>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace dhow::oci {

static Status verify_ptmx(const UniqueFd& ptmx) {
    constexpr ino_t kPtmxInode = 2;

    struct stat st {};

    struct statfs fs {};

    if (::fstat(ptmx.get(), &st) != 0 || ::fstatfs(ptmx.get(), &fs) != 0) {
        return system_error("inspect '/dev/pts/ptmx'");
    }
    const bool genuine = fs.f_type == DEVPTS_SUPER_MAGIC && st.st_ino == kPtmxInode &&
                         S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2);
    if (genuine) return {};
    return make_error(ErrorKind::Permission, "'/dev/pts/ptmx' is not a pty multiplexer");
}

Result<Pty> open_pty(const RootDir& root, const std::optional<ConsoleSize>& size) {
    Pty pty;
    pty.master = TRY_CONTEXT(
        root.open_at("dev/pts/ptmx", O_RDWR | O_NOCTTY, 0, RootDir::Links::Refuse), "open a pty");
    TRY(verify_ptmx(pty.master));
    int unlock = 0;
    if (::ioctl(pty.master.get(), TIOCSPTLCK, &unlock) != 0) return system_error("unlock the pty");
    pty.slave = UniqueFd(::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!pty.slave) return system_error("open the pty's other end");
    if (size && size->height != 0 && size->width != 0) {
        const winsize window{.ws_row = static_cast<unsigned short>(size->height),
                             .ws_col = static_cast<unsigned short>(size->width)};
        if (::ioctl(pty.master.get(), TIOCSWINSZ, &window) != 0) {
            return system_error("set the console's size");
        }
    }
    return pty;
}

Status send_master(int console_socket, int master) {
    return send_message(console_socket, "/dev/ptmx", {master});
}

Status bind_console(const RootDir& root, const Pty& pty) {
    const auto folder = TRY(root.make_dirs("/dev"));
    const auto made =
        open_at(folder.get(), "console", O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0666);
    if (!made && made.error().sys_errno != EEXIST) return made.error();
    const auto target = TRY(open_at(folder.get(), "console", O_PATH | O_NOFOLLOW));
    const auto tree = TRY_CONTEXT(clone_tree(pty.slave.get(), "", false), "bind '/dev/console'");
    TRY_CONTEXT(attach(tree.get(), target.get()), "bind '/dev/console'");
    return {};
}

Status use_terminal(const Pty& pty, uint32_t uid) {
    // The group stays what devpts was mounted with (tty).
    if (uid != 0 && ::fchown(pty.slave.get(), uid, static_cast<gid_t>(-1)) != 0) {
        return system_error("give the terminal to user " + std::to_string(uid));
    }
    for (int fd = 0; fd <= 2; ++fd) {
        if (::dup2(pty.slave.get(), fd) < 0) return system_error("use the terminal");
    }
    if (::ioctl(0, TIOCSCTTY, 0) != 0) return system_error("set the controlling terminal");
    return {};
}

}  // namespace dhow::oci
