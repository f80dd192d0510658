// SPDX-License-Identifier: Apache-2.0
// What the runtime remembers of a container between its one-shot runs: `<root>/<id>/state.json`,
// and `start.sock` beside it while a created container waits for `start`. The status is never
// stored: it is what the kernel says of the init process (runtime.md, "State").
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/runtime/cgroup/cgroup.h"
#include "oci/runtime/cgroup/intel_rdt.h"

#include <map>
#include <string>
#include <vector>

namespace dhow::oci {

enum class ContainerStatus { Creating, Created, Running, Paused, Stopped };

std::string_view status_name(ContainerStatus status);

struct ContainerState {
    std::string oci_version;
    std::string id;
    ProcessIdentity init;
    std::string bundle;
    std::string rootfs;
    std::string created;  // RFC 3339
    std::map<std::string, std::string> annotations;
    ContainerCgroup cgroup;
    ContainerRdt rdt;
    bool no_pivot = false;
    bool shares_mounts = false;  // its root is a chroot in a mount namespace of others
    bool on_host = false;        // and those are the host's: its mounts do not go by themselves
    bool shares_pids = false;    // the death of its init is not the end of its other processes
    bool new_keyring = true;
};

std::string to_json(const ContainerState& state);
Result<ContainerState> parse_state(std::string_view text);
// The document of runtime.md that hooks, `state` and others get.
std::string public_state(const ContainerState& state, ContainerStatus status, bool pretty);

// The grammar of an id: a folder name, never a path.
Status check_id(const std::string& id);

// One container's folder below the runtime's root.
class StateFolder {
  public:
    static constexpr const char* kStartSocket = "start.sock";

    // AlreadyExists when the id is taken.
    static Result<StateFolder> create(const std::string& root, const std::string& id);
    // NotFound when there is no such container.
    static Result<StateFolder> open(const std::string& root, const std::string& id);
    static Result<std::vector<std::string>> list(const std::string& root);

    [[nodiscard]] int fd() const { return folder_.get(); }

    [[nodiscard]] Result<ContainerState> load() const;
    [[nodiscard]] Status save(const ContainerState& state) const;
    [[nodiscard]] ContainerStatus status(const ContainerState& state) const;
    Status remove();

    // Noted before anything is made there, for the `delete` that comes after a killed `create`.
    [[nodiscard]] Status note_cgroup(const std::string& path) const;
    // Empty when none was noted.
    [[nodiscard]] std::string noted_cgroup() const;

  private:
    StateFolder(std::string root, std::string id, UniqueFd folder)
        : root_(std::move(root)), id_(std::move(id)), folder_(std::move(folder)) {}

    std::string root_;
    std::string id_;
    UniqueFd folder_;
};

}  // namespace dhow::oci
