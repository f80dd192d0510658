// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/seccomp_cache.h"

#include "base/file.h"
#include "oci/runtime/security/seccomp.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <functional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

const std::string kProgram(64, 'p');  // eight instructions

Seccomp sample() {
    Seccomp seccomp;
    seccomp.default_action = "SCMP_ACT_ERRNO";
    seccomp.default_errno_ret = 38;
    seccomp.architectures = {"SCMP_ARCH_X86_64"};
    SeccompSyscall call;
    call.names = {"read", "write"};
    call.action = "SCMP_ACT_ALLOW";
    call.args = {{.index = 1, .value = 2, .value_two = 3, .op = "SCMP_CMP_EQ"}};
    seccomp.syscalls = {call};
    return seccomp;
}

class Cache : public ::testing::Test {
  protected:
    [[nodiscard]] const std::string& path() const { return folder_.path(); }

    [[nodiscard]] std::string only_file() const {
        const auto names = list_dir_at(AT_FDCWD, path());
        EXPECT_TRUE(names && names->size() == 1);
        return path() + "/" + (names && !names->empty() ? names->front() : "none");
    }

    test::TemporaryFolder folder_;
};

TEST_F(Cache, FindsWhatWasStored) {
    const auto cache = SeccompCache::open(path());
    const std::string key = seccomp_key(sample());
    EXPECT_FALSE(cache.find(key));
    cache.store(key, kProgram);
    EXPECT_EQ(cache.find(key), kProgram);
    EXPECT_EQ(SeccompCache::open(path()).find(key), kProgram);
    EXPECT_FALSE(cache.find(key + "x"));
    EXPECT_FALSE(cache.find(""));
}

TEST_F(Cache, EverythingThatMattersIsInTheKey) {
    const std::string key = seccomp_key(sample());
    const auto changed = [&](const std::function<void(Seccomp&)>& change) {
        Seccomp seccomp = sample();
        change(seccomp);
        return seccomp_key(seccomp) != key;
    };
    EXPECT_FALSE(changed([](Seccomp&) {}));
    EXPECT_TRUE(changed([](Seccomp& s) { s.default_action = "SCMP_ACT_KILL"; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.default_errno_ret.reset(); }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.default_errno_ret = 1; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.architectures.clear(); }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.architectures.emplace_back("SCMP_ARCH_X86"); }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls.push_back(s.syscalls[0]); }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].names = {"readwrite"}; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].names = {"read", "writ", "e"}; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].action = "SCMP_ACT_LOG"; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].errno_ret = 1; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].args.clear(); }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].args[0].index = 2; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].args[0].value = 3; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].args[0].value_two = 2; }));
    EXPECT_TRUE(changed([](Seccomp& s) { s.syscalls[0].args[0].op = "SCMP_CMP_NE"; }));
}

// Words are counted: moving a border between two of them is another profile.
TEST_F(Cache, KeysCannotBeForgedByChosenWords) {
    Seccomp one = sample();
    one.syscalls[0].names = {"a", "b"};
    for (const std::vector<std::string>& names :
         std::vector<std::vector<std::string>>{{"ab"}, {"a1:b"}, {"a", "b", ""}, {"", "ab"}}) {
        Seccomp other = sample();
        other.syscalls[0].names = names;
        EXPECT_NE(seccomp_key(one), seccomp_key(other));
    }
}

TEST_F(Cache, ADamagedFileIsNoProgram) {
    const auto cache = SeccompCache::open(path());
    const std::string key = seccomp_key(sample());
    cache.store(key, kProgram);
    const std::string file = only_file();
    const std::string whole = test::read_file(file);
    for (const std::string& content : {std::string(),
                                       whole.substr(0, whole.size() - 1),
                                       whole + "x",
                                       whole.substr(0, whole.size() - kProgram.size()),
                                       std::string("x") + whole,
                                       std::string(whole.size(), '\0')}) {
        test::write_file(file, content, 0600);
        EXPECT_FALSE(cache.find(key));
    }
    // Another profile's program under this profile's name: what a collision of names would be.
    std::string foreign = whole;
    foreign.replace(foreign.find("read"), 4, "mmap");
    test::write_file(file, foreign, 0600);
    EXPECT_FALSE(cache.find(key));
    test::write_file(file, whole, 0600);
    EXPECT_EQ(cache.find(key), kProgram);
}

TEST_F(Cache, LinksAndFifosAreNotFollowedOrWaitedFor) {
    const auto cache = SeccompCache::open(path());
    const std::string key = seccomp_key(sample());
    cache.store(key, kProgram);
    const std::string file = only_file();
    ASSERT_EQ(::rename(file.c_str(), (path() + "/real").c_str()), 0);
    ASSERT_EQ(::symlink("real", file.c_str()), 0);
    EXPECT_FALSE(cache.find(key));
    ASSERT_EQ(::unlink(file.c_str()), 0);
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    EXPECT_FALSE(cache.find(key));
}

TEST_F(Cache, AFolderThatOthersMayWriteToIsNotUsed) {
    const std::string key = seccomp_key(sample());
    SeccompCache::open(path()).store(key, kProgram);
    for (const mode_t mode : {0777U, 0720U, 0702U}) {
        ASSERT_EQ(::chmod(path().c_str(), mode), 0);
        EXPECT_FALSE(SeccompCache::open(path()).find(key)) << mode;
    }
    ASSERT_EQ(::chmod(path().c_str(), 0755), 0);
    EXPECT_TRUE(SeccompCache::open(path()).find(key));
    ASSERT_EQ(::symlink(path().c_str(), (path() + "/link").c_str()), 0);
    EXPECT_FALSE(SeccompCache::open(path() + "/link").find(key));
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(path().c_str(), 1, 1), 0);
        EXPECT_FALSE(SeccompCache::open(path()).find(key)) << "somebody else's";
    }
    for (const char* folder : {"", "relative", "/no/such/folder", "/dev/null"}) {
        const auto none = SeccompCache::open(folder);
        none.store(key, kProgram);
        EXPECT_FALSE(none.find(key)) << folder;
    }
}

TEST_F(Cache, TheCompilerTakesFromItAndFillsIt) {
    const auto seccomp = sample();
    const auto compiled = seccomp_program(seccomp, path());
    ASSERT_TRUE(compiled) << compiled.error().message;
    EXPECT_EQ(SeccompCache::open(path()).find(seccomp_key(seccomp)), *compiled);
    SeccompCache::open(path()).store(seccomp_key(seccomp), kProgram);
    EXPECT_EQ(seccomp_program(seccomp, path()).take(), kProgram);
    EXPECT_EQ(seccomp_program(seccomp, "").take(), *compiled);
}

}  // namespace
}  // namespace dhow::oci
