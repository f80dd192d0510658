// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/input_file.h"

#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::cli {

Result<UniqueFd> open_input(Invocation& call, const std::string& path) {
    if (path != "-") return open_at(AT_FDCWD, path, O_RDONLY);
    if (::isatty(STDIN_FILENO) == 1) {
        return call.usage_error("cannot read from terminal: name a file, or redirect one");
    }
    UniqueFd copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!copy) return system_error("read the archive from standard input");
    return copy;
}

}  // namespace dhow::cli
