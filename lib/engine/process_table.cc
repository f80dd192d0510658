// SPDX-License-Identifier: Apache-2.0
#include "engine/process_table.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>

namespace dhow::engine {

namespace {

constexpr size_t kProcFileLimit = 1U << 20U;
constexpr size_t kCommandLimit = 4096;

struct NamespaceId {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const NamespaceId&) const = default;
};

std::optional<NamespaceId> pid_namespace_of(const std::string& pid) {
    struct stat st {};

    const std::string path = "/proc/" + pid + "/ns/pid";
    if (::stat(path.c_str(), &st) != 0) return std::nullopt;
    return NamespaceId{st.st_dev, st.st_ino};
}

// The innermost number of a "NSpid:\t123\t1" line: the pid in its own namespace.
std::optional<pid_t> inner_pid(std::string_view status) {
    const size_t at = status.find("\nNSpid:");
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view line = status.substr(at + 7);
    line = line.substr(0, line.find('\n'));
    const size_t tab = line.rfind('\t');
    return parse_int<pid_t>(trim(tab == std::string_view::npos ? line : line.substr(tab + 1)));
}

std::optional<uint32_t> real_uid(std::string_view status) {
    const size_t at = status.find("\nUid:");
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view line = trim(status.substr(at + 5, 64));
    return parse_int<uint32_t>(line.substr(0, line.find_first_of("\t ")));
}

std::string tty_name(int device) {
    const unsigned major_number = (static_cast<unsigned>(device) >> 8U) & 0xfffU;
    const unsigned minor_number = (static_cast<unsigned>(device) & 0xffU) |
                                  ((static_cast<unsigned>(device) >> 12U) & 0xfff00U);
    constexpr unsigned kFirstPtsMajor = 136;
    if (major_number < kFirstPtsMajor || major_number > kFirstPtsMajor + 7) return "?";
    return "pts/" + std::to_string(minor_number);
}

std::string command_of(const std::string& pid, std::string_view fallback) {
    auto text = read_file_at(AT_FDCWD, "/proc/" + pid + "/cmdline", kProcFileLimit);
    if (!text || text->empty()) return "[" + printable(fallback) + "]";
    std::string line = text->substr(0, kCommandLimit);
    while (!line.empty() && line.back() == '\0') line.pop_back();
    std::replace(line.begin(), line.end(), '\0', ' ');
    return printable(line);
}

struct Found {
    pid_t outer_parent = 0;
    ProcessRow row;
};

// Fields of /proc/PID/stat after the command name, which is itself in parentheses.
std::optional<Found> parse_process(const std::string& pid) {
    const auto stat = read_file_at(AT_FDCWD, "/proc/" + pid + "/stat", kProcFileLimit);
    const auto status = read_file_at(AT_FDCWD, "/proc/" + pid + "/status", kProcFileLimit);
    if (!stat || !status) return std::nullopt;
    const size_t open = stat->find('(');
    const size_t close = stat->rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 2 >= stat->size()) {
        return std::nullopt;
    }
    const auto fields = split(std::string_view(*stat).substr(close + 2), ' ');
    constexpr size_t kFieldsNeeded = 20;
    if (fields.size() < kFieldsNeeded) return std::nullopt;
    Found found;
    const auto own = inner_pid(*status);
    const auto uid = real_uid(*status);
    if (!own || !uid) return std::nullopt;
    found.row.pid = *own;
    found.row.uid = *uid;
    found.outer_parent = parse_int<pid_t>(fields[1]).value_or(0);
    found.row.tty = tty_name(parse_int<int>(fields[4]).value_or(0));
    found.row.cpu_ticks =
        parse_int<uint64_t>(fields[11]).value_or(0) + parse_int<uint64_t>(fields[12]).value_or(0);
    found.row.start_ticks = parse_int<uint64_t>(fields[19]).value_or(0);
    found.row.command = command_of(pid, std::string_view(*stat).substr(open + 1, close - open - 1));
    return found;
}

}  // namespace

Result<std::vector<ProcessRow>> processes_of(pid_t init_pid) {
    const auto wanted = pid_namespace_of(std::to_string(init_pid));
    if (!wanted) return system_error("look at process " + std::to_string(init_pid));
    std::map<pid_t, Found> by_outer_pid;
    const auto names = TRY(list_dir_at(AT_FDCWD, "/proc"));
    for (const std::string& name : names) {
        const auto outer = parse_int<pid_t>(name);
        if (!outer || pid_namespace_of(name) != wanted) continue;
        if (auto found = parse_process(name)) by_outer_pid.emplace(*outer, std::move(*found));
    }
    std::vector<ProcessRow> rows;
    for (auto& [outer, found] : by_outer_pid) {
        const auto parent = by_outer_pid.find(found.outer_parent);
        if (parent != by_outer_pid.end()) found.row.parent = parent->second.row.pid;
    }
    for (auto& [outer, found] : by_outer_pid) rows.push_back(std::move(found.row));
    std::sort(rows.begin(), rows.end(), [](const ProcessRow& a, const ProcessRow& b) {
        return a.pid < b.pid;
    });
    return rows;
}

}  // namespace dhow::engine
