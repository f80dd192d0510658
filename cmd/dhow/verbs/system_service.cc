// SPDX-License-Identifier: Apache-2.0
// dhow system service: becomes dhow-api, with the arguments, environment and sockets it was given.
#include "base/process.h"
#include "cmd/dhow/handlers.h"

#include <unistd.h>

namespace dhow::cli::verbs {

namespace {

void add_option(const Args& args, std::string_view name, std::vector<std::string>& words) {
    if (!args.given(name)) return;
    words.push_back("--" + std::string(name));
    words.push_back(args.text(name));
}

}  // namespace

Result<int> system_service(Invocation& call) {
    const Args& args = call.args();
    const std::string program = TRY_CONTEXT(find_helper("dhow-api"), "run the API service");
    std::vector<std::string> words{"dhow-api"};
    for (const std::string_view name : {"root", "runroot", "runtime", "time"})
        add_option(args, name, words);
    for (const std::string& operand : args.operands()) words.push_back(operand);
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    // No fork: LISTEN_PID names this process, and systemd watches it.
    ::execv(program.c_str(), pointers.data());
    return system_error("execute '" + program + "'");
}

}  // namespace dhow::cli::verbs
