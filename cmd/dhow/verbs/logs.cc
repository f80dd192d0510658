// SPDX-License-Identifier: Apache-2.0
// dhow logs: what containers wrote, on the stream they wrote it to.
#include "base/file.h"
#include "base/text.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/parse/times.h"

#include <unistd.h>

namespace dhow::cli::verbs {

namespace {

constexpr size_t kBuffer = 65536;

Result<engine::LogsRequest> make_request(const Args& args) {
    engine::LogsRequest request;
    request.follow = args.flag("follow");
    const std::optional<int64_t> tail = args.integer("tail");
    if (tail && *tail >= 0) request.tail = tail;
    const UnixNanos now = now_unix_nanos();
    if (args.given("since"))
        request.since = TRY_CONTEXT(parse_time(args.text("since"), now), "--since");
    if (args.given("until"))
        request.until = TRY_CONTEXT(parse_time(args.text("until"), now), "--until");
    return request;
}

// Gathers lines of one stream into one write; the other stream, or following, empties it.
class LineWriter {
  public:
    LineWriter(bool timestamps, std::string name, bool at_once)
        : timestamps_(timestamps), name_(std::move(name)), at_once_(at_once) {}

    bool take(const engine::LogRecord& record) {
        const int fd = record.is_stderr ? STDERR_FILENO : STDOUT_FILENO;
        if (fd != fd_ && !flush()) return false;
        fd_ = fd;
        const bool begins = !within_line_[record.is_stderr ? 1 : 0];
        if (begins && !name_.empty()) buffer_ += name_ + " ";
        if (begins && timestamps_) buffer_ += format_rfc3339(record.time) + " ";
        buffer_ += record.text;
        if (!record.partial) buffer_ += '\n';
        within_line_[record.is_stderr ? 1 : 0] = record.partial;
        return (!at_once_ && buffer_.size() < kBuffer) || flush();
    }

    bool flush() {
        if (buffer_.empty()) return true;
        const Status written =
            fd_ == STDOUT_FILENO ? print(buffer_) : write_all(STDERR_FILENO, buffer_);
        buffer_.clear();
        return written.has_value();
    }

  private:
    bool timestamps_;
    std::string name_;
    bool at_once_;
    int fd_ = STDOUT_FILENO;
    bool within_line_[2] = {false, false};
    std::string buffer_;
};

}  // namespace

Result<int> logs(Invocation& call) {
    const Args& args = call.args();
    engine::LogsRequest request = TRY(make_request(args));
    if (request.follow && args.operands().size() > 1) {
        return call.usage_error("follow the logs of more than one container at once");
    }
    engine::Engine* const engine = TRY(call.engine());
    return for_each_operand(args.operands(), [&](const std::string& name) -> Status {
        request.container = name;
        LineWriter writer(args.flag("timestamps"), args.flag("names") ? name : "", request.follow);
        Status read = engine::read_logs(
            *engine, request, [&](const engine::LogRecord& record) { return writer.take(record); });
        writer.flush();
        return read;
    });
}

}  // namespace dhow::cli::verbs
