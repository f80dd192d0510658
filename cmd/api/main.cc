// SPDX-License-Identifier: Apache-2.0
// dhow-api: the Docker Engine API on a unix socket, over the same engine as the CLI. Started by
// systemd with a listening socket, or by a user with an address. Never runs as a daemon of its own.
#include "base/text.h"
#include "cmd/api/server.h"

#include <csignal>
#include <cstdio>

#include <getopt.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace dhow::api {
namespace {

constexpr int kDefaultIdleSeconds = 300;

constexpr const char* kHelp =
    "Usage: dhow-api [OPTION...] [unix:///PATH]\n\n"
    "Serves the Docker Engine API on a unix socket.\n\n"
    "Without an address it serves the socket that systemd hands over.\n\n"
    "  --time SECONDS  leave after so long without a client; 0: never\n"
    "                  (300 with a socket of systemd's, never with an address)\n"
    "  --root DIR      state folder\n"
    "  --runroot DIR   run folder\n"
    "  --runtime NAME  OCI runtime of new containers\n"
    "  --help, --version\n";

enum Option : int { kTime = 256, kRoot, kRunRoot, kRuntime, kHelpOption, kVersion };

struct Arguments {
    ServerOptions server;
    std::optional<std::string> printed;  // --help, --version
};

Result<std::string> socket_path(std::string_view text) {
    if (text.starts_with("unix://")) text.remove_prefix(7);
    if (text.size() > 1 && text.front() == '/' && text.back() != '/') return std::string(text);
    return make_error(ErrorKind::InvalidArgument,
                      "'" + printable(text) + "' is no address to listen at",
                      "use unix:///run/user/1000/dhow.sock");
}

Status take(Arguments& arguments, int option, std::string_view value) {
    ServerOptions& server = arguments.server;
    switch (option) {
        case kTime: {
            const auto seconds = parse_int<int>(value);
            if (!seconds || *seconds < 0) {
                return make_error(ErrorKind::InvalidArgument,
                                  "--time '" + printable(value) + "' is no number of seconds");
            }
            server.idle.reset();
            if (*seconds > 0) server.idle = std::chrono::seconds(*seconds);
            return {};
        }
        case kRoot:
            server.engine.root = value;
            return {};
        case kRunRoot:
            server.engine.run_root = value;
            return {};
        case kRuntime:
            server.engine.runtime = value;
            return {};
        case kHelpOption:
            arguments.printed = kHelp;
            return {};
        case kVersion:
            arguments.printed = "dhow-api version " DHOW_VERSION "\n";
            return {};
        default:
            return make_error(
                ErrorKind::InvalidArgument, "unknown or incomplete option", "see dhow-api --help");
    }
}

Result<Arguments> parse(int argc, char** argv, bool activated) {
    constexpr option kOptions[] = {{"time", required_argument, nullptr, kTime},
                                   {"root", required_argument, nullptr, kRoot},
                                   {"runroot", required_argument, nullptr, kRunRoot},
                                   {"runtime", required_argument, nullptr, kRuntime},
                                   {"help", no_argument, nullptr, kHelpOption},
                                   {"version", no_argument, nullptr, kVersion},
                                   {nullptr, 0, nullptr, 0}};
    Arguments arguments;
    if (activated) arguments.server.idle = std::chrono::seconds(kDefaultIdleSeconds);
    ::opterr = 0;
    for (int option = 0; (option = ::getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
        TRY(take(arguments, option, ::optarg == nullptr ? "" : ::optarg));
    }
    if (::optind < argc) arguments.server.listen_path = TRY(socket_path(argv[::optind++]));
    if (::optind < argc) {
        return make_error(ErrorKind::InvalidArgument,
                          "unknown argument '" + printable(argv[::optind]) + "'");
    }
    if (!activated && !arguments.printed && arguments.server.listen_path.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "no socket to serve",
                          "give unix:///PATH, or start it by its systemd socket");
    }
    return arguments;
}

int report(const Error& error) {
    std::string line = "dhow-api: " + error.message;
    if (!error.fix.empty()) line += "; " + error.fix;
    std::fprintf(stderr, "%s\n", line.c_str());
    return error.kind == ErrorKind::InvalidArgument ? 2 : 1;
}

void ignore_broken_pipes() {
    struct sigaction ignored {};

    ignored.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignored, nullptr);
}

int run(int argc, char** argv) {
    auto sockets = take_activation_sockets();
    const auto arguments = parse(argc, argv, !sockets.empty());
    if (!arguments) return report(arguments.error());
    if (arguments->printed) {
        std::fputs(arguments->printed->c_str(), stdout);
        return 0;
    }
    ignore_broken_pipes();
    const auto served = serve(arguments->server, std::move(sockets));
    return served ? 0 : report(served.error());
}

}  // namespace
}  // namespace dhow::api

int main(int argc, char** argv) {
    return dhow::api::run(argc, argv);
}
