// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/seccomp_compiler.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <map>
#include <span>
#include <tuple>

#include <linux/seccomp.h>

namespace dhow::oci {

namespace {

constexpr uint32_t kWrongArchitecture = SECCOMP_RET_KILL_THREAD;
constexpr uint32_t kNewerThanProfile = SECCOMP_RET_ERRNO | ENOSYS;

// An instruction, counted from the end of the program.
using Label = size_t;

// Writes a program from its end to its start: BPF jumps forward only, so every target is known when
// a jump to it is written. What falls through falls into what was written last.
class Writer {
  public:
    Label give(uint32_t action) {
        const auto known = returns_.find(action);
        if (known != returns_.end() && is_near(known->second)) return known->second;
        return returns_[action] = write(BPF_RET | BPF_K, action);
    }

    Label load(uint32_t offset) { return write(BPF_LD | BPF_W | BPF_ABS, offset); }

    Label mask(uint32_t bits) { return write(BPF_ALU | BPF_AND | BPF_K, bits); }

    Label jump(uint16_t test, uint32_t value, Label yes, Label no) {
        yes = bring_near(yes);
        no = bring_near(no);
        const Label here = code_.size();
        code_.push_back({.code = static_cast<uint16_t>(BPF_JMP | test | BPF_K),
                         .jt = static_cast<uint8_t>(here - yes - 1),
                         .jf = static_cast<uint8_t>(here - no - 1),
                         .k = value});
        return here;
    }

    // Where to go instead of `label` when the word at `offset` is loaded already.
    [[nodiscard]] Label past_load(Label label, uint32_t offset) const {
        const sock_filter& there = code_[label];
        const bool loads_it = there.code == (BPF_LD | BPF_W | BPF_ABS) && there.k == offset;
        return loads_it ? label - 1 : label;
    }

    [[nodiscard]] size_t size() const { return code_.size(); }

    std::vector<sock_filter> take() {
        std::reverse(code_.begin(), code_.end());
        return std::move(code_);
    }

  private:
    Label write(uint16_t code, uint32_t value) {
        code_.push_back({.code = code, .jt = 0, .jf = 0, .k = value});
        return code_.size() - 1;
    }

    // For a conditional jump that is written next, or after one more instruction.
    [[nodiscard]] bool is_near(Label label) const { return code_.size() - label <= UINT8_MAX; }

    // A conditional jump reaches 255 instructions: beyond them it takes a step in between.
    Label bring_near(Label label) {
        if (is_near(label)) return label;
        const sock_filter there = code_[label];
        if (there.code == (BPF_RET | BPF_K)) return give(there.k);
        return write(BPF_JMP | BPF_JA, static_cast<uint32_t>(code_.size() - label - 1));
    }

    std::vector<sock_filter> code_;
    std::map<uint32_t, Label> returns_;
};

// One condition of a rule: code that goes to `yes` or to `no`.
class ConditionWriter {
  public:
    ConditionWriter(Writer& writer, const SeccompCondition& condition)
        : writer_(writer), condition_(condition) {
        const auto first = static_cast<uint32_t>(offsetof(seccomp_data, args) +
                                                 (condition.argument * sizeof(uint64_t)));
        constexpr bool kLittle = std::endian::native == std::endian::little;
        low_ = kLittle ? first : first + 4;
        high_ = kLittle ? first + 4 : first;
    }

    Label write(Label yes, Label no) {
        switch (condition_.op) {
            case SeccompOperator::Equal:
                return equal(yes, no);
            case SeccompOperator::NotEqual:
                return equal(no, yes);
            case SeccompOperator::GreaterOrEqual:
                return ordered(BPF_JGE, yes, no);
            case SeccompOperator::Greater:
                return ordered(BPF_JGT, yes, no);
            case SeccompOperator::Less:
                return ordered(BPF_JGE, no, yes);
            case SeccompOperator::LessOrEqual:
                return ordered(BPF_JGT, no, yes);
            case SeccompOperator::Masked:
                return masked(yes, no);
        }
        return no;
    }

