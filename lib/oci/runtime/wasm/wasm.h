// SPDX-License-Identifier: Apache-2.0
// Containers whose program is a WebAssembly module. The container is made as any other: the same
// namespaces, mounts, capabilities, seccomp and user. Only its last step differs: what is executed
// is an engine of the host, put read-only into a private folder of the container together with the
// libraries it needs, and told to run the module. The engine runs as the container would, never
// outside; nothing of the container's is loaded into it but the module
// (contrib/adr/0011-webassembly.md).
#pragma once

#include "base/result.h"
#include "oci/runtime/wasm/engine_files.h"
#include "oci/runtime/wasm/engines.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

struct WasmPlan {
    const WasmEngine* engine = nullptr;
    std::vector<std::string> launcher;  // argv up to the engine's own arguments
    std::vector<Mount> mounts;          // to come after the container's
};

// Which engine config.json asks for: "" none, "wasm" any, or one's name. By the annotations that
// Podman, crun and containerd know: run.oci.handler, module.wasm.image/variant.
Result<std::string> wanted_wasm_engine(const RuntimeSpec& spec);

// Parent half: finds the engine and what it needs.
Result<WasmPlan> plan_wasm(const RuntimeSpec& spec,
                           const std::string& wanted,
                           const HostPrograms& host);
// The same from what was found: where it goes in the container.
WasmPlan lay_out(const WasmEngine& engine, const ProgramFiles& files, const RuntimeSpec& spec);

struct WasmProgram {
    std::vector<std::string> args;  // args[0] is the path to execute
    std::vector<std::string> env;
};

// Child half, in the container and as its user: finds the module, makes the engine's command line.
Result<WasmProgram> wasm_program(const WasmPlan& plan,
                                 const Process& process,
                                 std::vector<std::string> env);

}  // namespace dhow::oci
