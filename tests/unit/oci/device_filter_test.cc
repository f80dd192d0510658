// SPDX-License-Identifier: Apache-2.0
// The eBPF program of the device rules, run here one instruction after the other for every kind of
// access, beside a plain reading of the rules.
#include "oci/runtime/cgroup/device_filter.h"

#include "oci/runtime/cgroup/cgroup_limits.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <optional>
#include <random>

namespace dhow::oci {
namespace {

struct Access {
    uint32_t type;    // BPF_DEVCG_DEV_*
    uint32_t wanted;  // BPF_DEVCG_ACC_*
    uint32_t major;
    uint32_t minor;
};

// The part of eBPF that may occur here; anything else ends the test.
class Machine {
  public:
    explicit Machine(const std::vector<bpf_insn>& program) : program_(program) {}

    std::optional<uint64_t> run(const Access& access) {
        const std::array<uint32_t, 3> context = {
            access.type | (access.wanted << 16U), access.major, access.minor};
        at_ = 0;
        for (size_t steps = 0; steps <= program_.size(); ++steps) {
            if (at_ >= program_.size()) return std::nullopt;
            const bpf_insn& now = program_[at_++];
            if (now.code == (BPF_JMP | BPF_EXIT)) return registers_[BPF_REG_0];
            if (!step(now, context)) return std::nullopt;
        }
        return std::nullopt;
    }

  private:
    bool step(const bpf_insn& now, const std::array<uint32_t, 3>& context) {
        uint64_t& to = registers_[now.dst_reg];
        switch (now.code) {
            case BPF_LDX | BPF_MEM | BPF_W:
                if (now.src_reg != BPF_REG_1 || now.off % 4 != 0 || now.off / 4 > 2) return false;
                to = context[static_cast<size_t>(now.off) / 4];
                return true;
            case BPF_ALU | BPF_MOV | BPF_X:
                to = static_cast<uint32_t>(registers_[now.src_reg]);
                return true;
            case BPF_ALU | BPF_AND | BPF_K:
                to = static_cast<uint32_t>(to) & static_cast<uint32_t>(now.imm);
                return true;
            case BPF_ALU | BPF_RSH | BPF_K:
                to = static_cast<uint32_t>(to) >> static_cast<uint32_t>(now.imm);
                return true;
            case BPF_ALU64 | BPF_MOV | BPF_K:
                to = static_cast<uint64_t>(int64_t{now.imm});
                return true;
            case BPF_JMP | BPF_JNE | BPF_K:
                return jump(now, to != static_cast<uint64_t>(int64_t{now.imm}));
            case BPF_JMP | BPF_JEQ | BPF_K:
                return jump(now, to == static_cast<uint64_t>(int64_t{now.imm}));
            default:
                return false;
        }
    }

    bool jump(const bpf_insn& now, bool taken) {
        if (now.off < 0) return false;  // the verifier wants an end
        if (taken) at_ += static_cast<size_t>(now.off);
        return true;
    }

