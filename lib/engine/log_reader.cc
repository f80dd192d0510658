// SPDX-License-Identifier: Apache-2.0
#include "engine/log_reader.h"

#include "base/file.h"
#include "shim/k8s_log.h"

#include <array>
#include <cerrno>
#include <deque>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::engine {

namespace {

constexpr size_t kChunk = 65536;
constexpr size_t kMaxLine = 1U << 20U;  // the shim writes at most 16 KiB a record
constexpr int kPollMilliseconds = 500;

// Cuts a growing file into lines.
class LineSplitter {
  public:
    template <class Visit>
    bool feed(std::string_view bytes, Visit visit) {
        if (skipping_) {
            const size_t end = bytes.find('\n');
            if (end == std::string_view::npos) return true;
            bytes.remove_prefix(end + 1);
            skipping_ = false;
        }
        pending_ += bytes;
        size_t begin = 0;
        for (size_t end = pending_.find('\n'); end != std::string::npos;
             end = pending_.find('\n', begin)) {
            if (!visit(std::string_view(pending_).substr(begin, end - begin))) return false;
            begin = end + 1;
        }
        pending_.erase(0, begin);
        if (pending_.size() > kMaxLine) {  // damaged: find the next line's start
            pending_.clear();
            skipping_ = true;
        }
        return true;
    }

    // Another file follows: half a line at this one's end is not continued there.
    void end_file() {
        pending_.clear();
        skipping_ = false;
    }

  private:
    std::string pending_;
    bool skipping_ = false;
};

class Reader {
  public:
    Reader(const LogQuery& query, const std::function<bool(const LogRecord&)>& sink)
        : query_(query), sink_(sink) {}

    // False: the sink has had enough, or `until` is past.
    bool take_line(std::string_view line) {
        const auto parsed = shim::parse_log_line(line);
        if (!parsed) return true;
        if (query_.until && parsed->time > *query_.until) return false;
        if (query_.since && parsed->time < *query_.since) return true;
        if (!(parsed->is_stderr ? query_.stderr_wanted : query_.stdout_wanted)) return true;
        LogRecord record{.time = parsed->time,
                         .is_stderr = parsed->is_stderr,
                         .partial = parsed->partial,
                         .text = std::string(parsed->text)};
        if (!holding_back()) return sink_(record);
        hold_back(std::move(record));
        return true;
    }

    // What was kept for --tail; afterwards records pass straight through.
    bool release() {
        tail_done_ = true;
        for (const Held& held : held_) {
            if (!sink_(held.record)) return false;
        }
        held_.clear();
        return true;
    }

  private:
    [[nodiscard]] bool holding_back() const { return query_.tail && !tail_done_; }

    struct Held {
        LogRecord record;
        bool begins_line = true;
    };

    // A line may be several records, all but its last partial; its last may be yet to come, and the
    // other stream's may lie between. Lines are counted by their beginnings, and dropped whole.
    void hold_back(LogRecord record) {
        const int64_t wanted = *query_.tail;
        if (wanted <= 0) return;
        const size_t stream = record.is_stderr ? 1 : 0;
        const bool begins_line = !std::exchange(in_line_[stream], record.partial);
        if (begins_line) {
            ++held_lines_;
            dropping_[stream] = false;
        } else if (dropping_[stream]) {
            return;
        }
        held_.push_back({.record = std::move(record), .begins_line = begins_line});
        while (held_lines_ > wanted) drop_first_line();
    }

    void drop_first_line() {
        const bool is_stderr = held_.front().record.is_stderr;
        const size_t stream = is_stderr ? 1 : 0;
        --held_lines_;
        held_.pop_front();
        for (auto next = held_.begin(); next != held_.end();) {
            if (next->record.is_stderr != is_stderr) {
                ++next;
            } else if (next->begins_line) {
                return;
            } else {
                next = held_.erase(next);
            }
        }
        dropping_[stream] = in_line_[stream];
    }

