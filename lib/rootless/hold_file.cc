// SPDX-License-Identifier: Apache-2.0
#include "rootless/hold_file.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace dhow::rootless {

std::string format_hold(const Hold& hold) {
    return std::to_string(hold.identity.pid) + " " + std::to_string(hold.identity.start_time) +
           " " + hold.identity.boot_id + " " + std::to_string(hold.user_ns) + "\n";
}

Result<Hold> parse_hold(std::string_view text) {
    const auto corrupt = [] {
        return make_error(ErrorKind::Corrupt, "unreadable identity of the held namespaces");
    };
    const auto words = split(trim(text), ' ');
    if (words.size() != 4 || words[2].empty()) return corrupt();
    const auto pid = parse_int<pid_t>(words[0]);
    const auto start = parse_int<uint64_t>(words[1]);
    const auto user_ns = parse_int<uint64_t>(words[3]);
    if (!pid || *pid <= 0 || !start || !user_ns) return corrupt();
    Hold hold;
    hold.identity = {.pid = *pid, .start_time = *start, .boot_id = words[2]};
    hold.user_ns = *user_ns;
    return hold;
}

Status write_hold_file(int run_root, const Hold& hold) {
    return replace_file_at(run_root, kHoldFile, format_hold(hold), 0600, Durability::None);
}

Result<Hold> describe_holder(pid_t pid) {
    Hold hold;
    hold.pidfd = TRY(open_pidfd(pid));
    hold.identity = TRY(identify(pid));
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";

    struct stat info {};

    if (::stat(path.c_str(), &info) != 0) return system_error("look at '" + path + "'");
    hold.user_ns = info.st_ino;
    return hold;
}

}  // namespace dhow::rootless
