// SPDX-License-Identifier: Apache-2.0
// From raw argv to a command, its options in one canonical form, and its operands: the conventions
// of pflag that fingers and scripts expect (flags stop at IMAGE, `-it`, `--rm=false`, `-e=A=1`,
// `-p8080:80`, `--` ends flags), which argument libraries disagree on. Pure; does not judge values,
// only that each flag exists and has one.
#pragma once

#include "base/result.h"
#include "cmd/dhow/command.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::cli {

struct OptionUse {
    const OptionSpec* option = nullptr;
    std::string value;    // "true"/"false" for Bool
    std::string spelled;  // "--rm" or "-e, --env", for messages
};

struct NormalizedArgv {
    const Command* command = nullptr;     // nullptr: `dhow` or a group alone
    const CommandGroup* group = nullptr;  // set when the command was called through one
    std::string path;                     // as called: "container run"
    std::vector<OptionUse> options;       // in order; the last of a single-valued one wins
    std::vector<std::string> operands;
    bool help = false;
};

// `args` without argv[0]. The Error's fix says which help to read.
Result<NormalizedArgv> normalize_argv(std::span<const std::string_view> args);

// Go's strconv.ParseBool: 1 t T true TRUE True 0 f F false FALSE False.
std::optional<bool> parse_bool(std::string_view text);

}  // namespace dhow::cli