  private:
    static uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }

    static uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32U); }

    Label test(uint32_t word, uint16_t test, uint32_t value, Label yes, Label no) {
        return writer_.jump(test, value, writer_.past_load(yes, word), writer_.past_load(no, word));
    }

    Label equal(Label yes, Label no) {
        test(low_, BPF_JEQ, low(condition_.value), yes, no);
        const Label second = writer_.load(low_);
        test(high_, BPF_JEQ, high(condition_.value), second, no);
        return writer_.load(high_);
    }

    // The upper halves decide unless they are equal.
    Label ordered(uint16_t with_low, Label yes, Label no) {
        test(low_, with_low, low(condition_.value), yes, no);
        const Label second = writer_.load(low_);
        const Label same = test(high_, BPF_JEQ, high(condition_.value), second, no);
        test(high_, BPF_JGT, high(condition_.value), yes, same);
        return writer_.load(high_);
    }

    Label masked(Label yes, Label no) {
        const uint64_t mask = condition_.value;
        const uint64_t wanted = condition_.value_two;
        if ((wanted & ~mask) != 0) return no;
        if (low(mask) != 0) yes = half(low_, low(mask), low(wanted), yes, no);
        if (high(mask) != 0) yes = half(high_, high(mask), high(wanted), yes, no);
        return yes;
    }

    Label half(uint32_t word, uint32_t mask, uint32_t wanted, Label yes, Label no) {
        if (mask == UINT32_MAX) {
            test(word, BPF_JEQ, wanted, yes, no);
        } else {
            writer_.jump(BPF_JEQ, wanted, yes, no);
            writer_.mask(mask);
        }
        return writer_.load(word);
    }

    Writer& writer_;
    const SeccompCondition& condition_;
    uint32_t low_ = 0;
    uint32_t high_ = 0;
};

// What becomes of a call: rules to try in their order, and the action when none of them holds.
struct Verdict {
    std::vector<uint32_t> rules;
    uint32_t action = 0;

    bool operator==(const Verdict&) const = default;

    bool operator<(const Verdict& other) const {
        return std::tie(rules, action) < std::tie(other.rules, other.action);
    }
};

// The calls from `first` up to the next range's.
struct Range {
    uint32_t first = 0;
    Verdict verdict;
};

bool refuses(uint32_t action) {
    const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
    return kind != SECCOMP_RET_ALLOW && kind != SECCOMP_RET_LOG && kind != SECCOMP_RET_TRACE;
}

// The ranges of one architecture, in order.
class Ranges {
  public:
    explicit Ranges(const SeccompRules& rules) : rules_(rules) {}

    void add(const SeccompTable& table) {
        if (table.listed) {
            add_calls(table);
        } else {
            add(table.first, {.rules = {}, .action = kWrongArchitecture});
        }
        // The kernel asks for -1 after a tracer has taken a call away: that one is nobody's.
        if (table.last == UINT32_MAX && !table.listed) add(UINT32_MAX, beyond_);
    }

    [[nodiscard]] const std::vector<Range>& list() const { return list_; }

  private:
    void add_calls(const SeccompTable& table) {
        const Verdict none{.rules = {}, .action = rules_.default_action};
        std::vector<SeccompCall> calls = table.calls;
        std::stable_sort(calls.begin(), calls.end(), [](const auto& one, const auto& two) {
            return one.number < two.number;
        });
        const bool has_highest = !calls.empty() && refuses(rules_.default_action);
        beyond_ = {.rules = {}, .action = has_highest ? kNewerThanProfile : rules_.default_action};
        add(table.first, none);
        for (size_t i = 0; i < calls.size();) {
            const uint32_t number = calls[i].number;
            size_t end = i;
            while (end < calls.size() && calls[end].number == number) ++end;
            add(number, verdict(std::span(calls).subspan(i, end - i)));
            const bool highest = end == calls.size();
            if (number < table.last) add(number + 1, highest ? beyond_ : none);
            i = end;
        }
    }

