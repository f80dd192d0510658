// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/sandbox_filter.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::store {

namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the system calls of this architecture have no list here"
#endif

constexpr uint32_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// The kernel answers these without running the program (its cache of constant answers).
constexpr int kAlways[] = {
    // Bytes.
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_lseek,
    SYS_close,
    SYS_close_range,
    SYS_fcntl,
    SYS_dup,
    SYS_dup3,
    SYS_pipe2,
    SYS_ftruncate,
    SYS_fallocate,
    SYS_fadvise64,
    SYS_sendfile,
    SYS_copy_file_range,
    SYS_fsync,
    SYS_fdatasync,
    SYS_sync_file_range,
    SYS_syncfs,
    SYS_flock,
    // Files and folders.
    SYS_openat,
    SYS_openat2,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_fstatfs,
    SYS_statfs,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat,
    SYS_renameat2,
    SYS_linkat,
    SYS_symlinkat,
    SYS_mknodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_utimensat,
    SYS_umask,
    SYS_fsetxattr,
    SYS_fgetxattr,
    SYS_flistxattr,
    SYS_lsetxattr,
    SYS_lgetxattr,
    SYS_llistxattr,
    // Memory and threads.
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_futex,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_tgkill,
    SYS_gettid,
    SYS_getpid,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_restart_syscall,
    // What time it is, who we are, and chance.
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    // Waiting.
    SYS_ppoll,
    SYS_pselect6,
    SYS_eventfd2,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
#if defined(__x86_64__)
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_getdents,
    SYS_mkdir,
    SYS_unlink,
    SYS_rename,
    SYS_dup2,
    SYS_pipe,
    SYS_poll,
    SYS_select,
    SYS_epoll_wait,
    SYS_time,
    SYS_arch_prctl,
#endif
};

constexpr int kNetwork[] = {SYS_connect,
                            SYS_bind,
                            SYS_sendto,
                            SYS_recvfrom,
                            SYS_sendmsg,
                            SYS_recvmsg,
                            SYS_sendmmsg,
                            SYS_recvmmsg,
                            SYS_getsockopt,
                            SYS_setsockopt,
                            SYS_getsockname,
                            SYS_getpeername,
                            SYS_shutdown,
                            SYS_socketpair};

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;
constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EACCES;

// The low half of the first or second argument: all that these calls look at.
constexpr uint32_t argument(size_t index) {
    return static_cast<uint32_t>(offsetof(seccomp_data, args) + index * sizeof(uint64_t));
}

class Program {
  public:
    Program() {
        load(offsetof(seccomp_data, arch));
        unless(kArchitecture, SECCOMP_RET_KILL_PROCESS);
        load(offsetof(seccomp_data, nr));
    }

    void allow(std::span<const int> calls) {
        for (const int call : calls) answer_if(static_cast<uint32_t>(call), kAllow);
    }

    // `call` where its argument is one of `values`.
    void allow_with(int call, size_t index, std::initializer_list<uint32_t> values) {
        const auto rest = static_cast<uint8_t>(2 + 2 * values.size());
        add({BPF_JMP | BPF_JEQ | BPF_K, 0, rest, static_cast<uint32_t>(call)});
        load(argument(index));
        for (const uint32_t value : values) answer_if(value, kAllow);
        answer(kRefuse);
    }

    // A thread, and nothing new with it. clone3's flags lie where no filter sees them: libc falls
    // back.
    void allow_threads() {
        add({BPF_JMP | BPF_JEQ | BPF_K, 0, 5, static_cast<uint32_t>(SYS_clone)});
        load(argument(0));
        add({BPF_JMP | BPF_JSET | BPF_K, 2, 0, kNewNamespaces});
        add({BPF_JMP | BPF_JSET | BPF_K, 0, 1, CLONE_THREAD});
        answer(kAllow);
        answer(kRefuse);
    }

    Status install() {
        answer(kUnknown);
        const sock_fprog program{.len = static_cast<uint16_t>(code_.size()),
                                 .filter = code_.data()};
        if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return {};
        return system_error("filter the system calls");
    }

  private:
    void add(sock_filter instruction) { code_.push_back(instruction); }

    void load(uint32_t offset) { add({BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}); }

    void answer(uint32_t value) { add({BPF_RET | BPF_K, 0, 0, value}); }

    void answer_if(uint32_t value, uint32_t action) {
        add({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value});
        answer(action);
    }

    void unless(uint32_t value, uint32_t action) {
        add({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value});
        answer(action);
    }

    std::vector<sock_filter> code_;
};

}  // namespace

Status filter_system_calls(bool network) {
    Program program;
    program.allow(kAlways);
    program.allow_threads();
    if (network) {
        program.allow(kNetwork);
        program.allow_with(SYS_socket, 0, {AF_INET, AF_INET6, AF_NETLINK});
        program.allow_with(SYS_ioctl, 1, {FIONREAD, FIONBIO});
    }
    return program.install();
}

}  // namespace dhow::store
