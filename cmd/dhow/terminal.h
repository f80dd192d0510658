// SPDX-License-Identifier: Apache-2.0
// The user's terminal in raw mode for as long as an object lives: restored when it goes, and by a
// last-resort handler when the process is killed by a signal that runs no destructors.
#pragma once

#include "base/result.h"

#include <optional>

#include <termios.h>

namespace dhow::cli {

struct WindowSize {
    unsigned rows = 0;
    unsigned columns = 0;

    bool operator==(const WindowSize&) const = default;
};

// nullopt when `fd` is no terminal or has no size.
std::optional<WindowSize> window_size(int fd);

// At most one lives at a time: a process has one terminal to restore.
class [[nodiscard]] RawTerminal {
  public:
    static Result<RawTerminal> enter(int fd);
    RawTerminal(RawTerminal&& other) noexcept;
    RawTerminal& operator=(RawTerminal&&) = delete;
    ~RawTerminal();

    // Raw again: after a stop and continue the shell has put its own settings back.
    void renew() const;

  private:
    RawTerminal(int fd, const termios& saved) : fd_(fd), saved_(saved) {}

    int fd_ = -1;
    termios saved_{};
};

// Puts a terminal's settings back as they were, whatever somebody else does to them meanwhile.
// Nothing happens for a descriptor that is no terminal.
class [[nodiscard]] KeptTerminal {
  public:
    explicit KeptTerminal(int fd);
    KeptTerminal(const KeptTerminal&) = delete;
    KeptTerminal& operator=(const KeptTerminal&) = delete;
    ~KeptTerminal();

  private:
    int fd_ = -1;
    termios saved_{};
};

}  // namespace dhow::cli
