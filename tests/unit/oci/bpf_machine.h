// SPDX-License-Identifier: Apache-2.0
// Classic BPF as seccomp(2) runs it: one program over one seccomp_data, so that a compiled filter
// can be asked about any call of any architecture without making it.
#pragma once

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

    // SECCOMP_RET_*; nullopt for what the kernel would not have loaded.
    std::optional<uint32_t> run(const seccomp_data& data) {
        accumulator_ = 0;
        for (at_ = 0; at_ < program_.size();) {
            const sock_filter& now = program_[at_++];
            if (now.code == (BPF_RET | BPF_K)) return now.k;
            if (now.code == (BPF_RET | BPF_A)) return accumulator_;
            if (!step(now, data)) return std::nullopt;
        }
        return std::nullopt;
    }

  private:
    bool step(const sock_filter& now, const seccomp_data& data) {
        switch (now.code) {
            case BPF_LD | BPF_W | BPF_ABS:
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
};

}  // namespace dhow::test
