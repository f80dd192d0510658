// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/criu.h"

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"

#include <fcntl.h>

namespace dhow::oci {

static Result<UniqueFd> open_folder(const std::string& path, bool create) {
    if (create) TRY(make_dirs(path, 0700));
    return open_dir_at(AT_FDCWD, path);
}

static Status check_parent(const CriuFolders& folders, const std::string& parent) {
    if (parent.empty()) return {};
    if (parent.starts_with('/')) {
        return make_error(ErrorKind::InvalidArgument, "--parent-path must be relative");
    }
    const auto found = open_dir_at(folders.images.get(), parent);
    if (!found) return Error(found.error()).context("invalid --parent-path");
    return {};
}

Result<CriuFolders> open_criu_folders(const CriuOptions& options, bool create) {
    CriuFolders folders;
    folders.images = TRY_CONTEXT(open_folder(options.image_path, create), "checkpoint folder");
    if (!options.work_path.empty()) {
        folders.work = TRY_CONTEXT(open_folder(options.work_path, true), "--work-path");
    }
    TRY(check_parent(folders, options.parent_path));
    return folders;
}

Result<CriuFolders> folders_seen_by(pid_t criu, const CriuFolders& folders) {
    const auto seen = [criu](const UniqueFd& folder) -> Result<UniqueFd> {
        if (!folder) return UniqueFd();
        const auto path = TRY(read_link_at(AT_FDCWD, fd_path(folder.get())));
        return open_dir_at(AT_FDCWD, "/proc/" + std::to_string(criu) + "/root" + path);
    };
    CriuFolders inside;
    inside.images = TRY(seen(folders.images));
    inside.work = TRY(seen(folders.work));
    return inside;
}

WireWriter common_options(const CriuOptions& options,
                          const CriuFolders& folders,
                          const std::string& log_file) {
    constexpr int kLogLevel = 4;
    const auto cgroups = static_cast<uint64_t>(options.cgroups.value_or(CriuCgroups::Ignore));
    WireWriter wire;
    wire.integer(1, folders.images.get());
    if (folders.work) wire.integer(17, folders.work.get());
    wire.integer(9, kLogLevel);
    wire.text(10, log_file);
    wire.flag(4, options.ext_unix_sk);
    wire.flag(5, options.tcp_established);
    wire.flag(6, true);  // evasive_devices: a device by another name is found again
    wire.flag(7, options.shell_job);
    wire.flag(8, options.file_locks);
    wire.flag(12, true);  // notify_scripts
    wire.flag(16, options.auto_dedup);
    wire.flag(24, true);  // manage_cgroups, which the next one refines
    wire.number(34, cgroups);
    wire.flag(50, true);  // orphan_pts_master
    return wire;
}

Result<CriuService> CriuService::spawn(const std::string& program, bool quiet) {
    auto [ours, theirs] = TRY(make_socket_pair(SocketType::Packet));
    SpawnOptions options;
    options.program = program;
    options.argv = {"criu", "swrk", std::to_string(kSocketFd)};
    options.fds = {{theirs.get(), kSocketFd}};
    UniqueFd null;
    if (quiet) {
        null = TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR));
        for (int fd = 0; fd <= 2; ++fd) options.fds.emplace_back(null.get(), fd);
    }
    auto child = TRY_CONTEXT(dhow::spawn(options), "start '" + program + "'");
    return CriuService(std::move(child), std::move(ours));
}

static Error failure(const CriuReply& reply) {
    std::string text = "criu failed";
    if (!reply.error_text.empty()) text += ": " + reply.error_text;
    auto error = make_error(ErrorKind::System, std::move(text));
    error.sys_errno = reply.error_number;
    return error;
}

Result<CriuReply> CriuService::call(CriuRequest type,
                                    const WireWriter& options,
                                    const Notify& notify) {
    TRY_CONTEXT(send_message(socket_.get(), encode_request(type, options)), "ask criu");
    Status noticed;
    while (true) {
        auto received = receive_message(socket_.get());
        const bool ended = !received || received->bytes.empty();
        if (ended && !noticed) return std::move(noticed).error();
        if (ended) return make_error(ErrorKind::System, "criu ended without an answer");
        Message message = received.take();
        const auto reply = TRY(decode_reply(message.bytes));
        if (reply.type == CriuRequest::Notify && reply.success) {
            if (noticed && notify) {
                noticed = notify({reply.notify_script, reply.notify_pid, std::move(message.fds)});
            }
            const auto sent =
                send_message(socket_.get(), encode_notify_answer(noticed.has_value()));
            if (!sent && noticed) return Error(sent.error()).context("answer criu");
            continue;
        }
        if (!noticed) return std::move(noticed).error();
        if (!reply.success) return failure(reply);
        if (reply.type == type) return reply;
        return make_error(ErrorKind::System, "criu answered another question");
    }
}

Status CriuService::finish() {
    socket_.reset();
    const auto status = TRY(process_.wait());
    if (status.success()) return {};
    return make_error(ErrorKind::System,
                      "criu ended with exit status " + std::to_string(status.exit_code()));
}

// The last line that tells a cause: what follows it are the consequences.
static std::string cause_in(std::string_view log) {
    std::string cause;
    for (const std::string& line : split(log, '\n')) {
        const size_t at = line.find("Error (");
        if (at == std::string::npos || line.find("FAILED") != std::string::npos) continue;
        if (line.find(" failed with -") != std::string::npos) continue;
        cause = line.substr(at);
    }
    return printable(cause);
}

Error with_log(Error error, int folder, const std::string& log_file, const std::string& where) {
    constexpr size_t kMost = 64U << 20U;
    if (!error.message.starts_with("criu")) return error;  // a notification's, told as it is
    const auto log = read_file_at(folder, log_file, kMost);
    if (!log) return error;
    const std::string cause = cause_in(*log);
    if (!cause.empty()) error.message = "criu failed: " + cause;
    error.message += " (log file: " + where + "/" + log_file + ")";
    return error;
}

Result<bool> tracks_memory(const std::string& program) {
    auto service = TRY(CriuService::spawn(program, true));
    const auto reply = TRY(service.call(CriuRequest::FeatureCheck, {}, nullptr));
    ignore(service.finish(), "its answer is what counts");
    return reply.tracks_memory;
}

}  // namespace dhow::oci
