// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/credentials.h"

#include "base/file.h"
#include "base/text.h"

#include <array>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

template <class T>
struct Name {
    std::string_view name;
    T value;
};

constexpr std::array<Name<int>, 16> kRlimits = {{
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
}};

constexpr std::array<Name<uint32_t>, 6> kPolicies = {{{"SCHED_OTHER", SCHED_OTHER},
                                                      {"SCHED_FIFO", SCHED_FIFO},
                                                      {"SCHED_RR", SCHED_RR},
                                                      {"SCHED_BATCH", SCHED_BATCH},
                                                      {"SCHED_IDLE", SCHED_IDLE},
                                                      {"SCHED_DEADLINE", 6}}};

// SCHED_FLAG_* of sched_setattr(2), which no libc header of Debian 12 names.
constexpr std::array<Name<uint64_t>, 7> kSchedulerFlags = {{{"SCHED_FLAG_RESET_ON_FORK", 0x01},
                                                            {"SCHED_FLAG_RECLAIM", 0x02},
                                                            {"SCHED_FLAG_DL_OVERRUN", 0x04},
                                                            {"SCHED_FLAG_KEEP_POLICY", 0x08},
                                                            {"SCHED_FLAG_KEEP_PARAMS", 0x10},
                                                            {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
                                                            {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}}};

template <class T, size_t N>
Result<T> lookup(const std::array<Name<T>, N>& table, const std::string& name, const char* what) {
    for (const auto& entry : table) {
        if (entry.name == name) return entry.value;
    }
    return make_error(ErrorKind::InvalidArgument,
                      std::string("unknown ") + what + " '" + printable(name) + "'");
}

}  // namespace

Status set_rlimits(const std::vector<Rlimit>& rlimits) {
    unsigned seen = 0;
    for (const Rlimit& limit : rlimits) {
        const int resource = TRY(lookup(kRlimits, limit.type, "rlimit"));
        if ((seen & (1U << resource)) != 0) {
            return make_error(ErrorKind::InvalidArgument, "duplicate rlimit '" + limit.type + "'");
        }
        seen |= 1U << resource;
        const rlimit64 value{.rlim_cur = limit.soft, .rlim_max = limit.hard};
        if (::syscall(SYS_prlimit64, 0, resource, &value, nullptr) != 0) {
            return system_error("set rlimit '" + limit.type + "' to " + std::to_string(limit.hard));
        }
    }
    return {};
}

std::vector<std::string> known_rlimits() {
    std::vector<std::string> names;
    for (const auto& entry : kRlimits) names.emplace_back(entry.name);
    return names;
}

// In a user namespace that maps a single group setgroups is denied for good (user_namespaces(7));
// there is then nothing to drop that could be dropped. Whoever holds the capability is refused for
// that reason alone; what the container's /proc says of it is not asked.
static bool setgroups_denied() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> sets{};
    return ::syscall(SYS_capget, &header, sets.data()) == 0 &&
           (sets[0].effective & (1U << CAP_SETGID)) != 0;
}

static Status set_groups(const User& user) {
    const std::vector<gid_t> groups(user.additional_gids.begin(), user.additional_gids.end());
    if (::setgroups(groups.size(), groups.data()) == 0) return {};
    const int saved = errno;
    if (saved == EPERM && groups.empty() && setgroups_denied()) return {};
    return system_error("set additional groups", saved);
}

Status set_user(const User& user, bool keep_groups) {
    if (!keep_groups) TRY(set_groups(user));
    ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (::setresgid(user.gid, user.gid, user.gid) != 0) {
        return system_error("become group " + std::to_string(user.gid));
    }
    if (::setresuid(user.uid, user.uid, user.uid) != 0) {
        return system_error("become user " + std::to_string(user.uid));
    }
    ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    ::umask(user.umask.value_or(022) & 0777U);
    return {};
}

Status set_no_new_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
    return system_error("set no_new_privs");
}

static Status set_scheduler(const Scheduler& scheduler) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
        uint32_t util_min, util_max;
    } attributes{};

    attributes.size = sizeof attributes;
    attributes.policy = TRY(lookup(kPolicies, scheduler.policy, "scheduler policy"));
    for (const std::string& flag : scheduler.flags) {
        attributes.flags |= TRY(lookup(kSchedulerFlags, flag, "scheduler flag"));
    }
    attributes.nice = scheduler.nice;
    attributes.priority = static_cast<uint32_t>(scheduler.priority);
    attributes.runtime = scheduler.runtime;
    attributes.deadline = scheduler.deadline;
    attributes.period = scheduler.period;
    if (::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0) return {};
    // sched_setattr(2): EPERM also where the process may not run on every cpu of the machine.
    if (errno == EPERM && scheduler.policy == "SCHED_DEADLINE") {
        return system_error(
            "set scheduler 'SCHED_DEADLINE': this process scheduler can't be used "
            "together with AllowedCPUs (linux.resources.cpu.cpus)",
            EPERM);
    }
    return system_error("set scheduler '" + scheduler.policy + "'");
}

static Status set_io_priority(const IoPriority& wanted) {
    static constexpr std::array<Name<int>, 3> kClasses = {
        {{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}}};
    const int klass = TRY(lookup(kClasses, wanted.klass, "io priority class"));
    // Beyond its three bits it would change the class.
    if (wanted.priority < 0 || wanted.priority > 7) {
        return make_error(ErrorKind::InvalidArgument,
                          "io priority " + std::to_string(wanted.priority) + " is not 0 to 7");
    }
    constexpr int kWhoProcess = 1;
    constexpr int kClassShift = 13;
    const int value = (klass << kClassShift) | wanted.priority;
    if (::syscall(SYS_ioprio_set, kWhoProcess, 0, value) == 0) return {};
    return system_error("set io priority");
}

Status set_scheduling(const Process& process) {
    if (process.scheduler) TRY(set_scheduler(*process.scheduler));
    if (process.io_priority) TRY(set_io_priority(*process.io_priority));
    return {};
}

Status set_personality(const Personality& wanted) {
    static constexpr std::array<Name<unsigned long>, 2> kDomains = {
        {{"LINUX", PER_LINUX}, {"LINUX32", PER_LINUX32}}};
    if (!wanted.flags.empty()) {
        return make_error(ErrorKind::Unsupported, "personality flags are not supported");
    }
    const unsigned long domain = TRY(lookup(kDomains, wanted.domain, "personality domain"));
    if (::personality(domain) == -1) return system_error("set personality");
    return {};
}

void join_session_keyring(const std::string& container_id) {
    const std::string name = "_ses." + container_id;
    const long ring = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.c_str());
    if (ring < 0) return;
    // Possessor keeps all, the user may search: what runc gives, so that a process of the container
    // with another uid cannot read it.
    constexpr unsigned long kPermissions = 0x3f080000;
    ::syscall(SYS_keyctl, KEYCTL_SETPERM, ring, kPermissions);
}

Result<int> oom_score_adj() {
    const auto text = TRY(read_file_at(AT_FDCWD, "/proc/self/oom_score_adj", 64));
    const auto value = parse_int<int>(trim(text));
    if (!value) return make_error(ErrorKind::Corrupt, "unreadable /proc/self/oom_score_adj");
    return *value;
}

Status set_oom_score_adj(int value) {
    TRY_CONTEXT(write_existing_at(AT_FDCWD, "/proc/self/oom_score_adj", std::to_string(value)),
                "set oomScoreAdj to " + std::to_string(value));
    return {};
}

}  // namespace dhow::oci
