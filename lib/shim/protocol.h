// SPDX-License-Identifier: Apache-2.0
// What the engine and dhow-shim say to each other: the configuration a shim is born with, the
// packets on its socket, and the two files it leaves. No JSON: the shim must stay tiny.
//
//   engine                                    shim
//     spawn, fd 3 = memfd ShimConfig,  ---->    (setsid, subreaper)
//             fd 4 = SEQPACKET socket           RUNTIME run --detach ...
//     Started{pid} | Failed{Error}     <----
//     (foreground: fd 4 stays an attach connection, opened before the first byte of output)
//     Stdin, StdinEnd, Resize          ---->
//     Stdout, Stderr                   <----
//     Exited{ExitRecord}               <----   after logs, mounts and sidecars are cleared away
//     Cleaned                          ---->   the engine did the removal: no exit command needed
// A launcher that dies before Started leaves nothing; one that dies later changes nothing. Later
// clients connect to `shim.sock` in the run folder, which goes when the exit record is there, and
// begin with Attach, Wait, Signal or Stop. One packet is one message: a type byte, its payload.
#pragma once

#include "base/clock.h"
#include "base/process.h"
#include "base/result.h"

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::shim {

inline constexpr int kConfigFd = 3;
inline constexpr int kStartFd = 4;
inline constexpr int kFirstClientFd = 5;
inline constexpr size_t kMaxPacket = 32768;  // bytes, type byte included

enum class RestartKind { No, Always, OnFailure, UnlessStopped };

// A process that lives as long as the container does (pasta, a port forwarder): started by the shim
// after the container's network namespace exists and before the container, killed after it.
struct Sidecar {
    std::vector<std::string> argv;  // argv[0] is the absolute path
    bool daemonizes = false;        // true: it forks away when it is ready and writes pid_file
    std::string pid_file;           // absolute; read when daemonizes
};

// Everything a shim needs for the whole life of its container. Paths are absolute and valid in the
// mount namespace the shim is born in.
struct ShimConfig {
    std::string id;
    std::string runtime;                    // absolute path of the OCI runtime
    std::vector<std::string> runtime_args;  // global options: --root DIR ...
    std::string bundle;
    std::string run_dir;    // holds shim.sock, status, pid file, FIFOs; private to this container
    std::string state_dir;  // holds the exit record; persistent
    std::string rootfs;  // unmounted (MNT_DETACH) after the final exit; empty: nothing to unmount
    bool terminal = false;
    bool open_stdin = false;
    bool stdin_once = false;     // stdin closes when the client that opened it leaves
    unsigned terminal_rows = 0;  // the window at first; 0: unknown
    unsigned terminal_columns = 0;
    bool foreground = false;     // fd 4 stays an attach connection after Started
    std::string log_path;        // k8s-file log; empty: keep none
    uint64_t log_max_bytes = 0;  // 0: unlimited; otherwise rotated once to "<log>.1"
    RestartKind restart = RestartKind::No;
    int restart_max_retries = 0;  // for OnFailure; 0: no bound
    // How the container is stopped when the shim itself is told to end (SIGTERM, by systemd); a
    // Signal of this number means an end that is wanted, so nothing is restarted after it.
    int stop_signal = SIGTERM;
    int stop_timeout_seconds = 10;        // then SIGKILL; -1: never
    std::optional<int> oom_score_adjust;  // the shim's own, once the container runs
    bool durable_exit = true;             // fsync the exit record (false for --rm)
    // Attach connections made before the start, handed over as fds kFirstClientFd and up.
    int initial_clients = 0;
    std::vector<Sidecar> sidecars;
    // run once after the final exit, unless a client said Cleaned
    std::vector<std::string> exit_command;
    std::vector<std::string> keep_env;  // "K=V" for runtime, sidecars and exit command
};

std::string encode_config(const ShimConfig& config);
Result<ShimConfig> decode_config(std::string_view bytes);

// The truth about an end. Written to `<state_dir>/exit` by temp + fsync + rename + fsync.
struct ExitRecord {
    WaitStatus status;
    bool oom_killed = false;
    UnixNanos started_at = 0;
    UnixNanos finished_at = 0;
    int restart_count = 0;
    std::string error;  // why it could not be started again, for instance; usually empty

    bool operator==(const ExitRecord& other) const;
};

inline constexpr std::string_view kExitFile = "exit";
std::string encode_exit(const ExitRecord& record);
Result<ExitRecord> decode_exit(std::string_view bytes);

// What runs right now, on tmpfs: `<run_dir>/status`, replaced at each change, not synced.
enum class Phase { Starting, Running, Restarting, Exited };

struct ShimStatus {
    Phase phase = Phase::Starting;
    ProcessIdentity shim;
    ProcessIdentity container;  // pid 0 when none runs
    UnixNanos started_at = 0;
    int restart_count = 0;
    std::optional<WaitStatus> last_exit;  // while restarting
};

inline constexpr std::string_view kStatusFile = "status";
inline constexpr std::string_view kSocketName = "shim.sock";
std::string encode_status(const ShimStatus& status);
Result<ShimStatus> decode_status(std::string_view bytes);

enum class PacketType : char {
    // first packet of a connection to shim.sock
    Attach = 'A',  // payload: AttachFlags byte
    Wait = 'W',    // answered by Exited when the container's life is over
    Signal = 'K',  // payload: signal number in decimal; answered Ok or Failed
    Stop = 'T',  // payload: "<signal> <seconds until SIGKILL, -1 never>"; suppresses restarts; Ok,
                 // then Exited
    // client to shim on an attach connection
    Stdin = 'i',
    StdinEnd = 'e',
    Resize = 'r',  // payload: "<rows> <columns>"
    Cleaned = 'c',
    // shim to client
    Started = 's',  // payload: encoded ShimStatus
    Failed = 'f',   // payload: encoded Error (base/error_wire.h)
    Ok = 'k',
    Stdout = 'o',
    Stderr = 'x',
    Exited = 'X',  // payload: encoded ExitRecord
};

enum AttachFlags : uint8_t {
    kAttachStdin = 1,
    kAttachStdout = 2,
    kAttachStderr = 4,
};

struct Packet {
    PacketType type;
    std::string payload;
};

}  // namespace dhow::shim
