// SPDX-License-Identifier: Apache-2.0
// dhow help [COMMAND...]
#include "cmd/dhow/help.h"

#include "base/text.h"
#include "cmd/dhow/commands.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"

namespace dhow::cli::verbs {

Result<int> help(Invocation& call) {
    const std::string path = join(call.args().operands(), " ");
    const CommandGroup* const group = find_group(path);
    if (path.empty() || group != nullptr) {
        TRY(print(group_help(group)));
        return 0;
    }
    const Command* const command = find_command(path);
    if (command == nullptr) {
        return make_error(ErrorKind::InvalidArgument,
                          "unrecognized command `dhow " + printable(path) + "`",
                          "Try 'dhow --help' for more information");
    }
    TRY(print(command_help(*command, path)));
    return 0;
}

}  // namespace dhow::cli::verbs
