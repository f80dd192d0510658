// SPDX-License-Identifier: Apache-2.0
// Files that tell who is who and what is where: passwd and group of an image, subuid, mountinfo and
// cgroup of procfs, and stat with a name that the process chose. None crashes its reader or grows
// it; what comes out keeps to what was asked.
#include "base/cgroup_fs.h"
#include "base/process.h"
#include "base/text.h"
#include "engine/container_user.h"
#include "rootless/subid.h"
#include "tests/fuzz/require.h"

#include <algorithm>

#include <sys/prctl.h>
#include <unistd.h>

namespace {

using namespace dhow;
using dhow::fuzz::require;

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void fuzz_user(std::string_view passwd, std::string_view group, std::string_view user) {
    const auto found = engine::find_user_in(passwd, group, user);
    if (!found) {
        dhow::fuzz::require_printable(found.error().message);
        return;
    }
    require(found->home.starts_with('/'));
    require(found->home.find_first_of("\n:") == std::string::npos);
    require(found->additional_gids.size() <= 65536);
    require(found->uid != UINT32_MAX && found->gid != UINT32_MAX);
    const auto [name, group_name] = split_once(user, ':');
    // A number is never a name, whatever the image's files say (CVE-2024-40635).
    if (is_number(name)) require(parse_int<uint32_t>(name) == found->uid);
    if (group_name && is_number(*group_name)) {
        require(parse_int<uint32_t>(*group_name) == found->gid);
    }
}

void fuzz_subids(std::string_view text, std::string_view name) {
    const auto ranges = rootless::parse_subids(text, {std::string(name), 1000, 1000});
    require(ranges.size() <= text.size());
    for (size_t i = 0; i < ranges.size(); ++i) {
        const uint64_t end = uint64_t{ranges[i].start} + ranges[i].count;
        require(ranges[i].count > 0 && end <= UINT32_MAX);
        for (size_t k = 0; k < i; ++k) {
            const uint64_t other = uint64_t{ranges[k].start} + ranges[k].count;
            require(end <= ranges[k].start || other <= ranges[i].start);
        }
    }
}

void fuzz_layout(std::string_view mountinfo, std::string_view own) {
    const auto layout = parse_cgroup_layout(mountinfo, own);
    const auto lines = static_cast<size_t>(std::count(mountinfo.begin(), mountinfo.end(), '\n'));
    require(layout.hierarchies.size() <= lines + 1);
    require((layout.mode == CgroupMode::None) == layout.hierarchies.empty());
    for (const CgroupHierarchy& hierarchy : layout.hierarchies) {
        require(hierarchy.v2 || !hierarchy.controllers.empty());
        const std::string folder = hierarchy.own_folder();
        require(folder.empty() || folder.starts_with(hierarchy.mount_point));
    }
}

// The kernel puts the name into /proc/PID/stat as it is, with blanks and parentheses.
void fuzz_own_name(std::string_view name) {
    static const uint64_t start = process_start_time(::getpid()).value_or(0);
    ::prctl(PR_SET_NAME, std::string(name).c_str());
    require(start != 0 && process_start_time(::getpid()).value_or(0) == start);
    require(parent_process(::getpid()).value_or(0) == ::getppid());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const auto parts = split(fuzz::as_text(data + 1, size - 1), '\x01');
    const std::string_view first = parts[0];
    const std::string_view second = parts.size() > 1 ? parts[1] : std::string_view();
    const std::string_view third = parts.size() > 2 ? parts[2] : std::string_view();
    switch (data[0] % 4) {
        case 0:
            fuzz_user(first, second, third);
            break;
        case 1:
            fuzz_subids(first, second);
            break;
        case 2:
            fuzz_layout(first, second);
            break;
        default:
            fuzz_own_name(first);
            break;
    }
    return 0;
}
