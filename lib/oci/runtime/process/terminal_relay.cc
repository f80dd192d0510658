// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/terminal_relay.h"

#include "base/file.h"

#include <array>
#include <cerrno>

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

namespace dhow::oci {

// There is one terminal and one relay in a process.
static termios saved_mode;

static bool make_raw() {
    if (::tcgetattr(0, &saved_mode) != 0) return false;
    termios raw = saved_mode;
    ::cfmakeraw(&raw);
    raw.c_oflag |= OPOST;  // makes "\r\n" of the program's "\n", which its own pty does not
    return ::tcsetattr(0, TCSANOW, &raw) == 0;
}

// What the program writes comes out as it wrote it, also into a file or a pipe.
static void pass_newlines(int terminal) {
    termios mode{};
    if (::tcgetattr(terminal, &mode) != 0) return;
    mode.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
    ::tcsetattr(terminal, TCSANOW, &mode);
}

Result<Foreground> Foreground::begin(UniqueFd terminal) {
    sigset_t passed;
    ::sigemptyset(&passed);
    for (const int number :
         {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT}) {
        ::sigaddset(&passed, number);
    }
    if (::sigprocmask(SIG_BLOCK, &passed, nullptr) != 0) return system_error("block signals");
    UniqueFd signals(::signalfd(-1, &passed, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) return system_error("create signalfd");
    Foreground foreground(std::move(terminal), std::move(signals));
    if (foreground.terminal_) {
        pass_newlines(foreground.terminal_.get());
        foreground.raw_ = make_raw();
        foreground.resize();
    }
    return foreground;
}

Foreground::~Foreground() {
    // A moved-from one has no signals left and must not touch the terminal.
    if (raw_ && signals_) ::tcsetattr(0, TCSANOW, &saved_mode);
}

void Foreground::resize() {
    winsize window{};
    if (!terminal_ || ::ioctl(0, TIOCGWINSZ, &window) != 0) return;
    ::ioctl(terminal_.get(), TIOCSWINSZ, &window);
}

void Foreground::take_signal(const Child& child) {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGWINCH) {
            resize();
        } else {
            ignore(child.kill(static_cast<int>(info.ssi_signo)), "it may be ending");
        }
    }
}

bool Foreground::copy(int from, int to) {
    std::array<char, 16384> buffer{};
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return false;
    return write_all(to, {buffer.data(), static_cast<size_t>(got)}).has_value();
}

// One round. True while the terminal still has something to say.
Result<bool> Foreground::step(const Child& child, bool ended) {
    std::array<pollfd, 4> polls = {{{ended ? -1 : child.pidfd(), POLLIN, 0},
                                    {signals_.get(), POLLIN, 0},
                                    {terminal_.get(), POLLIN, 0},
                                    {terminal_ && input_open_ ? 0 : -1, POLLIN, 0}}};
    const int ready = ::poll(polls.data(), polls.size(), ended ? 0 : -1);
    if (ready < 0 && errno != EINTR) return system_error("wait for the container");
    if (ready <= 0) return false;
    if (polls[1].revents != 0) take_signal(child);
    // End of input closes nothing: the program's terminal lives as long as the program.
    if (polls[3].revents != 0) input_open_ = copy(0, terminal_.get());
    if (polls[2].revents != 0 && !copy(terminal_.get(), 1)) {
        terminal_.reset();
        return false;
    }
    return polls[2].revents != 0;
}

Result<WaitStatus> Foreground::wait(Child& child) {
    bool ended = false;
    while (true) {
        const bool more = TRY(step(child, ended));
        if (ended && !more) return child.wait();
        if (!ended) ended = TRY(wait_for_end(child.pidfd(), std::chrono::milliseconds(0)));
    }
}

}  // namespace dhow::oci
