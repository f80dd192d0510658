// SPDX-License-Identifier: Apache-2.0
// Where dhow keeps its state, and who it runs for. Folders are 0700, belong to the caller, and are
// refused otherwise: they decide what is mounted and executed.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <string>

namespace dhow::rootless {

// True unless this process is root of the machine: an ordinary user, or root of a user namespace.
bool is_rootless();

// Is this process in a user namespace other than the machine's first?
bool in_user_namespace();

// The caller's uid as the machine knows it, also from within dhow's own user namespace.
uint64_t outer_uid();

struct Folders {
    std::string root;      // persistent: images, containers, database
    std::string run_root;  // gone after a reboot: sockets, bundles, the held namespaces
};

// root: /var/lib/dhow and /run/dhow for uid 0; $XDG_DATA_HOME/dhow (~/.local/share/dhow) and
// $XDG_RUNTIME_DIR/dhow otherwise. Without a usable XDG_RUNTIME_DIR: /run/user/UID/dhow where that
// is the caller's, else /tmp/dhow-run-UID, so that a login, cron and `su` meet the same containers.
// Only names; nothing is created.
Result<Folders> default_folders();

// The bus of the user's systemd; NotFound when there is none, with what to do about it.
Result<std::string> find_user_bus();

// Creates (0700, missing parents too) and opens an absolute folder of ours. Its owner must be the
// caller, and nobody else may write there.
Result<UniqueFd> open_private_folder(const std::string& path);

}  // namespace dhow::rootless
