// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/parse/policies.h"

#include "base/text.h"

#include <array>
#include <csignal>
#include <optional>

namespace dhow::cli {

namespace {

Error unknown(std::string_view what, std::string_view text, std::string fix) {
    return make_error(ErrorKind::InvalidArgument,
                      "invalid " + std::string(what) + " '" + printable(text) + "'",
                      std::move(fix));
}

struct NamedSignal {
    std::string_view name;
    int number;
};

constexpr auto kSignals = std::to_array<NamedSignal>({
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},       {"CHLD", SIGCHLD},
    {"CLD", SIGCHLD},  {"CONT", SIGCONT}, {"FPE", SIGFPE},       {"HUP", SIGHUP},
    {"ILL", SIGILL},   {"INT", SIGINT},   {"IO", SIGIO},         {"IOT", SIGABRT},
    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},     {"PROF", SIGPROF},
    {"PWR", SIGPWR},   {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},     {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
});

// The kernel's numbers: glibc hides the first two real-time signals, a container may use them.
constexpr int kFirstRealtime = 34;
constexpr int kLastRealtime = 64;

// "RTMIN", "RTMIN+3", "RTMAX-1".
std::optional<int> realtime_signal(std::string_view name) {
    const bool from_first = name.starts_with("RTMIN");
    if (!from_first && !name.starts_with("RTMAX")) return std::nullopt;
    const std::string_view rest = name.substr(5);
    const int base = from_first ? kFirstRealtime : kLastRealtime;
    if (rest.empty()) return base;
    if (rest[0] != (from_first ? '+' : '-')) return std::nullopt;
    const std::optional<uint8_t> offset = parse_int<uint8_t>(rest.substr(1));
    if (!offset || *offset > kLastRealtime - kFirstRealtime) return std::nullopt;
    return from_first ? base + *offset : base - *offset;
}

bool is_user_part(std::string_view text) {
    if (text.empty() || text.size() > 256) return false;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == ':' || c == '/') return false;
    }
    return true;
}

}  // namespace

Result<engine::RestartPolicy> parse_restart(std::string_view text) {
    using engine::RestartKind;
    const std::string fix = "choose no, always, on-failure[:max-retries] or unless-stopped";
    const auto [name, retries] = split_once(text, ':');
    engine::RestartPolicy policy;
    if (name == "on-failure") {
        policy.kind = RestartKind::OnFailure;
        if (!retries) return policy;
        const std::optional<int> count = parse_int<int>(*retries);
        if (!count || *count < 0) return unknown("restart policy", text, fix);
        policy.max_retries = *count;
        return policy;
    }
    if (retries) return unknown("restart policy", text, fix);
    if (name == "no" || name == "never") return policy;
    if (name == "always") return engine::RestartPolicy{RestartKind::Always, 0};
    if (name == "unless-stopped") return engine::RestartPolicy{RestartKind::UnlessStopped, 0};
    return unknown("restart policy", text, fix);
}

Result<engine::PullPolicy> parse_pull(std::string_view text) {
    using engine::PullPolicy;
    const std::string name = to_lower(text);
    if (name == "missing" || name == "ifnotpresent" || name == "true" || name == "1") {
        return PullPolicy::Missing;
    }
    if (name == "always") return PullPolicy::Always;
    if (name == "never" || name == "false" || name == "0") return PullPolicy::Never;
    if (name == "newer" || name == "ifnewer") return PullPolicy::Newer;
    return unknown("pull policy", text, "choose always, missing, never or newer");
}

Result<Network> parse_network(std::string_view text) {
    using engine::NetworkKind;
    if (text == "none") return Network{NetworkKind::None, {}};
    if (text == "host") return Network{NetworkKind::Host, {}};
    if (text == "bridge") return Network{NetworkKind::Bridge, {}};
    if (text == "pasta") return Network{NetworkKind::Pasta, {}};
    if (text == "default") return Network{NetworkKind::Default, {}};
    constexpr std::string_view kContainer = "container:";
    if (text.starts_with(kContainer) && text.size() > kContainer.size()) {
        return Network{NetworkKind::Container, std::string(text.substr(kContainer.size()))};
    }
    return unknown("network", text, "choose none, host, bridge, pasta or container:NAME");
}

Result<int> parse_signal(std::string_view text) {
    const std::optional<int> number = parse_int<int>(text);
    if (number && *number >= 1 && *number <= kLastRealtime) return *number;
    std::string name(text);
    for (char& c : name) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
    }
    const std::string_view bare = name.starts_with("SIG") ? std::string_view(name).substr(3) : name;
    for (const NamedSignal& known : kSignals) {
        if (known.name == bare) return known.number;
    }
    const std::optional<int> realtime = realtime_signal(bare);
    if (realtime) return *realtime;
    return unknown("signal", text, "name one as in TERM, SIGHUP, 9 or RTMIN+3");
}

Result<std::string> parse_user(std::string_view text) {
    const auto [user, group] = split_once(text, ':');
    if (!is_user_part(user) || (group && !is_user_part(*group))) {
        return unknown("user", text, "the format is name|uid[:group|gid]");
    }
    return std::string(text);
}

}  // namespace dhow::cli
