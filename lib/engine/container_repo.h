// SPDX-License-Identifier: Apache-2.0
// Rows of containers: names, ids, the stored config, and intents. A row `creating` or `removing`
// carries the identity of the process at work; when that process is gone, reconcile() finishes or
// undoes it. All SQL about containers is in container_repo.cc.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "engine/container_config.h"

#include <optional>
#include <string>
#include <vector>

namespace dhow::engine {

struct Context;

enum class RowState { Creating, Created, Removing };

struct ContainerRow {
    std::string id;
    std::string name;
    RowState state = RowState::Created;
    ProcessIdentity owner;  // of an intent; pid 0 otherwise
    ContainerConfig config;
};

// By full name, full id, or unique id prefix, in this order. NotFound, or Conflict for an ambiguous
// prefix. Rows `creating` are not found: they are nobody's business but their owner's.
Result<ContainerRow> find_container(Context& context, const std::string& name);
// nullopt instead of NotFound; by full id alone.
Result<std::optional<ContainerRow>> find_container_by_id(Context& context, const std::string& id);
Result<std::vector<ContainerRow>> list_container_rows(Context& context);
// Ids of rows that are not plainly `created`: cheap, by a partial index.
Result<std::vector<ContainerRow>> list_intents(Context& context);

// Inserts a row `creating` owned by this process, with its volumes' use. AlreadyExists names the
// holder of the name.
Status insert_creating(Context& context, const ContainerConfig& config);
Status mark_created(Context& context, const std::string& id);
// Conflict when somebody else's live process removes it already.
Status mark_removing(Context& context, const std::string& id);
Status erase_container(Context& context, const std::string& id);
Status set_container_name(Context& context, const std::string& id, const std::string& name);
// The ports a container got: the stored config with host ports chosen.
Status update_config(Context& context, const ContainerConfig& config);

}  // namespace dhow::engine
