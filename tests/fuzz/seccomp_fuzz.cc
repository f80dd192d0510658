// SPDX-License-Identifier: Apache-2.0
// linux.seccomp from its JSON to the program that the kernel gets: whatever the rules are, the
// program answers as a plain reading of them does, 64 bits of every argument included. The first
// line of the input is a profile, the rest are calls to ask about: 8 bytes of number and
// architecture, then arguments.
#include "oci/runtime/security/seccomp.h"
#include "tests/fuzz/require.h"
#include "tests/support/bpf_machine.h"
#include "tests/support/seccomp_oracle.h"

#include <cstring>

namespace {

using namespace dhow;

constexpr size_t kCallsAtMost = 32;

// What was given, and the same calls on every architecture that may be listed.
void compare(const oci::Seccomp& profile, const std::string& program, std::string_view calls) {
    const test::SeccompOracle oracle(profile);
    test::BpfMachine machine(program);
    fuzz::require(machine.is_sound());
    for (size_t i = 0; i < kCallsAtMost && !calls.empty(); ++i) {
        seccomp_data data{};
        const size_t taken = std::min(calls.size(), sizeof data);
        std::memcpy(&data, calls.data(), taken);
        calls.remove_prefix(taken);
        fuzz::require(machine.run(data) == oracle.verdict(data));
        for (const uint32_t arch : {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64}) {
            data.arch = arch;
            for (const uint32_t number :
                 {static_cast<uint32_t>(data.nr) & 0x3ffU,
                  (static_cast<uint32_t>(data.nr) & 0x3ffU) | test::kX32Bit}) {
                data.nr = static_cast<int>(number);
                fuzz::require(machine.run(data) == oracle.verdict(data));
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    const std::string_view input = fuzz::as_text(bytes, size);
    const size_t end = std::min(input.find('\n'), input.size());
    const auto spec = oci::parse_runtime_spec(R"({"linux":{"seccomp":)" +
                                              std::string(input.substr(0, end)) + "}}");
    if (!spec || !spec->linux_ || !spec->linux_->seccomp) return 0;
    const oci::Seccomp& profile = *spec->linux_->seccomp;
    const auto program = oci::seccomp_program(profile);
    if (!program) {
        fuzz::require_printable(program.error().message);
        return 0;
    }
    compare(profile, *program, input.substr(std::min(end + 1, input.size())));
    return 0;
}
