// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/terminal.h"

#include <array>
#include <csignal>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace dhow::cli {

namespace {

// What the last-resort handler restores. Written before the handler is installed.
volatile sig_atomic_t emergency_fd = -1;
termios emergency_settings;

// What ends a process that does not handle it: crashes, and (where no session reads them from its
// signalfd) the user's own.
constexpr std::array<int, 10> kFatal{
    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// tcsetattr(3) and raise(3) are async-signal-safe; SA_RESETHAND makes the second delivery fatal.
void restore_and_die(int signal) {
    if (emergency_fd >= 0) ::tcsetattr(emergency_fd, TCSANOW, &emergency_settings);
    ::raise(signal);
}

void handle_fatal_signals(bool handle) {
    for (const int signal : kFatal) {
        struct sigaction current {};

        ::sigaction(signal, nullptr, &current);
        // A sanitizer's or debugger's handler stays where it is.
        const bool ours = current.sa_handler == restore_and_die;
        if (handle ? current.sa_handler != SIG_DFL : !ours) continue;

        struct sigaction wanted {};

        wanted.sa_handler = handle ? restore_and_die : SIG_DFL;
        wanted.sa_flags = handle ? static_cast<int>(SA_RESETHAND) : 0;
        ::sigaction(signal, &wanted, nullptr);
    }
}

void arm(int fd, const termios& settings) {
    emergency_settings = settings;
    emergency_fd = fd;
    handle_fatal_signals(true);
}

void disarm() {
    handle_fatal_signals(false);
    emergency_fd = -1;
}

// tcsetattr by a background process stops it with SIGTTOU; restoring must not be stopped.
int set_quietly(int fd, const termios& settings) {
    sigset_t stop;
    sigset_t before;
    ::sigemptyset(&stop);
    ::sigaddset(&stop, SIGTTOU);
    ::sigprocmask(SIG_BLOCK, &stop, &before);
    const int done = ::tcsetattr(fd, TCSANOW, &settings);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return done;
}

termios raw_from(termios settings) {
    ::cfmakeraw(&settings);
    // The container's own terminal makes the line ends; output is passed on as it comes.
    return settings;
}

}  // namespace

std::optional<WindowSize> window_size(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        return std::nullopt;
    return WindowSize{size.ws_row, size.ws_col};
}

Result<RawTerminal> RawTerminal::enter(int fd) {
    termios saved{};
    if (::tcgetattr(fd, &saved) != 0) return system_error("read the terminal's settings");
    arm(fd, saved);
    if (set_quietly(fd, raw_from(saved)) != 0) {
        const int code = errno;
        disarm();
        return system_error("set the terminal to raw mode", code);
    }
    return RawTerminal(fd, saved);
}

RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), saved_(other.saved_) {}

RawTerminal::~RawTerminal() {
    if (fd_ < 0) return;
    set_quietly(fd_, saved_);
    disarm();
}

void RawTerminal::renew() const {
    set_quietly(fd_, raw_from(saved_));
}

KeptTerminal::KeptTerminal(int fd) {
    if (fd < 0 || ::tcgetattr(fd, &saved_) != 0) return;
    fd_ = fd;
    arm(fd, saved_);
}

KeptTerminal::~KeptTerminal() {
    if (fd_ < 0) return;
    set_quietly(fd_, saved_);
    disarm();
}

}  // namespace dhow::cli
