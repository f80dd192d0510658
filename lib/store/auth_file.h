// SPDX-License-Identifier: Apache-2.0
// Registry credentials as Podman and Docker keep them: JSON with "auths", one base64
// "user:password" per registry or repository; "credHelpers", programs that keep them, a registry
// each; "credsStore", one for all. Read by dhow-transfer, written by `login` and `logout`; always
// 0600, replaced atomically, other members kept. Passwords never appear in errors.
#pragma once

#include "base/result.h"
#include "store/credential_helper.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

// Where credentials are looked up, in order: `explicit_path` alone if given; else
// $REGISTRY_AUTH_FILE alone; else $XDG_RUNTIME_DIR/containers/auth.json (without it
// /run/containers/UID/auth.json, where that is), ~/.config/containers/auth.json,
// $DOCKER_CONFIG/config.json, ~/.docker/config.json, ~/.dockercfg (containers-auth.json(5)).
std::vector<std::string> auth_files(const std::string& explicit_path);

// For "registry/repository", of the first file that has any: what the helper of the longest entry
// that is a prefix of it at a '/' says, else the longest such entry, else what the store for all
// says; nullopt when there are none.
Result<std::optional<Credentials>> find_credentials(const std::vector<std::string>& files,
                                                    std::string_view repository);
// What one helper has for "registry[/...]": of registries.conf's credential-helpers.
Result<std::optional<Credentials>> find_credentials_by(const std::string& helper,
                                                       std::string_view repository);

// To the helper in charge of the registry, where the file names one, else into the file.
Status save_credentials(const std::string& explicit_path,
                        const std::string& registry,
                        const Credentials& credentials);
// NotFound when there are none.
Status remove_credentials(const std::string& explicit_path, const std::string& registry);

}  // namespace dhow::store
