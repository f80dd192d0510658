// SPDX-License-Identifier: Apache-2.0
// linux.seccomp from its JSON to the program that the kernel gets: whatever the rules are, the
// program answers as a plain reading of them does, 64 bits of every argument included. The first
// line of the input is a profile, the rest are calls to ask about (seccomp_data, 64 bytes each).
#include "oci/runtime/security/seccomp.h"
#include "tests/fuzz/require.h"
#include "tests/support/bpf_machine.h"
#include "tests/support/seccomp_oracle.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <linux/audit.h>

namespace {

using namespace dhow;

constexpr size_t kCallsAtMost = 32;
constexpr uint32_t kNumbers = 0x3ff;
// The last is nobody's.
constexpr std::array<uint32_t, 4> kArchitectures = {
    AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, 7};

// The same calls on every architecture that the oracle knows.
void compare(const oci::Seccomp& profile, const std::string& program, std::string_view calls) {
    const test::SeccompOracle oracle(profile);
    test::BpfMachine machine(program);
    fuzz::require(machine.is_sound());
    for (size_t i = 0; i < kCallsAtMost && !calls.empty(); ++i) {
        seccomp_data data{};
        const size_t taken = std::min(calls.size(), sizeof data);
        std::memcpy(&data, calls.data(), taken);
        calls.remove_prefix(taken);
        const auto number = static_cast<uint32_t>(data.nr);
        for (const uint32_t arch : kArchitectures) {
            for (const uint32_t asked :
                 {number, number & kNumbers, (number & kNumbers) | test::kX32Bit}) {
                data.arch = arch;
                data.nr = static_cast<int>(asked);
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
