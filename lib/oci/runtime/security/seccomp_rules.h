// SPDX-License-Identifier: Apache-2.0
// linux.seccomp with its words turned into numbers: actions, operators, architectures, and the
// number of each call on each of them. The only file that asks libseccomp, and for names alone: the
// program is made of these rules by seccomp_compiler.h. Pure; runs in the parent half.
//
// How rules are read (config-linux.md leaves it open):
// - The first rule in the order of the profile that holds decides; the default action otherwise.
// - The conditions of a rule must all hold. Where a rule names one argument twice, one of its
//   conditions is enough, as runc and crun have it.
// - A name that no architecture knows is left out: profiles are older or newer than the kernel.
// - The native architecture is always listed.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dhow::oci {

enum class SeccompOperator { NotEqual, Less, LessOrEqual, Equal, GreaterOrEqual, Greater, Masked };

struct SeccompCondition {
    uint32_t argument = 0;
    SeccompOperator op = SeccompOperator::Equal;
    uint64_t value = 0;      // of Masked: the mask
    uint64_t value_two = 0;  // of Masked: what is left under it
};

struct SeccompRule {
    uint32_t action = 0;  // SECCOMP_RET_* with its data
    std::vector<SeccompCondition> conditions;
};

struct SeccompCall {
    uint32_t number = 0;
    uint32_t rule = 0;
};

// The calls `first` to `last` that the kernel reports under one architecture. Two tables share
// AUDIT_ARCH_X86_64: those of x32 have a bit of their own.
struct SeccompTable {
    uint32_t audit = 0;  // AUDIT_ARCH_*
    uint32_t first = 0;
    uint32_t last = UINT32_MAX;
    bool listed = true;              // or its calls are of a wrong architecture
    std::vector<SeccompCall> calls;  // in the order of the profile
};

struct SeccompRules {
    uint32_t default_action = 0;
    std::vector<SeccompRule> rules;
    std::vector<SeccompTable> tables;  // the native architecture's first; a kind's side by side
};

Result<SeccompRules> resolve_seccomp(const Seccomp& seccomp);

// What `features` says.
std::vector<std::string> known_seccomp_actions();
std::vector<std::string> known_seccomp_operators();
std::vector<std::string> known_seccomp_architectures();

}  // namespace dhow::oci
