// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/sandbox.h"

#include "base/file.h"
#include "store/transfer/sandbox_filter.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::store {

namespace {

// Four layers at once, each with a window of up to 128 MiB (0009), and what else is held.
constexpr uint64_t kMemory = 1U << 30U;
constexpr rlim_t kOpenFiles = 1024;
constexpr const char* kArchivePlace = "/archive";

constexpr uint64_t bit(int capability) {
    return uint64_t{1} << static_cast<unsigned>(capability);
}

constexpr uint64_t kReading = bit(CAP_DAC_OVERRIDE);
constexpr uint64_t kUnpacking = kReading | bit(CAP_CHOWN) | bit(CAP_FOWNER) | bit(CAP_FSETID) |
                                bit(CAP_MKNOD) | bit(CAP_SETFCAP);
// trusted.overlay.* of the machine's root.
constexpr uint64_t kTrustedAttributes = bit(CAP_SYS_ADMIN);

// --- capabilities(7), without libcap: this is all of it that is needed ---------------------------

struct Capabilities {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
};

Result<uint64_t> effective_capabilities() {
    Capabilities own;
    if (::syscall(SYS_capget, &own.header, own.data) != 0) return system_error("read capabilities");
    return own.data[0].effective | uint64_t{own.data[1].effective} << 32U;
}

Status keep_capabilities(uint64_t kept) {
    kept &= TRY(effective_capabilities());
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
        // Without CAP_SETPCAP the bounding set stays; no_new_privs lets nothing be gained from it.
        ignore(::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "nothing is executed here");
    }
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    Capabilities wanted;
    for (size_t i = 0; i < std::size(wanted.data); ++i) {
        const auto half = static_cast<uint32_t>(kept >> (32U * i));
        wanted.data[i] = {.effective = half, .permitted = half, .inheritable = 0};
    }
    if (::syscall(SYS_capset, &wanted.header, wanted.data) == 0) return {};
    return system_error("drop capabilities");
}

// --- namespaces ---------------------------------------------------------------------------------

Status map_own_ids(uid_t user, gid_t group) {
    // Before gid_map: user_namespaces(7).
    TRY(write_existing_at(AT_FDCWD, "/proc/self/setgroups", "deny"));
    TRY(write_existing_at(AT_FDCWD, "/proc/self/uid_map", "0 " + std::to_string(user) + " 1"));
    return write_existing_at(AT_FDCWD, "/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

// Who may mount needs no user namespace: the caller's is it.
Status leave_mounts() {
    const bool may_mount = (TRY(effective_capabilities()) & bit(CAP_SYS_ADMIN)) != 0;
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(may_mount ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) {
        return system_error("create its namespaces");
    }
    if (!may_mount) TRY(map_own_ids(user, group));
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0) return {};
    return system_error("make its mounts private");
}

// --- the root -----------------------------------------------------------------------------------

Result<UniqueFd> copy_of(int folder, const std::string& path) {
    constexpr unsigned kFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
    UniqueFd tree(static_cast<int>(::syscall(SYS_open_tree, folder, path.c_str(), kFlags)));
    if (!tree) return system_error("open '" + path + "'");
    return tree;
}

Status restrict_mount(int mount, uint64_t attributes) {
    mount_attr change{};
    change.attr_set = attributes;
    if (::syscall(
            SYS_mount_setattr, mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change) ==
        0) {
        return {};
    }
    return system_error("restrict a mount");
}

Status attach(int mount, int folder, const std::string& path) {
    constexpr unsigned kFlags = MOVE_MOUNT_F_EMPTY_PATH;
    if (::syscall(SYS_move_mount, mount, "", folder, path.c_str(), kFlags) == 0) return {};
    return system_error("mount '" + path + "'");
}

Result<UniqueFd> new_tmpfs() {
    const UniqueFd context(static_cast<int>(::syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC)));
    if (!context) return system_error("open a tmpfs");
    const auto set = [&](unsigned command, const char* key, const char* value) {
        return ::syscall(SYS_fsconfig, context.get(), command, key, value, 0) == 0;
    };
    if (!set(FSCONFIG_SET_STRING, "mode", "0755") || !set(FSCONFIG_SET_STRING, "size", "64k") ||
        !set(FSCONFIG_CMD_CREATE, nullptr, nullptr)) {
        return system_error("create a tmpfs");
    }
    UniqueFd mount(static_cast<int>(::syscall(
        SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)));
    if (!mount) return system_error("mount a tmpfs");
    return mount;
}

