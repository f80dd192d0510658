// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/namespaces/namespaces.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace dhow::oci {

namespace {

struct Entry {
    NamespaceType type;
    std::string_view name;
    const char* proc_name;
    uint64_t flag;
};

constexpr std::array<Entry, 8> kEntries = {{
    {NamespaceType::Pid, "pid", "pid", CLONE_NEWPID},
    {NamespaceType::Network, "network", "net", CLONE_NEWNET},
    {NamespaceType::Mount, "mount", "mnt", CLONE_NEWNS},
    {NamespaceType::Ipc, "ipc", "ipc", CLONE_NEWIPC},
    {NamespaceType::Uts, "uts", "uts", CLONE_NEWUTS},
    {NamespaceType::User, "user", "user", CLONE_NEWUSER},
    {NamespaceType::Cgroup, "cgroup", "cgroup", CLONE_NEWCGROUP},
    {NamespaceType::Time, "time", "time", CLONE_NEWTIME},
}};

const Entry& entry(NamespaceType type) {
    return kEntries[static_cast<size_t>(type)];
}

}  // namespace

std::string_view namespace_name(NamespaceType type) {
    return entry(type).name;
}

const char* namespace_proc_name(NamespaceType type) {
    return entry(type).proc_name;
}

uint64_t namespace_flag(NamespaceType type) {
    return entry(type).flag;
}

bool NamespacePlan::has_new(NamespaceType type) const {
    if (type == NamespaceType::Cgroup) return new_cgroup;
    if (type == NamespaceType::Time) return new_time;
    return (clone_flags & namespace_flag(type)) != 0;
}

bool makes_namespace(const Linux& linux_part, NamespaceType type) {
    const auto& list = linux_part.namespaces;
    return std::any_of(list.begin(), list.end(), [type](const Namespace& entry) {
        return entry.type == type && entry.path.empty();
    });
}

Result<bool> NamespacePlan::leaves(NamespaceType type) const {
    if (has_new(type)) return true;
    for (const NamespaceJoin& join : joins) {
        if (join.type != type) continue;
        const std::string own = std::string("/proc/self/ns/") + namespace_proc_name(type);

        struct stat ours {};

        struct stat theirs {};

        if (::stat(own.c_str(), &ours) != 0 || ::fstat(join.fd.get(), &theirs) != 0) {
            return system_error("compare with '" + own + "'");
        }
        return ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev;
    }
    return false;
}

bool NamespacePlan::needs_stage() const {
    if (new_time) return true;
    for (const NamespaceJoin& join : joins) {
        if (has_new(NamespaceType::User) || join.type == NamespaceType::User ||
            join.type == NamespaceType::Pid || join.type == NamespaceType::Time) {
            return true;
        }
    }
    return false;
}

static Result<UniqueFd> open_namespace(const Namespace& wanted) {
    const std::string what =
        std::string(namespace_name(wanted.type)) + " namespace '" + printable(wanted.path) + "'";
    if (wanted.path.front() != '/') {
        return make_error(ErrorKind::InvalidArgument, what + ": path is not absolute");
    }
    auto fd = TRY_CONTEXT(open_at(AT_FDCWD, wanted.path, O_RDONLY | O_NONBLOCK), "open " + what);
    const int type = ::ioctl(fd.get(), NS_GET_NSTYPE);
    if (type < 0 || static_cast<uint64_t>(type) != namespace_flag(wanted.type)) {
        return make_error(ErrorKind::InvalidArgument,
                          "join " + what + ": not a namespace of that type");
    }
    return fd;
}

Result<NamespacePlan> plan_namespaces(const std::vector<Namespace>& namespaces) {
    NamespacePlan plan;
    uint64_t seen = 0;
    for (const Namespace& wanted : namespaces) {
        const uint64_t flag = namespace_flag(wanted.type);
        if ((seen & flag) != 0) {
            return make_error(
                ErrorKind::InvalidArgument,
                "duplicate namespace '" + std::string(namespace_name(wanted.type)) + "'");
        }
        seen |= flag;
        if (!wanted.path.empty()) {
            plan.joins.push_back({wanted.type, TRY(open_namespace(wanted))});
        } else if (wanted.type == NamespaceType::Cgroup) {
            plan.new_cgroup = true;
        } else if (wanted.type == NamespaceType::Time) {
            plan.new_time = true;
        } else {
            plan.clone_flags |= flag;
        }
    }
    return plan;
}

static Status enter(const NamespaceJoin& join) {
    if (::setns(join.fd.get(), static_cast<int>(namespace_flag(join.type))) == 0) return {};
    return system_error("join " + std::string(namespace_name(join.type)) + " namespace");
}

Status enter_joins(const std::vector<NamespaceJoin>& joins) {
    std::vector<const NamespaceJoin*> later;
    for (const NamespaceJoin& join : joins) {
        if (join.type == NamespaceType::User) continue;
        auto entered = enter(join);
        if (entered) continue;
        if (entered.error().sys_errno != EPERM) return entered;
        later.push_back(&join);
    }
    for (const NamespaceJoin& join : joins) {
        if (join.type == NamespaceType::User) TRY(enter(join));
    }
    for (const NamespaceJoin* join : later) TRY(enter(*join));
    return {};
}

Result<Netlink> netlink_inside(int netns, int own) {
    // Who may not come back must not go.
    if (::setns(own, CLONE_NEWNET) != 0) return system_error("use this network namespace");
    if (::setns(netns, CLONE_NEWNET) != 0) return system_error("join the network namespace");
    auto socket = Netlink::open();
    if (::setns(own, CLONE_NEWNET) != 0) return system_error("return to the network namespace");
    return socket;
}

Status write_time_offsets(const std::map<std::string, TimeOffset>& offsets) {
    std::string text;
    for (const auto& [clock, offset] : offsets) {
        if (clock != "monotonic" && clock != "boottime") {
            return make_error(ErrorKind::InvalidArgument,
                              "unknown clock '" + printable(clock) + "' in timeOffsets");
        }
        text += clock + " " + std::to_string(offset.secs) + " " + std::to_string(offset.nanosecs) +
                "\n";
    }
    if (text.empty()) return {};
    TRY_CONTEXT(write_existing_at(AT_FDCWD, "/proc/self/timens_offsets", text), "set time offsets");
    return {};
}

}  // namespace dhow::oci
