// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/routes.h"

namespace dhow::api {

static constexpr Route kRoutes[] = {
    {"GET", "/_ping", handlers::ping},
    {"GET", "/version", handlers::version},
    {"GET", "/info", handlers::info},
    {"POST", "/auth", handlers::auth},

    {"GET", "/images/json", handlers::image_list},
    {"POST", "/images/create", handlers::image_create},
    {"POST", "/images/load", handlers::image_load},
    {"GET", "/images/{name...}/json", handlers::image_inspect},
    {"GET", "/images/{name...}/history", handlers::image_history},
    {"POST", "/images/{name...}/tag", handlers::image_tag},
    {"DELETE", "/images/{name...}", handlers::image_remove},

    {"GET", "/containers/json", handlers::container_list},
    {"POST", "/containers/create", handlers::container_create},
    {"GET", "/containers/{id}/json", handlers::container_inspect},
    {"GET", "/containers/{id}/top", handlers::container_top},
    {"GET", "/containers/{id}/logs", handlers::container_logs},
    {"POST", "/containers/{id}/start", handlers::container_start},
    {"POST", "/containers/{id}/stop", handlers::container_stop},
    {"POST", "/containers/{id}/restart", handlers::container_restart},
    {"POST", "/containers/{id}/kill", handlers::container_kill},
    {"POST", "/containers/{id}/resize", handlers::container_resize},
    {"POST", "/containers/{id}/wait", handlers::container_wait},
    {"POST", "/containers/{id}/attach", handlers::container_attach},
    {"POST", "/containers/{id}/rename", handlers::container_rename},
    {"POST", "/containers/{id}/exec", handlers::exec_create},
    {"DELETE", "/containers/{id}", handlers::container_remove},

    {"POST", "/exec/{id}/start", handlers::exec_start},
    {"POST", "/exec/{id}/resize", handlers::exec_resize},
    {"GET", "/exec/{id}/json", handlers::exec_inspect},
};

std::span<const Route> routes() {
    return kRoutes;
}

}  // namespace dhow::api
