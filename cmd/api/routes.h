// SPDX-License-Identifier: Apache-2.0
// The table of the Docker Engine API as far as dhow serves it: one handler a path, one file a group
// of them in routes/.
#pragma once

#include "cmd/api/router.h"

#include <span>

namespace dhow::api {

std::span<const Route> routes();

namespace handlers {

// routes/system.cc
void ping(Call& call);
void version(Call& call);
void info(Call& call);
void auth(Call& call);

// routes/images.cc, routes/pull.cc
void image_list(Call& call);
void image_inspect(Call& call);
void image_history(Call& call);
void image_tag(Call& call);
void image_remove(Call& call);
void image_load(Call& call);
void image_create(Call& call);

// routes/containers.cc
void container_list(Call& call);
void container_create(Call& call);
void container_inspect(Call& call);
void container_top(Call& call);
void container_rename(Call& call);
void container_remove(Call& call);

// routes/lifecycle.cc, routes/wait.cc
void container_start(Call& call);
void container_stop(Call& call);
void container_restart(Call& call);
void container_kill(Call& call);
void container_resize(Call& call);
void container_wait(Call& call);

// routes/attach.cc, routes/logs.cc
void container_attach(Call& call);
void container_logs(Call& call);

// routes/exec.cc
void exec_create(Call& call);
void exec_start(Call& call);
void exec_inspect(Call& call);
void exec_resize(Call& call);

}  // namespace handlers
}  // namespace dhow::api
