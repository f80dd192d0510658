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

    bool operator==(const CgroupWrite&) const = default;
};

Result<std::vector<CgroupWrite>> limits_v1(const Resources& resources);
Result<std::vector<CgroupWrite>> limits_v2(const Resources& resources);

// cpu.shares (2..262144, default 1024) on the scale of cpu.weight (1..10000, default 100).
uint64_t weight_from_shares(uint64_t shares);

// "c 1:3 rwm" of a device rule, as devices.allow wants it. Errors on unknown types and accesses.
Result<std::string> device_rule_text(const DeviceRule& rule);

}  // namespace dhow::oci
