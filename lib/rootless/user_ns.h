// SPDX-License-Identifier: Apache-2.0
// The namespaces of one user's rootless work, held by one sleeping process: `dhow-init hold`. It
// has a user namespace with the caller's id as 0 and the subordinate ids after it, and a network
// namespace for networks that containers share. `<run root>/hold` says which process it is; when it
// is gone (killed, another boot), the next command makes it anew under a lock. Anybody may kill it:
// containers keep running, and their shims (the "survivors") lend the same user namespace to its
// successor.
//
//   dhow                          dhow-init hold                    newuidmap, newgidmap
//     lock; clone3(USER|NET) ----> execs, reads its stdin
//     side by side  ---------------------------------------------->  write both maps
//     checks the maps, writes `hold`
//     'k'                 -------> closes stdin, sleeps for ever
//     (dies before 'k')   -------> end of file: exits; nothing is left
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dhow::rootless {

// Processes of ours that may still live in the former user namespace, newest first.
using FindSurvivors = std::function<std::vector<ProcessIdentity>()>;

struct HoldOptions {
    std::string run_root;
    std::string init_path;  // dhow-init; empty: beside the running binary, or in ../libexec/dhow
    std::string subuid_file = "/etc/subuid";
    std::string subgid_file = "/etc/subgid";
    FindSurvivors survivors;  // may be empty
};

struct Hold {
    ProcessIdentity identity;
    uint64_t user_ns = 0;  // inode of its user namespace
    UniqueFd pidfd;
};

inline constexpr const char* kHoldFile = "hold";

// The living holder; NotFound when there is none. Cheap: two small files and a pidfd.
Result<Hold> find_hold(const std::string& run_root);
// The same, made when missing. Errors name what the machine lacks and how to add it.
Result<Hold> ensure_hold(const HoldOptions& options);

// Why clone3(CLONE_NEWUSER) failed with `code`, by the sysctls below `proc_sys` ("/proc/sys").
Error explain_no_user_namespace(int code, const std::string& proc_sys);

}  // namespace dhow::rootless
