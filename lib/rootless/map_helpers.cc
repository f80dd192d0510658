// SPDX-License-Identifier: Apache-2.0
#include "rootless/map_helpers.h"

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#include <array>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::rootless {

namespace {

constexpr const char* kHelperPath = "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/run/wrappers/bin";

struct Running {
    Child process;
    UniqueFd complaints;
};

Result<Running> start(const std::string& helper, pid_t pid, const std::vector<IdMap>& map) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("create pipe");
    UniqueFd read_end(ends[0]);
    const UniqueFd write_end(ends[1]);
    SpawnOptions options{.program = helper, .argv = {helper, std::to_string(pid)}};
    for (std::string& argument : map_arguments(map)) options.argv.push_back(std::move(argument));
    options.env = std::vector<std::string>{"LC_ALL=C"};
    options.fds = {{write_end.get(), 2}};
    options.null_stdin = true;
    return Running{.process = TRY(spawn(options)), .complaints = std::move(read_end)};
}

Status finish(Running& running, const std::string& helper, const char* file) {
    const std::string said = read_all(running.complaints.get(), 65536).value_or("");
    const auto status = TRY(running.process.wait());
    if (status.success()) return {};
    const auto first_line = split_once(trim(said), '\n').first;
    return make_error(ErrorKind::Permission,
                      "map subordinate ids: '" + helper + "' refused: " + printable(first_line),
                      std::string("check that '") + helper +
                          "' is setuid root (or has cap_setuid), "
                          "and that the ranges in '" +
                          file + "' are the user's own");
}

// The helper's exit code is its word; the kernel's file is the fact.
Status check_map(pid_t pid, const char* name, const std::vector<IdMap>& expected) {
    const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
    const auto text = TRY(read_file_at(AT_FDCWD, path, 65536));
    const auto map = TRY(parse_id_map(text));
    if (map == expected) return {};
    return make_error(ErrorKind::Permission, "'" + path + "' is not the map that was asked for");
}

}  // namespace

Result<MapHelpers> find_map_helpers() {
    auto uid_helper = find_program("newuidmap", kHelperPath);
    auto gid_helper = find_program("newgidmap", kHelperPath);
    if (uid_helper && gid_helper) {
        return MapHelpers{.newuidmap = *uid_helper, .newgidmap = *gid_helper};
    }
    return make_error(ErrorKind::NotFound,
                      std::string("map subordinate ids: '") +
                          (uid_helper ? "newgidmap" : "newuidmap") + "' is not installed",
                      "install it, as root: apt install uidmap");
}

Status write_maps(const MapHelpers& helpers,
                  pid_t pid,
                  const std::vector<IdMap>& uids,
                  const std::vector<IdMap>& gids) {
    auto for_uids = TRY(start(helpers.newuidmap, pid, uids));
    auto for_gids = TRY(start(helpers.newgidmap, pid, gids));
    TRY(finish(for_uids, helpers.newuidmap, "/etc/subuid"));
    TRY(finish(for_gids, helpers.newgidmap, "/etc/subgid"));
    TRY(check_map(pid, "uid_map", uids));
    return check_map(pid, "gid_map", gids);
}

}  // namespace dhow::rootless
