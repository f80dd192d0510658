// SPDX-License-Identifier: Apache-2.0
// An ordinary user of the machine, made for one test program (as root) and gone with it; and pieces
// of test code run as that user, or in namespaces of their own, in a forked child that reports
// text.
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

namespace dhow::test {

class TestUser {
  public:
    enum class SubIds { Given, None };

    explicit TestUser(SubIds sub_ids = SubIds::Given);
    ~TestUser();

    TestUser(const TestUser&) = delete;
    TestUser& operator=(const TestUser&) = delete;

    // False: useradd did not work; tests skip.
    [[nodiscard]] bool made() const { return uid_ != 0; }

    [[nodiscard]] const std::string& name() const { return name_; }

    [[nodiscard]] uid_t uid() const { return uid_; }

    // A private folder of theirs, HOME in run().
    [[nodiscard]] const std::string& home() const { return home_; }

    [[nodiscard]] std::string run_root() const { return home_ + "/run"; }

    // What `body` returned; a child that dies is "(died)". `body` runs with no privileges, HOME
    // set, XDG_RUNTIME_DIR unset, in a fork: nothing it does to its process stays.
    [[nodiscard]] std::string run(const std::function<std::string()>& body) const;

    // Kills what holds namespaces below run_root(), and waits until it is gone.
    void end_hold() const;

  private:
    std::string name_;
    std::string home_;
    uid_t uid_ = 0;
    gid_t gid_ = 0;
};

// As run(), with the caller's own privileges.
std::string run_in_child(const std::function<std::string()>& body);

}  // namespace dhow::test
