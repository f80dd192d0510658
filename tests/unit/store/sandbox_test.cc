// SPDX-License-Identifier: Apache-2.0
// What a process behind the walls of dhow-transfer can do, and what it cannot, whatever it is made
// to try.
#include "store/transfer/sandbox.h"

#include "base/file.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <cerrno>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::store {
namespace {

class SandboxTest : public ::testing::Test {
  protected:
    SandboxTest() {
        for (const char* name : {"staging", "layers", "secret"}) {
            EXPECT_TRUE(make_dirs(path(name)));
        }
        test::write_file(path("layers/file"), "below");
        test::write_file(path("secret/file"), "secret");
    }

    [[nodiscard]] std::string path(const std::string& name) const {
        return folder_.path() + "/" + name;
    }

    // As `pull` asks for it; memory without bound, for the sanitizer maps terabytes.
    void enter(TransferVerb verb, int archive = -1) const {
        TransferRequest request;
        request.verb = verb;
        request.staging_dir = path("staging");
        request.layers_dir = path("layers");
        request.rootless = true;
        Sandbox sandbox = sandbox_for(request, archive);
        EXPECT_EQ(request.staging_dir, "/staging");
        EXPECT_EQ(request.layers_dir, "/layers");
        sandbox.memory = 0;
        const Status entered = enter_sandbox(sandbox);
        ASSERT_TRUE(entered) << entered.error().message;
    }

    // The error of a call that must fail; 0 when it did not.
    template <class Return>
    static int refusal(Return result) {
        return result == static_cast<Return>(-1) ? errno : 0;
    }

    test::TemporaryFolder folder_;
};

TEST_F(SandboxTest, TheRootHoldsTheRequestsFoldersAndNothingElse) {
    test::in_own_mounts([this] {
        enter(TransferVerb::Load);
        const auto names = list_dir_at(AT_FDCWD, "/");
        ASSERT_TRUE(names);
        EXPECT_EQ(names->size(), 2U);
        EXPECT_TRUE(exists_at(AT_FDCWD, "/layers/file"));
        for (const std::string& outside : {path("secret/file"),
                                           path("layers/file"),
                                           std::string("/proc/self/status"),
                                           std::string("/etc/passwd"),
                                           std::string("/../../etc/passwd"),
                                           std::string("/layers/../../etc/passwd")}) {
            EXPECT_EQ(refusal(::open(outside.c_str(), O_RDONLY)), ENOENT) << outside;
        }
    });
}

TEST_F(SandboxTest, OnlyStagingCanBeWritten) {
    test::in_own_mounts([this] {
        enter(TransferVerb::Load);
        EXPECT_TRUE(replace_file_at(AT_FDCWD, "/staging/new", "x", 0600, Durability::None));
        EXPECT_EQ(refusal(::open("/layers/new", O_WRONLY | O_CREAT, 0600)), EROFS);
        EXPECT_EQ(refusal(::open("/layers/file", O_WRONLY)), EROFS);
        EXPECT_EQ(refusal(::unlink("/layers/file")), EROFS);
        EXPECT_EQ(refusal(::open("/new", O_WRONLY | O_CREAT, 0600)), EROFS);
        EXPECT_EQ(refusal(::mkdir("/staging/../new", 0700)), EROFS);
    });
}

TEST_F(SandboxTest, NoProgramNoMountNoNamespaceNoOtherProcess) {
    test::in_own_mounts([this] {
        enter(TransferVerb::Pull);
        char name[] = "/staging/program";
        char* const argv[] = {name, nullptr};
        EXPECT_EQ(refusal(::execve(name, argv, nullptr)), ENOSYS);
        EXPECT_EQ(refusal(::syscall(SYS_execveat, AT_FDCWD, name, argv, nullptr, 0)), ENOSYS);
        EXPECT_EQ(refusal(::mount("x", "/staging", "tmpfs", 0, nullptr)), ENOSYS);
        EXPECT_EQ(refusal(::umount2("/layers", MNT_DETACH)), ENOSYS);
        EXPECT_EQ(refusal(::syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE)), ENOSYS);
        EXPECT_EQ(refusal(::syscall(SYS_pivot_root, "/staging", "/staging")), ENOSYS);
        EXPECT_EQ(refusal(::chroot("/staging")), ENOSYS);
        EXPECT_EQ(refusal(::unshare(CLONE_NEWUSER)), ENOSYS);
        EXPECT_EQ(refusal(::syscall(SYS_setns, 0, 0)), ENOSYS);
        EXPECT_EQ(refusal(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)), ENOSYS);
        EXPECT_EQ(refusal(::syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0)), ENOSYS);
        EXPECT_EQ(refusal(::syscall(SYS_bpf, 0, nullptr, 0)), ENOSYS);
        EXPECT_EQ(refusal(::syscall(SYS_io_uring_setup, 1, nullptr)), ENOSYS);
        EXPECT_EQ(refusal(::syscall(SYS_keyctl, 0, 0, 0, 0, 0)), ENOSYS);
        EXPECT_EQ(refusal(::kill(1, 0)), ENOSYS);
        EXPECT_EQ(refusal(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)), ENOSYS);
        // A process of its own, and one with new namespaces.
        EXPECT_EQ(refusal(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0)), EACCES);
        EXPECT_EQ(refusal(::syscall(
                      SYS_clone, CLONE_THREAD | CLONE_NEWUSER, nullptr, nullptr, nullptr, 0)),
                  EACCES);
        EXPECT_EQ(refusal(::syscall(SYS_clone3, nullptr, 0)), ENOSYS);
    });
}

