// SPDX-License-Identifier: Apache-2.0
// linux.seccomp compiled to BPF and run over calls, beside a plain reading of the rules: for each
// architecture, number and set of arguments, those beyond 32 bits among them, both say the same, or
// the rules were refused.
#include "tests/fuzz/require.h"
#include "tests/unit/oci/seccomp_oracle.h"

#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace dhow::oci;
using dhow::fuzz::require;

constexpr std::array<const char*, 8> kCalls = {
    "socket", "clone", "ioctl", "prctl", "mmap", "openat", "personality", "futex"};
constexpr std::array<const char*, 7> kOperators = {"SCMP_CMP_NE",
                                                   "SCMP_CMP_LT",
                                                   "SCMP_CMP_LE",
                                                   "SCMP_CMP_EQ",
                                                   "SCMP_CMP_GE",
                                                   "SCMP_CMP_GT",
                                                   "SCMP_CMP_MASKED_EQ"};
constexpr std::array<uint64_t, 8> kBorders = {0,
                                              1,
                                              40,
                                              UINT32_MAX,
                                              uint64_t{1} << 32U,
                                              (uint64_t{1} << 32U) + 40,
                                              uint64_t{1} << 63U,
                                              UINT64_MAX};

uint64_t number(FuzzedDataProvider& bytes) {
    if (bytes.ConsumeBool()) return bytes.PickValueInArray(kBorders);
    return bytes.ConsumeIntegral<uint64_t>();
}

std::vector<SeccompArg> conditions(FuzzedDataProvider& bytes) {
    std::vector<SeccompArg> list;
    const int count = bytes.ConsumeIntegralInRange(0, 3);
    for (int i = 0; i < count; ++i) {
        SeccompArg arg;
        arg.index = bytes.ConsumeIntegralInRange<uint32_t>(0, 5);
        arg.op = bytes.PickValueInArray(kOperators);
        arg.value = number(bytes);
        // What the mask does not cover could never be equal.
        arg.value_two = number(bytes) & arg.value;
        list.push_back(std::move(arg));
    }
    return list;
}

// One action beside the default's: which of two that both hold wins is not specified.
Seccomp rules(FuzzedDataProvider& bytes) {
    const bool allow = bytes.ConsumeBool();
    Seccomp seccomp = policy({}, allow ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO");
    if (kX86 && bytes.ConsumeBool()) {
        seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X32"};
    }
    const int count = bytes.ConsumeIntegralInRange(1, 8);
    for (int i = 0; i < count; ++i) {
        const char* action = allow ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW";
        seccomp.syscalls.push_back(rule({bytes.PickValueInArray(kCalls)},
                                        action,
                                        conditions(bytes),
                                        bytes.ConsumeIntegralInRange<uint32_t>(95, 95)));
    }
    return seccomp;
}

// Around each value that a rule names, and with bits above those the kernel looks at.
std::vector<Args> questions(const Seccomp& seccomp, FuzzedDataProvider& bytes) {
    std::vector<Args> all = {Args{}};
    for (const SeccompSyscall& entry : seccomp.syscalls) {
        Args meets{};
        for (const SeccompArg& arg : entry.args) {
            meets.at(arg.index) = arg.op == "SCMP_CMP_MASKED_EQ" ? arg.value_two : arg.value;
        }
        all.push_back(meets);
        for (const SeccompArg& arg : entry.args) {
            for (const uint64_t other : {meets.at(arg.index) + 1,
                                         meets.at(arg.index) - 1,
                                         meets.at(arg.index) ^ (uint64_t{1} << 32U),
                                         meets.at(arg.index) | (UINT64_MAX << 32U)}) {
                Args near = meets;
                near.at(arg.index) = other;
                all.push_back(near);
            }
        }
    }
    Args any{};
    for (uint64_t& arg : any) arg = number(bytes);
    all.push_back(any);
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    FuzzedDataProvider bytes(data, size);
    const Seccomp seccomp = rules(bytes);
    const auto program = seccomp_program(seccomp, "");
    if (!program) {
        dhow::fuzz::require_printable(program.error().message);
        return 0;
    }
    BpfMachine machine(*program);
    require(machine.size() <= 4096);
    for (const Args& args : questions(seccomp, bytes)) {
        for (const char* name : kCalls) {
            const uint32_t wanted = verdict(seccomp, name, args);
            const int native = number_of(kNative, name);
            require(machine.run(call(kNative, native, args)) == wanted);
            if (seccomp.architectures.empty()) continue;
            const int x32 = number_of(SCMP_ARCH_X32, name);
            require(machine.run(call(kNative, x32, args)) == wanted);
        }
        require(machine.run(call(AUDIT_ARCH_AARCH64, 63, args)) == SECCOMP_RET_KILL_THREAD);
    }
    return 0;
}
