// SPDX-License-Identifier: Apache-2.0
#include "engine/leases.h"

#include "engine/context.h"
#include "engine/network/network.h"

namespace dhow::engine {

Result<std::optional<std::string>> find_lease(Context& context, const std::string& id) {
    auto statement = TRY(context.store.database().query(
        "SELECT ip FROM leases WHERE container_id = ?1 AND network = ?2",
        {id, network::kBridgeNetwork}));
    if (!TRY(statement.step())) return std::optional<std::string>();
    return std::optional(statement.text(0));
}

Result<std::string> lease_address(Context& context, const std::string& id) {
    store::Database& database = context.store.database();
    auto transaction = TRY(store::Transaction::begin(database, Durability::None));
    const auto held = TRY(find_lease(context, id));
    if (held) return *held;
    std::set<std::string> used;
    auto statement =
        TRY(database.query("SELECT ip FROM leases WHERE network = ?1", {network::kBridgeNetwork}));
    while (TRY(statement.step())) used.insert(statement.text(0));
    const auto ip = TRY(network::pick_address(used));
    TRY(database.execute("INSERT INTO leases (network, ip, container_id) VALUES (?1, ?2, ?3)",
                         {network::kBridgeNetwork, ip, id}));
    TRY(transaction.commit());
    return ip;
}

}  // namespace dhow::engine
