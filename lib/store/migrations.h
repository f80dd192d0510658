// SPDX-License-Identifier: Apache-2.0
// The schema and its history. `PRAGMA user_version` counts the migrations that a database has seen;
// each runs once, in its own transaction. A database from a newer dhow is refused, never touched.
#pragma once

#include "base/result.h"
#include "store/database.h"

#include <span>
#include <string_view>

namespace dhow::store {

// migrations()[n] takes a database from version n to n + 1. Released entries never change; each has
// a test in tests/unit/store/migrations_test.cc.
std::span<const std::string_view> migrations();

// Called by Database::open(). Costs one PRAGMA when there is nothing to do.
Status migrate(Database& database);

}  // namespace dhow::store
