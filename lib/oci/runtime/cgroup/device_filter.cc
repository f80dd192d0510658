// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/device_filter.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/cgroup/cgroup_limits.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

// Registers of the program: r2 device type, r3 wanted access, r4 major, r5 minor.
constexpr bpf_insn make(unsigned code, unsigned to, unsigned from, int16_t offset, int32_t value) {
    bpf_insn instruction{};
    instruction.code = static_cast<uint8_t>(code);
    instruction.dst_reg = to & 15U;
    instruction.src_reg = from & 15U;
    instruction.off = offset;
    instruction.imm = value;
    return instruction;
}

constexpr bpf_insn load(unsigned to, int16_t offset) {
    return make(BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, offset, 0);
}

constexpr bpf_insn copy(unsigned to, unsigned from) {
    return make(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0);
}

constexpr bpf_insn math(unsigned operation, unsigned to, int32_t value) {
    return make(BPF_ALU | operation | BPF_K, to, 0, 0, value);
}

constexpr bpf_insn jump_unless_equal(unsigned left, int32_t value) {
    return make(BPF_JMP | BPF_JNE | BPF_K, left, 0, 0, value);
}

constexpr bpf_insn jump_if_zero(unsigned left) {
    return make(BPF_JMP | BPF_JEQ | BPF_K, left, 0, 0, 0);
}

constexpr bpf_insn kReturn = make(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);

constexpr bpf_insn result(bool allow) {
    return make(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow ? 1 : 0);
}

int32_t access_bits(const std::string& access) {
    if (access.empty()) return BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
    int32_t bits = 0;
    for (const char letter : access) {
        if (letter == 'r') bits |= BPF_DEVCG_ACC_READ;
        if (letter == 'w') bits |= BPF_DEVCG_ACC_WRITE;
        if (letter == 'm') bits |= BPF_DEVCG_ACC_MKNOD;
    }
    return bits;
}

// One rule: tests that jump past its verdict when they fail.
std::vector<bpf_insn> rule_block(const DeviceRule& rule) {
    std::vector<bpf_insn> block;
    if (!rule.type.empty() && rule.type != "a") {
        block.push_back(jump_unless_equal(
            BPF_REG_2, rule.type == "b" ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
    }
    if (const int32_t bits = access_bits(rule.access); bits != 7) {
        // An allow rule must cover all that is wanted; a deny rule bites on any part of it.
        block.push_back(copy(BPF_REG_0, BPF_REG_3));
        block.push_back(math(BPF_AND, BPF_REG_0, rule.allow ? ~bits : bits));
        block.push_back(rule.allow ? jump_unless_equal(BPF_REG_0, 0) : jump_if_zero(BPF_REG_0));
    }
    if (rule.major && *rule.major >= 0) {
        block.push_back(jump_unless_equal(BPF_REG_4, static_cast<int32_t>(*rule.major)));
    }
    if (rule.minor && *rule.minor >= 0) {
        block.push_back(jump_unless_equal(BPF_REG_5, static_cast<int32_t>(*rule.minor)));
    }
    block.push_back(result(rule.allow));
    block.push_back(kReturn);
    for (size_t i = 0; i < block.size(); ++i) {
        const uint8_t code = block[i].code;
        if (code == (BPF_JMP | BPF_JNE | BPF_K) || code == (BPF_JMP | BPF_JEQ | BPF_K)) {
            block[i].off = static_cast<int16_t>(block.size() - i - 1);
        }
    }
    return block;
}

long bpf(int command, bpf_attr& attributes) {
    return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

}  // namespace

Result<std::vector<bpf_insn>> compile_device_filter(const std::vector<DeviceRule>& rules) {
    std::vector<bpf_insn> program = {
        load(BPF_REG_2, 0),
        copy(BPF_REG_3, BPF_REG_2),
        math(BPF_AND, BPF_REG_2, 0xffff),
        math(BPF_RSH, BPF_REG_3, 16),
        load(BPF_REG_4, 4),
        load(BPF_REG_5, 8),
    };
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
        TRY(device_rule_text(*rule));  // refuses what rule_block() would misread
        const auto block = rule_block(*rule);
        program.insert(program.end(), block.begin(), block.end());
        // A rule for everything decides; the verifier refuses what cannot be reached.
        if (block.size() == 2) return program;
    }
    program.push_back(result(false));
    program.push_back(kReturn);
    return program;
}

Status attach_device_filter(const std::string& cgroup_folder,
                            const std::vector<DeviceRule>& rules) {
    const auto program = TRY(compile_device_filter(rules));
    const auto folder = TRY(open_at(AT_FDCWD, cgroup_folder, O_RDONLY | O_DIRECTORY));
    static constexpr char kLicense[] = "Apache-2.0";
    bpf_attr load_attributes{};
    load_attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load_attributes.insns = reinterpret_cast<uint64_t>(program.data());
    load_attributes.insn_cnt = static_cast<uint32_t>(program.size());
    load_attributes.license = reinterpret_cast<uint64_t>(kLicense);
    const UniqueFd loaded(static_cast<int>(bpf(BPF_PROG_LOAD, load_attributes)));
    if (!loaded) return system_error("load the device rules of cgroup '" + cgroup_folder + "'");
    bpf_attr attach_attributes{};
    attach_attributes.target_fd = static_cast<uint32_t>(folder.get());
    attach_attributes.attach_bpf_fd = static_cast<uint32_t>(loaded.get());
    attach_attributes.attach_type = BPF_CGROUP_DEVICE;
    // Beside those of the groups above, such as systemd's: all of them must allow.
    attach_attributes.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf(BPF_PROG_ATTACH, attach_attributes) != 0) {
        return system_error("attach the device rules of cgroup '" + cgroup_folder + "'");
    }
    return {};
}

}  // namespace dhow::oci
