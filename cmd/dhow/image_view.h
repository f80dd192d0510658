// SPDX-License-Identifier: Apache-2.0
// An ImageSummary as `images` shows it: one row a name, the object of `images --format json`, and
// the filters. Field names are Podman's. Pure.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "cmd/dhow/list_format.h"
#include "engine/views.h"

#include <map>
#include <string>
#include <vector>

namespace dhow::cli {

// "docker.io/library/busybox" and "1.36"; both "<none>" for an image without a name.
struct RepoTag {
    std::string repository;
    std::string tag;
};

RepoTag split_name(std::string_view name);

std::vector<Column> image_columns();
// `name` is one of the image's names, or "".
json::Value image_row(const engine::ImageSummary& image,
                      const std::string& name,
                      UnixNanos now,
                      bool full);
json::Value image_json(const engine::ImageSummary& image);

// Whether what a user typed means this name: "busybox", "library/busybox",
// "docker.io/library/busybox", each with or without ":tag". '*' and '?' match as in a shell.
bool name_matches(std::string_view name, std::string_view pattern);

// --filter reference=, label=KEY[=VALUE], dangling=BOOL, and the operand of `images`.
struct ImageFilter {
    std::vector<std::string> references;
    std::vector<std::string> labels;
    std::optional<bool> dangling;

    // One "KEY=VALUE" of --filter.
    Status add(std::string_view text);
    // The image's names that pass; {""} for a nameless image that passes; {} when it does not.
    [[nodiscard]] std::vector<std::string> passing_names(const engine::ImageSummary& image) const;
};

}  // namespace dhow::cli
