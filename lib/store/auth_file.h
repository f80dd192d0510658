// SPDX-License-Identifier: Apache-2.0
// Registry credentials as Podman and Docker keep them: JSON with "auths", one base64
// "user:password" per registry. Read by dhow-transfer, written by `login` and `logout`; always
// 0600, replaced atomically, other members kept. Passwords never appear in errors.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

struct Credentials {
    std::string username;
    std::string password;
};

// Where credentials are looked up, in order: `explicit_path` alone if given; else
// $REGISTRY_AUTH_FILE alone; else $XDG_RUNTIME_DIR/containers/auth.json,
// ~/.config/containers/auth.json, $DOCKER_CONFIG/config.json,
// ~/.docker/config.json (containers-auth.json(5)).
std::vector<std::string> auth_files(const std::string& explicit_path);

// For "registry/repository": the longest entry that is a prefix of it at a '/'; nullopt when none
// is.
Result<std::optional<Credentials>> find_credentials(const std::vector<std::string>& files,
                                                    std::string_view repository);

Status save_credentials(const std::string& explicit_path,
                        const std::string& registry,
                        const Credentials& credentials);
// NotFound when there are none.
Status remove_credentials(const std::string& explicit_path, const std::string& registry);

}  // namespace dhow::store
