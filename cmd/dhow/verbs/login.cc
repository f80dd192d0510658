// SPDX-License-Identifier: Apache-2.0
// dhow login, dhow logout. A password is asked for on the terminal without echo, or read from
// stdin.
#include "base/file.h"
#include "base/text.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/registry_access.h"
#include "cmd/dhow/terminal.h"

#include <termios.h>
#include <unistd.h>

namespace dhow::cli::verbs {

namespace {

constexpr size_t kLineLimit = 4096;

// The next line typed is not shown; KeptTerminal brings the echo back.
void switch_echo_off() {
    termios quiet{};
    if (::tcgetattr(STDIN_FILENO, &quiet) != 0) return;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
}

Result<std::string> read_line(std::string_view what) {
    std::string line;
    char byte = 0;
    while (line.size() < kLineLimit) {
        const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
        if (got < 0) return system_error("read the " + std::string(what));
        if (got == 0 || byte == '\n') return line;
        line += byte;
    }
    return make_error(ErrorKind::InvalidArgument,
                      "read the " + std::string(what) + ": it is too long");
}

Result<std::string> ask(std::string_view what, bool secret) {
    if (::isatty(STDIN_FILENO) == 0) {
        return make_error(ErrorKind::InvalidArgument,
                          "ask for the " + to_lower(what) + ": standard input is no terminal",
                          "give --username and --password-stdin");
    }
    complain(std::string(what) + ": ");
    if (!secret) return read_line(to_lower(what));
    const KeptTerminal kept(STDIN_FILENO);
    switch_echo_off();
    Result<std::string> line = read_line(to_lower(what));
    complain("\n");
    return line;
}

Result<std::string> find_password(Invocation& call) {
    const Args& args = call.args();
    const bool from_stdin = args.flag("password-stdin");
    if (from_stdin && args.given("password")) {
        return call.usage_error("--password and --password-stdin exclude each other");
    }
    if (args.given("password")) return args.text("password");
    if (!from_stdin) return ask("Password", true);
    if (!args.given("username"))
        return call.usage_error("must provide --username with --password-stdin");
    std::string password = TRY_CONTEXT(read_all(STDIN_FILENO, kLineLimit), "read the password");
    while (!password.empty() && (password.back() == '\n' || password.back() == '\r'))
        password.pop_back();
    return password;
}

}  // namespace

Result<int> login(Invocation& call) {
    const Args& args = call.args();
    engine::LoginRequest request;
    request.registry = args.operands()[0];
    static_cast<engine::RegistryAccess&>(request) = registry_access(args);
    request.username = args.given("username") ? args.text("username") : TRY(ask("Username", false));
    request.password = TRY(find_password(call));
    engine::Engine* const engine = TRY(call.engine());
    TRY(engine::login(*engine, request));
    TRY(print_line("Login Succeeded!"));
    return 0;
}

Result<int> logout(Invocation& call) {
    const Args& args = call.args();
    const std::string& registry = args.operands()[0];
    engine::Engine* const engine = TRY(call.engine());
    TRY(engine::logout(*engine, registry, args.text("authfile")));
    TRY(print_line("Removed login credentials for " + printable(registry)));
    return 0;
}

}  // namespace dhow::cli::verbs
