// SPDX-License-Identifier: Apache-2.0
// Capability sets of a process (capabilities(7)), by the raw system calls: the five sets of
// process.capabilities exactly, nothing inherited from the caller (CVE-2022-29162 and kin). Child
// halves of launch and join.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace dhow::oci {

struct CapabilitySets {
    uint64_t bounding = 0;
    uint64_t effective = 0;
    uint64_t inheritable = 0;
    uint64_t permitted = 0;
    uint64_t ambient = 0;
};

// "CAP_CHOWN" -> 0
std::optional<int> capability_number(std::string_view name);
std::vector<std::string> all_capability_names();

// Unknown names, and known ones that this kernel lacks, are left out (runtime-spec, config.md:
// "Runtimes SHOULD NOT fail").
CapabilitySets resolve_capabilities(const Capabilities& capabilities);

// Names that mean nothing, each once: whoever asked for them is told. Pure.
std::vector<std::string> unknown_capabilities(const Capabilities& capabilities);

// Those that cannot be ambient, since they are not permitted and inheritable too
// (capabilities(7)): they are left out, and whoever asked for them is told. Pure.
std::vector<std::string> lost_ambient(const Capabilities& capabilities);

// The bounding set, while CAP_SETPCAP is still held: before the user changes.
Status drop_bounding(const CapabilitySets& sets);
// The other four, after the user changed with PR_SET_KEEPCAPS.
Status set_capabilities(const CapabilitySets& sets);

}  // namespace dhow::oci
