// SPDX-License-Identifier: Apache-2.0
// A plain reading of linux.seccomp, beside which tests run the compiled program. It goes the other
// way about: from the number of a call to its name, and through the profile's words for that name.
#pragma once

#include "oci/spec/runtime_spec.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <linux/seccomp.h>

namespace dhow::test {

inline constexpr uint32_t kX32Bit = 0x40000000;

class SeccompOracle {
  public:
    explicit SeccompOracle(const oci::Seccomp& seccomp);

    [[nodiscard]] uint32_t verdict(const seccomp_data& data) const;

    // By number; empty where there is none.
    static const std::string& name_of(uint32_t arch, uint32_t number);
    static uint32_t action(const std::string& name, std::optional<uint32_t> errno_ret);

  private:
    [[nodiscard]] uint32_t by_default() const;
    [[nodiscard]] bool named(const std::string& name) const;
    // socketcall(2) or ipc(2) of i386 where the profile says nothing of them by name.
    [[nodiscard]] bool is_shut_door(uint32_t arch, const std::string& name) const;
    [[nodiscard]] uint32_t through(const std::string& door, const seccomp_data& data) const;
    [[nodiscard]] bool has_room(uint32_t arch, const std::string& door) const;
    void find_highest(uint32_t arch);

    const oci::Seccomp& seccomp_;
    std::set<uint32_t> archs_;
    std::map<uint32_t, uint32_t> highest_;
};

// What is worth asking about the rules of a call: around every value that they name, in both
// halves.
std::vector<uint64_t> interesting_values(const oci::Seccomp& seccomp, const std::string& name);

}  // namespace dhow::test
