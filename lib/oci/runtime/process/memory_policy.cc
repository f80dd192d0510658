// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/memory_policy.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

struct Name {
    std::string_view name;
    int value;
};

// linux/mempolicy.h; Debian 12's lacks the newest.
constexpr std::array<Name, 7> kModes = {{{"MPOL_BIND", 2},
                                         {"MPOL_DEFAULT", 0},
                                         {"MPOL_INTERLEAVE", 3},
                                         {"MPOL_LOCAL", 4},
                                         {"MPOL_PREFERRED", 1},
                                         {"MPOL_PREFERRED_MANY", 5},
                                         {"MPOL_WEIGHTED_INTERLEAVE", 6}}};
constexpr std::array<Name, 3> kFlags = {{{"MPOL_F_NUMA_BALANCING", 1 << 13},
                                         {"MPOL_F_RELATIVE_NODES", 1 << 14},
                                         {"MPOL_F_STATIC_NODES", 1 << 15}}};

constexpr unsigned kBitsPerWord = 8 * sizeof(unsigned long);
constexpr unsigned kMostNodes = 1024;  // MAX_NUMNODES where it is largest

template <size_t N>
const Name* find(const std::array<Name, N>& table, const std::string& name) {
    const auto* found = std::find_if(
        table.begin(), table.end(), [&](const Name& entry) { return entry.name == name; });
    return found == table.end() ? nullptr : found;
}

template <size_t N>
std::vector<std::string> names(const std::array<Name, N>& table) {
    std::vector<std::string> list;
    for (const Name& entry : table) list.emplace_back(entry.name);
    return list;
}

Error invalid(const std::string& what, const std::string& value) {
    return make_error(
        ErrorKind::InvalidArgument,
        "config.json: invalid memory policy " + what + " \"" + printable(value) + "\"");
}

// "0-3,7"
Result<std::vector<unsigned long>> parse_nodes(const std::string& text) {
    std::vector<unsigned long> mask;
    if (trim(text).empty()) return mask;
    for (const std::string& range : split(text, ',')) {
        const auto [from, to] = split_once(range, '-');
        const auto first = parse_int<unsigned>(trim(from));
        const auto last = to ? parse_int<unsigned>(trim(*to)) : first;
        if (!first || !last || *first > *last || *last >= kMostNodes) return invalid("nodes", text);
        for (unsigned node = *first; node <= *last; ++node) {
            const size_t word = node / kBitsPerWord;
            if (mask.size() <= word) mask.resize(word + 1);
            mask[word] |= 1UL << (node % kBitsPerWord);
        }
    }
    return mask;
}

bool takes_no_nodes(const Name& mode) {
    return mode.name == "MPOL_DEFAULT" || mode.name == "MPOL_LOCAL";
}

int count(const std::vector<unsigned long>& mask) {
    int bits = 0;
    for (const unsigned long word : mask) bits += std::popcount(word);
    return bits;
}

}  // namespace

Result<ResolvedMemoryPolicy> resolve_memory_policy(const MemoryPolicy& policy) {
    const Name* mode = find(kModes, policy.mode);
    if (mode == nullptr) return invalid("mode", policy.mode);
    ResolvedMemoryPolicy resolved{mode->value, TRY(parse_nodes(policy.nodes))};
    for (const std::string& name : policy.flags) {
        const Name* flag = find(kFlags, name);
        if (flag == nullptr) return invalid("flag", name);
        resolved.mode |= flag->value;
    }
    if (takes_no_nodes(*mode) && !resolved.nodes.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "config.json: memory policy " + policy.mode + ": mode requires 0 nodes " +
                              "but got " + std::to_string(count(resolved.nodes)));
    }
    return resolved;
}

Status set_memory_policy(const MemoryPolicy& policy) {
    const auto resolved = TRY(resolve_memory_policy(policy));
    const auto* mask = resolved.nodes.empty() ? nullptr : resolved.nodes.data();
    // The kernel takes one bit less than it is told of (set_mempolicy(2), "BUGS").
    const size_t bits = mask == nullptr ? 0 : resolved.nodes.size() * kBitsPerWord + 1;
    if (::syscall(SYS_set_mempolicy, resolved.mode, mask, bits) == 0) return {};
    return system_error("set memory policy '" + policy.mode + "' for nodes '" +
                        printable(policy.nodes) + "'");
}

std::vector<std::string> known_memory_policy_modes() {
    return names(kModes);
}

std::vector<std::string> known_memory_policy_flags() {
    return names(kFlags);
}

}  // namespace dhow::oci
