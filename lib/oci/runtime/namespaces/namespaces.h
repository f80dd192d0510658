// SPDX-License-Identifier: Apache-2.0
// Which namespaces a container gets (namespaces(7), clone(2), setns(2)): new ones as flags for
// clone3, existing ones as verified descriptors. Planned by the parent half before the clone;
// entered by the child half, or by a short-lived stage process where order demands one.
#pragma once

#include "base/netlink.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/spec/runtime_spec.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dhow::oci {

struct NamespaceJoin {
    NamespaceType type = NamespaceType::Pid;
    UniqueFd fd;
};

struct NamespacePlan {
    // For clone3. Never CLONE_NEWCGROUP: the new one would be rooted at the parent's cgroup, so the
    // child unshares it itself once it has been placed. Never CLONE_NEWTIME: its offsets must be
    // written before anybody lives in it.
    uint64_t clone_flags = 0;
    bool new_cgroup = false;
    bool new_time = false;
    std::vector<NamespaceJoin> joins;

    [[nodiscard]] bool has_new(NamespaceType type) const;
    // Is the container's one, new or joined, another than this process's?
    [[nodiscard]] Result<bool> leaves(NamespaceType type) const;
    // A pid namespace is entered by children only; a user namespace decides who owns those made
    // after it; joins of the outside are lost behind a new user namespace.
    [[nodiscard]] bool needs_stage() const;
};

std::string_view namespace_name(NamespaceType type);  // "network", as the spec says
const char* namespace_proc_name(NamespaceType type);  // "net", as /proc/PID/ns says
uint64_t namespace_flag(NamespaceType type);          // CLONE_NEW*

Result<NamespacePlan> plan_namespaces(const std::vector<Namespace>& namespaces);

// Does the configuration ask for a new one of this type?
bool makes_namespace(const Linux& linux_part, NamespaceType type);
// setns into all joins. Those the caller has no right to yet are tried again after the user
// namespace among them.
Status enter_joins(const std::vector<NamespaceJoin>& joins);
// A socket in another network namespace; `own` is this process's, to come back to. Single-threaded.
Result<Netlink> netlink_inside(int netns, int own);
// /proc/self/timens_offsets, for children after unshare(CLONE_NEWTIME).
Status write_time_offsets(const std::map<std::string, TimeOffset>& offsets);

}  // namespace dhow::oci
