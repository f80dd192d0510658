// SPDX-License-Identifier: Apache-2.0
// GET /containers/{id}/logs
#include "base/clock.h"
#include "base/text.h"
#include "cmd/api/call.h"
#include "cmd/api/frames.h"
#include "cmd/api/routes.h"

#include <poll.h>

namespace dhow::api::handlers {

namespace {

constexpr UnixNanos kNanosPerSecond = 1'000'000'000;

// "SECONDS[.NANOSECONDS]", as the client sends every time; "0" is none.
Result<std::optional<UnixNanos>> parse_time(const std::string& text, std::string_view name) {
    if (text.empty() || text == "0") return std::optional<UnixNanos>();
    const auto [whole, fraction] = split_once(text, '.');
    const auto seconds = parse_int<int64_t>(whole);
    std::string digits(fraction.value_or(""));
    constexpr size_t kNanoDigits = 9;
    digits.resize(kNanoDigits, '0');
    const auto nanos = parse_int<int64_t>(digits);
    if (!seconds || !nanos) {
        return make_error(ErrorKind::InvalidArgument,
                          "'" + std::string(name) + "' is no time: '" + printable(text) + "'");
    }
    return std::optional(*seconds * kNanosPerSecond + *nanos);
}

bool has_left(int client) {
    pollfd polled{.fd = client, .events = POLLRDHUP, .revents = 0};
    return ::poll(&polled, 1, 0) > 0 && (polled.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

Result<engine::LogsRequest> read_request(Call& call) {
    engine::LogsRequest request;
    request.container = call.param("id");
    request.follow = call.query.flag("follow");
    request.stdout_wanted = call.query.flag("stdout");
    request.stderr_wanted = call.query.flag("stderr");
    request.since = TRY(parse_time(call.query.get("since"), "since"));
    request.until = TRY(parse_time(call.query.get("until"), "until"));
    if (const std::string tail = call.query.get("tail"); !tail.empty() && tail != "all") {
        request.tail = parse_int<int64_t>(tail).value_or(0);
    }
    request.still_wanted = [fd = call.http.fd()] { return !has_left(fd); };
    if (request.stdout_wanted || request.stderr_wanted) return request;
    return make_error(ErrorKind::InvalidArgument,
                      "Bad parameters: you must choose at least one stream");
}

std::string line_of(const engine::LogRecord& record, bool timestamps) {
    std::string line;
    if (timestamps) line = format_rfc3339(record.time) + " ";
    line += record.text;
    if (!record.partial) line += '\n';
    return line;
}

Result<void> logs(Call& call) {
    const auto request = TRY(read_request(call));
    const auto details = TRY(engine::inspect_container(call.engine, request.container));
    const bool terminal = details.config.terminal;
    const bool timestamps = call.query.flag("timestamps");
    TRY(call.http.begin_stream(200, {{"Content-Type", stream_type(call, terminal)}}));
    const auto sink = [&](const engine::LogRecord& record) {
        const std::string line = line_of(record, timestamps);
        const StreamId stream = record.is_stderr ? StreamId::Stderr : StreamId::Stdout;
        return bool(call.http.write_stream(terminal ? line : frame(stream, line)));
    };
    TRY(engine::read_logs(call.engine, request, sink));
    return call.http.end_stream();
}

}  // namespace

void container_logs(Call& call) {
    answer_errors(call, logs(call));
}

}  // namespace dhow::api::handlers
