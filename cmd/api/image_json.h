// SPDX-License-Identifier: Apache-2.0
// The engine's views of images, as Docker's documents. Pure. Docker's names are the short ones:
// "busybox:latest" for docker.io/library/busybox:latest, everything else as it is.
#pragma once

#include "base/json.h"
#include "engine/engine.h"
#include "engine/views.h"

#include <string>
#include <string_view>

namespace dhow::api {

std::string familiar_name(std::string_view full);
// What Docker means by a name without a registry: docker.io, and library/ without a slash.
std::string canonical_name(std::string_view name);

// An element of GET /images/json.
json::Object image_summary(const engine::ImageSummary& image);
// GET /images/{name}/json, from the engine's own document.
json::Object image_document(const json::Object& inspected);
// GET /images/{name}/history: newest first.
json::Array image_history(const json::Object& inspected);
// The answer to DELETE /images/{name}.
json::Array removed_image(const engine::RemovedImage& removed);

}  // namespace dhow::api