TEST_F(SandboxTest, SocketsAreTheInternetsAndOnlyForVerbsThatNeedThem) {
    test::in_own_mounts([this] {
        enter(TransferVerb::Pull);
        EXPECT_EQ(refusal(::socket(AF_UNIX, SOCK_STREAM, 0)), EACCES);
        EXPECT_EQ(refusal(::socket(AF_PACKET, SOCK_RAW, 0)), EACCES);
        EXPECT_EQ(refusal(::socket(AF_ALG, SOCK_SEQPACKET, 0)), EACCES);
        EXPECT_EQ(refusal(::socket(AF_VSOCK, SOCK_STREAM, 0)), EACCES);
        EXPECT_EQ(refusal(::socket(AF_INET, SOCK_STREAM, 0)), 0);
    });
}

TEST_F(SandboxTest, WithoutNetworkThereIsNoSocketAtAll) {
    test::in_own_mounts([this] {
        enter(TransferVerb::Load);
        EXPECT_EQ(refusal(::socket(AF_INET, SOCK_STREAM, 0)), ENOSYS);
        EXPECT_EQ(refusal(::socket(AF_UNIX, SOCK_STREAM, 0)), ENOSYS);
        EXPECT_EQ(refusal(::connect(0, nullptr, 0)), ENOSYS);
    });
}

// With ids of a user namespace, a chown to another one needs CAP_CHOWN.
TEST_F(SandboxTest, CapabilitiesAreThoseOfTheVerb) {
    if (::geteuid() != 0) GTEST_SKIP() << "one mapped id: there is no other owner to give";
    test::in_own_mounts([this] {
        test::write_file(path("staging/file"), "x");
        enter(TransferVerb::Verify);
        EXPECT_EQ(refusal(::fchownat(AT_FDCWD, "/staging/file", 1, 1, 0)), EPERM);
        EXPECT_EQ(refusal(::mknodat(AT_FDCWD, "/staging/node", S_IFCHR | 0600, 0x103)), EPERM);
    });
}

TEST_F(SandboxTest, UnpackingMayGiveOwners) {
    if (::geteuid() != 0) GTEST_SKIP() << "one mapped id: there is no other owner to give";
    test::in_own_mounts([this] {
        test::write_file(path("staging/file"), "x");
        enter(TransferVerb::Load);
        EXPECT_EQ(refusal(::fchownat(AT_FDCWD, "/staging/file", 1, 1, 0)), 0);
    });
}

TEST_F(SandboxTest, AnOutputFolderLeadsNowhere) {
    test::in_own_mounts([this] {
        ASSERT_TRUE(make_dirs(path("out")));
        const auto out = open_dir_at(AT_FDCWD, path("out"));
        ASSERT_TRUE(out);
        enter(TransferVerb::Save, out->get());
        EXPECT_TRUE(replace_file_at(out->get(), "image", "x", 0600, Durability::None));
        EXPECT_FALSE(exists_at(out->get(), "../secret/file"));
        EXPECT_FALSE(exists_at(out->get(), "../../etc"));
    });
}

TEST_F(SandboxTest, LimitsHold) {
    test::in_own_mounts([this] {
        enter(TransferVerb::Load);
        // A limit read back would need prlimit(2): what it does is what counts.
        int last = -1;
        for (int i = 0; i < 2000; ++i) {
            const int fd = ::open("/layers/file", O_RDONLY);
            if (fd < 0) break;
            last = fd;
        }
        EXPECT_GT(last, 0);
        EXPECT_LT(last, 1024);
    });
}

}  // namespace
}  // namespace dhow::store
