// SPDX-License-Identifier: Apache-2.0
// The attached session on a real pseudo-terminal and a real socket, the shim's end played by the
// test.
#include "base/unix_socket.h"
#include "cmd/dhow/attach_loop.h"
#include "cmd/dhow/detach_keys.h"
#include "cmd/dhow/terminal.h"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace dhow::cli {
namespace {

struct Pty {
    UniqueFd master;
    UniqueFd slave;
};

Pty open_pty() {
    Pty pty;
    pty.master = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(pty.master.valid());
    EXPECT_EQ(::grantpt(pty.master.get()), 0);
    EXPECT_EQ(::unlockpt(pty.master.get()), 0);
    char name[64] = {};
    EXPECT_EQ(::ptsname_r(pty.master.get(), name, sizeof name), 0);
    pty.slave = UniqueFd(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    const winsize size{24, 80, 0, 0};
    EXPECT_EQ(::ioctl(pty.slave.get(), TIOCSWINSZ, &size), 0);
    return pty;
}

struct Pipes {
    UniqueFd read_end;
    UniqueFd write_end;
};

Pipes make_pipe() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

bool is_raw(int fd) {
    termios now{};
    ::tcgetattr(fd, &now);
    return (now.c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

void wait_until(const std::function<bool()>& ready) {
    for (int i = 0; i < 2000 && !ready(); ++i) ::usleep(1000);
    EXPECT_TRUE(ready());
}

constexpr int kDetached = 201;
constexpr int kLost = 202;
constexpr int kFailed = 203;

// attach_loop in a child process, as in dhow itself: signals and terminal settings are the
// process's.
class SessionProcess {
  public:
    // `extra`: one more descriptor the session may use.
    explicit SessionProcess(AttachOptions options, int extra = -1) {
        auto ends = make_socket_pair(SocketType::Packet).take();
        shim_.emplace(std::move(ends.first));
        pid_ = ::fork();
        if (pid_ != 0) return;
        shim_.reset();
        shim::Connection connection(std::move(ends.second));
        // Otherwise the child would hold both ends of the test's pipes open.
        for (int fd = 3; fd < 256; ++fd) {
            const bool kept = fd == options.in || fd == options.out || fd == options.err ||
                              fd == extra || fd == connection.fd();
            if (!kept) ::close(fd);
        }
        const Result<AttachOutcome> outcome = attach_loop(connection, options);
        int code = kFailed;
        if (outcome && outcome->kind == AttachOutcome::Kind::Detached) code = kDetached;
        if (outcome && outcome->kind == AttachOutcome::Kind::Lost) code = kLost;
        if (outcome && outcome->kind == AttachOutcome::Kind::Killed) code = 128 + outcome->signal;
        if (outcome && outcome->record) code = outcome->record->status.exit_code();
        ::_exit(code);
    }

    ~SessionProcess() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    shim::Connection& shim() { return *shim_; }

    void close_shim() { shim_.reset(); }

    [[nodiscard]] pid_t pid() const { return pid_; }

    // The next packet of the client; type 0 after two seconds of silence.
    shim::Packet next() {
        pollfd polled{shim_->fd(), POLLIN, 0};
        if (::poll(&polled, 1, 2000) != 1) return {shim::PacketType{}, "timeout"};
        auto packet = shim_->receive();
        if (!packet || !*packet) return {shim::PacketType{}, "closed"};
        return std::move(**packet);
    }

    void send_exit(int code) {
        shim::ExitRecord record;
        record.status = {WaitStatus::Kind::Exited, code};
        EXPECT_TRUE(shim_->send(shim::PacketType::Exited, shim::encode_exit(record)));
    }

    int wait() {
        int status = 0;
        EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

  private:
    std::optional<shim::Connection> shim_;
    pid_t pid_ = 0;
};

AttachOptions raw_options(const Pty& pty) {
    AttachOptions options;
    options.in = pty.slave.get();
    options.out = pty.slave.get();
    options.err = pty.slave.get();
    options.raw = true;
    options.detach_sequence = "\x10\x11";
    return options;
}

void type(const Pty& pty, std::string_view keys) {
    ASSERT_EQ(::write(pty.master.get(), keys.data(), keys.size()),
              static_cast<ssize_t>(keys.size()));
}

TEST(Attach, RawTerminalSendsItsSizeAndIsRestored) {
    const Pty pty = open_pty();
    SessionProcess session(raw_options(pty));
    const shim::Packet size = session.next();
    EXPECT_EQ(size.type, shim::PacketType::Resize);
    EXPECT_EQ(size.payload, "24 80");
    EXPECT_TRUE(is_raw(pty.slave.get()));
    type(pty, "ls\r\x03");
    const shim::Packet typed = session.next();
    EXPECT_EQ(typed.type, shim::PacketType::Stdin);
    EXPECT_EQ(typed.payload, "ls\r\x03");
    session.send_exit(7);
    EXPECT_EQ(session.wait(), 7);
    EXPECT_FALSE(is_raw(pty.slave.get()));
}

TEST(Attach, JoiningARunningSessionMakesItRepaint) {
    const Pty pty = open_pty();
    AttachOptions options = raw_options(pty);
    options.redraw = true;
    SessionProcess session(options);
    EXPECT_EQ(session.next().payload, "25 81");
    EXPECT_EQ(session.next().payload, "24 80");
}

TEST(Attach, WindowChangesAreSentOnce) {
    const Pty pty = open_pty();
    SessionProcess session(raw_options(pty));
    EXPECT_EQ(session.next().payload, "24 80");
    const winsize size{50, 132, 0, 0};
    ASSERT_EQ(::ioctl(pty.master.get(), TIOCSWINSZ, &size), 0);
    ::kill(session.pid(), SIGWINCH);
    EXPECT_EQ(session.next().payload, "50 132");
    ::kill(session.pid(), SIGWINCH);
    type(pty, "x");
    const shim::Packet next = session.next();
    EXPECT_EQ(next.type, shim::PacketType::Stdin);
    EXPECT_EQ(next.payload, "x");
}

TEST(Attach, DetachKeysLeaveAndRestore) {
    const Pty pty = open_pty();
    SessionProcess session(raw_options(pty));
    session.next();
    type(pty, "a\x10");
    EXPECT_EQ(session.next().payload, "a");
    type(pty, "b");
    EXPECT_EQ(session.next().payload,
              "\x10"
              "b");
    type(pty, "\x10");
    type(pty, "\x11");
    EXPECT_EQ(session.wait(), kDetached);
    EXPECT_FALSE(is_raw(pty.slave.get()));
}

TEST(Attach, TerminalIsRestoredWhenTheShimIsGone) {
    const Pty pty = open_pty();
    SessionProcess session(raw_options(pty));
    session.next();
    EXPECT_TRUE(is_raw(pty.slave.get()));
    session.close_shim();
    EXPECT_EQ(session.wait(), kLost);
    EXPECT_FALSE(is_raw(pty.slave.get()));
}

TEST(Attach, AHungUpTerminalEndsTheSession) {
    Pty pty = open_pty();
    SessionProcess session(raw_options(pty));
    session.next();
    pty.master.reset();
    EXPECT_EQ(session.wait(), 128 + SIGHUP);
}

TEST(Attach, TerminalIsRestoredOnSignalsThatAreNotProxied) {
    for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) {
        const Pty pty = open_pty();
        AttachOptions options = raw_options(pty);
        options.proxy_signals = false;
        SessionProcess session(options);
        session.next();
        ::kill(session.pid(), signal);
        EXPECT_EQ(session.wait(), 128 + signal);
        EXPECT_FALSE(is_raw(pty.slave.get()));
    }
}

TEST(Attach, TerminalIsRestoredOnACrash) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizer owns the handlers of fatal signals";
#endif
    const Pty pty = open_pty();
    SessionProcess session(raw_options(pty));
    session.next();
    ::kill(session.pid(), SIGSEGV);
    EXPECT_EQ(session.wait(), -SIGSEGV);
    EXPECT_FALSE(is_raw(pty.slave.get()));
}

TEST(Attach, TerminalIsRawAgainAfterStopAndContinue) {
    const Pty pty = open_pty();
    termios before{};
    ::tcgetattr(pty.slave.get(), &before);
    SessionProcess session(raw_options(pty));
    session.next();
    ::kill(session.pid(), SIGSTOP);
    ::usleep(20000);
    ::tcsetattr(pty.slave.get(), TCSANOW, &before);
    ::kill(session.pid(), SIGCONT);
    EXPECT_EQ(session.next().type, shim::PacketType::Resize);
    EXPECT_TRUE(is_raw(pty.slave.get()));
}

TEST(Attach, KeptTerminalComesBackWhenInterrupted) {
    const Pty pty = open_pty();
    const Pipes ready = make_pipe();
    const pid_t child = ::fork();
    if (child == 0) {
        const KeptTerminal kept(pty.slave.get());
        termios changed{};
        ::tcgetattr(pty.slave.get(), &changed);
        ::cfmakeraw(&changed);
        ::tcsetattr(pty.slave.get(), TCSANOW, &changed);
        ::_exit(::write(ready.write_end.get(), "r", 1) == 1 ? ::pause() : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready.read_end.get(), &byte, 1), 1);
    EXPECT_TRUE(is_raw(pty.slave.get()));
    ::kill(child, SIGINT);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    EXPECT_FALSE(is_raw(pty.slave.get()));
}

std::string read_to_end(int fd) {
    std::string all;
    char buffer[65536];
    for (;;) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got <= 0) return all;
        all.append(buffer, static_cast<size_t>(got));
    }
}

TEST(Attach, StreamsAreKeptApartAndEndReachesTheContainer) {
    Pipes in = make_pipe();
    Pipes out = make_pipe();
    Pipes err = make_pipe();
    AttachOptions options;
    options.in = in.read_end.get();
    options.out = out.write_end.get();
    options.err = err.write_end.get();
    // Not raw: what would be detach keys are bytes like any other.
    options.detach_sequence = "q";
    SessionProcess session(options);
    out.write_end.reset();
    err.write_end.reset();
    ASSERT_EQ(::write(in.write_end.get(), "q1", 2), 2);
    in.write_end.reset();
    EXPECT_EQ(session.next().payload, "q1");
    EXPECT_EQ(session.next().type, shim::PacketType::StdinEnd);
    ASSERT_TRUE(session.shim().send(shim::PacketType::Stdout, "to out\n"));
    ASSERT_TRUE(session.shim().send(shim::PacketType::Stderr, "to err\n"));
    session.send_exit(0);
    EXPECT_EQ(read_to_end(out.read_end.get()), "to out\n");
    EXPECT_EQ(read_to_end(err.read_end.get()), "to err\n");
    EXPECT_EQ(session.wait(), 0);
}

// The reader sleeps first: all of it must still arrive, and before the exit.
TEST(Attach, NothingIsLostToASlowReader) {
    Pipes out = make_pipe();
    AttachOptions options;
    options.in = -1;
    options.out = out.write_end.get();
    SessionProcess session(options);
    out.write_end.reset();
    std::string sent;
    const pid_t feeder = ::fork();
    ASSERT_GE(feeder, 0);
    for (int i = 0; i < 100; ++i) sent += std::string(20000, static_cast<char>('a' + i % 26));
    if (feeder == 0) {
        for (size_t at = 0; at < sent.size(); at += 20000) {
            if (!session.shim().send(shim::PacketType::Stdout,
                                     std::string_view(sent).substr(at, 20000)))
                ::_exit(1);
        }
        shim::ExitRecord record;
        record.status = {WaitStatus::Kind::Exited, 3};
        ::_exit(session.shim().send(shim::PacketType::Exited, shim::encode_exit(record)) ? 0 : 1);
    }
    ::usleep(100000);
    EXPECT_EQ(read_to_end(out.read_end.get()), sent);
    EXPECT_EQ(session.wait(), 3);
    int status = 0;
    ::waitpid(feeder, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST(Attach, AGoneReaderDoesNotEndTheSession) {
    Pipes out = make_pipe();
    ::signal(SIGPIPE, SIG_IGN);
    AttachOptions options;
    options.in = -1;
    options.out = out.write_end.get();
    SessionProcess session(options);
    out.write_end.reset();
    out.read_end.reset();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(session.shim().send(shim::PacketType::Stdout, "lost"));
    session.send_exit(0);
    EXPECT_EQ(session.wait(), 0);
}

// 4 MiB of input to a shim that reads slowly: nothing is dropped, memory stays one chunk.
TEST(Attach, InputWaitsForASlowShim) {
    Pipes in = make_pipe();
    AttachOptions options;
    options.in = in.read_end.get();
    SessionProcess session(options);
    in.read_end.reset();
    const std::string sent(4U << 20U, 'z');
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
        session.close_shim();
        size_t at = 0;
        while (at < sent.size()) {
            const ssize_t put = ::write(in.write_end.get(), sent.data() + at, sent.size() - at);
            if (put <= 0) ::_exit(1);
            at += static_cast<size_t>(put);
        }
        ::_exit(0);
    }
    in.write_end.reset();
    ::usleep(50000);
    size_t received = 0;
    for (;;) {
        const shim::Packet packet = session.next();
        if (packet.type != shim::PacketType::Stdin) {
            EXPECT_EQ(packet.type, shim::PacketType::StdinEnd);
            break;
        }
        received += packet.payload.size();
    }
    EXPECT_EQ(received, sent.size());
    session.send_exit(0);
    EXPECT_EQ(session.wait(), 0);
    ::waitpid(writer, nullptr, 0);
}

// A shim that ends while input is on its way: its last words still count.
TEST(Attach, ExitIsSeenWhenInputCanNoLongerBeSent) {
    Pipes in = make_pipe();
    AttachOptions options;
    options.in = in.read_end.get();
    SessionProcess session(options);
    ::kill(session.pid(), SIGSTOP);
    ASSERT_EQ(::write(in.write_end.get(), "late", 4), 4);
    session.send_exit(9);
    session.close_shim();
    ::kill(session.pid(), SIGCONT);
    EXPECT_EQ(session.wait(), 9);
}

TEST(Attach, SignalsAreForwarded) {
    Pipes told = make_pipe();
    AttachOptions options;
    options.in = -1;
    const int report = told.write_end.get();
    options.forward_signal = [report](int signal) {
        const auto number = static_cast<unsigned char>(signal);
        EXPECT_EQ(::write(report, &number, 1), 1);
    };
    SessionProcess session(options, report);
    // The child is ready once it has taken a packet.
    ASSERT_TRUE(session.shim().send(shim::PacketType::Stdout, ""));
    wait_until([&] {
        sigset_t blocked;
        std::string path = "/proc/" + std::to_string(session.pid()) + "/status";
        const UniqueFd status(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        char buffer[4096] = {};
        if (::read(status.get(), buffer, sizeof buffer - 1) <= 0) return false;
        ::sigemptyset(&blocked);
        const char* line = ::strstr(buffer, "SigBlk:\t");
        return line != nullptr && ::strtoull(line + 8, nullptr, 16) != 0;
    });
    for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGRTMIN + 3}) {
        ::kill(session.pid(), signal);
        unsigned char got = 0;
        ASSERT_EQ(::read(told.read_end.get(), &got, 1), 1);
        EXPECT_EQ(got, signal);
    }
    session.send_exit(0);
    EXPECT_EQ(session.wait(), 0);
}

TEST(DetachKeys, Parse) {
    EXPECT_EQ(*parse_detach_keys("ctrl-p,ctrl-q"), "\x10\x11");
    EXPECT_EQ(*parse_detach_keys("ctrl-P"), "\x10");
    EXPECT_EQ(*parse_detach_keys("a,ctrl-["), "a\x1b");
    EXPECT_EQ(*parse_detach_keys("ctrl-@"), std::string(1, '\0'));
    EXPECT_EQ(*parse_detach_keys(""), "");
    for (const char* bad : {"ctrl-", "ctrl-1", "ctrl-pp", "ab", ",", "a,", "alt-a"}) {
        EXPECT_FALSE(parse_detach_keys(bad)) << bad;
    }
}

TEST(DetachKeys, WatchHoldsBackOnlyWhatMayBegin) {
    DetachWatch watch("aab");
    EXPECT_EQ(watch.feed("x").pass_on, "x");
    EXPECT_EQ(watch.feed("a").pass_on, "");
    EXPECT_EQ(watch.feed("a").pass_on, "");
    EXPECT_EQ(watch.feed("a").pass_on, "a");
    EXPECT_EQ(watch.feed("c").pass_on, "aac");
    const DetachWatch::Typed typed = watch.feed("yaabz");
    EXPECT_TRUE(typed.detached);
    EXPECT_EQ(typed.pass_on, "y");
    EXPECT_EQ(watch.feed("a").pass_on, "");
    EXPECT_EQ(watch.flush(), "a");
    DetachWatch none("");
    EXPECT_EQ(none.feed("\x10\x11").pass_on, "\x10\x11");
}

}  // namespace
}  // namespace dhow::cli
