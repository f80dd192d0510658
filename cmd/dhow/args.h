// SPDX-License-Identifier: Apache-2.0
// The options and operands one command was called with, typed. CLI11 does the typing, behind this
// interface and in args.cc alone: its headers cost seconds of compile time, and an App with every
// option of every command costs 2.6 ms at start, so it is given only what argv names.
#pragma once

#include "base/result.h"
#include "cmd/dhow/argv_normalize.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::cli {

class Args {
  public:
    // Checks numbers, splits comma lists, counts operands against the command's bounds.
    static Result<Args> parse(const NormalizedArgv& argv);

    [[nodiscard]] bool given(std::string_view name) const;
    // Of a Bool: the last value; `fallback` when it was not given.
    [[nodiscard]] bool flag(std::string_view name, bool fallback = false) const;
    // The last value; empty when it was not given.
    [[nodiscard]] const std::string& text(std::string_view name) const;
    [[nodiscard]] const std::vector<std::string>& list(std::string_view name) const;
    [[nodiscard]] std::optional<int64_t> integer(std::string_view name) const;

    [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
    std::vector<std::string> operands_;
};

}  // namespace dhow::cli
