// SPDX-License-Identifier: Apache-2.0
// What one command of `dhow` looks like as data: names, words of help, options. The tables of these
// (tables/*.cc) drive parsing, help, and later completion and man pages; they hold no code, so
// every reader of them can be tested without an engine. Runs in dhow only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace dhow::cli {

enum class ValueType {
    Bool,
    String,
    StringArray,   // one value a use, all uses kept
    CommaStrings,  // as StringArray, and each use split at commas
    Int,
    Uint,
    Float,
};

struct OptionSpec {
    std::string_view name;  // without the dashes
    char shorthand = 0;
    ValueType type = ValueType::Bool;
    std::string_view help;
    std::string_view default_text;  // shown in help; handlers know their own defaults
    std::string_view value_name;    // shown instead of the type's name
    std::string_view alias_of;      // "net" stands for "network"; hidden in help
    bool hidden = false;
};

// What the handlers are chosen by: handlers.cc holds the other half of the table.
enum class Verb : uint8_t {
    Attach,
    Cleanup,
    Commit,
    ContainerExists,
    ContainerPrune,
    Create,
    Diff,
    Exec,
    Export,
    GenerateSystemd,
    Help,
    History,
    ImageExists,
    ImagePrune,
    ImageTree,
    Images,
    Import,
    Info,
    Inspect,
    Kill,
    Load,
    Login,
    Logout,
    Logs,
    Ps,
    Pull,
    Push,
    Rename,
    Restart,
    Rm,
    Rmi,
    Run,
    Save,
    Start,
    Stop,
    SystemCheck,
    SystemDf,
    SystemPrune,
    SystemReset,
    SystemService,
    Tag,
    Top,
    Untag,
    Version,
    VolumeCreate,
    VolumeExists,
    VolumeExport,
    VolumeImport,
    VolumeLs,
    VolumePrune,
    VolumeRm,
    Wait,
};

inline constexpr int kAnyNumber = -1;

struct Command {
    // The ways to call it, separated by '|': "ps|container ps|container ls|container list". The
    // first is the one help lists; "list" beside "ls" is an alias of the same group member.
    std::string_view paths;
    Verb verb;
    std::string_view summary;      // one line, no full stop
    std::string_view description;  // whole sentences
    std::string_view usage;        // what follows the command's name: "[options] IMAGE"
    std::string_view examples;     // without the program's name, one a line
    std::span<const OptionSpec> options;
    std::span<const OptionSpec> (*more_options)() = nullptr;  // a second list, shared by commands
    int min_args = 0;
    int max_args = kAnyNumber;
    bool flags_stop_at_operand =
        false;  // run IMAGE, exec CONTAINER: the rest belongs to the command
    bool hidden = false;
};

// A word that only holds other commands: `dhow image ...`.
struct CommandGroup {
    std::string_view name;
    std::string_view summary;
};

}  // namespace dhow::cli
