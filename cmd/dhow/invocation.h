// SPDX-License-Identifier: Apache-2.0
// One call of one command: what it was given, and the engine it may open. A handler does its engine
// calls, prints their answer, and returns the exit code; an Error it returns is printed by the
// caller.
#pragma once

#include "base/result.h"
#include "cmd/dhow/args.h"
#include "cmd/dhow/command.h"
#include "cmd/dhow/exit_code.h"
#include "engine/engine.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dhow::cli {

class Invocation {
  public:
    Invocation(const Command& command, const CommandGroup* group, std::string path, Args args)
        : command_(command), group_(group), path_(std::move(path)), args_(std::move(args)) {}

    [[nodiscard]] const Command& command() const { return command_; }

    // The group it was called through, as in `dhow image inspect`: nullptr for none.
    [[nodiscard]] const CommandGroup* group() const { return group_; }

    [[nodiscard]] const std::string& path() const { return path_; }

    [[nodiscard]] const Args& args() const { return args_; }

    // Opened at the first call: a mistake on the command line costs no database.
    Result<engine::Engine*> engine();

    // A mistake in how the command was called: its fix points to the command's help.
    [[nodiscard]] Error usage_error(std::string message) const;

  private:
    const Command& command_;
    const CommandGroup* group_;
    std::string path_;
    Args args_;
    std::optional<engine::Engine> engine_;
};

// The action done to each operand in turn: an error is printed and the next one gets its chance.
// The exit code of the last error, or 0.
int for_each_operand(const std::vector<std::string>& operands,
                     const std::function<Status(const std::string&)>& action,
                     CodeStyle style = CodeStyle::Ordinary);

}  // namespace dhow::cli
