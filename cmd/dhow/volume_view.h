// SPDX-License-Identifier: Apache-2.0
// VolumeDetails as `volume ls` and `volume inspect` show them, and the filters. Field names are
// Podman's. Pure.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "cmd/dhow/list_format.h"
#include "engine/volumes.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::cli {

std::vector<Column> volume_columns();
json::Object volume_json(const engine::VolumeDetails& volume);

// --filter of `volume ls`: name=, label=, label!=, driver=, scope=, opt=, dangling=, anonymous=,
// since=TIME, until=TIME. Alternatives where a key is given twice, but for
// labels.
class VolumeFilter {
  public:
    Status add(std::string_view text, UnixNanos now);
    [[nodiscard]] bool passes(const engine::VolumeDetails& volume) const;

  private:
    engine::PruneFilter common_;
    std::vector<std::string> names_;
    std::vector<std::string> drivers_;
    std::vector<std::string> options_;
    std::optional<bool> dangling_;
    std::optional<bool> anonymous_;
    std::optional<UnixNanos> since_;
};

}  // namespace dhow::cli
