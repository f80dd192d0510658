// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/hooks.h"

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#include <chrono>

#include <fcntl.h>
#include <sys/mman.h>

namespace dhow::oci {

// A file rather than a pipe: a hook that does not read its stdin cannot block us or raise SIGPIPE.
static Result<UniqueFd> as_stdin(const std::string& document) {
    UniqueFd file(::memfd_create("state", MFD_CLOEXEC));
    if (!file) return system_error("create memory file");
    TRY(write_all(file.get(), document));
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return system_error("rewind memory file");
    return file;
}

static Status run_hook(const Hook& hook, const std::string& document) {
    if (!hook.path.starts_with('/')) {
        return make_error(ErrorKind::InvalidArgument, "path is not absolute");
    }
    const auto input = TRY(as_stdin(document));
    SpawnOptions options;
    options.program = hook.path;
    options.argv = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
    options.env = hook.env;
    options.fds = {{input.get(), 0}};
    auto child = TRY(spawn(options));
    if (hook.timeout && *hook.timeout > 0) {
        const bool ended = TRY(wait_for_end(child.pidfd(), std::chrono::seconds(*hook.timeout)));
        if (!ended) {
            return make_error(ErrorKind::Timeout,
                              "no end within " + std::to_string(*hook.timeout) + " s");
        }
    }
    const auto status = TRY(child.wait());
    if (status.success()) return {};
    const bool killed = status.kind == WaitStatus::Kind::Signaled;
    return make_error(
        ErrorKind::System,
        (killed ? "killed by signal " : "exit status ") + std::to_string(status.value));
}

Status run_hooks(const std::vector<Hook>& hooks,
                 std::string_view kind,
                 const std::string& state_document) {
    for (const Hook& hook : hooks) {
        TRY_CONTEXT(run_hook(hook, state_document),
                    "run " + std::string(kind) + " hook '" + printable(hook.path) + "'");
    }
    return {};
}

}  // namespace dhow::oci
