// SPDX-License-Identifier: Apache-2.0
#include "store/credential_helper.h"

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/text.h"

#include <algorithm>
#include <chrono>
#include <csignal>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace dhow::store {

namespace {

// Somebody may have to type a passphrase.
constexpr std::chrono::seconds kPatience{60};
constexpr size_t kAnswerLimit = 1U << 20U;
constexpr std::string_view kTokenUser = "<token>";  // the secret is an identity token

struct Answer {
    bool good = false;
    std::string text;
};

Result<UniqueFd> scratch(std::string_view bytes) {
    UniqueFd fd(::memfd_create("credential-helper", MFD_CLOEXEC));
    if (!fd) return system_error("create a file in memory");
    TRY(write_all(fd.get(), bytes));
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) return system_error("rewind a file in memory");
    return fd;
}

Result<std::string> program_of(const CredentialHelper& helper) {
    const std::string& name = helper.name;
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '/';
    });
    if (!plain) {
        return make_error(ErrorKind::InvalidArgument,
                          "credential helper '" + printable(name) + "' has no proper name");
    }
    return find_program("docker-credential-" + name, helper.path_list);
}

Error failed(const CredentialHelper& helper, const std::string& why) {
    const std::string name = printable(helper.name);
    return make_error(ErrorKind::Unavailable,
                      "credential helper '" + name + "': " + why,
                      "run docker-credential-" + name + " list to see what is wrong");
}

Result<Answer> call(const CredentialHelper& helper, const char* verb, std::string_view input) {
    const auto in = TRY(scratch(input));
    const auto out = TRY(scratch(""));
    SpawnOptions options;
    options.program = TRY(program_of(helper));
    options.argv = {"docker-credential-" + helper.name, verb};
    options.fds = {{in.get(), 0}, {out.get(), 1}};
    options.death_signal = SIGKILL;
    auto child = TRY_CONTEXT(spawn(options), "start credential helper '" + helper.name + "'");
    const auto ended = TRY(wait_for_end(child.pidfd(), kPatience));
    if (!ended) return failed(helper, "no answer within a minute");
    const auto status = TRY(child.wait());
    if (::lseek(out.get(), 0, SEEK_SET) != 0) return system_error("rewind a file in memory");
    return Answer{.good = status.success(), .text = TRY(read_all(out.get(), kAnswerLimit))};
}

// The protocol has no code for "none": only words (docker-credential-helpers,
// credentials/error.go).
bool says_none(const Answer& answer) {
    return trim(answer.text).starts_with("credentials not found");
}

std::string words_of(const Answer& answer) {
    const std::string words = printable(trim(answer.text).substr(0, 200));
    return words.empty() ? "it failed" : words;
}

}  // namespace

Result<std::optional<Credentials>> ask_helper(const CredentialHelper& helper,
                                              const std::string& server) {
    const auto answer = TRY(call(helper, "get", server));
    if (!answer.good && says_none(answer)) return std::optional<Credentials>();
    if (!answer.good) return failed(helper, words_of(answer));
    // The text holds a secret: no parser's message may quote it.
    const auto object = json::parse_object(answer.text, "answer");
    if (!object) return failed(helper, "its answer is no JSON object");
    auto user = json::get_string(*object, "Username");
    auto secret = json::get_string(*object, "Secret");
    if (!user || !secret) return failed(helper, "its answer has no credentials");
    Credentials found{.username = user->value_or(""), .password = secret->value_or("")};
    if (found.username.empty() && found.password.empty()) return std::optional<Credentials>();
    if (found.username == kTokenUser) {
        found.identity_token = std::exchange(found.password, {});
        found.username.clear();
    }
    return std::optional(std::move(found));
}

Status tell_helper(const CredentialHelper& helper,
                   const std::string& server,
                   const Credentials& credentials) {
    const json::Object document{{"ServerURL", server},
                                {"Username", credentials.username},
                                {"Secret", credentials.password}};
    const auto answer = TRY(call(helper, "store", json::compact(document)));
    if (answer.good) return {};
    return failed(helper, words_of(answer));
}

Status make_helper_forget(const CredentialHelper& helper, const std::string& server) {
    const auto answer = TRY(call(helper, "erase", server));
    if (answer.good) return {};
    if (!says_none(answer)) return failed(helper, words_of(answer));
    return make_error(ErrorKind::NotFound, "not logged in to '" + printable(server) + "'");
}

}  // namespace dhow::store
