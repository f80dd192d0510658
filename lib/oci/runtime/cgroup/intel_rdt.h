// SPDX-License-Identifier: Apache-2.0
// linux.intelRdt: a container's share of processor caches and memory bandwidth, as a group of the
// resctrl file system (Documentation/filesystems/resctrl.rst; runtime-spec 1.3, config-linux.md,
// "IntelRdt"). Several containers may share a class of service by its name. Parent half; nothing of
// it runs for a container that does not ask.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <string_view>

#include <sys/types.h>

namespace dhow::oci {

// What state.json keeps; empty when the container asked for nothing.
struct ContainerRdt {
    std::string group;    // folder of the class of service; may be the file system's root
    std::string monitor;  // folder of the group that is counted by itself
    bool own = false;     // made for this container, and goes with it

    [[nodiscard]] bool exists() const { return !group.empty(); }
};

// Where resctrl is mounted, by the text of /proc/self/mountinfo; empty: nowhere. Pure.
std::string find_resctrl(std::string_view mountinfo);
// The lines for the group's `schemata` file. Pure.
std::vector<std::string> schemata_lines(const IntelRdt& wanted);

// `root`: the mount point. With a closID alone the class must be there; with schemata, too, it is
// made, or must be set up just so already.
Result<ContainerRdt> create_rdt(const std::string& root,
                                const IntelRdt& wanted,
                                const std::string& id);
// As above, where this machine has it mounted; an error that says so where it has not.
Result<ContainerRdt> create_rdt(const IntelRdt& wanted, const std::string& id);
// Children of the process are born where it is.
Status join_rdt(const ContainerRdt& rdt, pid_t pid);
Status update_rdt(const ContainerRdt& rdt, const IntelRdt& changes);
// A missing one is success.
Status destroy_rdt(const ContainerRdt& rdt);

}  // namespace dhow::oci
