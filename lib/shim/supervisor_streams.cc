// SPDX-License-Identifier: Apache-2.0
// Supervisor: the container's streams, and what clients ask for.
#include "shim/supervisor.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <sys/epoll.h>
#include <unistd.h>

namespace dhow::shim {

// One packet to a client carries one read.
static constexpr size_t kChunk = 16384;
static_assert(kChunk < kMaxPacket);
// What may wait for a container that does not read; beyond it, clients wait too.
static constexpr size_t kMaxInput = 1U << 18U;

Status Supervisor::watch_streams() {
    input_ends_ = input_ends_ && config_.stdin_once;
    const auto watch = [this](int fd, bool is_stderr) {
        const uint32_t reading = paused_output_ ? 0U : uint32_t{EPOLLIN};
        return loop_.add(fd, reading, [this, fd, is_stderr](uint32_t events) {
            if ((events & EPOLLOUT) != 0) feed_stdin();
            if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_stream(fd, is_stderr);
        });
    };
    if (stdio_.terminal) return watch(stdio_.terminal.get(), false);
    TRY(watch(stdio_.output.get(), false));
    TRY(watch(stdio_.errors.get(), true));
    if (!stdio_.input) return {};
    TRY(loop_.add(stdio_.input.get(), 0, [this](uint32_t events) {
        if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
            close_stream(stdio_.input);  // the container has closed its stdin
        }
        feed_stdin();
    }));
    feed_stdin();
    return {};
}

void Supervisor::close_stream(UniqueFd& fd) {
    if (!fd) return;
    loop_.remove(fd.get());
    fd.reset();
}

void Supervisor::pass_on(bool is_stderr, std::string_view bytes) {
    note_activity();
    log_.write(is_stderr, bytes);
    clients_.broadcast_output(is_stderr, bytes);
}

void Supervisor::read_stream(int fd, bool is_stderr) {
    std::array<char, kChunk> chunk;
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got > 0) {
        pass_on(is_stderr, std::string_view(chunk.data(), static_cast<size_t>(got)));
        return;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // EOF; or EIO, which is how a pty says that nobody holds its other end.
    for (UniqueFd* stream : {&stdio_.output, &stdio_.errors, &stdio_.terminal}) {
        if (stream->get() == fd) close_stream(*stream);
    }
}

// The container has ended and with it every process that could write: what is in the pipes is all.
// Where processes outlive it (a host's pid namespace), they are about to be killed.
void Supervisor::drain_streams() {
    for (UniqueFd* stream : {&stdio_.output, &stdio_.errors, &stdio_.terminal}) {
        const bool is_stderr = stream == &stdio_.errors;
        std::array<char, kChunk> chunk;
        while (stream->valid()) {
            const ssize_t got = ::read(stream->get(), chunk.data(), chunk.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            pass_on(is_stderr, std::string_view(chunk.data(), static_cast<size_t>(got)));
        }
        close_stream(*stream);
    }
    close_stream(stdio_.input);
    feed_stdin();
}

// Writes what the container takes. Without anything to write to, the input is lost, as it is for
// any program that has closed its stdin.
void Supervisor::feed_stdin() {
    UniqueFd& target = stdio_.terminal ? stdio_.terminal : stdio_.input;
    if (!target) input_.clear();
    while (!input_.empty()) {
        const ssize_t put = ::write(target.get(), input_.data(), input_.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno != EAGAIN) input_.clear();
        if (put <= 0) break;
        input_.erase(0, static_cast<size_t>(put));
    }
    clients_.hold_input(input_.size() >= kMaxInput);
    if (!target) return;
    if (input_.empty() && input_ends_ && stdio_.input) {
        close_stream(stdio_.input);
        return;
    }
    const uint32_t reading = stdio_.terminal && !paused_output_ ? uint32_t{EPOLLIN} : 0U;
    const uint32_t writing = input_.empty() ? 0U : uint32_t{EPOLLOUT};
    ignore(loop_.change(target.get(), reading | writing), "it is watched: change cannot fail");
}

void Supervisor::on_stdin(std::string_view bytes) {
    if (!config_.open_stdin) return;
    note_activity();
    input_ += bytes;
    feed_stdin();
}

void Supervisor::on_stdin_end() {
    input_ends_ = true;
    feed_stdin();
}

void Supervisor::on_stdin_client_gone() {
    if (config_.stdin_once) on_stdin_end();
}

void Supervisor::on_resize(unsigned rows, unsigned columns) {
    window_ = {rows, columns};
    if (!stdio_.terminal) return;
    ignore(set_window_size(stdio_.terminal.get(), rows, columns), "the size is a courtesy");
}

void Supervisor::on_backpressure(bool behind) {
    if (behind == paused_output_) return;
    paused_output_ = behind;
    for (UniqueFd* stream : {&stdio_.output, &stdio_.errors, &stdio_.terminal}) {
        if (!stream->valid()) continue;
        const uint32_t writing =
            stream == &stdio_.terminal && !input_.empty() ? uint32_t{EPOLLOUT} : 0U;
        const uint32_t reading = behind ? 0U : uint32_t{EPOLLIN};
        ignore(loop_.change(stream->get(), reading | writing), "it is watched");
    }
}

// A signal that ends the container by intent is an end that is wanted.
Status Supervisor::on_signal(int signal) {
    if (pid_ == 0) return make_error(ErrorKind::Conflict, "the container is not running");
    if (signal == SIGKILL || signal == config_.stop_signal) restart_.forbid();
    return signal_process(pidfd_.get(), signal);
}

Status Supervisor::on_stop(int signal, int timeout_seconds) {
    restart_.forbid();
    if (restart_timer_) {
        loop_.cancel_timer(*std::exchange(restart_timer_, std::nullopt));
        // Not now: the asking client must have its Ok first.
        loop_.add_timer(std::chrono::seconds(0), [this] { finish(); });
        return {};
    }
    if (pid_ == 0) return {};
    TRY(signal_process(pidfd_.get(), timeout_seconds == 0 ? SIGKILL : signal));
    if (timeout_seconds <= 0) return {};
    // The last word counts: `stop -t 1` after `stop -t 600` waits for one second.
    if (kill_timer_) loop_.cancel_timer(*kill_timer_);
    kill_timer_ = loop_.add_timer(std::chrono::seconds(timeout_seconds), [this] {
        kill_timer_.reset();
        if (pid_ != 0) ignore(signal_process(pidfd_.get(), SIGKILL), "it ended in time after all");
    });
    return {};
}

}  // namespace dhow::shim
