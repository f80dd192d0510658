// SPDX-License-Identifier: Apache-2.0
// A program of the host that is to run in a container: the file, and what it needs to be loaded,
// since nothing of the container's may be loaded in their place. Parent half, on the host.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dhow::oci {

struct ProgramFiles {
    std::string program;
    std::string loader;                                          // empty: static
    std::vector<std::pair<std::string, std::string>> libraries;  // name, path
    std::string data;                                            // folder; empty: none
};

// Where the caller finds its programs; the container has no say in either.
struct HostPrograms {
    std::string path;          // $PATH
    std::string library_path;  // $LD_LIBRARY_PATH
};

// In $PATH, then in the usual folders; nullopt when there is none.
std::optional<std::string> find_on_host(std::string_view program, const HostPrograms& host);
// Asks the program's own loader, as ldd(1) does.
Result<ProgramFiles> collect_files(const std::string& program, const HostPrograms& host);

// PT_INTERP of the ELF file of this machine that `head` begins: elf(5). Empty for a static one.
Result<std::string> parse_loader(std::string_view head);
// What `ld.so --list` prints.
Result<std::vector<std::pair<std::string, std::string>>> parse_libraries(std::string_view text);

}  // namespace dhow::oci
