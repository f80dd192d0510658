// SPDX-License-Identifier: Apache-2.0
// The WebAssembly engines this runtime can hand a module to, and how each is told what a container
// is: its folder, its variables, its arguments. One row an engine; the first that is installed is
// taken. Pure. Runs in the parent half (choice) and in the child half (command line).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::oci {

struct ModuleCall {
    std::string module;             // absolute, in the container
    std::vector<std::string> args;  // without argv[0], which engines make of the module's name
    std::vector<std::string> env;   // "K=V"
};

// The engine's own argv[1...] and environment.
struct EngineCommand {
    std::vector<std::string> args;
    std::vector<std::string> env;
};

struct WasmEngine {
    std::string_view name;     // as run.oci.handler may ask for it
    std::string_view program;  // looked for in $PATH of the host
    bool reads_text = false;   // WebAssembly's text format too
    bool may_lack_wasi = false;
    std::string_view data;  // a folder that some builds read by this very path; empty: none
    EngineCommand (*command)(const ModuleCall& call) = nullptr;
};

// In the order of choice: compilers, then interpreters, then what is installed for other reasons.
std::span<const WasmEngine> wasm_engines();
// "wasmtime, wasmedge, ..." for messages.
std::string wasm_engine_names();

}  // namespace dhow::oci
