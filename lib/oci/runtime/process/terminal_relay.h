// SPDX-License-Identifier: Apache-2.0
// In the foreground the runtime itself stands between the caller and the program: it waits for it,
// passes signals on, and copies bytes between the caller's terminal and the container's pty. Parent
// half; the only wait of the runtime without an end of its own.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace dhow::oci {

// From before the program starts (a fast one must not outrun it) until its end.
class Foreground {
  public:
    // `terminal`: the pty's master, or invalid. Blocks the signals that will be passed on.
    static Result<Foreground> begin(UniqueFd terminal);

    Foreground(Foreground&&) noexcept = default;
    Foreground& operator=(Foreground&&) = delete;
    ~Foreground();

    Result<WaitStatus> wait(Child& child);

  private:
    Foreground(UniqueFd terminal, UniqueFd signals)
        : terminal_(std::move(terminal)), signals_(std::move(signals)) {}

    void take_signal(const Child& child);
    void resize();
    bool copy(int from, int to);
    Result<bool> step(const Child& child, bool ended);

    UniqueFd terminal_;
    UniqueFd signals_;
    bool raw_ = false;
    bool input_open_ = true;
};

}  // namespace dhow::oci
