// SPDX-License-Identifier: Apache-2.0
// What killed commands leave behind goes; what living ones hold, and what has a row, stays.
#include "store/gc.h"

#include "store/volume_store.h"
#include "tests/unit/store/layers_fixture.h"

#include <sys/wait.h>

namespace dhow::store {
namespace {

class GcTest : public LayersTest {
  protected:
    // As a command that is killed while it works would leave it.
    void leave_session() {
        ASSERT_EQ(in_child([this] {
                      auto own = open_again();
                      if (!own) return 1;
                      auto left = StagingSession::create(*own);
                      if (!left) return 2;
                      const auto closed = make_dir_at(left->fd(), "closed", 0700);
                      if (!closed || !make_dir_at(closed->get(), "deeper", 0700)) return 3;
                      if (::fchmod(closed->get(), 0) != 0) return 4;
                      ::_exit(0);  // no destructor runs
                  }),
                  0);
    }

    bool leftovers() {
        const auto there = leftovers_exist(store());
        EXPECT_TRUE(there);
        return there && *there;
    }

    Swept swept() {
        const auto done = sweep(store());
        EXPECT_TRUE(done) << done.error().message;
        return done ? *done : Swept{};
    }
};

TEST_F(GcTest, AnEmptyStoreHasNothing) {
    EXPECT_FALSE(leftovers());
    const auto done = swept();
    EXPECT_EQ(done.sessions + done.layers + done.blobs + done.volumes, 0);
    EXPECT_EQ(entries("staging"), 0U);
}

TEST_F(GcTest, DeadSessionsGoAndLivingOnesStay) {
    const auto living = session();
    write_file(living.path() + "/mine", "x");
    EXPECT_FALSE(leftovers());
    leave_session();
    leave_session();
    EXPECT_TRUE(leftovers());
    EXPECT_EQ(swept().sessions, 2);
    EXPECT_FALSE(leftovers());
    EXPECT_EQ(entries("staging"), 1U);
    EXPECT_TRUE(exists_at(AT_FDCWD, living.path() + "/mine"));
}

TEST_F(GcTest, WhatHasARowStays) {
    ASSERT_TRUE(add_image('a', {"x:1"}, "12"));
    ASSERT_TRUE(VolumeStore(store()).ensure({.name = "v"}));
    const auto done = swept();
    EXPECT_EQ(done.layers + done.blobs + done.volumes, 0);
    EXPECT_EQ(layer_text('1'), "text");
    EXPECT_EQ(entries("blobs/sha256"), 2U);
    EXPECT_TRUE(exists_at(AT_FDCWD, VolumeStore(store()).data_path("v")));
}

TEST_F(GcTest, WhatHasNoRowGoes) {
    ASSERT_TRUE(add_image('a', {"x:1"}));
    for (const char* name : {"b", "not-hex", ".hidden"}) {
        ASSERT_TRUE(make_dirs(store().path_of("layers/") + name + "/in"));
        write_file(store().path_of("blobs/sha256/") + name, "x");
    }
    const auto done = swept();
    EXPECT_EQ(done.layers, 3);
    EXPECT_EQ(done.blobs, 3);
    EXPECT_EQ(entries("layers"), 1U);
    EXPECT_EQ(entries("blobs/sha256"), 2U);
    EXPECT_EQ(entries("staging"), 0U);
    EXPECT_EQ(layer_text('1'), "text");
}

// A volume's content may be dear to somebody.
TEST_F(GcTest, OnlyEmptyVolumesGo) {
    ASSERT_TRUE(make_dirs(store().path_of("volumes/empty/_data")));
    ASSERT_TRUE(make_dirs(store().path_of("volumes/no-data")));
    ASSERT_TRUE(make_dirs(store().path_of("volumes/full/_data")));
    write_file(store().path_of("volumes/full/_data/f"), "dear");
    EXPECT_EQ(swept().volumes, 2);
    EXPECT_TRUE(exists_at(store().root_fd(), "volumes/full/_data/f"));
    EXPECT_EQ(entries("volumes"), 1U);
}

// Two commands begin with a sweep at the same time.
// `volume rm` killed between its row and its folder.
TEST_F(GcTest, AVolumeWhoseRemovalWasDecidedGoes) {
    VolumeStore volumes(store());
    ASSERT_TRUE(volumes.ensure({.name = "wanted"}));
    for (const char* name : {"removed", "lost"}) {
        ASSERT_TRUE(make_dirs(store().path_of("volumes/" + std::string(name) + "/_data")));
        write_file(store().path_of("volumes/" + std::string(name) + "/_data/f"), "x");
    }
    for (const char* name : {"removed", "wanted", "../layers"}) {
        ASSERT_EQ(in_child([this, name] {
                      auto own = open_again();
                      if (!own) return 1;
                      auto left = StagingSession::create(*own);
                      if (!left || !replace_file_at(left->fd(), kRemovedVolume, name)) return 2;
                      ::_exit(0);  // no destructor runs
                  }),
                  0);
    }
    const auto done = swept();
    EXPECT_EQ(done.sessions, 3);
    EXPECT_EQ(done.volumes, 1);
    EXPECT_FALSE(exists_at(AT_FDCWD, store().path_of("volumes/removed")));
    EXPECT_TRUE(exists_at(AT_FDCWD, store().path_of("volumes/wanted/_data")));
    EXPECT_TRUE(exists_at(AT_FDCWD, store().path_of("volumes/lost/_data/f")))
        << "nobody asked for it";
    EXPECT_TRUE(exists_at(AT_FDCWD, store().path_of("layers")));
}

TEST_F(GcTest, SweepsBesideEachOther) {
    for (int i = 0; i < 4; ++i) leave_session();
    for (const char digit : {'b', 'c', 'd'}) {
        ASSERT_TRUE(make_dirs(store().path_of("layers/" + std::string(64, digit))));
    }
    std::vector<pid_t> children;
    for (int child = 0; child < 3; ++child) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            auto own = open_again();
            ::_exit(own && sweep(*own) ? 0 : 1);
        }
        children.push_back(pid);
    }
    for (const pid_t pid : children) {
        int status = -1;
        ASSERT_EQ(::waitpid(pid, &status, 0), pid);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(entries("layers"), 0U);
    EXPECT_EQ(entries("staging"), 0U);
}

}  // namespace
}  // namespace dhow::store
