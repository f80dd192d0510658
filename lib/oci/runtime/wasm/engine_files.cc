// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/wasm/engine_files.h"

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#include <cstring>

#include <elf.h>
#include <fcntl.h>

namespace dhow::oci {

static constexpr std::string_view kUsualFolders = "/usr/local/bin:/usr/bin:/bin";

std::optional<std::string> find_on_host(std::string_view program, const HostPrograms& host) {
    std::string folders;
    for (const std::string& folder : split(host.path, ':')) {
        if (folder.starts_with('/')) folders += folder + ":";
    }
    auto found = find_program(std::string(program), folders + std::string(kUsualFolders));
    if (!found) return std::nullopt;
    return found.take();
}

Result<std::string> parse_loader(std::string_view head) {
    const auto foreign = make_error(ErrorKind::Unsupported, "it is no program of this machine");
    Elf64_Ehdr header{};
    if (head.size() < sizeof header) return foreign;
    std::memcpy(&header, head.data(), sizeof header);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
        return foreign;
    }
    for (size_t i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        const uint64_t at = header.e_phoff + i * sizeof segment;
        if (at > head.size() || head.size() - at < sizeof segment) return foreign;
        std::memcpy(&segment, head.data() + at, sizeof segment);
        if (segment.p_type != PT_INTERP) continue;
        if (segment.p_offset > head.size() || head.size() - segment.p_offset < segment.p_filesz) {
            return foreign;
        }
        const auto text = head.substr(segment.p_offset, segment.p_filesz);
        return std::string(text.substr(0, text.find('\0')));
    }
    return std::string();
}

Result<std::vector<std::pair<std::string, std::string>>> parse_libraries(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> libraries;
    for (const std::string& line : split(text, '\n')) {
        // "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f...)"
        const size_t arrow = line.find(" => ");
        if (arrow == std::string::npos) continue;  // the loader, the kernel's own
        const std::string name(trim(std::string_view(line).substr(0, arrow)));
        const std::string rest = line.substr(arrow + 4);
        const std::string path = rest.substr(0, rest.rfind(" (0x"));
        if (!path.starts_with('/') || name.find('/') != std::string::npos) {
            return make_error(ErrorKind::NotFound,
                              "its library '" + printable(name) + "' is missing");
        }
        libraries.emplace_back(name, path);
    }
    return libraries;
}

Result<ProgramFiles> collect_files(const std::string& program, const HostPrograms& host) {
    constexpr size_t kHead = 64U << 10U;
    const auto file = TRY(open_at(AT_FDCWD, program, O_RDONLY));
    std::string head(kHead, '\0');
    const ssize_t got = ::pread(file.get(), head.data(), head.size(), 0);
    if (got < 0) return system_error("read '" + program + "'");
    head.resize(static_cast<size_t>(got));
    ProgramFiles files{program, TRY(parse_loader(head)), {}, {}};
    if (files.loader.empty()) return files;
    SpawnOptions ask;
    ask.program = files.loader;
    ask.argv = {files.loader, "--list", program};
    ask.env.emplace();
    if (!host.library_path.empty()) ask.env->push_back("LD_LIBRARY_PATH=" + host.library_path);
    ask.null_stdin = true;
    const auto answer = TRY(run_captured(std::move(ask)));
    if (!answer.status.success()) {
        return make_error(ErrorKind::Unsupported,
                          "its loader does not list its libraries: " + printable(trim(answer.err)));
    }
    files.libraries = TRY(parse_libraries(answer.out));
    return files;
}

}  // namespace dhow::oci