    const LogQuery& query_;
    const std::function<bool(const LogRecord&)>& sink_;
    std::deque<Held> held_;
    std::array<bool, 2> in_line_{};   // stdout, stderr: its last record was partial
    std::array<bool, 2> dropping_{};  // and belongs to a line that was dropped
    int64_t held_lines_ = 0;
    bool tail_done_ = false;
};

// Everything there is now; false when the reader wants no more.
Result<bool> read_to_end(int fd, LineSplitter& splitter, Reader& reader) {
    std::array<char, kChunk> chunk;
    while (true) {
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read log");
        if (got == 0) return true;
        const bool more =
            splitter.feed({chunk.data(), static_cast<size_t>(got)},
                          [&](std::string_view line) { return reader.take_line(line); });
        if (!more) return false;
    }
}

Result<UniqueFd> open_if_there(const std::string& path) {
    auto file = open_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
    if (!file && file.error().kind == ErrorKind::NotFound) return UniqueFd();
    return file;
}

Result<UniqueFd> watch(const std::string& path) {
    UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd || ::inotify_add_watch(fd.get(), path.c_str(), IN_MODIFY | IN_MOVE_SELF) < 0) {
        return system_error("watch log");
    }
    return fd;
}

void wait_for_news(int inotify) {
    pollfd poll_fd{.fd = inotify, .events = POLLIN, .revents = 0};
    ::poll(&poll_fd, 1, kPollMilliseconds);
    std::array<char, 4096> events;
    while (::read(inotify, events.data(), events.size()) > 0) {
    }
}

bool same_file(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// The file at `path` is another one than `fd`: the shim has rotated.
bool rotated(int fd, const std::string& path) {
    struct stat open_file {};

    struct stat named {};

    if (::fstat(fd, &open_file) != 0 || ::stat(path.c_str(), &named) != 0) return false;
    return !same_file(open_file, named);
}

bool are_one(const UniqueFd& a, const UniqueFd& b) {
    struct stat first {};

    struct stat second {};

    return ::fstat(a.get(), &first) == 0 && ::fstat(b.get(), &second) == 0 &&
           same_file(first, second);
}

Result<bool> read_old_part(const std::string& path,
                           const UniqueFd& file,
                           LineSplitter& splitter,
                           Reader& reader) {
    const auto old = TRY(open_if_there(path + ".1"));
    // Rotated since `file` was opened: then it is the old part itself.
    if (!old || are_one(old, file)) return true;
    const bool more = TRY(read_to_end(old.get(), splitter, reader));
    splitter.end_file();
    return more;
}

}  // namespace

Status read_log_file(const std::string& path,
                     const LogQuery& query,
                     const std::function<bool(const LogRecord&)>& sink) {
    Reader reader(query, sink);
    LineSplitter splitter;
    auto file = TRY(open_if_there(path));
    bool more = TRY(read_old_part(path, file, splitter, reader));
    UniqueFd inotify;
    if (file && query.may_grow) inotify = TRY(watch(path));
    if (file && more) more = TRY(read_to_end(file.get(), splitter, reader));
    more = reader.release() && more;
    bool growing = query.may_grow != nullptr;
    while (more && file && growing) {
        growing = query.may_grow();
        more = TRY(read_to_end(file.get(), splitter, reader));
        bool moved = false;
        // The last words of a container may be in a new file too.
        while (more && file && rotated(file.get(), path)) {
            // What came between the last look and the renaming.
            more = TRY(read_to_end(file.get(), splitter, reader));
            splitter.end_file();
            file = TRY(open_if_there(path));
            if (!more || !file) break;
            inotify = TRY(watch(path));
            more = TRY(read_to_end(file.get(), splitter, reader));
            moved = true;
        }
        if (more && file && growing && !moved) wait_for_news(inotify.get());
    }
    return {};
}

}  // namespace dhow::engine
