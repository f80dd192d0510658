// SPDX-License-Identifier: Apache-2.0
// Protects its own binary, then tells what it runs from and with which arguments.
#include "base/file.h"
#include "oci/runtime/self_protect.h"

#include <cstdio>

#include <fcntl.h>
#include <sys/statvfs.h>

int main(int argc, char** argv) {
    const auto protection = dhow::oci::protect_own_binary();
    if (!protection) {
        std::printf("refused: %s\n", protection.error().message.c_str());
        return 1;
    }
    const auto self = dhow::open_at(AT_FDCWD, "/proc/self/exe", O_RDONLY);

    struct statvfs fs {};

    const bool readonly = self && ::fstatvfs(self->get(), &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
    constexpr int kAll = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    const int seals = self ? ::fcntl(self->get(), F_GET_SEALS) : -1;
    const bool sealed = seals >= 0 && (seals & kAll) == kAll;
    std::printf("%s\n", readonly || sealed ? "protected" : "plain");
    for (int i = 1; i < argc; ++i) std::printf("<%s>", argv[i]);
    return 0;
}
