// SPDX-License-Identifier: Apache-2.0
// Device rules on cgroup version 2, which has no devices controller: a small BPF program decides
// each open and mknod (BPF_CGROUP_DEVICE, bpf(2)). Runs in the parent half with CAP_BPF or
// CAP_SYS_ADMIN.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

#include <linux/bpf.h>

namespace dhow::oci {

// The last rule that matches decides; nothing matching is denied, as for devices.deny of `a`.
Result<std::vector<bpf_insn>> compile_device_filter(const std::vector<DeviceRule>& rules);
Status attach_device_filter(const std::string& cgroup_folder, const std::vector<DeviceRule>& rules);

}  // namespace dhow::oci
