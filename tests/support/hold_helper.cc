// SPDX-License-Identifier: Apache-2.0
// What `dhow-init hold` promises to rootless/user_ns.h, for tests that must not depend on it: one
// byte on stdin keeps it for ever, end of file ends it.
#include <unistd.h>

int main() {
    char byte = 0;
    if (::read(0, &byte, 1) != 1) return 0;
    ::close(0);
    while (true) ::pause();
}
