// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/signals.h"

#include <csignal>

namespace dhow::cli {

namespace {

void set_action(int signal, void (*action)(int)) {
    struct sigaction wanted {};

    wanted.sa_handler = action;
    ::sigaction(signal, &wanted, nullptr);
}

}  // namespace

void ignore_signal(int signal) {
    set_action(signal, SIG_IGN);
}

void default_signal(int signal) {
    set_action(signal, SIG_DFL);
}

void die_of(int signal) {
    default_signal(signal);
    ::raise(signal);
}

}  // namespace dhow::cli
