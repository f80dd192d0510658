// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/cpu_affinity.h"

#include "base/text.h"

#include <algorithm>
#include <array>

#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

static constexpr unsigned kBitsPerWord = 8 * sizeof(unsigned long);
static constexpr unsigned kMostCpus = 8192;  // NR_CPUS where it is largest

static Error invalid(const std::string& list) {
    return make_error(ErrorKind::InvalidArgument, "invalid list of cpus '" + printable(list) + "'");
}

Result<std::vector<unsigned long>> parse_cpu_list(const std::string& list) {
    std::vector<unsigned long> mask;
    for (const std::string& range : split(list, ',')) {
        const auto [from, to] = split_once(range, '-');
        const auto first = parse_int<unsigned>(trim(from));
        const auto last = to ? parse_int<unsigned>(trim(*to)) : first;
        if (!first || !last || *first > *last || *last >= kMostCpus) return invalid(list);
        if (mask.size() <= *last / kBitsPerWord) mask.resize(*last / kBitsPerWord + 1);
        for (unsigned cpu = *first; cpu <= *last; ++cpu) {
            mask[cpu / kBitsPerWord] |= 1UL << (cpu % kBitsPerWord);
        }
    }
    return mask;
}

// The system call itself: libc's refuses nothing, but its set is as long as the headers say.
static bool apply(const unsigned long* mask, size_t bytes) {
    return ::syscall(SYS_sched_setaffinity, 0, bytes, mask) >= 0;
}

Status set_cpu_affinity(const std::string& list) {
    const auto mask = TRY(parse_cpu_list(list));
    if (apply(mask.data(), mask.size() * sizeof(unsigned long))) return {};
    return system_error("set cpu affinity '" + printable(list) + "'");
}

void reset_cpu_affinity() {
    // More bits than there are processors: the kernel cuts the mask to what exists and is allowed,
    // and remembers the rest for when the cpuset grows.
    std::array<unsigned long, kMostCpus / kBitsPerWord> all{};
    all.fill(~0UL);
    // A filter of the caller's may forbid it; then all is as it was.
    apply(all.data(), sizeof all);
}

}  // namespace dhow::oci
