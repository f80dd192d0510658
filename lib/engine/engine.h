// SPDX-License-Identifier: Apache-2.0
// The engine: every verb of dhow, called by the CLI and by the API service alike. One Engine is one
// opened state folder of one user. Names given to verbs are container names, full ids, or unique id
// prefixes; NotFound and Conflict (ambiguous prefix) name what was asked for. Single-threaded. One
// file a verb.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "engine/images.h"
#include "engine/requests.h"
#include "engine/views.h"
#include "shim/client.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dhow::engine {

// In characters.
struct TerminalSize {
    unsigned rows = 0;
    unsigned columns = 0;
};

struct EngineOptions {
    std::string root;      // --root; empty: the user's default
    std::string run_root;  // --runroot
    std::string runtime;   // --runtime: default for new containers
    // The caller's: a container with a terminal begins with it, before the first resize arrives.
    std::optional<TerminalSize> terminal_size;
};

struct Context;  // the opened folders, database and identity: lib/engine/context.h

class Engine {
  public:
    static Result<Engine> open(const EngineOptions& options);
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;
    ~Engine();

    Context& context() { return *context_; }

    // What is true until the machine stops; a folder of this user alone.
    [[nodiscard]] const std::string& run_root() const;

  private:
    explicit Engine(std::unique_ptr<Context> context);

    std::unique_ptr<Context> context_;
};

// --- containers ---------------------------------------------------------------------------------
Result<Created> create_container(Engine& engine,
                                 const CreateRequest& request,
                                 const ProgressSink& sink);

// Foreground: the connection is attached before the first byte of output. Call finish_foreground()
// once it has yielded Exited.
struct StartedContainer {
    std::string id;
    pid_t pid = 0;
    std::optional<shim::Connection> connection;
};
enum class StartMode { Detached, Foreground };
Result<StartedContainer> start_container(Engine& engine, const std::string& name, StartMode mode);
// Removes an auto-remove container and tells the shim so; does nothing for others.
Result<void> finish_foreground(Engine& engine, StartedContainer& started);

// create + start in one go, sparing what create must read back. On a failed start an auto-remove
// container is gone again.
struct Run {
    Created created;
    StartedContainer started;
};

Result<Run> run_container(Engine& engine,
                          const CreateRequest& request,
                          StartMode mode,
                          const ProgressSink& sink);

Result<void> stop_container(Engine& engine, const StopRequest& request);
Result<void> kill_container(Engine& engine, const std::string& name, int signal);
Result<void> restart_container(Engine& engine, const StopRequest& request);
Result<void> remove_container(Engine& engine, const RemoveRequest& request);
Result<void> rename_container(Engine& engine, const std::string& name, const std::string& new_name);
// After an end nobody waited for: what the shim's exit command runs.
Result<void> cleanup_container(Engine& engine, const std::string& id);
// Blocks until the container has ended; its exit record.
Result<shim::ExitRecord> wait_container(Engine& engine, const std::string& name);

Result<std::vector<ContainerSummary>> list_containers(Engine& engine, const ListRequest& request);
Result<ContainerDetails> inspect_container(Engine& engine, const std::string& name);
// Podman's `inspect` document for one container.
Result<json::Object> inspect_container_json(Engine& engine, const std::string& name);

Result<TopTable> top_container(Engine& engine, const std::string& name);

// Calls `sink` for each record in order; blocks while following. The sink returns false to end;
// request.still_wanted is asked now and then while nothing comes.
using LogSink = std::function<bool(const LogRecord&)>;
Result<void> read_logs(Engine& engine, const LogsRequest& request, const LogSink& sink);

Result<shim::Connection> attach_container(Engine& engine, const std::string& name, bool with_stdin);
Result<void> resize_container(Engine& engine,
                              const std::string& name,
                              unsigned rows,
                              unsigned columns);

// Runs in the foreground on the caller's own stdin, stdout and stderr; its exit code.
Result<int> exec_foreground(Engine& engine, const ExecRequest& request);
Result<pid_t> exec_detached(Engine& engine, const ExecRequest& request);

// --- system -------------------------------------------------------------------------------------
Result<SystemInfo> system_info(Engine& engine);
Result<std::string> generate_systemd(Engine& engine, const GenerateSystemdRequest& request);

}  // namespace dhow::engine
