// SPDX-License-Identifier: Apache-2.0
// The file that process.args[0] names in a WebAssembly container. Child half, inside the container
// and as its user. Like exec_path.h, but a module needs no execute bit: it is read.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::oci {

// Its absolute path. A bare name is looked for in $PATH, then in the working directory, which is
// `cwd`. Missing: exit code 127. Not readable, or no module: 126.
Result<std::string> find_module(const std::string& name,
                                const std::vector<std::string>& env,
                                const std::string& cwd,
                                bool text_allowed);

// "\0asm" and a version: a module or a component.
bool is_wasm(std::string_view head);
bool has_wasm_suffix(std::string_view name);  // .wasm or .wat

}  // namespace dhow::oci
