// SPDX-License-Identifier: Apache-2.0
// Go's words for machines, which every tool of this field prints: "amd64", not "x86_64".
#pragma once

#include <string>
#include <string_view>

namespace dhow::cli {

inline std::string go_architecture(std::string_view machine) {
    if (machine == "x86_64") return "amd64";
    if (machine == "aarch64") return "arm64";
    if (machine == "i686" || machine == "i386") return "386";
    if (machine.starts_with("armv")) return "arm";
    return std::string(machine);
}

}  // namespace dhow::cli
