// SPDX-License-Identifier: Apache-2.0
// Programs that keep passwords, as Docker has them: `docker-credential-NAME get|store|erase`, one
// document on stdin, one on stdout. They are the user's own; what they say never reaches a message
// but as an error of theirs, made printable. Each is ended after a minute.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>

namespace dhow::store {

struct Credentials {
    std::string username;
    std::string password;
    std::string identity_token = {};  // OAuth 2 refresh token: used instead of the password
};

struct CredentialHelper {
    std::string name;       // "pass" for docker-credential-pass
    std::string path_list;  // $PATH
};

// nullopt: it has none for `server`.
Result<std::optional<Credentials>> ask_helper(const CredentialHelper& helper,
                                              const std::string& server);
Status tell_helper(const CredentialHelper& helper,
                   const std::string& server,
                   const Credentials& credentials);
// NotFound when it has none.
Status make_helper_forget(const CredentialHelper& helper, const std::string& server);

}  // namespace dhow::store
