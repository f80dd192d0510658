// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/process.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 1> kOptions = {
    {{"format", 'f', true, "table (default) or json"}}};

// Lines of ps(1) whose pid column names a process of the container.
static Result<std::string> filter_table(const std::string& table, const std::vector<pid_t>& pids) {
    std::string out;
    size_t column = std::string::npos;
    for (const std::string& line : split(table, '\n')) {
        std::vector<std::string> words;
        for (std::string& word : split(line, ' ')) {
            if (!word.empty()) words.push_back(std::move(word));
        }
        if (column == std::string::npos) {
            const auto found = std::find(words.begin(), words.end(), "PID");
            if (found == words.end()) {
                return make_error(ErrorKind::InvalidArgument,
                                  "couldn't find PID field in ps output");
            }
            column = static_cast<size_t>(found - words.begin());
            out += line + "\n";
        } else if (column < words.size()) {
            const auto pid = parse_int<pid_t>(words[column]);
            if (pid && std::binary_search(pids.begin(), pids.end(), *pid)) out += line + "\n";
        }
    }
    return out;
}

static Result<std::string> table_of(const Parsed& parsed, const std::vector<pid_t>& pids) {
    const char* path = ::secure_getenv("PATH");
    SpawnOptions options;
    options.program = TRY(find_program("ps", path != nullptr ? path : "/usr/bin:/bin"));
    options.argv = {"ps"};
    options.argv.insert(options.argv.end(), parsed.rest.begin() + 1, parsed.rest.end());
    if (options.argv.size() == 1) options.argv.emplace_back("-ef");
    const auto captured = TRY(run_captured(std::move(options)));
    if (!captured.status.success()) {
        return make_error(ErrorKind::System, "run ps: " + printable(trim(captured.err)));
    }
    return filter_table(captured.out, pids);
}

static Result<int> ps(const Context& context, const Parsed& parsed) {
    const auto container = TRY(open_container(context, parsed.rest[0]));
    const auto format = parsed.options.value("format", "table");
    if (format != "table" && format != "json") {
        return make_error(ErrorKind::InvalidArgument, "invalid format option");
    }
    auto pids = oci::cgroup_pids(container.state.cgroup);
    if (!pids) return std::move(pids).error().context("container '" + container.state.id + "'");
    if (format == "json") {
        json::Array array;
        for (const pid_t pid : *pids) array.emplace_back(pid);
        TRY(write_stdout(json::compact(array) + "\n"));
    } else {
        const auto table = TRY(table_of(parsed, *pids));
        TRY(write_stdout(table));
    }
    return 0;
}

const Verb kPs{.name = "ps",
               .arguments = "CONTAINER [PS OPTION...]",
               .help = "list the processes of a container",
               .options = kOptions,
               .options_anywhere = false,
               .least_arguments = 1,
               .most_arguments = SIZE_MAX,
               .run = ps};

}  // namespace dhow::runtime_cli
