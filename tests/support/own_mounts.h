// SPDX-License-Identifier: Apache-2.0
// Pieces of test code in a mount namespace of their own, in a forked child: as root, or as an
// ordinary user who is root in a user namespace made for it. What they mount ends with them.
#pragma once

#include <functional>
#include <string>

namespace dhow::test {

// Runs `body`, which may use EXPECT_ and ASSERT_, and fails this test when one of them fails. Skips
// the test where no namespaces can be made. The last statement of a test.
void in_own_mounts(const std::function<void()>& body);
// The same without namespaces: for what changes the process for good.
void in_own_process(const std::function<void()>& body);

// A folder of its own below $TMPDIR, removed with the object.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();

    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// A file with this content and mode, its folder must be there; fails the test when it cannot.
void write_file(const std::string& path, const std::string& content, unsigned mode = 0644);
std::string read_file(const std::string& path);

}  // namespace dhow::test
