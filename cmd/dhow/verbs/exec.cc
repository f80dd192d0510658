// SPDX-License-Identifier: Apache-2.0
// dhow exec: another process in a running container, on the caller's own descriptors.
#include "base/file.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/parse/environment.h"
#include "cmd/dhow/parse/policies.h"
#include "cmd/dhow/terminal.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::cli::verbs {

namespace {

constexpr size_t kEnvFileLimit = 1U << 20U;

Result<engine::ExecRequest> make_request(const Args& args) {
    engine::ExecRequest request;
    request.container = args.operands()[0];
    request.command.assign(args.operands().begin() + 1, args.operands().end());
    HostEnvironment host;
    if (args.given("env") || args.given("env-file")) host = own_environment();
    std::vector<std::string> env;
    for (const std::string& path : args.list("env-file")) {
        const std::string content =
            TRY_CONTEXT(read_file_at(AT_FDCWD, path, kEnvFileLimit), "read --env-file");
        TRY_CONTEXT(add_env_file(content, host, env), "read '" + path + "'");
    }
    for (const std::string& text : args.list("env")) TRY_CONTEXT(add_env(text, host, env), "--env");
    request.env = last_of_each(env);
    if (args.given("user")) request.user = TRY_CONTEXT(parse_user(args.text("user")), "--user");
    request.working_dir = args.text("workdir");
    request.interactive = args.flag("interactive");
    request.terminal = args.flag("tty");
    request.privileged = args.flag("privileged");
    request.detach = args.flag("detach");
    return request;
}

}  // namespace

Result<int> exec(Invocation& call) {
    const engine::ExecRequest request = TRY(make_request(call.args()));
    engine::Engine* const engine = TRY(call.engine());
    if (request.detach) {
        TRY(engine::exec_detached(*engine, request));
        return 0;
    }
    // The runtime makes the terminal raw; should it be killed, the user gets it back as it was.
    const KeptTerminal kept(request.terminal ? STDIN_FILENO : -1);
    return engine::exec_foreground(*engine, request);
}

}  // namespace dhow::cli::verbs
