// SPDX-License-Identifier: Apache-2.0
// One run of criu as a service of ours alone (`criu swrk FD`): a request, its notifications, its
// answer. criu saves and restores processes; which ones, into what, is said by checkpoint.h and
// restore.h. Parent half, single-threaded.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/runtime/checkpoint/criu_wire.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dhow::oci {

// What the caller of `checkpoint` and `restore` may choose.
struct CriuOptions {
    std::string program;      // absolute
    std::string image_path;   // folder of the checkpoint
    std::string work_path;    // folder of logs; empty: the checkpoint's
    std::string parent_path;  // of an earlier pre-dump, relative to image_path
    std::string page_server;  // ADDRESS:PORT
    std::string lsm_profile;
    std::string lsm_mount_context;
    bool leave_running = false;
    bool tcp_established = false;
    bool tcp_skip_in_flight = false;
    bool link_remap = false;
    bool ext_unix_sk = false;
    bool shell_job = false;
    bool file_locks = false;
    bool pre_dump = false;
    bool auto_dedup = false;
    std::optional<CriuCgroups> cgroups;
};

// The folders of a request, open for as long as criu needs them: it reaches them through us.
struct CriuFolders {
    UniqueFd images;
    UniqueFd work;  // may be invalid

    [[nodiscard]] int log_folder() const { return work ? work.get() : images.get(); }
};

// `create`: makes what is missing.
Result<CriuFolders> open_criu_folders(const CriuOptions& options, bool create);
// The same folders through the mount namespace of criu, where it mounts things in them.
Result<CriuFolders> folders_seen_by(pid_t criu, const CriuFolders& folders);
// The members that dump and restore share.
WireWriter common_options(const CriuOptions& options,
                          const CriuFolders& folders,
                          const std::string& log_file);

struct CriuNotice {
    std::string script;
    pid_t pid = 0;
    std::vector<UniqueFd> fds;
};

class CriuService {
  public:
    using Notify = std::function<Status(CriuNotice)>;

    // criu's end of the socket is its descriptor 3.
    static constexpr int kSocketFd = 3;

    // With the caller's stdio; `quiet`: with none, where criu takes our leaving for an error.
    static Result<CriuService> spawn(const std::string& program, bool quiet = false);

    // Of a child that becomes criu.
    CriuService(Child process, UniqueFd socket)
        : process_(std::move(process)), socket_(std::move(socket)) {}

    [[nodiscard]] pid_t pid() const { return process_.pid(); }

    // The answer, which is a success. A notification that fails ends the request; its error is
    // told.
    Result<CriuReply> call(CriuRequest type, const WireWriter& options, const Notify& notify);
    // Waits for the end of the service.
    Status finish();

  private:
    Child process_;
    UniqueFd socket_;
};

// Adds what the log says to an error of call().
Error with_log(Error error, int folder, const std::string& log_file, const std::string& where);
// Whether this criu on this kernel can save memory in several passes.
Result<bool> tracks_memory(const std::string& program);

}  // namespace dhow::oci
