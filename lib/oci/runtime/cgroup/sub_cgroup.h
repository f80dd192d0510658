// SPDX-License-Identifier: Apache-2.0
// `exec --cgroup`: a group below the container's own, for one more process. What the container made
// there is the container's business; the process is only placed in it.
#pragma once

#include "base/result.h"
#include "oci/runtime/cgroup/cgroup.h"

#include <string>
#include <vector>

namespace dhow::oci {

// `wanted`: one PATH for all hierarchies, or CONTROLLER[,CONTROLLER]:PATH for each that differs. A
// path never leads above the container's group. Pure.
Result<ContainerCgroup> sub_cgroup(const ContainerCgroup& cgroup,
                                   const std::vector<std::string>& wanted);

}  // namespace dhow::oci
