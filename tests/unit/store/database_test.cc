// SPDX-License-Identifier: Apache-2.0
// The database as several short processes use it: races, kills in mid-transaction, checkpoints.
#include "store/database.h"

#include "tests/unit/store/store_fixture.h"

#include <vector>

#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

namespace dhow::store {
namespace {

constexpr std::string_view kInsert =
    "INSERT INTO volumes(name, created_at, anonymous, needs_copy_up, labels)"
    " VALUES(?, 1, 0, 1, '{}')";

using DatabaseTest = StoreTest;

Status insert(Store& store, const std::string& name, Durability durability = Durability::None) {
    auto transaction = TRY(Transaction::begin(store.database(), durability));
    TRY(store.database().execute(kInsert, {std::string_view(name)}));
    return transaction.commit();
}

TEST_F(DatabaseTest, CommitsAndRollsBack) {
    {
        auto transaction = Transaction::begin(database(), Durability::Synced);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(database().execute(kInsert, {"lost"}));
    }
    EXPECT_EQ(count("SELECT count(*) FROM volumes"), 0);
    ASSERT_TRUE(insert(store(), "kept"));
    EXPECT_EQ(count("SELECT count(*) FROM volumes"), 1);
}

TEST_F(DatabaseTest, RefusesToWriteOutsideOfATransaction) {
    const auto written = database().execute(kInsert, {"x"});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::Internal);
    EXPECT_EQ(count("SELECT count(*) FROM volumes"), 0);
}

TEST_F(DatabaseTest, RefusesNestedTransactions) {
    const auto outer = Transaction::begin(database(), Durability::None);
    ASSERT_TRUE(outer);
    const auto inner = Transaction::begin(database(), Durability::None);
    ASSERT_FALSE(inner);
    EXPECT_EQ(inner.error().kind, ErrorKind::Internal);
}

TEST_F(DatabaseTest, TellsConstraintsApart) {
    ASSERT_TRUE(insert(store(), "v"));
    const auto twice = insert(store(), "v");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().kind, ErrorKind::AlreadyExists);

    auto transaction = Transaction::begin(database(), Durability::None);
    ASSERT_TRUE(transaction);
    const auto dangling = database().execute(
        "INSERT INTO container_volumes(container_id, volume) VALUES('none', 'v')");
    const auto committed = dangling ? transaction->commit() : Status(dangling.error());
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().kind, ErrorKind::Conflict);
}

TEST_F(DatabaseTest, HoldsTypesStrictly) {
    auto transaction = Transaction::begin(database(), Durability::None);
    ASSERT_TRUE(transaction);
    const auto wrong =
        database().execute("INSERT INTO layers(diff_id, size, created_at) VALUES('d', 'many', 1)");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind, ErrorKind::InvalidArgument);
}

TEST_F(DatabaseTest, ReadsWhatWasBound) {
    auto query = database().query("SELECT ?1, ?2, ?3, ?4",
                                  {int64_t{-7}, std::string("a\0b", 3), nullptr, nullable({})});
    ASSERT_TRUE(query);
    ASSERT_TRUE(*query->step());
    EXPECT_EQ(query->integer(0), -7);
    EXPECT_EQ(query->text(1), std::string("a\0b", 3));
    EXPECT_TRUE(query->is_null(2));
    EXPECT_EQ(query->optional_text(3), std::nullopt);
    EXPECT_EQ(query->text(2), "");
    EXPECT_FALSE(*query->step());
}

TEST_F(DatabaseTest, KeepsItsFilesToItself) {
    ASSERT_TRUE(insert(store(), "v"));
    for (const char* name : {"db.sqlite", "db.sqlite-wal", "db.sqlite-shm", "db.lock"}) {
        struct stat st {};

        ASSERT_EQ(::fstatat(store().root_fd(), name, &st, 0), 0) << name;
        EXPECT_EQ(st.st_mode & 0777, 0600U) << name;
    }
}

TEST_F(DatabaseTest, RefusesADatabaseFromTheFuture) {
    write("PRAGMA user_version=99");
    const auto opened = open_again();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::Unsupported);
    EXPECT_NE(opened.error().message.find("99"), std::string::npos);
}

TEST_F(DatabaseTest, SaysWhenTheFileIsNoDatabase) {
    const std::string root = folder() + "/bad";
    ASSERT_TRUE(make_dirs(root));
    write_file(root + "/db.sqlite", std::string(8192, 'x'), 0600);
    const auto opened = Store::open({.root = root});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::Corrupt);
}

// Eight processes find no database and all make it.
TEST_F(DatabaseTest, FirstCommandsMayRace) {
    const std::string root = folder() + "/fresh";
    std::vector<pid_t> children;
    for (int child = 0; child < 8; ++child) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            auto own = Store::open({.root = root});
            ::_exit(own && insert(*own, "v" + std::to_string(child)) ? 0 : 1);
        }
        children.push_back(pid);
    }
    for (const pid_t pid : children) {
        int status = -1;
        ASSERT_EQ(::waitpid(pid, &status, 0), pid);
        EXPECT_EQ(status, 0);
    }
    auto opened = Store::open({.root = root});
    ASSERT_TRUE(opened);
    auto query = opened->database().query(
        "SELECT count(*), (SELECT 1 FROM pragma_journal_mode"
        " WHERE journal_mode = 'wal') FROM volumes");
    ASSERT_TRUE(query);
    ASSERT_TRUE(*query->step());
    EXPECT_EQ(query->integer(0), 8);
    EXPECT_EQ(query->integer(1), 1);
}

