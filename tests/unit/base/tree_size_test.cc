// SPDX-License-Identifier: Apache-2.0
// tree_size() on trees as a container leaves them.
#include "base/tree_size.h"

#include "base/file.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow {
namespace {

using test::TempDir;

uint64_t size_of(const TempDir& dir) {
    const auto root = RootDir::open(dir.path());
    EXPECT_TRUE(root);
    const auto size = tree_size(*root);
    EXPECT_TRUE(size) << size.error().message;
    return size ? *size : 0;
}

void fill(const std::string& path, size_t bytes) {
    ASSERT_TRUE(replace_file_at(AT_FDCWD, path, std::string(bytes, 'x')));
}

TEST(TreeSize, FilesOfAllFoldersEachOnce) {
    const TempDir dir;
    EXPECT_EQ(size_of(dir), 0U);
    ASSERT_TRUE(make_dirs(dir.path() + "/a/b"));
    fill(dir.path() + "/one", 10);
    fill(dir.path() + "/a/b/two", 5);
    ASSERT_EQ(::link((dir.path() + "/one").c_str(), (dir.path() + "/a/again").c_str()), 0);
    EXPECT_EQ(size_of(dir), 15U);
}

TEST(TreeSize, LinksAreNotFollowedAndOthersAreNothing) {
    const TempDir dir;
    ASSERT_EQ(::symlink("/usr", (dir.path() + "/link").c_str()), 0);
    ASSERT_EQ(::symlink(".", (dir.path() + "/circle").c_str()), 0);
    ASSERT_EQ(::mkfifo((dir.path() + "/fifo").c_str(), 0600), 0);
    EXPECT_EQ(size_of(dir), 0U);
}

TEST(TreeSize, DeeperThanAPathMayBeLong) {
    const TempDir dir;
    fill(dir.path() + "/top", 7);
    auto folder = open_dir_at(AT_FDCWD, dir.path()).take();
    for (int depth = 0; depth < 300; ++depth) {
        folder = make_dir_at(folder.get(), std::string(100, 'd')).take();
    }
    EXPECT_EQ(size_of(dir), 7U);
    ASSERT_TRUE(remove_tree_at(AT_FDCWD, dir.path() + "/" + std::string(100, 'd')));
}

}  // namespace
}  // namespace dhow
