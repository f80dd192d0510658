// SPDX-License-Identifier: Apache-2.0
// The key sequence that leaves an attached container running ("ctrl-p,ctrl-q"). Pure.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace dhow::cli {

inline constexpr std::string_view kDefaultDetachKeys = "ctrl-p,ctrl-q";

// The bytes a terminal sends for the keys: single characters or ctrl-<a-z @ [ \ ] ^ _>, separated
// by commas. "" gives no bytes: there is no way to detach.
Result<std::string> parse_detach_keys(std::string_view text);

// Watches what is typed. Bytes that may begin the sequence are held back until the next byte tells.
class DetachWatch {
  public:
    explicit DetachWatch(std::string sequence) : sequence_(std::move(sequence)) {}

    struct Typed {
        std::string pass_on;  // for the container
        bool detached = false;
    };

    Typed feed(std::string_view bytes);
    // What was held back when input ends.
    std::string flush();

  private:
    std::string sequence_;
    std::string held_;
};

}  // namespace dhow::cli
