// SPDX-License-Identifier: Apache-2.0
// dhow generate systemd: a unit for a container, printed or written to the current folder.
#include "base/file.h"
#include "base/text.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"

#include <climits>

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::cli::verbs {

namespace {

// systemd.service(5), Restart=
constexpr std::array<std::string_view, 7> kRestart{
    "no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"};

Result<engine::GenerateSystemdRequest> make_request(Invocation& call) {
    const Args& args = call.args();
    engine::GenerateSystemdRequest request;
    request.container = args.operands()[0];
    request.use_name = args.flag("name");
    request.recreate = args.flag("new");
    if (args.given("restart-policy")) request.restart_policy = args.text("restart-policy");
    if (std::find(kRestart.begin(), kRestart.end(), request.restart_policy) == kRestart.end()) {
        return call.usage_error("invalid restart policy '" + printable(request.restart_policy) +
                                "'");
    }
    const std::optional<int64_t> timeout = args.integer("stop-timeout");
    if (timeout)
        request.stop_timeout_seconds = static_cast<int>(std::min<int64_t>(*timeout, INT_MAX));
    return request;
}

Status write_unit(const engine::ContainerSummary& container,
                  bool use_name,
                  const std::string& unit) {
    const std::string name = "container-" + (use_name ? container.name : container.id) + ".service";
    TRY(replace_file_at(AT_FDCWD, name, unit, 0644));
    std::array<char, PATH_MAX> here{};
    if (::getcwd(here.data(), here.size()) == nullptr) return print_line(name);
    const std::string folder = here.data();
    return print_line((folder == "/" ? folder : folder + "/") + name);
}

}  // namespace

Result<int> generate_systemd(Invocation& call) {
    const engine::GenerateSystemdRequest request = TRY(make_request(call));
    engine::Engine* const engine = TRY(call.engine());
    const std::string unit = TRY(engine::generate_systemd(*engine, request));
    if (!call.args().flag("files")) {
        TRY(print(unit));
        return 0;
    }
    const engine::ContainerDetails details =
        TRY(engine::inspect_container(*engine, request.container));
    TRY(write_unit(details.summary, request.use_name, unit));
    return 0;
}

}  // namespace dhow::cli::verbs
