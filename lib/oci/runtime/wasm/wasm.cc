// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/wasm/wasm.h"

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "oci/runtime/wasm/module.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/mman.h>

namespace dhow::oci {

using namespace std::literals;

static constexpr std::string_view kAny = "wasm";

static std::string annotation(const RuntimeSpec& spec, const std::string& name) {
    const auto found = spec.annotations.find(name);
    return found == spec.annotations.end() ? std::string() : found->second;
}

static bool runs_module(const RuntimeSpec& spec) {
    return spec.process && !spec.process->args.empty() && has_wasm_suffix(spec.process->args[0]);
}

Result<std::string> wanted_wasm_engine(const RuntimeSpec& spec) {
    const std::string none;
    if (spec.annotations.empty()) return none;
    const std::string handler = annotation(spec, "run.oci.handler");
    if (handler == kAny) return handler;
    // For pods in which a side car is no module.
    if (handler == "wasm-smart") return runs_module(spec) ? std::string(kAny) : none;
    if (!handler.empty()) {
        for (const WasmEngine& engine : wasm_engines()) {
            if (engine.name == handler) return handler;
        }
        // It may ask for a stronger wall than ours (krun): not to be passed over in silence.
        return make_error(
            ErrorKind::Unsupported,
            "annotation run.oci.handler: handler '" + printable(handler) + "' not found");
    }
    const std::string variant = annotation(spec, "module.wasm.image/variant");
    if (variant == "compat" || (variant == "compat-smart" && runs_module(spec))) {
        return std::string(kAny);
    }
    return none;
}

// wabt may be built without WASI, and says so only when asked to run something.
static bool has_wasi(const std::string& program) {
    constexpr std::string_view kEmptyModule = "\0asm\1\0\0\0"sv;
    const UniqueFd module(::memfd_create("module", MFD_CLOEXEC));
    if (!module || !write_all(module.get(), kEmptyModule)) return false;
    SpawnOptions ask;
    ask.program = program;
    ask.argv = {program, "--wasi", "/proc/self/fd/3"};
    ask.env.emplace();
    ask.fds = {{module.get(), 3}};
    ask.null_stdin = true;
    const auto answer = run_captured(std::move(ask));
    return answer && (answer->out + answer->err).find("not compiled in") == std::string::npos;
}

Result<WasmPlan> plan_wasm(const RuntimeSpec& spec,
                           const std::string& wanted,
                           const HostPrograms& host) {
    std::string unusable;
    for (const WasmEngine& engine : wasm_engines()) {
        if (wanted != kAny && wanted != engine.name) continue;
        const auto program = find_on_host(engine.program, host);
        if (!program) continue;
        if (engine.may_lack_wasi && !has_wasi(*program)) {
            unusable += "; '" + *program + "' is built without WASI";
            continue;
        }
        auto files = collect_files(*program, host);
        if (files) {
            const std::string data(engine.data);
            if (!data.empty() && exists_at(AT_FDCWD, data)) files->data = data;
            return lay_out(engine, *files, spec);
        }
        unusable += "; '" + *program + "': " + files.error().message;
    }
    return make_error(ErrorKind::Unsupported,
                      "no WebAssembly engine: install one of " + wasm_engine_names() + unusable);
}

// Where the container has a /dev of its own nothing is left behind in its image.
static std::string engine_folder(const RuntimeSpec& spec) {
    const bool own_dev =
        std::any_of(spec.mounts.begin(), spec.mounts.end(), [](const Mount& mount) {
            return mount.destination == "/dev" && mount.type == "tmpfs";
        });
    return own_dev ? "/dev/dhow-wasm" : "/run/dhow-wasm";
}

static Mount bind_file(const std::string& source, const std::string& destination) {
    return {.destination = destination,
            .type = "bind",
            .source = source,
            .options = {"bind", "ro", "nosuid", "nodev"}};
}

WasmPlan lay_out(const WasmEngine& engine, const ProgramFiles& files, const RuntimeSpec& spec) {
    const std::string folder = engine_folder(spec);
    const std::string program = folder + "/" + std::string(engine.program);
    WasmPlan plan{.engine = &engine, .launcher = {program}, .mounts = {}};
    plan.mounts.push_back(
        {.destination = folder,
         .type = "tmpfs",
         .source = "dhow-wasm",
         .options = {"ro", "nosuid", "nodev", "noexec", "mode=755", "size=1m", "nr_inodes=1k"}});
    plan.mounts.push_back(bind_file(files.program, program));
    if (!files.data.empty()) plan.mounts.push_back(bind_file(files.data, files.data));
    if (files.loader.empty()) return plan;
    // Called by hand, the loader looks at no path of the container's but that of the libraries.
    const std::string loader = folder + "/loader";
    const bool musl = files.loader.find("/ld-musl") != std::string::npos;
    plan.mounts.push_back(bind_file(files.loader, loader));
    plan.launcher = {loader};
    if (!musl) plan.launcher.emplace_back("--inhibit-cache");
    plan.launcher.insert(plan.launcher.end(), {"--library-path", folder + "/lib", program});
    for (const auto& [name, path] : files.libraries) {
        plan.mounts.push_back(bind_file(path, folder + "/lib/" + name));
    }
    return plan;
}

Result<WasmProgram> wasm_program(const WasmPlan& plan,
                                 const Process& process,
                                 std::vector<std::string> env) {
    ModuleCall call;
    call.module = TRY(find_module(process.args[0], env, process.cwd, plan.engine->reads_text));
    call.args.assign(process.args.begin() + 1, process.args.end());
    call.env = std::move(env);
    // Engines take "K=V" alone.
    std::erase_if(call.env,
                  [](const std::string& entry) { return entry.find('=') == std::string::npos; });
    auto command = plan.engine->command(call);
    WasmProgram program{plan.launcher, std::move(command.env)};
    program.args.insert(program.args.end(), command.args.begin(), command.args.end());
    return program;
}

}  // namespace dhow::oci
