// SPDX-License-Identifier: Apache-2.0
// Requests no Docker client sends and a browser might: refused before any route sees them, so that
// a page a user visits cannot drive containers through a forwarded socket (CSRF, DNS rebinding).
// Pure.
#pragma once

#include "cmd/api/http.h"

#include <optional>
#include <string>

namespace dhow::api {

// nullopt: nothing against it.
std::optional<BadRequest> find_foreign_origin(const Request& request);

}  // namespace dhow::api
