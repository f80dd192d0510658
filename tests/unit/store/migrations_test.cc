// SPDX-License-Identifier: Apache-2.0
// One test a migration, and what the schema promises about who keeps whom alive.
#include "store/migrations.h"

#include "tests/unit/store/store_fixture.h"

namespace dhow::store {
namespace {

using MigrationsTest = StoreTest;

TEST_F(MigrationsTest, TheVersionCountsThem) {
    EXPECT_EQ(count("PRAGMA user_version"), static_cast<int64_t>(migrations().size()));
}

TEST_F(MigrationsTest, ASecondOpeningChangesNothing) {
    const int64_t before = count("PRAGMA schema_version");
    ASSERT_TRUE(open_again());
    EXPECT_EQ(count("PRAGMA schema_version"), before);
}

TEST_F(MigrationsTest, EveryTableIsStrict) {
    EXPECT_EQ(count("SELECT count(*) FROM pragma_table_list WHERE type='table' AND schema='main'"
                    " AND name NOT LIKE 'sqlite_%' AND strict=0"),
              0);
}

TEST_F(MigrationsTest, ForeignKeysAreOn) {
    EXPECT_EQ(count("PRAGMA foreign_keys"), 1);
}

// Migration 1: the first schema, on an empty file.
TEST_F(MigrationsTest, FirstMakesAllTables) {
    EXPECT_EQ(count("SELECT count(*) FROM sqlite_schema WHERE type='table' AND name IN"
                    " ('layers','blobs','images','image_layers','image_blobs','image_names',"
                    "'image_digests','containers','volumes','container_volumes','leases')"),
              11);
}

class KeptAlive : public StoreTest {
  protected:
    void SetUp() override {
        StoreTest::SetUp();
        write("INSERT INTO layers VALUES('l', 1, 1)");
        write("INSERT INTO blobs VALUES('b', 1)");
        write("INSERT INTO images VALUES('i', '{}', 'b', 'm', 1, 1)");
        write("INSERT INTO image_layers VALUES('i', 0, 'l')");
        write("INSERT INTO image_blobs VALUES('i', 'b')");
        write("INSERT INTO image_names VALUES('n', 'i')");
        write("INSERT INTO volumes VALUES('v', 1, 0, 1, '{}', '{}')");
        write("INSERT INTO containers VALUES('c', 'web', 'i', 'created', 1, 1, 'boot', '{}', 1)");
        write("INSERT INTO container_volumes VALUES('c', 'v')");
        write("INSERT INTO leases VALUES('net', '10.0.0.2', 'c')");
    }

    ErrorKind refusal(std::string_view sql) {
        const auto transaction = Transaction::begin(database(), Durability::None);
        const auto done = database().execute(sql);
        EXPECT_FALSE(done) << sql;
        return done ? ErrorKind::Internal : done.error().kind;
    }
};

TEST_F(KeptAlive, ContainersKeepImagesAndVolumes) {
    EXPECT_EQ(refusal("DELETE FROM images"), ErrorKind::Conflict);
    EXPECT_EQ(refusal("DELETE FROM volumes"), ErrorKind::Conflict);
}

TEST_F(KeptAlive, ImagesKeepLayersAndBlobs) {
    EXPECT_EQ(refusal("DELETE FROM layers"), ErrorKind::Conflict);
    EXPECT_EQ(refusal("DELETE FROM blobs"), ErrorKind::Conflict);
}

TEST_F(KeptAlive, WhatBelongsToAContainerGoesWithIt) {
    write("DELETE FROM containers");
    EXPECT_EQ(count("SELECT count(*) FROM container_volumes"), 0);
    EXPECT_EQ(count("SELECT count(*) FROM leases"), 0);
    EXPECT_EQ(count("SELECT count(*) FROM volumes"), 1);
    write("DELETE FROM images");
    EXPECT_EQ(count("SELECT count(*) FROM image_names"), 0);
    EXPECT_EQ(count("SELECT count(*) FROM image_layers"), 0);
    EXPECT_EQ(count("SELECT count(*) FROM layers"), 1);
    write("DELETE FROM layers");
}

TEST_F(KeptAlive, NamesAndStatesAreChecked) {
    EXPECT_EQ(refusal("INSERT INTO containers VALUES('d','web',NULL,'created',1,1,'b','{}',1)"),
              ErrorKind::AlreadyExists);
    EXPECT_EQ(refusal("INSERT INTO containers VALUES('d','db',NULL,'running',1,1,'b','{}',1)"),
              ErrorKind::InvalidArgument);
    EXPECT_EQ(refusal("INSERT INTO leases VALUES('net', '10.0.0.2', 'c')"),
              ErrorKind::AlreadyExists);
}

}  // namespace
}  // namespace dhow::store
