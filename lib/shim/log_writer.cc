// SPDX-License-Identifier: Apache-2.0
#include "shim/log_writer.h"

#include "base/clock.h"
#include "base/file.h"
#include "shim/k8s_log.h"

#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::shim {

static constexpr int kFlags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW;
static constexpr size_t kKeptBuffer = 65536;

// A shim that was killed, or found the disk full, may have left half a record.
static bool ends_torn(int file, uint64_t size) {
    char last = '\n';
    if (size == 0 || ::pread(file, &last, 1, static_cast<off_t>(size - 1)) != 1) return false;
    return last != '\n';
}

Result<LogWriter> LogWriter::open(const std::string& path, uint64_t max_bytes) {
    LogWriter writer;
    writer.path_ = path;
    writer.max_bytes_ = max_bytes;
    if (path.empty()) return writer;
    writer.file_ = TRY(open_at(AT_FDCWD, path, kFlags, 0600));

    struct stat st {};

    if (::fstat(writer.file_.get(), &st) == 0) writer.size_ = static_cast<uint64_t>(st.st_size);
    writer.torn_ = ends_torn(writer.file_.get(), writer.size_);
    return writer;
}

void LogWriter::write(bool is_stderr, std::string_view chunk) {
    if (!file_) return;
    buffer_.clear();
    if (torn_) buffer_ += '\n';
    append_log_lines(buffer_, now_unix_nanos(), is_stderr, chunk);
    if (max_bytes_ > 0 && size_ + buffer_.size() > max_bytes_) rotate();
    size_ += buffer_.size();
    torn_ = !write_all(file_.get(), buffer_);  // a full disk must not stop the container
    if (buffer_.capacity() > kKeptBuffer) std::string().swap(buffer_);
}

void LogWriter::rotate() {
    const std::string old = path_ + ".1";
    if (std::rename(path_.c_str(), old.c_str()) != 0) return;
    auto fresh = open_at(AT_FDCWD, path_, kFlags, 0600);
    if (!fresh) return;
    file_ = fresh.take();
    size_ = 0;
    if (torn_) buffer_.erase(0, 1);
    torn_ = false;
}

}  // namespace dhow::shim
