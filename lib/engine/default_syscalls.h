// SPDX-License-Identifier: Apache-2.0
// The default seccomp policy as data: what a container may call, always or with a capability. All
// else answers EPERM; what the kernel itself does not know answers ENOSYS, so that programs fall
// back.
#pragma once

#include <span>
#include <string_view>

namespace dhow::engine {

// Allowed to every container.
std::span<const std::string_view> allowed_syscalls();

// Allowed in addition when the container holds `capability`.
struct CapabilitySyscalls {
    std::string_view capability;  // "CAP_SYS_ADMIN"
    std::span<const std::string_view> syscalls;
};

std::span<const CapabilitySyscalls> capability_syscalls();

// Known and refused with EPERM, whatever the container holds: keyrings are not namespaced; the rest
// reaches the whole host's kernel or has been the way out of too many sandboxes. socketcall (i386)
// hides the family of a socket from the filter; 32-bit programs have socket(2) and its kin too.
std::span<const std::string_view> denied_syscalls();

// Address families that socket(2) refuses: AF_ALG for its long row of kernel bugs, AF_VSOCK because
// it reaches the hypervisor past every network namespace.
inline constexpr unsigned kDeniedSocketFamilies[] = {38, 40};

}  // namespace dhow::engine
