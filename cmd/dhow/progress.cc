// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/progress.h"

#include "cmd/dhow/exit_code.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/terminal.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

namespace dhow::cli {

namespace {

constexpr size_t kBarWidth = 40;
constexpr size_t kUsualColumns = 80;
constexpr auto kFrame = std::chrono::milliseconds(100);

std::string bar(uint64_t current, uint64_t total) {
    // An unknown total shows no progress rather than a wrong one.
    const size_t filled = total == 0
                              ? 0
                              : static_cast<size_t>(static_cast<double>(std::min(current, total)) /
                                                    static_cast<double>(total) * kBarWidth);
    std::string out(filled, '=');
    if (filled < kBarWidth) out += '>';
    out.resize(kBarWidth, '-');
    return "[" + out + "]";
}

}  // namespace

ProgressView ProgressView::for_stderr(bool quiet) {
    return {quiet ? Style::Quiet : Style::Undecided, kUsualColumns, [](std::string_view text) {
                complain(text);
            }};
}

void ProgressView::decide() {
    style_ = stderr_is_terminal() ? Style::Bars : Style::Plain;
    const std::optional<WindowSize> size =
        style_ == Style::Bars ? window_size(STDERR_FILENO) : std::nullopt;
    if (size) columns_ = size->columns;
}

ProgressView::ProgressView(Style style, size_t columns, Writer writer)
    : style_(style), columns_(columns), writer_(std::move(writer)) {}

void ProgressView::show(const engine::ProgressEvent& event, Clock::time_point now) {
    using Kind = engine::ProgressEvent::Kind;
    if (style_ == Style::Undecided) decide();
    if (style_ == Style::Quiet) return;
    const std::string blob = "Copying blob " + short_id(on_one_line(event.digest));
    if (event.kind != Kind::Message) say_announcement();
    switch (event.kind) {
        case Kind::Message:
            announce(on_one_line(event.text));
            break;
        case Kind::BlobStarted:
            live_.push_back({event.digest, event.current, event.total, now});
            break;
        case Kind::BlobProgress:
            for (Blob& each : live_) {
                if (each.digest != event.digest) continue;
                each.current = event.current;
                if (event.total != 0) each.total = event.total;
            }
            break;
        case Kind::BlobDone:
            settle(event.digest, blob + " done");
            break;
        case Kind::BlobExists:
            settle(event.digest, blob + " skipped: already exists");
            break;
        case Kind::ConfigDone:
            settle(event.digest, "Copying config " + short_id(on_one_line(event.digest)) + " done");
            break;
        case Kind::ManifestDone:
            settle("", "Writing manifest to image destination");
            break;
    }
    if (style_ == Style::Bars && now - last_frame_ >= kFrame) draw(now);
}

// On a terminal at once. Elsewhere with the first news: a pull that fails before it is one line,
// its error.
void ProgressView::announce(const std::string& line) {
    announcement_ += line + "\n";
    if (style_ == Style::Bars) say_announcement();
}

void ProgressView::say_announcement() {
    if (!announcement_.empty()) writer_(std::exchange(announcement_, {}));
}

void ProgressView::settle(const std::string& digest, std::string line) {
    std::erase_if(live_, [&](const Blob& blob) { return blob.digest == digest; });
    line += '\n';
    if (style_ == Style::Plain) {
        writer_(line);
    } else {
        settled_.push_back(std::move(line));
    }
}

void ProgressView::finish() {
    if (style_ != Style::Bars) return;
    live_.clear();
    draw(Clock::now());
}

std::string ProgressView::bar_line(const Blob& blob, Clock::time_point now) const {
    std::string line = "Copying blob " + short_id(on_one_line(blob.digest)) + " " +
                       bar(blob.current, blob.total) + " " + human_binary_size(blob.current);
    if (blob.total != 0) line += " / " + human_binary_size(blob.total);
    const double seconds = std::chrono::duration<double>(now - blob.started).count();
    if (seconds > 0.5) {
        line +=
            " " +
            human_binary_size(static_cast<uint64_t>(static_cast<double>(blob.current) / seconds)) +
            "/s";
    }
    // A wrapped line would break the count of lines to go back.
    if (columns_ > 1 && line.size() >= columns_) line.resize(columns_ - 1);
    return line;
}

void ProgressView::draw(Clock::time_point now) {
    std::string frame;
    if (drawn_ > 0) frame += "\x1b[" + std::to_string(drawn_) + "A\r\x1b[J";
    for (const std::string& line : settled_) frame += line;
    for (const Blob& blob : live_) frame += bar_line(blob, now) + "\n";
    settled_.clear();
    drawn_ = live_.size();
    last_frame_ = now;
    if (!frame.empty()) writer_(frame);
}

}  // namespace dhow::cli
