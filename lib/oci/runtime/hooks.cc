// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/hooks.h"

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#include <algorithm>
#include <chrono>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace dhow::oci {

// Files rather than pipes: a hook that does not read its stdin cannot block us or raise SIGPIPE,
// and what it leaves running can hold its output without anybody waiting for it.
static Result<UniqueFd> memory_file(const char* name) {
    UniqueFd file(::memfd_create(name, MFD_CLOEXEC));
    if (!file) return system_error("create memory file");
    return file;
}

static Result<UniqueFd> as_stdin(const std::string& document) {
    auto file = TRY(memory_file("state"));
    TRY(write_all(file.get(), document));
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return system_error("rewind memory file");
    return file;
}

// The end of what the hook wrote, where it says why it failed.
static std::string last_words(int output) {
    constexpr off_t kLongest = 1024;
    const off_t end = ::lseek(output, 0, SEEK_END);
    std::string text(static_cast<size_t>(std::clamp<off_t>(end, 0, kLongest)), '\0');
    const auto from = end - static_cast<off_t>(text.size());
    const ssize_t got = text.empty() ? 0 : ::pread(output, text.data(), text.size(), from);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    const auto words = trim(text);
    return words.empty() ? std::string() : ": " + printable(words);
}

static Status verdict(const WaitStatus& status, int output) {
    if (status.success()) return {};
    const bool killed = status.kind == WaitStatus::Kind::Signaled;
    return make_error(ErrorKind::System,
                      (killed ? "killed by signal " : "exit status ") +
                          std::to_string(status.value) + last_words(output));
}

static Status run_hook(const Hook& hook,
                       const std::string& document,
                       const std::optional<std::vector<std::string>>& env) {
    if (!hook.path.starts_with('/')) {
        return make_error(ErrorKind::InvalidArgument, "path is not absolute");
    }
    const auto input = TRY(as_stdin(document));
    const auto output = TRY(memory_file("output"));
    SpawnOptions options;
    options.program = hook.path;
    options.argv = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
    options.env = hook.env ? hook.env : env;
    options.fds = {{input.get(), 0}, {output.get(), 1}, {output.get(), 2}};
    auto child = TRY(spawn(options));
    if (hook.timeout) {
        const bool ended = TRY(wait_for_end(child.pidfd(), std::chrono::seconds(*hook.timeout)));
        if (!ended) {
            return make_error(ErrorKind::Timeout,
                              "no end within " + std::to_string(*hook.timeout) + " s");
        }
    }
    const auto status = TRY(child.wait());
    return verdict(status, output.get());
}

Status run_hooks(const std::vector<Hook>& hooks,
                 std::string_view kind,
                 const std::string& state_document,
                 const std::optional<std::vector<std::string>>& env) {
    for (size_t i = 0; i < hooks.size(); ++i) {
        TRY_CONTEXT(run_hook(hooks[i], state_document, env),
                    "error running " + std::string(kind) + " hook #" + std::to_string(i) + ": '" +
                        printable(hooks[i].path) + "'");
    }
    return {};
}

}  // namespace dhow::oci
