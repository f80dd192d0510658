// SPDX-License-Identifier: Apache-2.0
// Amounts as people read them, in the words Docker and Podman use, because scripts read them too.
// Pure.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace dhow::cli {

// "Less than a second", "19 minutes", "About an hour", "3 weeks".
std::string human_duration(std::chrono::nanoseconds span);
// "19 minutes ago"; "" for the time 0.
std::string human_ago(UnixNanos time, UnixNanos now);
// Four digits, decimal units: "0 B", "7.68 kB", "4.27 MB".
std::string human_size(uint64_t bytes);
// As in progress bars: "1.2MiB", binary units, one digit after the point.
std::string human_binary_size(uint64_t bytes);
// "2026-11-24 00:37:57 +0000 UTC" in the local time zone.
std::string human_time(UnixNanos time);
// Twelve characters of an id, with or without "sha256:".
std::string short_id(std::string_view id);

}  // namespace dhow::cli
