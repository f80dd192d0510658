// SPDX-License-Identifier: Apache-2.0
// The one SQLite database of a state folder. Every short process of dhow opens it for itself and
// closes it before it ends; a connection never crosses a fork. sqlite3.h is included in database.cc
// alone. Nothing slow (a spawn, a mount, the network) happens while a Transaction is open.
//
// Mode: WAL, no automatic checkpoint, none on close. Writers and the checkpointer take turns by an
// exclusive flock(2) on `db.lock`, so that no checkpoint ever runs beside a writer: the WAL-reset
// bug of SQLite < 3.51.3 needs that to happen (contrib/adr/0010-sqlite.md).
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace dhow::store {

// A bound parameter: NULL, INTEGER or TEXT.
using Value = std::variant<std::nullptr_t, int64_t, std::string_view>;

Value nullable(const std::optional<std::string>& text);

// A prepared statement with its values bound, read row by row. Columns count from 0.
class [[nodiscard]] Statement {
  public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    // True: a row can be read. False: no more rows.
    Result<bool> step();
    // Runs to the end, rows ignored.
    Status finish();
    // Ready to run once more with other values.
    Status rebind(std::initializer_list<Value> values);

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;  // "" for NULL
    [[nodiscard]] std::optional<std::string> optional_text(int column) const;

  private:
    friend class Database;

    explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

    sqlite3_stmt* handle_ = nullptr;
};

class [[nodiscard]] Database {
  public:
    // Opens or creates `<folder>/db.sqlite` and brings its schema up to date. `folder` is an
    // absolute path; `folder_fd` the same folder.
    static Result<Database> open(const std::string& folder, int folder_fd);

    Database(Database&& other) noexcept;
    Database& operator=(Database&& other) noexcept;
    ~Database();  // checkpoints when that is due and nobody is in the way

    // What writes needs an open Transaction: without one it is an Internal error, because the
    // checkpointer could come in between. Constraint errors: AlreadyExists (unique, primary key),
    // Conflict (foreign key).
    Result<Statement> query(std::string_view sql, std::initializer_list<Value> values = {});
    // One statement without results.
    Status execute(std::string_view sql, std::initializer_list<Value> values = {});
    // Several statements, no parameters.
    Status execute_script(const std::string& sql);
    // Rows touched by the last execute().
    [[nodiscard]] int64_t changes() const;

    // Moves the WAL's content into the database file when the WAL is large and no other process
    // writes; costs nothing otherwise.
    Status checkpoint_if_due();

    // Makes a new database one with a write-ahead log; the file's header keeps it.
    Status turn_on_wal();

    [[nodiscard]] bool in_transaction() const;

  private:
    friend class Transaction;
    struct Connection;

    explicit Database(std::unique_ptr<Connection> connection);

    std::unique_ptr<Connection> connection_;
};

// BEGIN IMMEDIATE with the writers' lock held. Rolled back unless commit() succeeded. The lock is
// kept until destruction: what must not interleave with another writer (renaming a removed layer
// away, say) may follow commit(). Durability::Synced survives a power cut once commit() returns;
// None survives a crash of the process only.
class [[nodiscard]] Transaction {
  public:
    static Result<Transaction> begin(Database& database, Durability durability);

    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    Status commit();

  private:
    explicit Transaction(Database& database) : database_(&database) {}

    Database* database_;
    bool open_ = true;
};

}  // namespace dhow::store
