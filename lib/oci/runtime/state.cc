// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/state.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

static constexpr const char* kStateFile = "state.json";
static constexpr const char* kCgroupNote = "cgroup";

std::string_view status_name(ContainerStatus status) {
    switch (status) {
        case ContainerStatus::Creating:
            return "creating";
        case ContainerStatus::Created:
            return "created";
        case ContainerStatus::Running:
            return "running";
        case ContainerStatus::Paused:
            return "paused";
        case ContainerStatus::Stopped:
            return "stopped";
    }
    return "stopped";
}

static json::Array places_json(const ContainerCgroup& cgroup) {
    json::Array places;
    for (const CgroupPlace& place : cgroup.places) {
        places.push_back(json::Object{{"v2", place.v2},
                                      {"beside", place.beside},
                                      {"controllers", json::to_array(place.controllers)},
                                      {"folder", place.folder},
                                      {"mountPoint", place.mount_point}});
    }
    return places;
}

std::string to_json(const ContainerState& state) {
    json::Object object;
    object["ociVersion"] = state.oci_version;
    object["id"] = state.id;
    object["pid"] = state.init.pid;
    object["startTime"] = std::to_string(state.init.start_time);
    object["bootId"] = state.init.boot_id;
    object["bundle"] = state.bundle;
    object["rootfs"] = state.rootfs;
    object["created"] = state.created;
    object["annotations"] = json::to_object(state.annotations);
    object["cgroups"] = places_json(state.cgroup);
    if (!state.cgroup.unit.empty()) {
        object["systemdUnit"] = state.cgroup.unit;
        object["systemdOfUser"] = state.cgroup.unit_of_user;
    }
    if (state.rdt.exists()) {
        object["resctrl"] = json::Object{
            {"group", state.rdt.group}, {"monitor", state.rdt.monitor}, {"own", state.rdt.own}};
    }
    object["noPivot"] = state.no_pivot;
    if (state.shares_mounts) object["sharesMounts"] = true;
    if (state.on_host) object["onHost"] = true;
    object["sharesPids"] = state.shares_pids;
    object["newKeyring"] = state.new_keyring;
    return json::compact(object);
}

static Result<std::string> required(const json::Object& object, std::string_view name) {
    auto value = TRY(json::get_string(object, name));
    if (!value) {
        return make_error(ErrorKind::Corrupt,
                          "container state: member '" + std::string(name) + "' is missing");
    }
    return std::move(*value);
}

static Result<ContainerCgroup> parse_places(const json::Object& object) {
    ContainerCgroup cgroup;
    const json::Array* places = TRY(json::get_array(object, "cgroups"));
    if (places == nullptr) return cgroup;
    for (const json::Value& value : *places) {
        if (!value.is_object()) {
            return make_error(ErrorKind::Corrupt, "container state: malformed cgroups");
        }
        const json::Object& entry = value.get_object();
        // One by one: a TRY that leaves amid a braced list loses what the list already holds.
        CgroupPlace place;
        const auto v2 = TRY(json::get_bool(entry, "v2"));
        place.v2 = v2.value_or(false);
        const auto beside = TRY(json::get_bool(entry, "beside"));
        place.beside = beside.value_or(false);
        place.controllers = TRY(json::get_strings(entry, "controllers"));
        place.folder = TRY(required(entry, "folder"));
        place.mount_point = TRY(required(entry, "mountPoint"));
        cgroup.places.push_back(std::move(place));
    }
    return cgroup;
}

static Result<ContainerRdt> parse_rdt(const json::Object& object) {
    ContainerRdt rdt;
    const json::Object* entry = TRY(json::get_object(object, "resctrl"));
    if (entry == nullptr) return rdt;
    rdt.group = TRY(required(*entry, "group"));
    rdt.monitor = TRY(required(*entry, "monitor"));
    const auto own = TRY(json::get_bool(*entry, "own"));
    rdt.own = own.value_or(false);
    return rdt;
}

Result<ContainerState> parse_state(std::string_view text) {
    const auto object = TRY(json::parse_object(text, "container state"));
    ContainerState state;
    state.oci_version = TRY(required(object, "ociVersion"));
    state.id = TRY(required(object, "id"));
    state.bundle = TRY(required(object, "bundle"));
    state.rootfs = TRY(required(object, "rootfs"));
    state.created = TRY(required(object, "created"));
    state.init.boot_id = TRY(required(object, "bootId"));
    const auto start = parse_int<uint64_t>(TRY(required(object, "startTime")));
    const auto pid = TRY(json::get_int(object, "pid"));
    if (!start || !pid || *pid < 0 || *pid > INT32_MAX) {
        return make_error(ErrorKind::Corrupt, "container state: malformed process");
    }
    state.init.start_time = *start;
    state.init.pid = static_cast<pid_t>(*pid);
    state.annotations = TRY(json::get_string_map(object, "annotations"));
    state.cgroup = TRY(parse_places(object));
    const auto unit = TRY(json::get_string(object, "systemdUnit"));
    state.cgroup.unit = unit.value_or("");
    const auto of_user = TRY(json::get_bool(object, "systemdOfUser"));
    state.cgroup.unit_of_user = of_user.value_or(false);
    state.rdt = TRY(parse_rdt(object));
    const auto no_pivot = TRY(json::get_bool(object, "noPivot"));
    state.no_pivot = no_pivot.value_or(false);
    const auto shares_mounts = TRY(json::get_bool(object, "sharesMounts"));
    state.shares_mounts = shares_mounts.value_or(false);
    const auto on_host = TRY(json::get_bool(object, "onHost"));
    state.on_host = on_host.value_or(false);
    const auto shares_pids = TRY(json::get_bool(object, "sharesPids"));
    state.shares_pids = shares_pids.value_or(false);
    const auto new_keyring = TRY(json::get_bool(object, "newKeyring"));
    state.new_keyring = new_keyring.value_or(true);
    return state;
}

