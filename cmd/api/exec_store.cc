// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/exec_store.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "base/unix_socket.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>

namespace dhow::api {

namespace {

constexpr size_t kIdBytes = 32;
constexpr const char* kSocketEnding = ".sock";

bool is_id(const std::string& text) {
    return text.size() == 2 * kIdBytes && std::all_of(text.begin(), text.end(), [](char letter) {
               return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
           });
}

Error no_such(const std::string& id) {
    return make_error(ErrorKind::NotFound, "No such exec instance: " + printable(id));
}

json::Object encode(const ExecSession& session) {
    const engine::ExecRequest& request = session.request;
    json::Object object{{"container", request.container},
                        {"command", json::to_array(request.command)},
                        {"env", json::to_array(request.env)},
                        {"user", request.user},
                        {"workingDir", request.working_dir},
                        {"interactive", request.interactive},
                        {"terminal", request.terminal},
                        {"privileged", request.privileged},
                        {"running", session.running},
                        {"pid", session.pid}};
    if (session.exit_code) object["exitCode"] = *session.exit_code;
    return object;
}

Result<ExecSession> decode(const json::Object& object) {
    ExecSession session;
    engine::ExecRequest& request = session.request;
    request.container = TRY(json::get_string(object, "container")).value_or("");
    request.command = TRY(json::get_strings(object, "command"));
    request.env = TRY(json::get_strings(object, "env"));
    request.user = TRY(json::get_string(object, "user")).value_or("");
    request.working_dir = TRY(json::get_string(object, "workingDir")).value_or("");
    request.interactive = TRY(json::get_bool(object, "interactive")).value_or(false);
    request.terminal = TRY(json::get_bool(object, "terminal")).value_or(false);
    request.privileged = TRY(json::get_bool(object, "privileged")).value_or(false);
    session.running = TRY(json::get_bool(object, "running")).value_or(false);
    session.pid = static_cast<pid_t>(TRY(json::get_int(object, "pid")).value_or(0));
    if (const auto code = TRY(json::get_int(object, "exitCode"))) {
        session.exit_code = static_cast<int>(*code);
    }
    return session;
}

}  // namespace

Result<ExecStore> ExecStore::open(const std::string& run_root) {
    return ExecStore(TRY(make_dir_at(AT_FDCWD, run_root + "/exec")));
}

Result<std::string> ExecStore::add(const engine::ExecRequest& request) {
    forget_old();
    const ExecSession session{.id = random_hex(kIdBytes), .request = request};
    TRY(save(session));
    return session.id;
}

Status ExecStore::save(const ExecSession& session) const {
    return replace_file_at(
        folder_.get(), session.id, json::compact(encode(session)), 0600, Durability::None);
}

Result<ExecSession> ExecStore::find(const std::string& id) const {
    if (!is_id(id)) return no_such(id);
    const auto text = read_file_at(folder_.get(), id);
    if (!text && text.error().kind == ErrorKind::NotFound) return no_such(id);
    if (!text) return text.error();
    const auto object = TRY(json::parse_object(*text, "exec session"));
    auto session = TRY(decode(object));
    session.id = id;
    return session;
}

void ExecStore::forget_old() const {
    constexpr time_t kKeptSeconds = 3600;
    const auto names = list_dir_at(folder_.get(), ".");
    if (!names) return;
    const auto now = static_cast<time_t>(now_unix_nanos() / 1'000'000'000);
    for (const std::string& name : *names) {
        struct stat st {};

        if (::fstatat(folder_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (now - st.st_mtime < kKeptSeconds || S_ISSOCK(st.st_mode)) continue;
        const auto session = find(name);
        if (session && session->running) continue;
        ignore(remove_file_at(folder_.get(), name), "the next session tries again");
    }
}

Result<UniqueFd> ExecStore::listen_for_sizes(const std::string& id) const {
    return listen_unix_at(folder_.get(), id + kSocketEnding, SocketType::Packet);
}

void ExecStore::stop_listening(const std::string& id) const {
    ignore(remove_file_at(folder_.get(), id + kSocketEnding), "a dead socket harms nobody");
}

Status ExecStore::send_size(const std::string& id, unsigned rows, unsigned columns) const {
    const auto socket = TRY(connect_unix_at(folder_.get(), id + kSocketEnding, SocketType::Packet));
    return send_message(socket.get(), std::to_string(rows) + " " + std::to_string(columns));
}

}  // namespace dhow::api