    [[nodiscard]] Verdict verdict(std::span<const SeccompCall> calls) const {
        Verdict verdict{.rules = {}, .action = rules_.default_action};
        for (const SeccompCall& call : calls) {
            const SeccompRule& rule = rules_.rules[call.rule];
            if (rule.conditions.empty()) {
                verdict.action = rule.action;
                break;
            }
            verdict.rules.push_back(call.rule);
        }
        // Rules at the end that say what comes out anyway.
        while (!verdict.rules.empty() &&
               rules_.rules[verdict.rules.back()].action == verdict.action) {
            verdict.rules.pop_back();
        }
        return verdict;
    }

    void add(uint32_t first, Verdict verdict) {
        if (!list_.empty() && list_.back().first == first) list_.pop_back();
        if (!list_.empty() && list_.back().verdict == verdict) return;
        list_.push_back({first, std::move(verdict)});
    }

    const SeccompRules& rules_;
    std::vector<Range> list_;
    Verdict beyond_;
};

class Compiler {
  public:
    explicit Compiler(const SeccompRules& rules) : rules_(rules) {}

    std::vector<sock_filter> program() {
        const auto architectures = ranges_by_architecture();
        for (const auto& [audit, ranges] : architectures) {
            for (const Range& range : ranges.list()) write_rules(range.verdict);
        }
        std::vector<std::pair<uint32_t, Label>> entries;
        for (const auto& [audit, ranges] : architectures) {
            entries.emplace_back(audit, write_search(ranges.list()));
        }
        Label next = writer_.give(kWrongArchitecture);
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
            next = writer_.jump(BPF_JEQ, entry->first, entry->second, next);
        }
        writer_.load(offsetof(seccomp_data, arch));
        return writer_.take();
    }

  private:
    using Architecture = std::pair<uint32_t, Ranges>;

    [[nodiscard]] std::vector<Architecture> ranges_by_architecture() const {
        std::vector<Architecture> list;
        for (const SeccompTable& table : rules_.tables) {
            if (list.empty() || list.back().first != table.audit) {
                list.emplace_back(table.audit, Ranges(rules_));
            }
            list.back().second.add(table);
        }
        return list;
    }

    // Once for all calls, of whichever architecture, that share the rules.
    void write_rules(const Verdict& verdict) {
        if (verdict.rules.empty() || written_.contains(verdict)) return;
        Label next = writer_.give(verdict.action);
        for (auto number = verdict.rules.rbegin(); number != verdict.rules.rend(); ++number) {
            const SeccompRule& rule = rules_.rules[*number];
            Label yes = writer_.give(rule.action);
            for (auto one = rule.conditions.rbegin(); one != rule.conditions.rend(); ++one) {
                yes = ConditionWriter(writer_, *one).write(yes, next);
            }
            next = yes;
        }
        written_.emplace(verdict, next);
    }

    Label write_search(std::span<const Range> ranges) {
        const Label found = write_halves(ranges);
        return ranges.size() == 1 ? found : writer_.load(offsetof(seccomp_data, nr));
    }

    Label write_halves(std::span<const Range> ranges) {
        const Verdict& only = ranges.front().verdict;
        if (ranges.size() == 1) {
            return only.rules.empty() ? writer_.give(only.action) : written_.at(only);
        }
        const size_t middle = ranges.size() / 2;
        const Label below = write_halves(ranges.first(middle));
        const Label above = write_halves(ranges.subspan(middle));
        return writer_.jump(BPF_JGE, ranges[middle].first, above, below);
    }

    const SeccompRules& rules_;
    Writer writer_;
    std::map<Verdict, Label> written_;
};

}  // namespace

Result<std::vector<sock_filter>> compile_seccomp(const SeccompRules& rules) {
    auto program = Compiler(rules).program();
    if (program.size() <= BPF_MAXINSNS) return program;
    return make_error(ErrorKind::InvalidArgument,
                      "seccomp: the rules come to " + std::to_string(program.size()) +
                          " instructions, and the kernel takes " + std::to_string(BPF_MAXINSNS),
                      "list fewer architectures or conditions");
}

}  // namespace dhow::oci
