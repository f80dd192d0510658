// SPDX-License-Identifier: Apache-2.0
// A fresh folder for one test, gone with it.
#pragma once

#include "base/file.h"
#include "base/random.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <fcntl.h>

namespace dhow::test {

class TempDir {
  public:
    TempDir() : path_("/tmp/dhow-test-" + random_hex(8)) {
        auto folder = make_dir_at(AT_FDCWD, path_);
        EXPECT_TRUE(folder) << path_;
        if (folder) fd_ = folder.take();
    }

    ~TempDir() { EXPECT_TRUE(remove_tree_at(AT_FDCWD, path_)) << path_; }

    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

    [[nodiscard]] int fd() const { return fd_.get(); }

    [[nodiscard]] std::string operator/(std::string_view name) const {
        return path_ + "/" + std::string(name);
    }

    void write(const std::string& name, std::string_view text, mode_t mode = 0644) const {
        const auto file = open_at(fd(), name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
        ASSERT_TRUE(file) << name;
        ASSERT_TRUE(write_all(file->get(), text));
        ASSERT_EQ(::fchmod(file->get(), mode), 0);
    }

    // "(none)" for a file that cannot be read.
    [[nodiscard]] std::string read(const std::string& name) const {
        return read_file_at(fd(), name).value_or("(none)");
    }

  private:
    std::string path_;
    UniqueFd fd_;
};

}  // namespace dhow::test
