// SPDX-License-Identifier: Apache-2.0
// Classic BPF as seccomp(2) runs it: one program over one seccomp_data, so that a compiled filter
// can be asked about any call of any architecture without making it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>

namespace dhow::test {

class BpfMachine {
  public:
    explicit BpfMachine(const std::string& bytes) : program_(bytes.size() / sizeof(sock_filter)) {
        bytes.copy(reinterpret_cast<char*>(program_.data()), program_.size() * sizeof(sock_filter));
    }

    [[nodiscard]] size_t size() const { return program_.size(); }

    // What the kernel looks at before it takes a program: jumps stay inside, the end is an answer.
    [[nodiscard]] bool is_sound() const {
        if (program_.empty() || program_.size() > BPF_MAXINSNS) return false;
        for (size_t at = 0; at < program_.size(); ++at) {
            const sock_filter& now = program_[at];
            const size_t room = program_.size() - at - 1;
            if (BPF_CLASS(now.code) != BPF_JMP) continue;
            const bool always = now.code == (BPF_JMP | BPF_JA);
            if (always ? now.k >= room : now.jt >= room || now.jf >= room) return false;
        }
        return BPF_CLASS(program_.back().code) == BPF_RET;
    }

    // SECCOMP_RET_*; nullopt for what the kernel would not have loaded.
    std::optional<uint32_t> run(const seccomp_data& data) {
        accumulator_ = 0;
        steps_ = 0;
        reads_arguments_ = false;
        for (at_ = 0; at_ < program_.size();) {
            const sock_filter& now = program_[at_++];
            ++steps_;
            if (now.code == (BPF_RET | BPF_K)) return now.k;
            if (now.code == (BPF_RET | BPF_A)) return accumulator_;
            if (!step(now, data)) return std::nullopt;
        }
        return std::nullopt;
    }

    // Of the last run.
    [[nodiscard]] size_t steps() const { return steps_; }

    [[nodiscard]] bool has_read_arguments() const { return reads_arguments_; }

  private:
    bool step(const sock_filter& now, const seccomp_data& data) {
        switch (now.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                reads_arguments_ = reads_arguments_ || now.k >= offsetof(seccomp_data, args);
                if (now.k % 4 != 0 || now.k > sizeof data - 4) return false;
                std::memcpy(&accumulator_, reinterpret_cast<const char*>(&data) + now.k, 4);
                return true;
            case BPF_ALU | BPF_AND | BPF_K:
                accumulator_ &= now.k;
                return true;
            case BPF_JMP | BPF_JA:
                at_ += now.k;
                return true;
            case BPF_JMP | BPF_JEQ | BPF_K:
                return jump(now, accumulator_ == now.k);
            case BPF_JMP | BPF_JGT | BPF_K:
                return jump(now, accumulator_ > now.k);
            case BPF_JMP | BPF_JGE | BPF_K:
                return jump(now, accumulator_ >= now.k);
            case BPF_JMP | BPF_JSET | BPF_K:
                return jump(now, (accumulator_ & now.k) != 0);
            default:
                return false;
        }
    }

    bool jump(const sock_filter& now, bool taken) {
        at_ += taken ? now.jt : now.jf;
        return true;
    }

    std::vector<sock_filter> program_;
    size_t at_ = 0;
    uint32_t accumulator_ = 0;
    size_t steps_ = 0;
    bool reads_arguments_ = false;
};

}  // namespace dhow::test
