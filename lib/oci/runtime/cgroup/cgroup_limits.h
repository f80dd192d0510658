// SPDX-License-Identifier: Apache-2.0
// linux.resources as writes to cgroup files, for version 1 and for version 2. Pure; tested without
// a cgroup. Kernel: Documentation/admin-guide/cgroup-v1, cgroup-v2.rst.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

struct CgroupWrite {
    std::string controller;  // "memory"; empty: a v2 file that belongs to no controller
    std::string file;        // "memory.max"
    std::string value;
    // Where the kernel has no such file, this one is written, or, optional, none.
    std::string other_file = {};
    std::string other_value = {};
    bool optional = false;

    bool operator==(const CgroupWrite&) const = default;
};

// Callers write their "unlimited" down: where the controller is missing, that holds by itself.
bool is_no_limit(const std::string& value);

// Zero is "not asked for" where zero would make no sense (as runc): callers send whole structures.
Result<std::vector<CgroupWrite>> limits_v1(const Resources& resources);
Result<std::vector<CgroupWrite>> limits_v2(const Resources& resources);

// cpu.shares (2..262144, default 1024) on the scale of cpu.weight (1..10000, default 100): the
// curve through all three points that runc 1.3 and crun 1.23 agreed on.
uint64_t weight_from_shares(uint64_t shares);
// blkio.weight (10..1000) on the scale of io.weight (1..10000).
uint64_t io_weight_from_block(uint64_t weight);
// Are both a weight and SCHED_IDLE asked for? The kernel takes one; the weight is not written.
bool weight_is_moot(const Resources& resources);

// What every container may do whatever the rules say comes last (config-linux.md, "Default
// Devices"; the list is runc's): make any node, use the default devices and terminals.
std::vector<DeviceRule> with_default_rules(std::vector<DeviceRule> rules);
// "c 1:3 rwm" of a device rule, as devices.allow wants it. Letters that name no access are passed
// over (as runc), a rule that has no others is an error, as are unknown types.
Result<std::string> device_rule_text(const DeviceRule& rule);

}  // namespace dhow::oci
