// SPDX-License-Identifier: Apache-2.0
// The option strings of a mount in config.json as what the new mount API takes: attribute masks for
// mount_setattr(2), propagation, and the rest as parameters for fsconfig(2). Pure.
// OCI runtime-spec config.md, "Linux mount options"; mount(8).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dhow::oci {

struct MountOptions {
    uint64_t attr_set = 0;
    uint64_t attr_clear = 0;
    uint64_t recursive_set = 0;  // rro, rnosuid, ...
    uint64_t recursive_clear = 0;
    std::vector<std::pair<uint64_t, bool>> propagation;  // MS_PRIVATE..., recursive?
    bool bind = false;
    bool recursive_bind = false;
    bool remount = false;
    bool copy_up = false;       // tmpcopyup: begin with the content of what is mounted over
    bool copy_symlink = false;  // crun's: a source that is a link is made again, not mounted
    bool source_nofollow = false;
    bool destination_nofollow = false;
    bool id_map = false;
    bool recursive_id_map = false;
    // Flags of the file system ("sync") have an empty value.
    std::vector<std::pair<std::string, std::string>> data;
};

MountOptions parse_mount_options(const std::vector<std::string>& options);

// "rshared" and the like, as in linux.rootfsPropagation; 0 when unknown.
uint64_t propagation_flag(const std::string& name, bool& recursive);
// Every option name the runtime understands itself, for `features`.
std::vector<std::string> known_mount_options();

}  // namespace dhow::oci
