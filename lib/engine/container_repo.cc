// SPDX-License-Identifier: Apache-2.0
#include "engine/container_repo.h"

#include "base/text.h"
#include "engine/context.h"
#include "store/volume_store.h"

#include <unistd.h>

namespace dhow::engine {

namespace {

constexpr std::string_view kColumns =
    "SELECT id, name, state, owner_pid, owner_start, owner_boot, config FROM containers ";
constexpr std::string_view kStates[] = {"creating", "created", "removing"};

RowState parse_state(std::string_view word) {
    if (word == kStates[0]) return RowState::Creating;
    return word == kStates[2] ? RowState::Removing : RowState::Created;
}

Result<ContainerRow> read_row(const store::Statement& statement) {
    ContainerRow row;
    row.id = statement.text(0);
    row.name = statement.text(1);
    row.state = parse_state(statement.text(2));
    row.owner.pid = static_cast<pid_t>(statement.integer(3));
    row.owner.start_time = static_cast<uint64_t>(statement.integer(4));
    row.owner.boot_id = statement.text(5);
    row.config =
        TRY_CONTEXT(parse_container_config(statement.text(6)), "read container '" + row.name + "'");
    return row;
}

Result<std::vector<ContainerRow>> query_rows(Context& context,
                                             std::string_view condition,
                                             std::initializer_list<store::Value> values = {}) {
    auto statement =
        TRY(context.store.database().query(std::string(kColumns) + std::string(condition), values));
    std::vector<ContainerRow> rows;
    while (TRY(statement.step())) rows.push_back(TRY(read_row(statement)));
    return rows;
}

Error no_such(const std::string& name) {
    return make_error(ErrorKind::NotFound,
                      "no container with name or id '" + printable(name) + "'",
                      "list them with: dhow ps -a");
}

Result<ContainerRow> find_by_prefix(Context& context, const std::string& prefix) {
    // GLOB would read '*' in the prefix; only hexadecimal digits reach it.
    if (!is_hex(prefix)) return no_such(prefix);
    const std::string pattern = prefix + "*";
    auto rows =
        TRY(query_rows(context, "WHERE id GLOB ?1 AND state <> 'creating' LIMIT 2", {pattern}));
    if (rows.empty()) return no_such(prefix);
    if (rows.size() == 1) return std::move(rows.front());
    return make_error(ErrorKind::Conflict,
                      "container id '" + prefix + "' is ambiguous",
                      "give more digits of it");
}

Status insert_row(Context& context, const ContainerConfig& config) {
    const auto owner = TRY(identify(::getpid()));
    const std::string document = json::compact(to_json(config));
    auto inserted = context.store.database().execute(
        "INSERT INTO containers (id, name, image_id, state, owner_pid, owner_start, owner_boot, "
        "config, created_at) VALUES (?1, ?2, ?3, 'creating', ?4, ?5, ?6, ?7, ?8)",
        {config.id,
         config.name,
         config.image_id,
         int64_t{owner.pid},
         static_cast<int64_t>(owner.start_time),
         owner.boot_id,
         document,
         config.created_at});
    if (inserted || inserted.error().kind != ErrorKind::AlreadyExists) return inserted;
    return make_error(ErrorKind::AlreadyExists,
                      "container name '" + config.name + "' is already in use",
                      "remove that one with: dhow rm " + config.name + ", or choose another name");
}

Status attach_volumes(Context& context, const ContainerConfig& config) {
    store::VolumeStore volumes(context.store);
    for (const MountSpec& mount : config.options.mounts) {
        if (mount.kind == MountKind::Volume) TRY(volumes.attach(config.id, mount.source));
    }
    return {};
}

// Runs one change in a transaction of its own. Container rows need not outlive a power cut by
// themselves: what matters after one is the exit record, which is synced.
template <class Change>
Status change_rows(Context& context, Change change) {
    auto transaction = TRY(store::Transaction::begin(context.store.database(), Durability::None));
    TRY(change(context.store.database()));
    return transaction.commit();
}

}  // namespace

Result<ContainerRow> find_container(Context& context, const std::string& name) {
    auto rows = TRY(query_rows(
        context,
        "WHERE (name = ?1 OR id = ?1) AND state <> 'creating' ORDER BY name <> ?1 LIMIT 1",
        {name}));
    if (!rows.empty()) return std::move(rows.front());
    return find_by_prefix(context, name);
}

Result<std::optional<ContainerRow>> find_container_by_id(Context& context, const std::string& id) {
    auto rows = TRY(query_rows(context, "WHERE id = ?1", {id}));
    if (rows.empty()) return std::optional<ContainerRow>();
    return std::optional(std::move(rows.front()));
}

Result<std::vector<ContainerRow>> list_container_rows(Context& context) {
    return query_rows(context, "ORDER BY created_at DESC");
}

Result<std::vector<ContainerRow>> list_intents(Context& context) {
    return query_rows(context, "WHERE state <> 'created'");
}

Status insert_creating(Context& context, const ContainerConfig& config) {
    return change_rows(context, [&](store::Database&) -> Status {
        TRY(insert_row(context, config));
        return attach_volumes(context, config);
    });
}

Status mark_created(Context& context, const std::string& id) {
    return change_rows(context, [&](store::Database& database) {
        return database.execute(
            "UPDATE containers SET state = 'created', owner_pid = NULL, owner_start = NULL, "
            "owner_boot = NULL WHERE id = ?1",
            {id});
    });
}

Status mark_removing(Context& context, const std::string& id) {
    const auto owner = TRY(identify(::getpid()));
    return change_rows(context, [&](store::Database& database) -> Status {
        const auto row = TRY(find_container_by_id(context, id));
        if (!row) return no_such(id);
        if (row->state != RowState::Created && row->owner != owner && is_alive(row->owner)) {
            return make_error(ErrorKind::Conflict,
                              "container '" + row->name + "' is being removed by process " +
                                  std::to_string(row->owner.pid));
        }
        return database.execute(
            "UPDATE containers SET state = 'removing', owner_pid = ?2, owner_start = ?3, "
            "owner_boot = ?4 WHERE id = ?1",
            {id, int64_t{owner.pid}, static_cast<int64_t>(owner.start_time), owner.boot_id});
    });
}

Status erase_container(Context& context, const std::string& id) {
    return change_rows(context, [&](store::Database& database) {
        return database.execute("DELETE FROM containers WHERE id = ?1", {id});
    });
}

Status set_container_name(Context& context, const std::string& id, const std::string& name) {
    auto renamed = change_rows(context, [&](store::Database& database) {
        return database.execute("UPDATE containers SET name = ?2 WHERE id = ?1", {id, name});
    });
    if (renamed || renamed.error().kind != ErrorKind::AlreadyExists) return renamed;
    return make_error(ErrorKind::AlreadyExists,
                      "container name '" + name + "' is already in use",
                      "choose another name");
}

Status update_config(Context& context, const ContainerConfig& config) {
    const std::string document = json::compact(to_json(config));
    return change_rows(context, [&](store::Database& database) {
        return database.execute("UPDATE containers SET config = ?2 WHERE id = ?1",
                                {config.id, document});
    });
}

}  // namespace dhow::engine
