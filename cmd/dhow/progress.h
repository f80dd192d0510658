// SPDX-License-Identifier: Apache-2.0
// Shows a pull or load on stderr: bars on a terminal (redrawn at most ten times a second, one write
// a frame), plain lines elsewhere, nothing when quiet. stdout stays clean for the image's id.
#pragma once

#include "engine/views.h"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::cli {

class ProgressView {
  public:
    enum class Style { Quiet, Plain, Bars, Undecided };
    using Clock = std::chrono::steady_clock;
    using Writer = std::function<void(std::string_view)>;

    // Bars if stderr is a terminal that can move its cursor; looked up when there is something to
    // show.
    static ProgressView for_stderr(bool quiet);
    ProgressView(Style style, size_t columns, Writer writer);

    void show(const engine::ProgressEvent& event, Clock::time_point now = Clock::now());
    // What a frame held back; leaves the cursor below the last line. Call once at the end.
    void finish();

  private:
    struct Blob {
        std::string digest;
        uint64_t current = 0;
        uint64_t total = 0;
        Clock::time_point started;
    };

    void decide();
    void announce(const std::string& line);
    void say_announcement();
    void settle(const std::string& digest, std::string line);
    void draw(Clock::time_point now);
    [[nodiscard]] std::string bar_line(const Blob& blob, Clock::time_point now) const;

    Style style_;
    std::string announcement_;  // not said yet
    size_t columns_;
    Writer writer_;
    std::vector<Blob> live_;            // in progress, redrawn each frame
    std::vector<std::string> settled_;  // finished lines the next frame puts above the live ones
    size_t drawn_ = 0;                  // live lines on the screen
    Clock::time_point last_frame_;
};

}  // namespace dhow::cli