class NewRoot {
  public:
    // Over the old one, which is out of sight from here on for whoever asks the new one.
    static Result<NewRoot> create() {
        NewRoot root(TRY(new_tmpfs()));
        TRY(attach(root.tmpfs_.get(), AT_FDCWD, "/"));
        return root;
    }

    // At `place`, read-only unless `writable`; what is not there is left out.
    Status take(const std::string& source, const std::string& place, uint64_t attributes) {
        struct stat st {};

        if (::lstat(source.c_str(), &st) != 0) {
            return errno == ENOENT ? Status() : Status(system_error("look at '" + source + "'"));
        }
        // "/lib" is "usr/lib" on most systems; files lead elsewhere, and are taken from there.
        if (S_ISLNK(st.st_mode) && ::stat(source.c_str(), &st) != 0) return {};
        const auto tree = TRY(copy_of(AT_FDCWD, source));
        return put(tree.get(), S_ISDIR(st.st_mode), place, attributes);
    }

    Status put(int tree, bool folder, const std::string& place, uint64_t attributes) {
        TRY(restrict_mount(tree, attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
        const std::string path = place.substr(1);
        TRY(make_folders(folder ? path : path.substr(0, path.rfind('/'))));
        constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
        if (!folder) {
            const auto made = TRY(open_at(tmpfs_.get(), path, kFlags, 0444));
        }
        return attach(tree, tmpfs_.get(), path);
    }

    // pivot_root(2): "." over ".", and the old root, underneath, is let go.
    Status enter() {
        TRY(restrict_one(MOUNT_ATTR_RDONLY));
        if (::fchdir(tmpfs_.get()) != 0) return system_error("enter its root");
        if (::syscall(SYS_pivot_root, ".", ".") != 0) return system_error("pivot to its root");
        if (::umount2(".", MNT_DETACH) != 0) return system_error("let the old root go");
        if (::chdir("/") != 0) return system_error("enter its root");
        return {};
    }

  private:
    explicit NewRoot(UniqueFd tmpfs) : tmpfs_(std::move(tmpfs)) {}

    Status restrict_one(uint64_t attributes) {
        mount_attr change{};
        change.attr_set = attributes;
        const int mount = tmpfs_.get();
        if (::syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &change, sizeof change) == 0) {
            return {};
        }
        return system_error("make its root read-only");
    }

    Status make_folders(const std::string& path) {
        for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
            const std::string part = path.substr(0, end);
            if (::mkdirat(tmpfs_.get(), part.c_str(), 0755) != 0 && errno != EEXIST) {
                return system_error("create '" + part + "'");
            }
            if (end == std::string::npos) return {};
        }
    }

    UniqueFd tmpfs_;
};

constexpr uint64_t kData = MOUNT_ATTR_NOEXEC;
constexpr uint64_t kReadOnly = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;

// How names become addresses (nsswitch.conf(5) loads libraries), and whose certificates count.
Status take_network_files(NewRoot& root) {
    for (const char* path : {"/etc/resolv.conf",
                             "/etc/hosts",
                             "/etc/nsswitch.conf",
                             "/etc/host.conf",
                             "/etc/gai.conf",
                             "/etc/services",
                             "/etc/ssl/certs",
                             "/etc/pki/tls/certs",
                             "/etc/pki/ca-trust/extracted",
                             "/usr/share/ca-certificates",
                             "/usr/local/share/ca-certificates"}) {
        TRY(root.take(path, path, kReadOnly));
    }
    for (const char* path : {"/etc/ld.so.cache", "/lib", "/lib64", "/usr/lib", "/usr/lib64"}) {
        TRY(root.take(path, path, MOUNT_ATTR_RDONLY));
    }
    return {};
}

// A folder that is open leads to its parents: the verb gets it anew, as one of this root. Taken by
// its path, since who opened it may have been in another mount namespace; that it is the same one
// is checked.
Result<UniqueFd> copy_of_archive(int folder) {
    struct stat opened {};

    if (folder < 0 || ::fstat(folder, &opened) != 0 || !S_ISDIR(opened.st_mode)) return UniqueFd();
    const std::string path = TRY(read_link_at(AT_FDCWD, fd_path(folder)));
    auto tree = TRY(copy_of(AT_FDCWD, path));

    struct stat found {};

    if (::fstat(tree.get(), &found) != 0) return system_error("look at the archive's folder");
    if (found.st_dev == opened.st_dev && found.st_ino == opened.st_ino) return tree;
    return make_error(ErrorKind::Conflict, "the archive's folder was moved", "try again");
}

