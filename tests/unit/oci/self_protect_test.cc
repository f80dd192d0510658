// SPDX-License-Identifier: Apache-2.0
// What the runtime's binary runs from after protect_own_binary(): a helper calls it
// (CVE-2019-5736).
#include "oci/runtime/self_protect.h"

#include "base/file.h"
#include "base/process.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

class SelfProtect : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto binary = read_file_at(AT_FDCWD, PROTECT_HELPER, size_t{1} << 30U);
        ASSERT_TRUE(binary);
        test::write_file(helper(), *binary, 0755);
        ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    }

    [[nodiscard]] std::string helper() const { return folder_.path() + "/helper"; }

    [[nodiscard]] std::string said(std::vector<std::string> env = {}) const {
        SpawnOptions options;
        options.program = helper();
        options.argv = {"helper", "", "a b", "-x"};
        env.emplace_back("ASAN_OPTIONS=detect_leaks=0");
        options.env = std::move(env);
        const auto run = run_captured(options);
        if (!run) return run.error().message;
        return run->out;
    }

    test::TemporaryFolder folder_;
    std::string expected_;
};

TEST_F(SelfProtect, OnesOwnBinaryIsNotRunFromWhereItIs) {
    EXPECT_EQ(said(), "protected\n<><a b><-x>");
    EXPECT_EQ(said(), "protected\n<><a b><-x>") << "each time";
}

TEST_F(SelfProtect, AsRootOfAUserNamespaceToo) {
    test::in_own_mounts([this] { EXPECT_EQ(said(), "protected\n<><a b><-x>"); });
}

TEST_F(SelfProtect, AnImpossibleProtectionIsAnErrorAndNoLoop) {
    EXPECT_EQ(said({"_DHOW_RUNTIME_PROTECTED=1"}),
              "refused: the runtime's binary cannot be protected\n");
}

TEST_F(SelfProtect, ABinaryOnAReadOnlyMountNeedsNothing) {
    test::in_own_mounts([this] {
        const char* path = folder_.path().c_str();
        ASSERT_EQ(::mount(path, path, nullptr, MS_BIND, nullptr), 0);
        ASSERT_EQ(::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
        EXPECT_EQ(said({"_DHOW_RUNTIME_PROTECTED=1"}), "protected\n<><a b><-x>")
            << "nothing was executed again";
    });
}

TEST_F(SelfProtect, ABinaryOfSomebodyElseNeedsNothing) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to run another's binary";
    const auto as_user = [this] {
        ASSERT_EQ(::setresgid(1234, 1234, 1234), 0);
        ASSERT_EQ(::setresuid(1234, 1234, 1234), 0);
        EXPECT_EQ(said(), expected_);
    };
    expected_ = "plain\n<><a b><-x>";
    test::in_own_process(as_user);
    // Unless everybody may write to it, or it is the user's own.
    ASSERT_EQ(::chmod(helper().c_str(), 0757), 0);
    expected_ = "protected\n<><a b><-x>";
    test::in_own_process(as_user);
    ASSERT_EQ(::chmod(helper().c_str(), 0755), 0);
    ASSERT_EQ(::chown(helper().c_str(), 1234, 1234), 0);
    test::in_own_process(as_user);
}

}  // namespace
}  // namespace dhow::oci
