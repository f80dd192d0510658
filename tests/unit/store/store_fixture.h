// SPDX-License-Identifier: Apache-2.0
// A store in a fresh folder, removed at the test's end, and small helpers to fill one.
#pragma once

#include "base/file.h"
#include "base/random.h"
#include "store/store.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::store {

class StoreTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = "/var/tmp/dhow-store-" + random_hex(6);
        ASSERT_TRUE(make_dirs(folder_));
        open();
    }

    void TearDown() override {
        store_.reset();
        EXPECT_TRUE(remove_tree_at(AT_FDCWD, folder_));
    }

    // A second opening of the same folder, as another process would have it.
    [[nodiscard]] Result<Store> open_again() const {
        return Store::open({.root = folder_ + "/root"});
    }

    void open() {
        auto store = open_again();
        ASSERT_TRUE(store) << store.error().message;
        store_ = std::make_unique<Store>(store.take());
    }

    Store& store() { return *store_; }

    Database& database() { return store_->database(); }

    [[nodiscard]] const std::string& folder() const { return folder_; }

    int64_t count(std::string_view sql) {
        auto query = database().query(sql);
        if (!query || !query->step()) return -1;
        return query->integer(0);
    }

    void write(std::string_view sql) {
        auto transaction = Transaction::begin(database(), Durability::None);
        ASSERT_TRUE(transaction) << transaction.error().message;
        const auto done = database().execute(sql);
        ASSERT_TRUE(done) << done.error().message;
        ASSERT_TRUE(transaction->commit());
    }

    [[nodiscard]] size_t entries(const std::string& relative) const {
        const auto names = list_dir_at(store_->root_fd(), relative);
        return names ? names->size() : 9999;
    }

  private:
    std::string folder_;
    std::unique_ptr<Store> store_;
};

// A valid digest made of one repeated digit, for rows whose bytes no test reads.
inline std::string fake_digest(char digit) {
    return "sha256:" + std::string(64, digit);
}

inline void write_file(const std::string& path, std::string_view text, mode_t mode = 0644) {
    const auto fd = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    ASSERT_TRUE(fd) << path;
    ASSERT_TRUE(write_all(fd->get(), text));
    ASSERT_EQ(::fchmod(fd->get(), mode), 0);
}

// Runs `body` in a child process and gives its exit code (128 + signal when killed).
int in_child(const std::function<int()>& body);

}  // namespace dhow::store