Status reopen_archive(int folder) {
    const auto inside = TRY(open_dir_at(AT_FDCWD, kArchivePlace));
    if (::dup3(inside.get(), folder, O_CLOEXEC) >= 0) return {};
    return system_error("reopen the archive's folder");
}

Status change_root(const Sandbox& sandbox) {
    TRY(leave_mounts());
    const auto archive = TRY(copy_of_archive(sandbox.archive_folder));
    auto root = TRY(NewRoot::create());
    for (const SandboxFolder& folder : sandbox.folders) {
        TRY(root.take(folder.source, folder.place, folder.writable ? kData : kReadOnly));
    }
    if (sandbox.network) TRY(take_network_files(root));
    if (archive) {
        const uint64_t attributes = sandbox.archive_writable ? kData : kReadOnly;
        TRY(root.put(archive.get(), true, kArchivePlace, attributes));
    }
    TRY(root.enter());
    return archive ? reopen_archive(sandbox.archive_folder) : Status();
}

// --- limits -------------------------------------------------------------------------------------

// Never above what the caller may have: raising needs a capability that root may lack.
Status limit(__rlimit_resource resource, rlim_t value) {
    struct rlimit now {};

    if (::getrlimit(resource, &now) != 0) return system_error("read a limit");
    const rlim_t most = std::min(value, now.rlim_max);

    const struct rlimit wanted { .rlim_cur = most, .rlim_max = most };

    if (::setrlimit(resource, &wanted) == 0) return {};
    return system_error("set a limit");
}

Status set_limits(const Sandbox& sandbox) {
    TRY(limit(RLIMIT_CORE, 0));  // credentials and other people's files
    TRY(limit(RLIMIT_NOFILE, kOpenFiles));
    return sandbox.memory == 0 ? Status() : limit(RLIMIT_DATA, sandbox.memory);
}

bool needs_network(TransferVerb verb) {
    return verb == TransferVerb::Pull || verb == TransferVerb::Push || verb == TransferVerb::Login;
}

void add_folder(Sandbox& sandbox, std::string& path, const char* place, bool writable) {
    if (path.empty()) return;
    sandbox.folders.push_back({.source = path, .place = place, .writable = writable});
    path = place;
}

uint64_t capabilities_for(const TransferRequest& request) {
    const uint64_t trusted = request.rootless ? 0 : kTrustedAttributes;
    switch (request.verb) {
        case TransferVerb::Pull:
        case TransferVerb::Load:
        case TransferVerb::Commit:
        case TransferVerb::Import:
            return kUnpacking | trusted;
        case TransferVerb::Unpack:
            return kUnpacking;
        case TransferVerb::Push:
        case TransferVerb::Save:
        case TransferVerb::Export:
        case TransferVerb::Verify:
            return kReading;
        case TransferVerb::Login:
            return 0;
    }
    return 0;
}

}  // namespace

Sandbox sandbox_for(TransferRequest& request, int archive_fd) {
    Sandbox sandbox;
    sandbox.network = needs_network(request.verb);
    sandbox.capabilities = capabilities_for(request);
    sandbox.memory = kMemory;
    sandbox.archive_writable = request.verb == TransferVerb::Save;
    const bool may_be_folder = sandbox.archive_writable || request.verb == TransferVerb::Load;
    if (may_be_folder) sandbox.archive_folder = archive_fd;
    add_folder(sandbox, request.staging_dir, "/staging", true);
    add_folder(sandbox, request.layers_dir, "/layers", false);
    add_folder(sandbox, request.skeletons_dir, "/skeletons", false);
    add_folder(sandbox, request.source_dir, "/source", false);
    return sandbox;
}

Status enter_sandbox(const Sandbox& sandbox) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("give up privileges");
    TRY(change_root(sandbox));
    TRY(set_limits(sandbox));
    TRY(keep_capabilities(sandbox.capabilities));
    return filter_system_calls(sandbox.network);
}

}  // namespace dhow::store
