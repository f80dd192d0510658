// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include "base/random.h"
#include "store/migrations.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr const char* kDatabaseName = "db.sqlite";
constexpr const char* kLockName = "db.lock";
// A process that finds itself alone reads the whole WAL when it opens the database: 0.12 ms for
// 512 KiB. A checkpoint costs fsyncs, so it is not done for less.
constexpr int kCheckpointPages = 128;
constexpr int kBusyLimitMs = 30'000;

ErrorKind kind_of(int code) {
    switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return ErrorKind::AlreadyExists;
        case SQLITE_CONSTRAINT_FOREIGNKEY:
        case SQLITE_CONSTRAINT_TRIGGER:  // what ON DELETE RESTRICT reports
            return ErrorKind::Conflict;
        default:
            break;
    }
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
            return ErrorKind::InvalidArgument;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return ErrorKind::Corrupt;
        case SQLITE_FULL:
            return ErrorKind::NoSpace;
        case SQLITE_BUSY:
            return ErrorKind::Timeout;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return ErrorKind::Permission;
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
            return ErrorKind::System;
        default:
            return ErrorKind::Internal;
    }
}

Error sqlite_error(sqlite3* handle, std::string_view what) {
    const int code = sqlite3_extended_errcode(handle);
    Error error = make_error(kind_of(code), std::string(what) + ": " + sqlite3_errmsg(handle));
    if (error.kind == ErrorKind::System) {
        const int saved = sqlite3_system_errno(handle);
        if (saved != 0) error = system_error(what, saved);
    }
    if (error.kind == ErrorKind::Corrupt) error.fix = "restore the state folder from a backup";
    return error;
}

Status bind_all(sqlite3_stmt* statement, std::initializer_list<Value> values) {
    int index = 0;
    for (const Value& value : values) {
        ++index;
        int code = SQLITE_OK;
        if (const auto* number = std::get_if<int64_t>(&value)) {
            code = sqlite3_bind_int64(statement, index, *number);
        } else if (const auto* text = std::get_if<std::string_view>(&value)) {
            code = sqlite3_bind_text64(
                statement, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        } else {
            code = sqlite3_bind_null(statement, index);
        }
        if (code != SQLITE_OK) {
            return sqlite_error(sqlite3_db_handle(statement), "bind a value in the database");
        }
    }
    return {};
}

// Waits a little longer each time, with jitter, so that waiters do not march in step.
void pause_before_retry(int attempt) {
    const int64_t base_us = std::min(200 * (attempt + 1), 4000);
    const int64_t wait_us = base_us + random_below(static_cast<uint32_t>(base_us));
    const timespec pause{.tv_sec = 0, .tv_nsec = wait_us * 1000};
    ::nanosleep(&pause, nullptr);
}

int64_t monotonic_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// Writers are queued by db.lock; this is for recovery of the WAL by another process, and for people
// who look with the sqlite3 program.
int on_busy(void* /*context*/, int attempt) {
    if (attempt > kBusyLimitMs / 4) return 0;
    pause_before_retry(attempt);
    return 1;
}

int on_commit_to_wal(void* pages, sqlite3* /*db*/, const char* /*name*/, int wal_pages) {
    *static_cast<int*>(pages) = wal_pages;
    return SQLITE_OK;
}

}  // namespace

Value nullable(const std::optional<std::string>& text) {
    if (!text) return nullptr;
    return std::string_view(*text);
}

// --- Statement ----------------------------------------------------------------------------------

Statement::Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}

Statement::~Statement() {
    sqlite3_finalize(handle_);
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return sqlite_error(sqlite3_db_handle(handle_), "use the database");
}

Status Statement::finish() {
    while (TRY(step())) {
    }
    return {};
}

Status Statement::rebind(std::initializer_list<Value> values) {
    sqlite3_reset(handle_);
    return bind_all(handle_, values);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(handle_, column);
}

std::string Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::optional<std::string> Statement::optional_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

// --- Database -----------------------------------------------------------------------------------

struct Database::Connection {
    sqlite3* handle = nullptr;
    UniqueFd lock;  // db.lock, opened for the first transaction
    std::string folder;
    int folder_fd = -1;
    int wal_pages = 0;
    bool locked = false;                         // we hold db.lock
    Durability durability = Durability::Synced;  // what `PRAGMA synchronous` is at

    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    ~Connection() { sqlite3_close(handle); }

    Status open();
    Status open_lock();
    Result<bool> try_lock();
    Status lock_for_writing();

    void unlock() {
        ::flock(lock.get(), LOCK_UN);
        locked = false;
    }
};

// The file is made by us, 0600, because SQLite would take the umask's word; SQLite gives the WAL
// and the index the same mode.
static Status create_file(int folder_fd) {
    auto made = open_at(folder_fd, kDatabaseName, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!made && made.error().sys_errno != EEXIST) return std::move(made).error();
    return {};
}

