// SPDX-License-Identifier: Apache-2.0
// Layers on their way into the store, and blobs, which go the same way.
#include "store/layer_store.h"

#include "tests/unit/store/layers_fixture.h"

#include <sys/file.h>

namespace dhow::store {
namespace {

using LayerStoreTest = LayersTest;

TEST_F(LayerStoreTest, ASessionIsAFolderThatIsLockedAndGoes) {
    std::string path;
    {
        const auto own = session();
        path = own.path();

        struct stat st {};

        ASSERT_EQ(::stat(path.c_str(), &st), 0);
        EXPECT_EQ(st.st_mode & 07777, 0700U);
        const auto other = open_dir_at(AT_FDCWD, path);
        ASSERT_TRUE(other);
        EXPECT_NE(::flock(other->get(), LOCK_EX | LOCK_NB), 0);
        write_file(path + "/left", "x");
        const auto closed = make_dir_at(own.fd(), "closed", 0700);
        ASSERT_TRUE(closed);
        ASSERT_TRUE(make_dir_at(closed->get(), "deeper", 0700));
        ASSERT_EQ(::fchmod(closed->get(), 0), 0);
        EXPECT_EQ(entries("staging"), 1U);
    }
    EXPECT_EQ(entries("staging"), 0U);
}

TEST_F(LayerStoreTest, AMovedSessionGoesOnce) {
    auto first = session();
    {
        const StagingSession second(std::move(first));
        EXPECT_EQ(entries("staging"), 1U);
    }
    EXPECT_EQ(entries("staging"), 0U);
}

TEST_F(LayerStoreTest, ACommittedLayerIsThere) {
    const auto own = session();
    const auto layer = stage(own, 'a', "text");
    ASSERT_TRUE(LayerStore::sync(own));
    ASSERT_TRUE(commit(own, {layer}));
    EXPECT_EQ(layer_text('a'), "text");
    const auto present = LayerStore(store()).present({fake_digest('b'), fake_digest('a')});
    ASSERT_TRUE(present);
    EXPECT_EQ(*present, (std::vector<std::string>{fake_digest('a')}));
    EXPECT_EQ(count("SELECT size FROM layers"), 4);
}

TEST_F(LayerStoreTest, TheFirstOfTwoPullsWins) {
    const auto one = session();
    const auto two = session();
    const auto first = stage(one, 'a', "first");
    const auto second = stage(two, 'a', "second");
    ASSERT_TRUE(commit(one, {first, first}));
    ASSERT_TRUE(commit(two, {second}));
    EXPECT_EQ(layer_text('a'), "first");
    EXPECT_EQ(entries("layers"), 1U);
}

TEST_F(LayerStoreTest, ALayerSaidToBeThereMustBe) {
    const auto own = session();
    ASSERT_TRUE(commit(own, {stage(own, 'a', "x")}));
    EXPECT_TRUE(commit(own, {{.diff_id = fake_digest('a'), .folder = {}, .size = 0}}));
    const auto missing = commit(own, {{.diff_id = fake_digest('b'), .folder = {}, .size = 0}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::Conflict);
}

// What has no row is not trusted, however good it looks.
TEST_F(LayerStoreTest, AFolderWithoutARowIsReplacedOrMovedAway) {
    for (const char digit : {'a', 'b'}) {
        const std::string folder = store().path_of("layers/") + std::string(64, digit);
        ASSERT_TRUE(make_dirs(folder));
        write_file(folder + "/file", "leftover");
    }
    const auto own = session();
    ASSERT_TRUE(commit(own, {stage(own, 'a', "whole")}));
    EXPECT_EQ(layer_text('a'), "whole");
    EXPECT_FALSE(commit(own, {{.diff_id = fake_digest('b'), .folder = {}, .size = 0}}));
    EXPECT_EQ(layer_text('b'), "(none)");
}

TEST_F(LayerStoreTest, ARolledBackCommitIsRepeated) {
    const auto own = session();
    {
        auto transaction = Transaction::begin(database(), Durability::Synced);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(LayerStore(store()).commit(own, {stage(own, 'a', "first")}));
    }
    EXPECT_EQ(count("SELECT count(*) FROM layers"), 0);
    ASSERT_TRUE(commit(own, {stage(own, 'a', "second")}));
    EXPECT_EQ(layer_text('a'), "second");
}

TEST_F(LayerStoreTest, NamesThatAreNoDigestReachNoPath) {
    const auto own = session();
    const auto layer = stage(own, 'a', "x");
    for (const char* id : {"",
                           "a",
                           "../../x",
                           "sha256:",
                           "sha256:../../x",
                           "md5:00000000000000000000000000000000"}) {
        const auto done = commit(own, {{.diff_id = id, .folder = layer.folder, .size = 1}});
        ASSERT_FALSE(done) << id;
        EXPECT_EQ(done.error().kind, ErrorKind::InvalidArgument) << id;
    }
    const std::string upper = "sha256:" + std::string(64, 'A');
    EXPECT_FALSE(commit(own, {{.diff_id = upper, .folder = std::string(64, 'A'), .size = 1}}));
    for (const char* folder : {".", "..", "other", "../layers"}) {
        const auto done = commit(own, {{.diff_id = layer.diff_id, .folder = folder, .size = 1}});
        ASSERT_FALSE(done) << folder;
        EXPECT_EQ(done.error().kind, ErrorKind::InvalidArgument) << folder;
    }
    EXPECT_FALSE(commit(own, {{fake_digest('b'), std::string(64, 'b'), 1}})) << "not staged";
    EXPECT_EQ(count("SELECT count(*) FROM layers"), 0);
    EXPECT_EQ(entries("layers"), 0U);
}

TEST_F(LayerStoreTest, UnusedLayersAreForgottenAndMovedAway) {
    ASSERT_TRUE(add_image('1', {"kept"}, "a"));
    {
        const auto own = session();
        ASSERT_TRUE(commit(own, {stage(own, 'b', "x"), stage(own, 'c', "y")}));
        LayerStore layers(store());
        auto transaction = Transaction::begin(database(), Durability::Synced);
        ASSERT_TRUE(transaction);
        auto unused = layers.forget_unused();
        ASSERT_TRUE(unused);
        EXPECT_EQ(*unused, (std::vector<std::string>{fake_digest('b'), fake_digest('c')}));
        ASSERT_TRUE(transaction->commit());
        unused->push_back(fake_digest('d'));  // gone already
        ASSERT_TRUE(layers.move_away(own, *unused));
        EXPECT_EQ(layer_text('a'), "text");
        EXPECT_EQ(layer_text('b'), "(none)");
        EXPECT_FALSE(layers.move_away(own, {"sha256:../../x"}));
    }
    EXPECT_EQ(entries("layers"), 1U);
    EXPECT_EQ(entries("staging"), 0U);
}

// --- blobs --------------------------------------------------------------------------------------

class ContentStoreTest : public LayersTest {
  protected:
    Status put(const StagingSession& session, std::string_view digest, std::string_view bytes) {
        TRY(ContentStore::stage(session, digest, bytes));
        return commit_blob(session, digest);
    }

    Status commit_blob(const StagingSession& session, std::string_view digest) {
        auto transaction = TRY(Transaction::begin(database(), Durability::Synced));
        TRY(ContentStore(store()).commit(session, digest));
        return transaction.commit();
    }

    std::string get(std::string_view digest) {
        auto bytes = ContentStore(store()).get(digest);
        return bytes ? bytes.take() : std::string(kind_name(bytes.error().kind));
    }
};

TEST_F(ContentStoreTest, ReturnsWhatWasPut) {
    const auto own = session();
    const std::string bytes("{\"a\":\0\xff}", 8);
    ASSERT_TRUE(put(own, fake_digest('a'), bytes));
    EXPECT_EQ(get(fake_digest('a')), bytes);
    EXPECT_EQ(get(fake_digest('b')), "not_found");
    EXPECT_EQ(count("SELECT size FROM blobs"), 8);

    struct stat st {};

    ASSERT_EQ(::stat(store().path_of("blobs/sha256/" + std::string(64, 'a')).c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0600U);
}

// What a pull or load lets through must be readable again.
TEST_F(ContentStoreTest, TheLargestConfigComesBack) {
    const auto own = session();
    const std::string config(8U << 20U, ' ');
    ASSERT_TRUE(put(own, fake_digest('a'), config));
    EXPECT_EQ(get(fake_digest('a')).size(), config.size());
    ASSERT_TRUE(put(own, fake_digest('b'), config + " "));
    EXPECT_EQ(get(fake_digest('b')), "invalid_argument");
}

TEST_F(ContentStoreTest, TheFirstStaysAndLeftoversDoNot) {
    const auto own = session();
    write_file(store().path_of("blobs/sha256/" + std::string(64, 'a')), "leftover");
    ASSERT_TRUE(put(own, fake_digest('a'), "first"));
    EXPECT_EQ(get(fake_digest('a')), "first");
    ASSERT_TRUE(put(own, fake_digest('a'), "second"));
    EXPECT_EQ(get(fake_digest('a')), "first");
    const auto missing = commit_blob(own, fake_digest('b'));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
}

TEST_F(ContentStoreTest, OnlyDigestsNameBlobs) {
    const auto own = session();
    for (const std::string& digest : {std::string(),
                                      std::string("sha256:"),
                                      std::string("sha256:../../db.sqlite"),
                                      std::string(64, 'a'),
                                      "sha256:" + std::string(63, 'a'),
                                      "sha256:" + std::string(65, 'a'),
                                      "sha256:" + std::string(64, 'A'),
                                      "sha256:" + std::string(64, 'g'),
                                      "SHA256:" + std::string(64, 'a'),
                                      "sha512:" + std::string(64, 'a'),
                                      "sha256:" + std::string(63, 'a') + "\n"}) {
        EXPECT_EQ(get(digest), "invalid_argument") << digest;
        EXPECT_FALSE(ContentStore::stage(own, digest, "x")) << digest;
        EXPECT_FALSE(commit_blob(own, digest)) << digest;
        EXPECT_FALSE(ContentStore(store()).remove({digest})) << digest;
    }
    EXPECT_EQ(list_dir_at(own.fd(), ".")->size(), 0U);
}

TEST_F(ContentStoreTest, UnusedBlobsAreForgottenAndRemoved) {
    ASSERT_TRUE(add_image('1', {"kept"}));
    const auto own = session();
    ASSERT_TRUE(put(own, fake_digest('a'), "x"));
    ContentStore blobs(store());
    auto transaction = Transaction::begin(database(), Durability::Synced);
    ASSERT_TRUE(transaction);
    const auto unused = blobs.forget_unused();
    ASSERT_TRUE(unused);
    EXPECT_EQ(*unused, (std::vector<std::string>{fake_digest('a')}));
    ASSERT_TRUE(transaction->commit());
    ASSERT_TRUE(blobs.remove(*unused));
    ASSERT_TRUE(blobs.remove(*unused));
    EXPECT_EQ(entries("blobs/sha256"), 2U) << "the image's config and manifest";
}

}  // namespace
}  // namespace dhow::store