    const std::vector<bpf_insn>& program_;
    std::array<uint64_t, 11> registers_{};
    size_t at_ = 0;
};

bool matches(const DeviceRule& rule, const Access& access) {
    if (rule.type == "b" && access.type != BPF_DEVCG_DEV_BLOCK) return false;
    if (rule.type == "c" && access.type != BPF_DEVCG_DEV_CHAR) return false;
    if (rule.major && *rule.major != -1 && *rule.major != access.major) return false;
    if (rule.minor && *rule.minor != -1 && *rule.minor != access.minor) return false;
    uint32_t named = 0;
    const std::string letters = rule.access.empty() ? "rwm" : rule.access;
    for (const char letter : letters) {
        if (letter == 'm') named |= BPF_DEVCG_ACC_MKNOD;
        if (letter == 'r') named |= BPF_DEVCG_ACC_READ;
        if (letter == 'w') named |= BPF_DEVCG_ACC_WRITE;
    }
    return rule.allow ? (access.wanted & ~named) == 0 : (access.wanted & named) != 0;
}

bool allowed(const std::vector<DeviceRule>& rules, const Access& access) {
    bool verdict = false;
    for (const DeviceRule& rule : rules) {
        if (matches(rule, access)) verdict = rule.allow;
    }
    return verdict;
}

std::vector<Access> accesses(const std::vector<DeviceRule>& rules) {
    std::vector<uint32_t> numbers = {0, 1, 3, 136, 4095};
    for (const DeviceRule& rule : rules) {
        for (const auto& number : {rule.major, rule.minor}) {
            if (number) numbers.push_back(static_cast<uint32_t>(*number));
        }
    }
    std::vector<Access> all;
    for (const uint32_t type : {BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR}) {
        for (uint32_t wanted = 1; wanted <= 7; ++wanted) {
            for (const uint32_t major : numbers) {
                for (const uint32_t minor : numbers) all.push_back({type, wanted, major, minor});
            }
        }
    }
    return all;
}

void expect_same(const std::vector<DeviceRule>& rules) {
    const auto program = compile_device_filter(rules);
    ASSERT_TRUE(program) << program.error().message;
    Machine machine(*program);
    for (const Access& access : accesses(rules)) {
        const auto verdict = machine.run(access);
        ASSERT_TRUE(verdict) << "an instruction the kernel would refuse";
        ASSERT_EQ(*verdict, allowed(rules, access) ? 1U : 0U)
            << "type " << access.type << " wanted " << access.wanted << " device " << access.major
            << ":" << access.minor;
    }
}

// What the verifier refuses: instructions nothing leads to.
void expect_reachable(const std::vector<bpf_insn>& program) {
    std::vector<bool> reached(program.size() + 1, false);
    reached[0] = true;
    for (size_t i = 0; i < program.size(); ++i) {
        if (!reached[i]) continue;
        const auto code = program[i].code;
        if (code == (BPF_JMP | BPF_EXIT)) continue;
        reached[i + 1] = true;
        const bool jump = (code & 7U) == BPF_JMP;
        if (jump) reached[i + 1 + static_cast<size_t>(program[i].off)] = true;
    }
    EXPECT_FALSE(reached[program.size()]) << "it runs off its end";
    for (size_t i = 0; i < program.size(); ++i) EXPECT_TRUE(reached[i]) << "instruction " << i;
}

DeviceRule rule(bool allow,
                const char* type,
                std::optional<int64_t> major,
                std::optional<int64_t> minor,
                const char* access) {
    return {.allow = allow, .type = type, .major = major, .minor = minor, .access = access};
}

TEST(DeviceFilter, NothingIsAllowedWithoutRules) {
    expect_same({});
}

TEST(DeviceFilter, TheUsualRules) {
    expect_same({rule(false, "a", {}, {}, "rwm"),
                 rule(true, "c", {}, {}, "m"),
                 rule(true, "b", {}, {}, "m"),
                 rule(true, "c", 1, 3, "rwm"),
                 rule(true, "c", 136, {}, "rwm"),
                 rule(true, "c", 5, 0, "rw"),
                 rule(false, "c", 5, 0, "w")});
}

TEST(DeviceFilter, EachKindOfRuleAlone) {
    for (const bool allow : {true, false}) {
        for (const char* type : {"", "a", "b", "c"}) {
            for (const char* access : {"", "r", "w", "m", "rw", "rm", "wm", "rwm", "rr"}) {
                for (const std::optional<int64_t>& number : {std::optional<int64_t>(),
                                                             std::optional<int64_t>(-1),
                                                             std::optional<int64_t>(3)}) {
                    expect_same(
                        {rule(!allow, "a", {}, {}, "rwm"), rule(allow, type, number, {}, access)});
                    expect_same({rule(allow, type, {}, number, access)});
                }
            }
        }
    }
}

TEST(DeviceFilter, TheLastRuleThatMatchesDecides) {
    expect_same({rule(true, "c", 1, 3, "rwm"), rule(false, "", {}, {}, "")});
    expect_same({rule(false, "", {}, {}, ""), rule(true, "", {}, {}, "")});
    expect_same({rule(true, "", {}, {}, ""), rule(false, "c", 1, {}, "w")});
}

TEST(DeviceFilter, RandomRules) {
    std::mt19937 random(7);
    const auto pick = [&](size_t count) {
        return std::uniform_int_distribution<size_t>(0, count - 1)(random);
    };
    const std::array<const char*, 4> types = {"", "a", "b", "c"};
    const std::array<const char*, 8> accesses = {"", "r", "w", "m", "rw", "wm", "rm", "rwm"};
    const std::array<std::optional<int64_t>, 5> numbers = {{{}, -1, 0, 3, 136}};
    for (int round = 0; round < 200; ++round) {
        std::vector<DeviceRule> rules;
        const size_t count = pick(12);
        for (size_t i = 0; i < count; ++i) {
            rules.push_back(rule(pick(2) == 0,
                                 types.at(pick(types.size())),
                                 numbers.at(pick(numbers.size())),
                                 numbers.at(pick(numbers.size())),
                                 accesses.at(pick(accesses.size()))));
        }
        expect_same(rules);
        expect_reachable(compile_device_filter(rules).take());
    }
}

TEST(DeviceFilter, RefusesWhatItWouldMisread) {
    EXPECT_FALSE(compile_device_filter({rule(true, "x", {}, {}, "r")}));
    EXPECT_FALSE(compile_device_filter({rule(true, "c", {}, {}, "x")}));
    // What else is written beside the three letters is passed over, as runc does.
    EXPECT_TRUE(compile_device_filter({rule(true, "c", {}, {}, "rx")}));
    EXPECT_FALSE(compile_device_filter({rule(true, "cc", {}, {}, "r")}));
}

// 2^32 + 1 cut to 32 bits would allow device 1, and any negative number but -1 every device.
TEST(DeviceFilter, RefusesNumbersThatAreNone) {
    for (const int64_t number : {int64_t{1} << 32U,
                                 (int64_t{1} << 32U) + 1,
                                 INT64_MAX,
                                 int64_t{-2},
                                 INT64_MIN,
                                 int64_t{INT32_MAX} + 1}) {
        EXPECT_FALSE(compile_device_filter({rule(true, "c", number, {}, "r")})) << number;
        EXPECT_FALSE(compile_device_filter({rule(true, "c", {}, number, "r")})) << number;
        EXPECT_FALSE(device_rule_text(rule(true, "c", number, 1, "r"))) << number;
    }
    EXPECT_TRUE(compile_device_filter({rule(true, "c", INT32_MAX, 1048575, "r")}));
}

}  // namespace
}  // namespace dhow::oci
