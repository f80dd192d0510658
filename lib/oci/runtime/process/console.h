// SPDX-License-Identifier: Apache-2.0
// A terminal for a process of the container: a pty of the container's own devpts, opened by
// descriptors and verified (CVE-2025-52565), its other end handed over a socket, /dev/console bound
// to it, its session led by this process. Child halves of launch and join.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "oci/spec/runtime_spec.h"

#include <optional>

namespace dhow::oci {

struct Pty {
    UniqueFd master;
    UniqueFd slave;
};

// `root`: where dev/pts/ptmx is looked for, without following links.
Result<Pty> open_pty(const RootDir& root, const std::optional<ConsoleSize>& size);
// The runc protocol: one message, its text the name of the device, its one descriptor the master.
Status send_master(int console_socket, int master);
// Over /dev/console of `root`, made new.
Status bind_console(const RootDir& root, const Pty& pty);
// stdin, stdout, stderr and controlling terminal, owned by `uid`. A session leader only.
Status use_terminal(const Pty& pty, uint32_t uid);

}  // namespace dhow::oci
