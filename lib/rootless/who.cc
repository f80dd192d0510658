// SPDX-License-Identifier: Apache-2.0
// Apart from the rest of paths.h: dhow-runtime links this and stays free of the passwd database.
#include "base/file.h"
#include "base/text.h"
#include "rootless/paths.h"

#include <vector>

#include <fcntl.h>
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

// /proc/self/uid_map: lines of "first inside, first outside, count" (user_namespaces(7)).
uint64_t outer_uid() {
    const uint64_t uid = ::getuid();
    const auto map = read_file_at(AT_FDCWD, "/proc/self/uid_map", 4096);
    if (!map) return uid;
    for (const std::string& line : split(*map, '\n')) {
        std::vector<uint64_t> numbers;
        for (const std::string& word : split(line, ' ')) {
            if (const auto number = parse_int<uint64_t>(word)) numbers.push_back(*number);
        }
        if (numbers.size() != 3 || uid < numbers[0] || uid - numbers[0] >= numbers[2]) continue;
        return numbers[1] + uid - numbers[0];
    }
    return uid;
}

}  // namespace dhow::rootless