Status Database::Connection::open() {
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const std::string path = folder + "/" + kDatabaseName;
    int code = sqlite3_open_v2(path.c_str(), &handle, kFlags, nullptr);
    if ((code & 0xff) == SQLITE_CANTOPEN) {
        TRY(create_file(folder_fd));
        sqlite3_close(std::exchange(handle, nullptr));
        code = sqlite3_open_v2(path.c_str(), &handle, kFlags, nullptr);
    }
    if (code != SQLITE_OK) return sqlite_error(handle, "open '" + path + "'");
    int persist = 1;
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    sqlite3_busy_handler(handle, on_busy, nullptr);
    sqlite3_wal_hook(handle, on_commit_to_wal, &wal_pages);  // in place of the automatic checkpoint
    return {};
}

Status Database::Connection::open_lock() {
    if (lock) return {};
    lock = TRY_CONTEXT(open_at(folder_fd, kLockName, O_RDWR | O_CREAT | O_NOFOLLOW, 0600),
                       "change the state in '" + folder + "'");
    return {};
}

Result<bool> Database::Connection::try_lock() {
    TRY(open_lock());
    locked = ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
    if (locked) return true;
    if (errno == EWOULDBLOCK || errno == EINTR) return false;
    return system_error("lock the database");
}

Status Database::Connection::lock_for_writing() {
    const int64_t deadline = monotonic_ms() + kBusyLimitMs;
    for (int attempt = 0;; ++attempt) {
        if (TRY(try_lock())) return {};
        if (monotonic_ms() > deadline) break;
        pause_before_retry(attempt);
    }
    return make_error(ErrorKind::Timeout,
                      "lock the database: another dhow has held it for 30 seconds",
                      "look for a stopped or hanging dhow process");
}

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

Database::~Database() {
    if (connection_) ignore(checkpoint_if_due(), "the next writer's end tries again");
}

Result<Database> Database::open(const std::string& folder, int folder_fd) {
    auto connection = std::make_unique<Connection>();
    connection->folder = folder;
    connection->folder_fd = folder_fd;
    TRY(connection->open());
    Database database(std::move(connection));
    TRY(migrate(database));
    return database;
}

Result<Statement> Database::query(std::string_view sql, std::initializer_list<Value> values) {
    sqlite3_stmt* handle = nullptr;
    const int length = static_cast<int>(sql.size());
    const int code = sqlite3_prepare_v2(connection_->handle, sql.data(), length, &handle, nullptr);
    if (code != SQLITE_OK) return sqlite_error(connection_->handle, "read the database");
    Statement statement(handle);
    if (!connection_->locked && sqlite3_stmt_readonly(handle) == 0) {
        return make_error(ErrorKind::Internal,
                          "write to the database outside of a transaction: " + std::string(sql));
    }
    TRY(bind_all(handle, values));
    return statement;
}

Status Database::execute(std::string_view sql, std::initializer_list<Value> values) {
    auto statement = TRY(query(sql, values));
    return statement.finish();
}

Status Database::execute_script(const std::string& sql) {
    const int code = sqlite3_exec(connection_->handle, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return sqlite_error(connection_->handle, "change the database");
    return {};
}

int64_t Database::changes() const {
    return sqlite3_changes64(connection_->handle);
}

Status Database::turn_on_wal() {
    TRY(connection_->lock_for_writing());
    auto changed = execute("PRAGMA journal_mode=WAL");
    connection_->unlock();
    return changed;
}

bool Database::in_transaction() const {
    return connection_->locked;
}

Status Database::checkpoint_if_due() {
    Connection& connection = *connection_;
    if (connection.wal_pages < kCheckpointPages || connection.locked) return {};
    if (!TRY(connection.try_lock())) return {};
    // TRUNCATE waits for readers through the busy handler; a reader in the way is no reason to
    // wait.
    sqlite3_busy_handler(connection.handle, nullptr, nullptr);
    const int code = sqlite3_wal_checkpoint_v2(
        connection.handle, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_handler(connection.handle, on_busy, nullptr);
    connection.unlock();
    if (code == SQLITE_OK) connection.wal_pages = 0;
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_LOCKED) {
        return sqlite_error(connection.handle, "checkpoint the database");
    }
    return {};
}

// --- Transaction --------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database, Durability durability) {
    Database::Connection& connection = *database.connection_;
    if (connection.locked) {
        return make_error(ErrorKind::Internal, "begin a transaction inside a transaction");
    }
    if (durability != connection.durability) {
        const bool synced = durability == Durability::Synced;
        TRY(database.execute_script(synced ? "PRAGMA synchronous=FULL"
                                           : "PRAGMA synchronous=NORMAL"));
        connection.durability = durability;
    }
    TRY(connection.lock_for_writing());
    auto begun = database.execute("BEGIN IMMEDIATE");
    if (!begun) {
        connection.unlock();
        return std::move(begun).error();
    }
    return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      open_(std::exchange(other.open_, false)) {}

Transaction::~Transaction() {
    if (database_ == nullptr) return;
    if (open_) ignore(database_->execute("ROLLBACK"), "closing the connection rolls back too");
    database_->connection_->unlock();
}

Status Transaction::commit() {
    TRY(database_->execute("COMMIT"));
    open_ = false;
    return {};
}

}  // namespace dhow::store
