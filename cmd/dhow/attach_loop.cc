// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/attach_loop.h"

#include "base/unique_fd.h"
#include "cmd/dhow/detach_keys.h"
#include "cmd/dhow/terminal.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace dhow::cli {

namespace {

constexpr size_t kInputChunk = 16384;
// A pipe that polls writable has room for this much (pipe(7)): the write cannot block.
constexpr size_t kOutputChunk = 4096;

// Left out: SIGCHLD SIGPIPE SIGURG are ours; SIGTTIN and SIGTTOU stop a background job, as they
// should; SIGWINCH means something else to daemons (Apache ends on it), so it becomes a resize.
constexpr std::array<int, 10> kProxied{
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGIO, SIGPWR};

// Without proxying they end the session; caught, because the terminal must be restored first.
constexpr std::array<int, 6> kDeadly{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

// The signals of a session, blocked and readable; the former mask comes back at the end.
class SignalSource {
  public:
    static Result<SignalSource> open(const AttachOptions& options) {
        sigset_t wanted;
        ::sigemptyset(&wanted);
        ::sigaddset(&wanted, SIGWINCH);
        ::sigaddset(&wanted, SIGCONT);
        if (options.proxy_signals) {
            for (const int signal : kProxied) ::sigaddset(&wanted, signal);
            for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) ::sigaddset(&wanted, signal);
        } else if (options.raw) {
            for (const int signal : kDeadly) ::sigaddset(&wanted, signal);
        }
        sigset_t before;
        if (::sigprocmask(SIG_BLOCK, &wanted, &before) != 0) return system_error("block signals");
        UniqueFd fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
        if (!fd) {
            const int code = errno;
            ::sigprocmask(SIG_SETMASK, &before, nullptr);
            return system_error("open a signal descriptor", code);
        }
        return SignalSource(std::move(fd), before);
    }

    SignalSource(SignalSource&&) noexcept = default;
    SignalSource& operator=(SignalSource&&) = delete;

    ~SignalSource() {
        if (fd_) ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    }

    [[nodiscard]] int fd() const { return fd_.get(); }

    std::optional<int> next() const {
        signalfd_siginfo info{};
        if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
        return static_cast<int>(info.ssi_signo);
    }

  private:
    SignalSource(UniqueFd fd, const sigset_t& before) : fd_(std::move(fd)), before_(before) {}

    UniqueFd fd_;
    sigset_t before_;
};

// One of the user's descriptors for output, and what is still to be written to it.
struct Sink {
    int fd = -1;
    std::string pending;
    size_t written = 0;

    [[nodiscard]] bool busy() const { return written < pending.size(); }

    void write_some() {
        const size_t size = std::min(kOutputChunk, pending.size() - written);
        const ssize_t put = ::write(fd, pending.data() + written, size);
        if (put < 0 && (errno == EINTR || errno == EAGAIN)) return;
        if (put < 0) {
            // The reader is gone; the container shall not notice.
            fd = -1;
            pending.clear();
        }
        written += put < 0 ? 0 : static_cast<size_t>(put);
        if (!busy()) {
            pending.clear();
            written = 0;
        }
    }
};

class Session {
  public:
    Session(shim::Connection& connection, const AttachOptions& options, const SignalSource& signals)
        : connection_(connection),
          options_(options),
          signals_(signals),
          watch_(options.detach_sequence) {
        out_.fd = options.out;
        err_.fd = options.err;
        input_open_ = options.in >= 0;
    }

    Result<AttachOutcome> run(const std::optional<RawTerminal>& raw) {
        raw_ = raw ? &*raw : nullptr;
        TRY(send_first_size());
        while (!outcome_) TRY(one_round());
        return *outcome_;
    }

  private:
    enum Slot : size_t { kSignals, kConnection, kInput, kOut, kErr, kSlots };

