// SPDX-License-Identifier: Apache-2.0
// The runc command line, parsed by hand: `dhow-runtime [global options] VERB [options]
// [arguments]`. Options are `--name value`, `--name=value`, `-n value`, one dash or two alike.
// Pure.
#pragma once

#include "base/result.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::runtime_cli {

struct OptionSpec {
    std::string_view name;
    char letter = 0;  // 0: none
    bool takes_value = false;
    std::string_view help;
};

class Options {
  public:
    [[nodiscard]] bool has(std::string_view name) const;
    // `--flag` and `--flag=true`, unless a later `--flag=false`.
    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] std::string value(std::string_view name, const std::string& fallback = {}) const;
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
    void add(std::string_view name, std::string value);

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct Parsed {
    Options options;
    std::vector<std::string> rest;
};

// `options_anywhere` false: the first argument that is no option ends them (`exec`, global
// options).
Result<Parsed> parse_options(std::span<const std::string> args,
                             std::span<const OptionSpec> specs,
                             bool options_anywhere);

}  // namespace dhow::runtime_cli
