// SPDX-License-Identifier: Apache-2.0
#include "engine/signals.h"

#include "base/text.h"

#include <csignal>
#include <cstring>

namespace dhow::engine {

static constexpr int kHighestSignal = 64;

static std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return result;
}

// "RTMIN+3" and "RTMAX-1", as systemd and the C library count them.
static std::optional<int> parse_real_time(std::string_view name) {
    const bool from_min = name.starts_with("RTMIN");
    if (!from_min && !name.starts_with("RTMAX")) return std::nullopt;
    const std::string_view rest = name.substr(5);
    if (rest.empty()) return from_min ? SIGRTMIN : SIGRTMAX;
    if (rest.front() != (from_min ? '+' : '-')) return std::nullopt;
    const auto offset = parse_int<int>(rest.substr(1));
    if (!offset || *offset < 0 || *offset > SIGRTMAX - SIGRTMIN) return std::nullopt;
    return from_min ? SIGRTMIN + *offset : SIGRTMAX - *offset;
}

Result<int> parse_signal(std::string_view text) {
    const auto number = parse_int<int>(text);
    if (number && *number >= 1 && *number <= kHighestSignal) return *number;
    std::string name = upper(text);
    if (name.starts_with("SIG")) name.erase(0, 3);
    for (int candidate = 1; candidate < SIGRTMIN; ++candidate) {
        const char* known = sigabbrev_np(candidate);
        if (known != nullptr && name == known) return candidate;
    }
    if (const auto real_time = parse_real_time(name)) return *real_time;
    return make_error(ErrorKind::InvalidArgument,
                      "invalid signal '" + printable(text) + "'",
                      "use a name such as TERM or SIGKILL, or a number from 1 to 64");
}

std::string signal_name(int number) {
    const char* known = sigabbrev_np(number);
    return known == nullptr ? std::to_string(number) : "SIG" + std::string(known);
}

}  // namespace dhow::engine