// Read, add one, write back: every lost update or failed lock shows in the sum.
TEST_F(DatabaseTest, TwoProcessesCountTogether) {
    constexpr int kRounds = 300;
    write("INSERT INTO layers(diff_id, size, created_at) VALUES('sum', 0, 0)");
    const auto add = [this] {
        auto own = open_again();
        if (!own) return 1;
        for (int round = 0; round < kRounds; ++round) {
            auto transaction = Transaction::begin(own->database(), Durability::None);
            if (!transaction) return 2;
            auto query = own->database().query("SELECT size FROM layers WHERE diff_id='sum'");
            if (!query || !query->step()) return 3;
            const int64_t sum = query->integer(0);
            auto written = own->database().execute("UPDATE layers SET size=?", {sum + 1});
            if (!written || !transaction->commit()) return 4;
        }
        return 0;
    };
    const pid_t other = ::fork();
    if (other == 0) ::_exit(add());
    EXPECT_EQ(in_child(add), 0);
    int status = -1;
    ASSERT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(count("SELECT size FROM layers WHERE diff_id='sum'"), 2 * kRounds);
}

// Pairs of rows are written in one transaction by a process that is killed at a random moment.
TEST_F(DatabaseTest, AKilledWriterLeavesWholeTransactions) {
    for (int trial = 0; trial < 20; ++trial) {
        const pid_t writer = ::fork();
        if (writer == 0) {
            auto own = open_again();
            if (!own) ::_exit(1);
            for (int pair = 0;; ++pair) {
                auto transaction = Transaction::begin(own->database(), Durability::None);
                if (!transaction) ::_exit(2);
                for (const char* half : {"a", "b"}) {
                    const std::string name =
                        half + std::to_string(trial) + "-" + std::to_string(pair);
                    if (!own->database().execute(kInsert, {std::string_view(name)})) ::_exit(3);
                }
                if (!transaction->commit()) ::_exit(4);
            }
        }
        ::usleep(2000 + random_below(15000));
        ::kill(writer, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(writer, &status, 0), writer);
        ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
        EXPECT_EQ(count("SELECT count(*) FROM volumes WHERE name LIKE 'a%'"),
                  count("SELECT count(*) FROM volumes WHERE name LIKE 'b%'"));
        ASSERT_TRUE(insert(store(), "later" + std::to_string(trial)));
    }
    auto check = database().query("PRAGMA integrity_check");
    ASSERT_TRUE(check);
    ASSERT_TRUE(*check->step());
    EXPECT_EQ(check->text(0), "ok");
}

off_t wal_size(Store& store) {
    struct stat st {};

    if (::fstatat(store.root_fd(), "db.sqlite-wal", &st, 0) != 0) return -1;
    return st.st_size;
}

void grow_wal(Store& store) {
    const std::string prefix = random_hex(4);
    for (int row = 0; row < 200; ++row) {
        ASSERT_TRUE(insert(store, prefix + std::to_string(row)));
    }
}

TEST_F(DatabaseTest, CheckpointsALargeWalWhenNobodyWrites) {
    grow_wal(store());
    ASSERT_GT(wal_size(store()), 512 * 1024);
    const int64_t rows = count("SELECT count(*) FROM volumes");
    ASSERT_TRUE(database().checkpoint_if_due());
    EXPECT_EQ(wal_size(store()), 0);
    EXPECT_EQ(count("SELECT count(*) FROM volumes"), rows);
}

TEST_F(DatabaseTest, NeverCheckpointsBesideAWriter) {
    grow_wal(store());
    const off_t before = wal_size(store());
    auto other = open_again();
    ASSERT_TRUE(other);
    {
        const auto writing = Transaction::begin(other->database(), Durability::None);
        ASSERT_TRUE(writing);
        ASSERT_TRUE(database().checkpoint_if_due());
        EXPECT_EQ(wal_size(store()), before);
    }
    ASSERT_TRUE(database().checkpoint_if_due());
    EXPECT_EQ(wal_size(store()), 0);
}

TEST_F(DatabaseTest, AReaderDoesNotHoldUpTheCheckpointer) {
    grow_wal(store());
    auto other = open_again();
    ASSERT_TRUE(other);
    auto reading = other->database().query("SELECT name FROM volumes");
    ASSERT_TRUE(reading);
    ASSERT_TRUE(*reading->step());
    ASSERT_TRUE(insert(store(), "newer-than-the-reader"));
    timespec before{};
    timespec after{};
    ::clock_gettime(CLOCK_MONOTONIC, &before);
    ASSERT_TRUE(database().checkpoint_if_due());
    ::clock_gettime(CLOCK_MONOTONIC, &after);
    EXPECT_LE(after.tv_sec - before.tv_sec, 1);
    ASSERT_TRUE(*reading->step());
}

TEST_F(DatabaseTest, ClosingLeavesTheWal) {
    ASSERT_TRUE(insert(store(), "v"));
    const off_t before = wal_size(store());
    ASSERT_GT(before, 0);
    const auto touch = [this] {
        auto own = open_again();
        return own && own->database().query("SELECT 1 FROM volumes") ? 0 : 1;
    };
    EXPECT_EQ(in_child(touch), 0);
    EXPECT_EQ(wal_size(store()), before);
}

}  // namespace
}  // namespace dhow::store
