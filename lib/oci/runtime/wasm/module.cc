// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/wasm/module.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/process/exec_path.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

using namespace std::literals;

bool is_wasm(std::string_view head) {
    return head.size() >= 8 && head.starts_with("\0asm"sv);
}

bool has_wasm_suffix(std::string_view name) {
    return name.ends_with(".wasm") || name.ends_with(".wat");
}

static std::string absolute(const std::string& cwd, const std::string& path) {
    if (path.starts_with('/')) return path;
    return cwd + (cwd.ends_with('/') ? "" : "/") + path;
}

static bool is_file(const std::string& path) {
    struct stat st {};

    return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

static std::string search(const std::string& name,
                          const std::vector<std::string>& env,
                          const std::string& cwd) {
    for (const std::string& folder : path_folders(env)) {
        std::string candidate = absolute(cwd, folder + "/" + name);
        if (!folder.empty() && is_file(candidate)) return candidate;
    }
    return is_file(name) ? absolute(cwd, name) : std::string();
}

static Status check_module(const std::string& name, const std::string& path, bool text_allowed) {
    // Never waits on a FIFO, never takes a terminal.
    const auto file = open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file) {
        const int code = file.error().sys_errno;
        const std::string why = to_lower(::strerror(code));
        if (code == ENOENT || code == ENOTDIR) return not_found(name, why);
        return cannot_invoke(name, why, code);
    }

    struct stat st {};

    if (::fstat(file->get(), &st) != 0) return cannot_invoke(name, "stat", errno);
    if (S_ISDIR(st.st_mode)) return cannot_invoke(name, "is a directory", EISDIR);
    std::array<char, 8> head{};
    const ssize_t got = S_ISREG(st.st_mode) ? ::read(file->get(), head.data(), head.size()) : 0;
    if (got > 0 && is_wasm({head.data(), static_cast<size_t>(got)})) return {};
    if (text_allowed && path.ends_with(".wat")) return {};
    return cannot_invoke(name, "not a WebAssembly module", ENOEXEC);
}

Result<std::string> find_module(const std::string& name,
                                const std::vector<std::string>& env,
                                const std::string& cwd,
                                bool text_allowed) {
    const bool bare = name.find('/') == std::string::npos;
    const std::string path = bare ? search(name, env, cwd) : absolute(cwd, name);
    if (path.empty()) {
        return not_found(name, "module not found in $PATH or in the working directory");
    }
    TRY(check_module(name, path, text_allowed));
    return path;
}

}  // namespace dhow::oci
