// SPDX-License-Identifier: Apache-2.0
// A container's log, damaged in any way, before and after its rotation: no crash, and what is given
// out keeps to what was asked.
#include "base/file.h"
#include "base/random.h"
#include "engine/log_reader.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace {

using namespace dhow;
using namespace dhow::engine;

void require(bool promise) {
    if (!promise) std::abort();
}

const std::string& folder() {
    static const std::string path = [] {
        // In memory where that can be had: a disk would be most of the time.
        const std::string base = exists_at(AT_FDCWD, "/dev/shm") ? "/dev/shm" : "/tmp";
        std::string made = base + "/dhow-fuzz-" + random_hex(6);
        require(make_dirs(made).has_value());
        return made;
    }();
    static const int removed = std::atexit(
        [] { ignore(remove_tree_at(AT_FDCWD, folder()), "a folder for what is passing"); });
    require(removed == 0);
    return path;
}

void put(const std::string& path, std::string_view bytes) {
    const auto file = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    require(file && write_all(file->get(), bytes));
}

}  // namespace

// The first bytes are the question: tail, since, until, streams, where the rotation was.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr size_t kHead = 5;
    if (size < kHead) return 0;
    LogQuery query;
    if ((data[0] & 1U) != 0) query.tail = data[1] % 8;
    if ((data[0] & 2U) != 0) query.since = int64_t{data[2]} * 1'000'000'000;
    if ((data[0] & 4U) != 0) query.until = int64_t{data[3]} * 1'000'000'000;
    query.stdout_wanted = (data[0] & 8U) == 0;
    query.stderr_wanted = (data[0] & 16U) == 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + kHead, size - kHead);
    const size_t cut = text.size() * data[4] / 256;
    const std::string path = folder() + "/log";
    put(path + ".1", text.substr(0, cut));
    put(path, text.substr(cut));
    int64_t ends = 0;
    const auto status = read_log_file(path, query, [&](const LogRecord& record) {
        require(!query.since || record.time >= *query.since);
        require(!query.until || record.time <= *query.until);
        require(record.is_stderr ? query.stderr_wanted : query.stdout_wanted);
        require(record.text.find('\n') == std::string::npos);
        ends += record.partial ? 0 : 1;
        return true;
    });
    require(status.has_value());
    require(!query.tail || ends <= *query.tail);
    return 0;
}
