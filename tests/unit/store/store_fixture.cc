// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/store/store_fixture.h"

#include <sys/wait.h>

namespace dhow::store {

int in_child(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(body());
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid) return 255;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace dhow::store
