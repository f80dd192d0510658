// SPDX-License-Identifier: Apache-2.0
// Apart from the rest of paths.h: dhow-runtime links this and stays free of the passwd database.
#include "rootless/paths.h"

#include <sys/stat.h>
#include <unistd.h>

namespace dhow::rootless {

// The kernel's fixed inode number of the first user namespace (PROC_USER_INIT_INO,
// linux/proc_ns.h).
static constexpr ino_t kFirstUserNamespace = 0xEFFFFFFD;

bool in_user_namespace() {
    struct stat info {};

    return ::stat("/proc/self/ns/user", &info) == 0 && info.st_ino != kFirstUserNamespace;
}

bool is_rootless() {
    return ::geteuid() != 0 || in_user_namespace();
}

}  // namespace dhow::rootless
