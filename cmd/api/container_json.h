// SPDX-License-Identifier: Apache-2.0
// The engine's views of containers, as the documents of Docker's API: one line of `docker ps` and
// the whole of `docker inspect`. Pure. Members that clients read and dhow has no notion of carry
// Docker's neutral value.
#pragma once

#include "base/clock.h"
#include "base/json.h"
#include "engine/views.h"

#include <string>
#include <string_view>

namespace dhow::api {

// An element of GET /containers/json.
json::Object container_summary(const engine::ContainerSummary& summary, UnixNanos now);
// GET /containers/{id}/json.
json::Object container_document(const engine::ContainerDetails& details);

// Docker's words: created, running, paused, restarting, removing, exited, dead.
std::string_view docker_state(engine::ContainerStatus status);
// "Up 5 minutes", "Exited (0) 2 hours ago", "Created".
std::string status_sentence(const engine::ContainerSummary& summary, UnixNanos now);
// "Less than a second", "About a minute", "3 weeks": as Docker's units package has it.
std::string human_duration(int64_t seconds);
// RFC 3339; Go's zero time for 0.
std::string docker_time(UnixNanos time);

}  // namespace dhow::api
