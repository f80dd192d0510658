// SPDX-License-Identifier: Apache-2.0
#include "shim/log_writer.h"

#include "base/clock.h"
#include "base/file.h"
#include "shim/k8s_log.h"

#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>

namespace dhow::shim {

static constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW;
static constexpr size_t kKeptBuffer = 65536;

Result<LogWriter> LogWriter::open(const std::string& path, uint64_t max_bytes) {
    LogWriter writer;
    writer.path_ = path;
    writer.max_bytes_ = max_bytes;
    if (path.empty()) return writer;
    writer.file_ = TRY(open_at(AT_FDCWD, path, kFlags, 0600));

    struct stat st {};

    if (::fstat(writer.file_.get(), &st) == 0) writer.size_ = static_cast<uint64_t>(st.st_size);
    return writer;
}

void LogWriter::write(bool is_stderr, std::string_view chunk) {
    if (!file_) return;
    buffer_.clear();
    append_log_lines(buffer_, now_unix_nanos(), is_stderr, chunk);
    if (max_bytes_ > 0 && size_ + buffer_.size() > max_bytes_) rotate();
    size_ += buffer_.size();
    ignore(write_all(file_.get(), buffer_), "a full disk must not stop the container");
    if (buffer_.capacity() > kKeptBuffer) std::string().swap(buffer_);
}

void LogWriter::rotate() {
    const std::string old = path_ + ".1";
    if (std::rename(path_.c_str(), old.c_str()) != 0) return;
    auto fresh = open_at(AT_FDCWD, path_, kFlags, 0600);
    if (!fresh) return;
    file_ = fresh.take();
    size_ = 0;
}

}  // namespace dhow::shim
