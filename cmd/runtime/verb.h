// SPDX-License-Identifier: Apache-2.0
// A verb of dhow-runtime: its name, its options, and the function that does it. One file a verb;
// verbs.cc lists them all. A verb returns the process's exit code, or the error that main reports.
#pragma once

#include "base/result.h"
#include "cmd/runtime/args.h"
#include "oci/runtime/state.h"
#include "oci/spec/runtime_spec.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::runtime_cli {

struct Context {
    std::string root;  // --root
    std::string criu;  // --criu: a path, or a name to look for in $PATH
    bool systemd_cgroup = false;
};

struct Verb {
    std::string_view name;
    std::string_view arguments;  // for help: "CONTAINER [SIGNAL]"
    std::string_view help;
    std::span<const OptionSpec> options;
    bool options_anywhere = true;
    size_t least_arguments = 0;
    size_t most_arguments = 0;
    Result<int> (*run)(const Context&, const Parsed&) = nullptr;
};

std::span<const Verb* const> all_verbs();

extern const Verb kCheckpoint;
extern const Verb kCreate;
extern const Verb kDelete;
extern const Verb kEvents;
extern const Verb kExec;
extern const Verb kFeatures;
extern const Verb kKill;
extern const Verb kList;
extern const Verb kPause;
extern const Verb kPs;
extern const Verb kRestore;
extern const Verb kResume;
extern const Verb kRun;
extern const Verb kSpec;
extern const Verb kStart;
extern const Verb kState;
extern const Verb kUpdate;

// An open container: folder, state and what the kernel says of it now.
struct Container {
    oci::StateFolder folder;
    oci::ContainerState state;
    oci::ContainerStatus status;
};

Result<Container> open_container(const Context& context, const std::string& id);
Result<oci::RuntimeSpec> load_spec(const std::string& bundle);
Result<oci::RuntimeSpec> load_spec_file(const std::string& path);
// Absolute, without links, as state.json keeps it.
Result<std::string> resolve_bundle(const std::string& path);
// What the program keeps: those of socket activation ($LISTEN_FDS), then as many as --preserve-fds
// says, from 3 up; a number that is not open is passed over.
Result<std::vector<int>> preserved_descriptors(const Options& options);
// sd_listen_fds(3): how many descriptors the caller's own activation left here.
int activation_descriptors();
// LISTEN_FDS and LISTEN_PID as the container's program is to see them.
void pass_activation(oci::Process& process);
Status write_pid_file(const std::string& path, pid_t pid);
Status write_stdout(const std::string& text);
// Kills what is left of a container, runs poststop hooks, removes cgroup and state.
Status destroy_container(Container& container);

}  // namespace dhow::runtime_cli