    // What is waited for follows from what is held: input only when the last has been sent, packets
    // only when their output has been written.
    Status one_round() {
        const bool writing = out_.busy() || err_.busy();
        const bool sending = !to_send_.empty() || send_end_;
        std::array<pollfd, kSlots> polled{};
        polled[kSignals] = {signals_.fd(), POLLIN, 0};
        const auto reading = static_cast<short>(writing ? 0 : POLLIN);
        const auto can_send = static_cast<short>(sending ? POLLOUT : 0);
        const bool connected = reading != 0 || can_send != 0;
        polled[kConnection] = {
            connected ? connection_.fd() : -1, static_cast<short>(reading | can_send), 0};
        polled[kInput] = {input_open_ && !sending ? options_.in : -1, POLLIN, 0};
        polled[kOut] = {out_.busy() ? out_.fd : -1, POLLOUT, 0};
        polled[kErr] = {err_.busy() ? err_.fd : -1, POLLOUT, 0};
        if (::poll(polled.data(), polled.size(), -1) < 0) {
            if (errno == EINTR) return {};
            return system_error("wait for the attached session");
        }
        if (polled[kOut].revents != 0) out_.write_some();
        if (polled[kErr].revents != 0) err_.write_some();
        if (polled[kSignals].revents != 0) TRY(take_signals());
        if ((polled[kConnection].revents & POLLOUT) != 0) TRY(send_input());
        if (reading != 0 && (polled[kConnection].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            TRY(take_packet());
        }
        if (polled[kInput].revents != 0 && !outcome_) TRY(read_input());
        return {};
    }

    Status take_signals() {
        while (const std::optional<int> signal = signals_.next()) {
            if (*signal == SIGWINCH) {
                TRY(send_window_size());
            } else if (*signal == SIGCONT) {
                if (raw_ != nullptr) raw_->renew();
                last_size_.reset();
                TRY(send_window_size());
            } else if (!options_.proxy_signals) {
                outcome_ = AttachOutcome{AttachOutcome::Kind::Killed, std::nullopt, *signal};
            } else if (options_.forward_signal) {
                options_.forward_signal(*signal);
            }
        }
        return {};
    }

    // A program repaints when its window changes; the same size again would be no change.
    Status send_first_size() {
        const std::optional<WindowSize> size =
            raw_ != nullptr && options_.redraw ? window_size(options_.in) : std::nullopt;
        if (size) {
            TRY(give_up_on_loss(connection_.send_resize(size->rows + 1, size->columns + 1)));
        }
        return send_window_size();
    }

    Status send_window_size() {
        if (raw_ == nullptr) return {};
        const std::optional<WindowSize> size = window_size(options_.in);
        if (!size || size == last_size_) return {};
        last_size_ = size;
        return give_up_on_loss(connection_.send_resize(size->rows, size->columns));
    }

    Status read_input() {
        std::array<char, kInputChunk> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        const ssize_t got = ::read(options_.in, buffer.data(), buffer.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
        if (got <= 0) {
            input_open_ = false;
            // A raw terminal ends in one way alone: it was hung up, and nobody is left to watch.
            if (options_.raw) {
                outcome_ = AttachOutcome{AttachOutcome::Kind::Killed, std::nullopt, SIGHUP};
                return {};
            }
            to_send_ += watch_.flush();
            send_end_ = true;
            return {};
        }
        const std::string_view bytes(buffer.data(), static_cast<size_t>(got));
        if (!options_.raw) {
            to_send_ = bytes;
            return {};
        }
        DetachWatch::Typed typed = watch_.feed(bytes);
        to_send_ = std::move(typed.pass_on);
        if (typed.detached) {
            if (!to_send_.empty()) TRY(give_up_on_loss(connection_.send_stdin(to_send_)));
            outcome_ = AttachOutcome{AttachOutcome::Kind::Detached, std::nullopt, 0};
        }
        return {};
    }

    Status send_input() {
        if (!to_send_.empty()) {
            TRY(give_up_on_loss(connection_.send_stdin(to_send_)));
            to_send_.clear();
            return {};
        }
        send_end_ = false;
        return give_up_on_loss(connection_.send(shim::PacketType::StdinEnd));
    }

    // The shim may have ended between two packets; what it sent before is still to be read.
    Status give_up_on_loss(const Status& sent) {
        if (sent) return {};
        const int code = sent.error().sys_errno;
        if (code != EPIPE && code != ECONNRESET && code != ENOTCONN) return sent.error();
        input_open_ = false;
        to_send_.clear();
        send_end_ = false;
        return {};
    }

    Status take_packet() {
        std::optional<shim::Packet> packet = TRY(connection_.receive());
        if (!packet) {
            outcome_ = AttachOutcome{AttachOutcome::Kind::Lost, std::nullopt, 0};
            return {};
        }
        switch (packet->type) {
            case shim::PacketType::Stdout:
                queue(out_, std::move(packet->payload));
                break;
            case shim::PacketType::Stderr:
                queue(err_, std::move(packet->payload));
                break;
            case shim::PacketType::Exited:
                outcome_ = AttachOutcome{
                    AttachOutcome::Kind::Exited, TRY(shim::decode_exit(packet->payload)), 0};
                break;
            default:
                // Started after a restart, Ok: nothing an attached user acts on.
                break;
        }
        return {};
    }

    static void queue(Sink& sink, std::string bytes) {
        if (sink.fd >= 0) sink.pending = std::move(bytes);
    }

    shim::Connection& connection_;
    const AttachOptions& options_;
    const SignalSource& signals_;
    DetachWatch watch_;
    const RawTerminal* raw_ = nullptr;
    Sink out_;
    Sink err_;
    bool input_open_ = false;
    std::string to_send_;
    bool send_end_ = false;
    std::optional<WindowSize> last_size_;
    std::optional<AttachOutcome> outcome_;
};

}  // namespace

Result<AttachOutcome> attach_loop(shim::Connection& connection, const AttachOptions& options) {
    const SignalSource signals = TRY(SignalSource::open(options));
    std::optional<RawTerminal> raw;
    if (options.raw) raw.emplace(TRY(RawTerminal::enter(options.in)));
    return Session(connection, options, signals).run(raw);
}

}  // namespace dhow::cli
