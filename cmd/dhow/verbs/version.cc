// SPDX-License-Identifier: Apache-2.0
// dhow version: opens no engine, so that asking costs a millisecond.
#include "cmd/dhow/architecture.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/output.h"

#include <sys/utsname.h>

namespace dhow::cli::verbs {

namespace {

std::string architecture() {
    utsname name{};
    return ::uname(&name) == 0 ? go_architecture(name.machine) : "unknown";
}

json::Object document() {
    json::Object client;
    client["APIVersion"] = DHOW_VERSION;
    client["Version"] = DHOW_VERSION;
    client["OsArch"] = "linux/" + architecture();
    client["Os"] = "linux";
    return {{"Client", std::move(client)}};
}

}  // namespace

Result<int> version(Invocation& call) {
    const std::string& format = call.args().text("format");
    if (format.empty()) {
        TRY(print("Client:       dhow\nVersion:      " DHOW_VERSION "\nOS/Arch:      linux/" +
                  architecture() + "\n"));
    } else if (is_json_format(format)) {
        TRY(print_line(json::compact(document())));
    } else {
        const std::string formatted = TRY(format_document(document(), format, "version"));
        TRY(print(formatted));
    }
    return 0;
}

}  // namespace dhow::cli::verbs
