// SPDX-License-Identifier: Apache-2.0
// `events`: what the kernel counts for a container, as lines of JSON in runc's form, until the
// container ends; and a line for each time that the kernel killed for want of memory.
#include "base/json.h"
#include "base/process.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"
#include "oci/runtime/cgroup/cgroup_stats.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace dhow::runtime_cli {

using std::chrono::milliseconds;

static constexpr std::array<OptionSpec, 2> kOptions = {
    {{"interval", 0, true, "time between two stats, such as 500ms or 1m30s; default: 5s"},
     {"stats", 0, false, "one line of stats, then end"}}};

static std::optional<int64_t> unit_of(std::string_view unit) {
    if (unit == "ms") return 1;
    if (unit == "s") return 1000;
    if (unit == "m") return 60 * 1000;
    if (unit == "h") return 60 * 60 * 1000;
    return std::nullopt;
}

// As Go writes durations: "1m30s", "100ms".
static Result<milliseconds> parse_interval(const std::string& text) {
    constexpr int64_t kMost = int64_t{24} * 3600 * 1000;
    const auto invalid = make_error(ErrorKind::InvalidArgument,
                                    "invalid value '" + printable(text) + "' for --interval");
    constexpr std::string_view kDigits = "0123456789";
    int64_t total = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const size_t digits = std::min(rest.find_first_not_of(kDigits), rest.size());
        const size_t next = std::min(rest.find_first_of(kDigits, digits), rest.size());
        const auto number = parse_int<int64_t>(rest.substr(0, digits));
        const auto unit = unit_of(rest.substr(digits, next - digits));
        if (!number || !unit || *number > kMost) return invalid;
        total += *number * *unit;
        if (total > kMost) return invalid;
        rest.remove_prefix(next);
    }
    if (total > 0) return milliseconds(total);
    return make_error(ErrorKind::InvalidArgument, "duration interval must be greater than 0");
}

static Status write_event(std::string_view type, const Container& container, bool with_data) {
    json::Object event{{"type", type}, {"id", container.state.id}};
    if (with_data) event["data"] = oci::cgroup_stats(container.state.cgroup);
    return write_stdout(json::compact(event) + "\n");
}

// Each kill is an event, also those between two looks.
static Status write_kills(const Container& container, uint64_t& seen) {
    const uint64_t now = oci::oom_kill_count(container.state.cgroup).value_or(seen);
    for (; seen < now; ++seen) TRY(write_event("oom", container, false));
    return {};
}

static Result<int> follow(const Container& container, milliseconds interval) {
    constexpr milliseconds kLook(500);  // for a kill, which a slow interval must not hide for long
    const auto init = TRY(open_process(container.state.init));
    uint64_t kills = oci::oom_kill_count(container.state.cgroup).value_or(0);
    auto left = milliseconds(0);
    while (true) {
        if (left <= milliseconds(0)) {
            TRY(write_event("stats", container, true));
            left = interval;
        }
        const auto pause = std::min(left, kLook);
        const bool ended = TRY(wait_for_end(init.get(), pause));
        TRY(write_kills(container, kills));
        if (ended) return 0;
        left -= pause;
    }
}

static Result<int> events(const Context& context, const Parsed& parsed) {
    const auto interval = TRY(parse_interval(parsed.options.value("interval", "5s")));
    const auto container = TRY(open_container(context, parsed.rest[0]));
    if (container.status == oci::ContainerStatus::Stopped) {
        return make_error(ErrorKind::Conflict,
                          "container with id " + container.state.id + " is not running");
    }
    if (!parsed.options.flag("stats")) return follow(container, interval);
    TRY(write_event("stats", container, true));
    return 0;
}

const Verb kEvents{.name = "events",
                   .arguments = "CONTAINER",
                   .help = "tell what a container uses, and when it runs out of memory",
                   .options = kOptions,
                   .least_arguments = 1,
                   .most_arguments = 1,
                   .run = events};

}  // namespace dhow::runtime_cli
