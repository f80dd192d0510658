// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/log.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

struct Log {
    std::string path;
    bool json = false;
    bool debug = false;
    pid_t owner = 0;
};

// There is one log in a process.
Log& the_log() {
    static Log log;
    return log;
}

std::string_view level_name(LogLevel level) {
    switch (level) {
        case LogLevel::Debug:
            return "debug";
        case LogLevel::Warning:
            return "warning";
        case LogLevel::Error:
            return "error";
    }
    return "error";
}

}  // namespace

std::string log_line(LogLevel level, std::string_view message, std::string_view time, bool json) {
    const std::string name(level_name(level));
    const std::string quoted = json::compact(json::Value(message));
    if (json) {
        return R"({"level":")" + name + R"(","msg":)" + quoted + R"(,"time":")" +
               std::string(time) + "\"}\n";
    }
    return "time=\"" + std::string(time) + "\" level=" + name + " msg=" + quoted + "\n";
}

void set_log(const std::string& path, bool json, bool debug) {
    the_log() = {path, json, debug, ::getpid()};
}

bool write_log(LogLevel level, std::string_view message) {
    const Log& log = the_log();
    const std::string line = log_line(level, message, format_rfc3339(now_unix_nanos()), log.json);
    if (log.path.empty()) return write_all(STDERR_FILENO, line).has_value();
    // Opened for each line: there are few, and no descriptor is there for a child to inherit.
    const auto file = open_at(AT_FDCWD, log.path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0644);
    return file && write_all(file->get(), line).has_value();
}

void log_debug(std::string_view message) {
    if (the_log().debug && the_log().owner == ::getpid()) {
        ignore(write_log(LogLevel::Debug, message), "the work goes on without it");
    }
}

void log_warning(std::string_view message) {
    if (the_log().owner == ::getpid()) {
        ignore(write_log(LogLevel::Warning, message), "the work goes on without it");
    }
}

}  // namespace dhow::oci
