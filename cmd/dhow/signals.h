// SPDX-License-Identifier: Apache-2.0
// Dispositions of signals in the dhow process itself; what is sent to containers goes by pidfd.
#pragma once

namespace dhow::cli {

void ignore_signal(int signal);
void default_signal(int signal);
// Ends the process by `signal` as if it had never been handled.
void die_of(int signal);

}  // namespace dhow::cli
