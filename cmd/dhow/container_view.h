// SPDX-License-Identifier: Apache-2.0
// A ContainerSummary as `ps` shows it: the words of its columns, the row templates see, and the
// object of `ps --format json`. Field names are Podman's. Pure.
#pragma once

#include "base/json.h"
#include "cmd/dhow/list_format.h"
#include "engine/views.h"

#include <string>
#include <vector>

namespace dhow::cli {

// "Up 3 seconds", "Exited (0) 3 minutes ago", "Created".
std::string status_words(const engine::ContainerSummary& container, UnixNanos now);
// "0.0.0.0:8000-8002->80-82/tcp, 127.0.0.1:53->53/udp"
std::string ports_words(std::vector<engine::PortMapping> ports);
// Joined by blanks; longer than 17 characters ends in "..." unless `full`.
std::string command_words(const std::vector<std::string>& command, bool full);

std::vector<Column> container_columns();
json::Value container_row(const engine::ContainerSummary& container, UnixNanos now, bool full);
json::Value container_json(const engine::ContainerSummary& container, UnixNanos now);

}  // namespace dhow::cli
