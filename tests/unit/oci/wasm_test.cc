// SPDX-License-Identifier: Apache-2.0
// WebAssembly without an engine: who asks for one, how each is called, what goes where.
#include "oci/runtime/wasm/wasm.h"

#include "oci/runtime/wasm/module.h"
#include "oci/spec/descriptor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <unistd.h>

namespace dhow::oci {
namespace {

using namespace std::literals;

std::string wanted(std::map<std::string, std::string> annotations, const std::string& program) {
    RuntimeSpec spec;
    spec.annotations = std::move(annotations);
    spec.process = Process{};
    spec.process->args = {program};
    const auto engine = wanted_wasm_engine(spec);
    return engine ? *engine : "refused";
}

TEST(Wasm, AnnotationsAskForAnEngine) {
    EXPECT_EQ(wanted({}, "/a.wasm"), "");
    EXPECT_EQ(wanted({{"run.oci.handler", "wasm"}}, "/a"), "wasm");
    EXPECT_EQ(wanted({{"run.oci.handler", "wasmedge"}}, "/a"), "wasmedge");
    EXPECT_EQ(wanted({{"run.oci.handler", "wasm-smart"}}, "/a.wat"), "wasm");
    EXPECT_EQ(wanted({{"run.oci.handler", "wasm-smart"}}, "/bin/sh"), "");
    EXPECT_EQ(wanted({{"module.wasm.image/variant", "compat"}}, "/a"), "wasm");
    EXPECT_EQ(wanted({{"module.wasm.image/variant", "compat-smart"}}, "/a.wasm"), "wasm");
    EXPECT_EQ(wanted({{"module.wasm.image/variant", "compat-smart"}}, "/a"), "");
    EXPECT_EQ(wanted({{"module.wasm.image/variant", "else"}}, "/a.wasm"), "");
    EXPECT_EQ(wanted({{"run.oci.handler", "krun"}}, "/a.wasm"), "refused");
}

const WasmEngine& engine(std::string_view name) {
    for (const WasmEngine& entry : wasm_engines()) {
        if (entry.name == name) return entry;
    }
    ADD_FAILURE() << name;
    return wasm_engines()[0];
}

bool holds(const std::vector<std::string>& list, const std::string& text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

TEST(Wasm, EveryEngineGetsModuleAndArgumentsLast) {
    const ModuleCall call{.module = "/m.wasm", .args = {"-x", "a b"}, .env = {"A=1", "LD_X=y"}};
    for (const WasmEngine& entry : wasm_engines()) {
        const auto command = entry.command(call);
        ASSERT_GE(command.args.size(), 3U) << entry.name;
        EXPECT_EQ(std::vector<std::string>(command.args.end() - 3, command.args.end()),
                  (std::vector<std::string>{"/m.wasm", "-x", "a b"}))
            << entry.name;
        // What steers a loader never becomes the engine's own.
        EXPECT_FALSE(holds(command.env, "LD_X=y")) << entry.name;
    }
}

TEST(Wasm, SecretsGoByTheEnvironmentWhereTheyCan) {
    const ModuleCall call{.module = "/m.wasm", .args = {}, .env = {"TOKEN=secret"}};
    for (const char* name : {"wasmtime", "node"}) {
        const auto command = engine(name).command(call);
        EXPECT_TRUE(holds(command.env, "TOKEN=secret")) << name;
        for (const std::string& arg : command.args) {
            EXPECT_EQ(arg.find("secret"), std::string::npos) << name;
        }
    }
    EXPECT_TRUE(holds(engine("wasmtime").command(call).args, "--env=TOKEN"));
    EXPECT_TRUE(holds(engine("wasmedge").command(call).args, "TOKEN=secret"));
    EXPECT_TRUE(holds(engine("wamr").command(call).args, "--env=TOKEN=secret"));
}

TEST(Wasm, PlatformsOfModules) {
    const auto platform = [](const char* text) { return *parse_platform(text); };
    for (const char* text : {"wasi/wasm", "wasip1/wasm", "wasi/wasm32"}) {
        EXPECT_TRUE(is_wasi(platform(text))) << text;
        EXPECT_TRUE(matches(platform(text), platform("wasi/wasm"))) << text;
        EXPECT_FALSE(matches(platform(text), platform("linux/amd64"))) << text;
    }
    EXPECT_FALSE(is_wasi(platform("wasi/amd64")));
    EXPECT_FALSE(is_wasi(platform("linux/wasm")));
    EXPECT_FALSE(matches(platform("wasip1/wasm"), platform("wasip2/wasm")));
}

RuntimeSpec with_dev() {
    RuntimeSpec spec;
    spec.mounts.push_back({.destination = "/dev", .type = "tmpfs", .source = "tmpfs"});
    return spec;
}

TEST(Wasm, TheEngineIsReadOnlyAndLoadedFromItsFolder) {
    const ProgramFiles files{
        "/usr/bin/wasmedge", "/lib64/ld-linux-x86-64.so.2", {{"libc.so.6", "/lib/libc.so.6"}}, {}};
    const auto plan = lay_out(engine("wasmedge"), files, with_dev());
    EXPECT_EQ(plan.launcher,
              (std::vector<std::string>{"/dev/dhow-wasm/loader",
                                        "--inhibit-cache",
                                        "--library-path",
                                        "/dev/dhow-wasm/lib",
                                        "/dev/dhow-wasm/wasmedge"}));
    ASSERT_EQ(plan.mounts.size(), 4U);
    EXPECT_EQ(plan.mounts[0].type, "tmpfs");
    for (const Mount& mount : plan.mounts) {
        for (const char* option : {"ro", "nosuid", "nodev"}) {
            EXPECT_TRUE(holds(mount.options, option)) << mount.destination;
        }
    }
    EXPECT_EQ(plan.mounts[3].destination, "/dev/dhow-wasm/lib/libc.so.6");
}

TEST(Wasm, AStaticEngineNeedsNoLoader) {
    const auto plan = lay_out(engine("wamr"), {"/opt/iwasm", {}, {}, {}}, RuntimeSpec{});
    EXPECT_EQ(plan.launcher, (std::vector<std::string>{"/run/dhow-wasm/iwasm"}));
    EXPECT_EQ(plan.mounts.size(), 2U);
}

TEST(Wasm, LibrariesAsTheLoaderListsThem) {
    const auto libraries = parse_libraries(
        "\tlinux-vdso.so.1 (0x00007ffc)\n"
        "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f01)\n"
        "\tlibodd.so => /opt/a folder (0x1)/libodd.so (0x00007f02)\n"
        "\t/lib64/ld-linux-x86-64.so.2 (0x00007f03)\n");
    ASSERT_TRUE(libraries);
    ASSERT_EQ(libraries->size(), 2U);
    EXPECT_EQ((*libraries)[0].first, "libm.so.6");
    EXPECT_EQ((*libraries)[1].second, "/opt/a folder (0x1)/libodd.so");
    EXPECT_FALSE(parse_libraries("\tlibgone.so.1 => not found\n"));
}

TEST(Wasm, ALoaderIsReadFromProgramsOfThisMachine) {
    EXPECT_FALSE(parse_loader(""));
    EXPECT_FALSE(parse_loader("#!/bin/sh\nexec node\n"));
    EXPECT_FALSE(parse_loader(std::string(4096, '\x7f')));
    const auto own = collect_files("/proc/" + std::to_string(::getpid()) + "/exe", {});
    ASSERT_TRUE(own) << own.error().message;
    EXPECT_NE(own->loader.find("ld"), std::string::npos);
    EXPECT_FALSE(own->libraries.empty());
}

TEST(Wasm, AModuleIsKnownByItsFirstBytes) {
    EXPECT_TRUE(is_wasm("\0asm\1\0\0\0"sv));
    EXPECT_TRUE(is_wasm("\0asm\x0d\0\1\0"sv));
    EXPECT_FALSE(is_wasm("\0asm"sv));
    EXPECT_FALSE(is_wasm("(module)"sv));
    EXPECT_FALSE(
        is_wasm("\x7f"
                "ELF\2\1\1\0"sv));
}

}  // namespace
}  // namespace dhow::oci
