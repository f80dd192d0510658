// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/wasm/engines.h"

#include <algorithm>
#include <array>

namespace dhow::oci {

namespace {

// Variables that would steer the loader or the engine, not only the module: they go by argument.
bool steers_the_engine(std::string_view entry) {
    static constexpr std::array<std::string_view, 8> kPrefixes = {
        "LD_", "GLIBC_", "MALLOC_", "NODE_", "OPENSSL_", "RUST_", "UV_", "WASMTIME_"};
    return std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
        return entry.starts_with(prefix);
    });
}

void append(std::vector<std::string>& list, const std::vector<std::string>& more) {
    list.insert(list.end(), more.begin(), more.end());
}

void append_module(EngineCommand& command, const ModuleCall& call) {
    command.args.push_back(call.module);
    append(command.args, call.args);
}

// Other users of the host can read a command line and not an environment: what an engine can take
// from its own environment it is given there.
EngineCommand wasmtime(const ModuleCall& call) {
    EngineCommand command{{"run", "--dir=/"}, {}};
    for (const std::string& entry : call.env) {
        if (steers_the_engine(entry)) {
            command.args.push_back("--env=" + entry);
        } else {
            command.args.push_back("--env=" + entry.substr(0, entry.find('=')));
            command.env.push_back(entry);
        }
    }
    append_module(command, call);
    return command;
}

EngineCommand wasmedge(const ModuleCall& call) {
    EngineCommand command{{"--dir", "/:/"}, {}};
    for (const std::string& entry : call.env) append(command.args, {"--env", entry});
    append_module(command, call);
    return command;
}

EngineCommand iwasm(const ModuleCall& call) {
    EngineCommand command{{"--dir=/"}, {}};
    for (const std::string& entry : call.env) command.args.push_back("--env=" + entry);
    append_module(command, call);
    return command;
}

// argv: how many variables follow, they, the module, its arguments. A trap ends as in the others.
constexpr const char* kNodeGlue = R"js(
const {WASI} = require('wasi'), fs = require('fs');
const argv = process.argv.slice(1), count = Number(argv.shift());
const env = {...process.env};
for (const entry of argv.splice(0, count)) {
    const at = entry.indexOf('=');
    env[entry.slice(0, at)] = entry.slice(at + 1);
}
const wasi = new WASI({version: 'preview1', args: argv, env, preopens: {'/': '/'}, returnOnExit: true});
const imports = {wasi_snapshot_preview1: wasi.wasiImport, wasi_unstable: wasi.wasiImport};
const code = new WebAssembly.Module(fs.readFileSync(argv[0]));
try {
    process.exitCode = wasi.start(new WebAssembly.Instance(code, imports));
} catch (trap) {
    if (!(trap instanceof WebAssembly.RuntimeError)) throw trap;
    console.error(trap.stack);
    process.exitCode = 134;
}
)js";

EngineCommand node(const ModuleCall& call) {
    std::vector<std::string> steering;
    EngineCommand command{
        {"--no-warnings", "--experimental-wasi-unstable-preview1", "--eval", kNodeGlue, "--"}, {}};
    for (const std::string& entry : call.env) {
        (steers_the_engine(entry) ? steering : command.env).push_back(entry);
    }
    command.args.push_back(std::to_string(steering.size()));
    append(command.args, steering);
    append_module(command, call);
    return command;
}

EngineCommand wasm_interp(const ModuleCall& call) {
    EngineCommand command{{"--wasi", "--dir=/"}, {}};
    for (const std::string& entry : call.env) command.args.push_back("--env=" + entry);
    command.args.emplace_back("--");
    append_module(command, call);
    return command;
}

constexpr std::array<WasmEngine, 5> kEngines = {
    {{.name = "wasmtime", .program = "wasmtime", .reads_text = true, .command = wasmtime},
     {.name = "wasmedge", .program = "wasmedge", .command = wasmedge},
     {.name = "wamr", .program = "iwasm", .command = iwasm},
     // Debian's reads parts of itself there.
     {.name = "node", .program = "node", .data = "/usr/share/nodejs", .command = node},
     // Debian 12's is built without WASI.
     {.name = "wabt", .program = "wasm-interp", .may_lack_wasi = true, .command = wasm_interp}}};

}  // namespace

std::span<const WasmEngine> wasm_engines() {
    return kEngines;
}

std::string wasm_engine_names() {
    std::string names;
    for (const WasmEngine& engine : kEngines) {
        names += (names.empty() ? "" : ", ") + std::string(engine.program);
    }
    return names;
}

}  // namespace dhow::oci
