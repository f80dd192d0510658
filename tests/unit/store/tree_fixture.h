// SPDX-License-Identifier: Apache-2.0
// A fresh folder with a tree in it, beside a guard file that nothing may touch.
#pragma once

#include "base/file.h"
#include "base/random.h"
#include "base/root_dir.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace dhow::store {

class TreeTest : public testing::Test {
  protected:
    void SetUp() override {
        old_umask_ = ::umask(0);
        folder_ = "/var/tmp/dhow-tree-" + random_hex(6);
        ASSERT_TRUE(make_dirs(folder_, 0755));
        ASSERT_EQ(::mkdir((folder_ + "/root").c_str(), 0755), 0);
        ASSERT_TRUE(
            replace_file_at(AT_FDCWD, folder_ + "/guard", "untouched", 0640, Durability::None));
        guard_ = *stat_of("../guard");
    }

    void TearDown() override {
        expect_guarded();
        EXPECT_TRUE(remove_tree_at(AT_FDCWD, folder_));
        ::umask(old_umask_);
    }

    // Same file, content, mode, owner, times and number of names as in the beginning.
    void expect_guarded() const {
        const auto now = stat_of("../guard");
        ASSERT_TRUE(now);
        EXPECT_EQ(now->st_ino, guard_.st_ino);
        EXPECT_EQ(now->st_mode, guard_.st_mode);
        EXPECT_EQ(now->st_uid, guard_.st_uid);
        EXPECT_EQ(now->st_nlink, guard_.st_nlink);
        EXPECT_EQ(now->st_mtim.tv_sec, guard_.st_mtim.tv_sec);
        EXPECT_EQ(now->st_ctim.tv_nsec, guard_.st_ctim.tv_nsec);
        EXPECT_EQ(list_dir_at(AT_FDCWD, folder_)->size(), names_beside_);
    }

    [[nodiscard]] const std::string& folder() const { return folder_; }

    [[nodiscard]] std::string path(const std::string& name) const {
        return folder_ + "/root/" + name;
    }

    [[nodiscard]] RootDir root() const { return RootDir::open(folder_ + "/root").take(); }

    // Not of what a link points to.
    [[nodiscard]] std::optional<struct stat> stat_of(const std::string& name) const {
        struct stat st {};

        if (::lstat(path(name).c_str(), &st) != 0) return std::nullopt;
        return st;
    }

    [[nodiscard]] mode_t type_of(const std::string& name) const {
        const auto st = stat_of(name);
        return st ? st->st_mode & S_IFMT : 0;
    }

    [[nodiscard]] mode_t mode_of(const std::string& name) const {
        const auto st = stat_of(name);
        return st ? st->st_mode & 07777 : 0;
    }

    [[nodiscard]] std::string text_of(const std::string& name) const {
        auto text = read_file_at(AT_FDCWD, path(name));
        return text ? text.take() : "(" + text.error().message + ")";
    }

    [[nodiscard]] std::string link_of(const std::string& name) const {
        auto text = read_link_at(AT_FDCWD, path(name));
        return text ? text.take() : "(no link)";
    }

    [[nodiscard]] std::optional<std::string> xattr_of(const std::string& name,
                                                      const char* key) const {
        char value[256];
        const ssize_t size = ::lgetxattr(path(name).c_str(), key, value, sizeof value);
        if (size < 0) return std::nullopt;
        return std::string(value, static_cast<size_t>(size));
    }

    [[nodiscard]] static bool is_root() { return ::geteuid() == 0; }

    size_t names_beside_ = 2;  // guard, root

  private:
    std::string folder_;

    struct stat guard_ {};

    mode_t old_umask_ = 0;
};

}  // namespace dhow::store
