// SPDX-License-Identifier: Apache-2.0
// Without pivot_root the host's mounts stay in the container's mount namespace, out of sight but
// there: while one of them shows procfs or sysfs whole, the kernel lets a user namespace inside
// the container mount its own, without what is masked (mount_too_revealing() of fs/namespace.c).
// Child half.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"

namespace dhow::oci {

// Detaches or covers every whole procfs and sysfs outside of `root`. Before the root is entered.
Status hide_host_mounts(const RootDir& root);

}  // namespace dhow::oci