std::string public_state(const ContainerState& state, ContainerStatus status, bool pretty) {
    json::Object object;
    const bool has_process = status != ContainerStatus::Stopped;
    object["ociVersion"] = state.oci_version;
    object["id"] = state.id;
    object["pid"] = has_process ? state.init.pid : 0;
    object["status"] = status_name(status);
    object["bundle"] = state.bundle;
    object["rootfs"] = state.rootfs;
    object["created"] = state.created;
    if (!state.annotations.empty()) object["annotations"] = json::to_object(state.annotations);
    object["owner"] = "";
    return pretty ? json::pretty(object, 2) : json::compact(object);
}

Status check_id(const std::string& id) {
    constexpr size_t kLongest = 1024;
    const size_t strange = id.find_first_not_of(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789_+-.");
    const bool charset = strange == std::string::npos;
    // A leading dash would be an option to whoever is handed the id next.
    const bool name = !id.empty() && id != "." && id != ".." && id[0] != '-';
    if (name && id.size() <= kLongest && charset) return {};
    std::string why;
    if (!charset) why = ": invalid character `" + printable(id.substr(strange, 1)) + "` in the ID";
    return make_error(ErrorKind::InvalidArgument,
                      "invalid container id '" + printable(id) + "'" + why);
}

Result<StateFolder> StateFolder::create(const std::string& root, const std::string& id) {
    TRY(check_id(id));
    const std::string path = root + "/" + id;
    if (::mkdir(path.c_str(), 0700) != 0) {
        if (errno == ENOENT) {
            TRY(make_dirs(root, 0700));
            if (::mkdir(path.c_str(), 0700) != 0) return system_error("create '" + path + "'");
        } else if (errno == EEXIST) {
            return make_error(ErrorKind::AlreadyExists,
                              "container with id exists: container id '" + id + "' is in use",
                              "choose another id or delete that container");
        } else {
            return system_error("create '" + path + "'");
        }
    }
    return StateFolder(root, id, TRY(open_dir_at(AT_FDCWD, path)));
}

Result<StateFolder> StateFolder::open(const std::string& root, const std::string& id) {
    TRY(check_id(id));
    auto folder = open_dir_at(AT_FDCWD, root + "/" + id);
    if (folder) return StateFolder(root, id, folder.take());
    if (folder.error().sys_errno != ENOENT) return std::move(folder).error();
    return make_error(ErrorKind::NotFound, "container '" + id + "' does not exist");
}

Result<std::vector<std::string>> StateFolder::list(const std::string& root) {
    auto names = list_dir_at(AT_FDCWD, root);
    if (!names && names.error().sys_errno == ENOENT) return std::vector<std::string>();
    return names;
}

Result<ContainerState> StateFolder::load() const {
    auto text = read_file_at(folder_.get(), kStateFile);
    if (!text && text.error().sys_errno == ENOENT) {
        return make_error(ErrorKind::NotFound, "container '" + id_ + "' is still being created");
    }
    return parse_state(TRY(std::move(text)));
}

// Never a half-written file for `state` beside us; power loss takes the container along anyway.
Status StateFolder::save(const ContainerState& state) const {
    return replace_file_at(folder_.get(), kStateFile, to_json(state), 0600, Durability::None);
}

ContainerStatus StateFolder::status(const ContainerState& state) const {
    if (!is_alive(state.init)) return ContainerStatus::Stopped;
    if (is_frozen(state.cgroup)) return ContainerStatus::Paused;
    if (exists_at(folder_.get(), kStartSocket)) return ContainerStatus::Created;
    return ContainerStatus::Running;
}

// As the target of a link: one system call, and never half written.
Status StateFolder::note_cgroup(const std::string& path) const {
    if (::symlinkat(path.c_str(), folder_.get(), kCgroupNote) == 0) return {};
    return system_error("note cgroup '" + printable(path) + "'");
}

std::string StateFolder::noted_cgroup() const {
    return read_link_at(folder_.get(), kCgroupNote).value_or("");
}

Status StateFolder::remove() {
    // Few names as a rule: no walk of a tree.
    for (const char* name : {kStartSocket, kStateFile, kCgroupNote}) {
        TRY(remove_file_at(folder_.get(), name));
    }
    const std::string path = root_ + "/" + id_;
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
    return remove_tree_at(AT_FDCWD, path);
}

}  // namespace dhow::oci
