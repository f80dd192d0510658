// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow {
namespace {

using test::TempDir;

mode_t mode_of(const std::string& path) {
    struct stat st {};

    return ::lstat(path.c_str(), &st) == 0 ? st.st_mode & 07777U : 0;
}

ino_t inode_of(const std::string& path) {
    struct stat st {};

    return ::lstat(path.c_str(), &st) == 0 ? st.st_ino : 0;
}

class UmaskGuard {
  public:
    explicit UmaskGuard(mode_t mask) : before_(::umask(mask)) {}

    ~UmaskGuard() { ::umask(before_); }

    UmaskGuard(const UmaskGuard&) = delete;
    UmaskGuard& operator=(const UmaskGuard&) = delete;

  private:
    mode_t before_;
};

TEST(File, EveryDescriptorIsCloseOnExec) {
    const TempDir dir;
    const auto file = open_at(dir.fd(), "a", O_WRONLY | O_CREAT, 0600);
    const auto folder = make_dir_at(dir.fd(), "d");
    const auto lock = FileLock::acquire_at(dir.fd(), "l", FileLock::Mode::Shared);
    ASSERT_TRUE(file && folder && lock);
    for (const int fd : {file->get(), folder->get(), lock->fd()}) {
        EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    }
    EXPECT_EQ(mode_of(dir / "l"), 0600U);
}

TEST(File, ErrorsNameWhatWasOpened) {
    const TempDir dir;
    const auto missing = open_at(dir.fd(), "missing", O_RDONLY);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
    EXPECT_EQ(missing.error().message, "open 'missing': no such file or directory");
    dir.write("file", "x");
    EXPECT_FALSE(open_dir_at(dir.fd(), "file"));
}

TEST(File, MakesFoldersWithTheModeAskedFor) {
    const TempDir dir;
    const UmaskGuard mask(0077);
    ASSERT_TRUE(make_dir_at(dir.fd(), "a", 0755));
    EXPECT_EQ(mode_of(dir / "a"), 0755U);
    // One that is there is opened and left as it is.
    ASSERT_EQ(::chmod((dir / "a").c_str(), 0711), 0);
    ASSERT_TRUE(make_dir_at(dir.fd(), "a", 0700));
    EXPECT_EQ(mode_of(dir / "a"), 0711U);

    ASSERT_TRUE(make_dirs(dir / "x/y/z"));
    ASSERT_TRUE(make_dirs(dir / "x/y/z"));
    ASSERT_TRUE(make_dirs(dir / "x/y//w/"));
    EXPECT_EQ(mode_of(dir / "x/y/z"), 0700U);
    EXPECT_EQ(mode_of(dir / "x/y/w"), 0700U);
    dir.write("file", "");
    EXPECT_FALSE(make_dirs(dir / "file/below"));
    EXPECT_FALSE(make_dirs(""));
}

TEST(File, ReadsUpToTheLimitAndNoFurther) {
    const TempDir dir;
    dir.write("f", std::string(1000, 'x'));
    EXPECT_EQ(read_file_at(dir.fd(), "f", 1000)->size(), 1000U);
    const auto longer = read_file_at(dir.fd(), "f", 999);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().message, "read 'f': larger than 999 bytes");
    dir.write("empty", "");
    EXPECT_EQ(*read_file_at(dir.fd(), "empty", 0), "");
    // What has no size of its own is read just the same, and bounded.
    EXPECT_FALSE(read_file_at(AT_FDCWD, "/dev/zero", 100'000));
    EXPECT_FALSE(read_file_at(AT_FDCWD, "/proc/self/status", 10));
    EXPECT_FALSE(read_file_at(dir.fd(), ".", 10));
}

TEST(File, ReplacingIsSeenWholeOrNotAtAll) {
    const TempDir dir;
    dir.write("f", "old");
    const auto reader = open_at(dir.fd(), "f", O_RDONLY);
    ASSERT_TRUE(reader);
    ASSERT_TRUE(replace_file_at(dir.fd(), "f", "new", 0640));
    EXPECT_EQ(dir.read("f"), "new");
    EXPECT_EQ(*read_all(reader->get()), "old");
    EXPECT_EQ(mode_of(dir / "f") & ~022U, 0640U & ~022U);
    EXPECT_EQ(list_dir_at(dir.fd(), ".")->size(), 1U);
}

TEST(File, ReplacingPutsALinkAsideAndDoesNotWriteThroughIt) {
    const TempDir dir;
    dir.write("victim", "precious");
    ASSERT_EQ(::symlink("victim", (dir / "f").c_str()), 0);
    ASSERT_TRUE(replace_file_at(dir.fd(), "f", "new", 0600, Durability::None));
    EXPECT_EQ(dir.read("victim"), "precious");
    EXPECT_FALSE(read_link_at(dir.fd(), "f"));
    EXPECT_EQ(dir.read("f"), "new");
}

TEST(File, AFailedReplacementLeavesNothingBehind) {
    const TempDir dir;
    ASSERT_TRUE(make_dir_at(dir.fd(), "taken"));
    ASSERT_TRUE(make_dir_at(dir.fd(), "taken/full"));
    const auto refused = replace_file_at(dir.fd(), "taken", "x");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("write 'taken'"), std::string::npos);
    EXPECT_EQ(*list_dir_at(dir.fd(), "."), std::vector<std::string>{"taken"});
    EXPECT_FALSE(replace_file_at(dir.fd(), "missing/f", "x"));
}

// A disk that fills up in the middle: the old content stays, the temporary file goes.
TEST(File, AShortWriteKeepsTheOldContent) {
    const TempDir dir;
    dir.write("f", "old");
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit limit{.rlim_cur = 4096, .rlim_max = 4096};

        struct sigaction ignored {};

        ignored.sa_handler = SIG_IGN;
        ::sigaction(SIGXFSZ, &ignored, nullptr);
        ::setrlimit(RLIMIT_FSIZE, &limit);
        ::_exit(replace_file_at(dir.fd(), "f", std::string(10'000, 'x')) ? 1 : 0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(dir.read("f"), "old");
    EXPECT_EQ(list_dir_at(dir.fd(), ".")->size(), 1U);
}

// Writers in processes of their own; a reader sees one of the two texts at every moment.
TEST(File, ReadersNeverSeeAMixture) {
    const TempDir dir;
    const std::string a(70'000, 'a');
    const std::string b(90'000, 'b');
    ASSERT_TRUE(replace_file_at(dir.fd(), "f", a));
    const pid_t child = ::fork();
    if (child == 0) {
        for (int i = 0; i < 300; ++i) {
            const auto put =
                replace_file_at(dir.fd(), "f", i % 2 == 0 ? b : a, 0600, Durability::None);
            if (!put) ::_exit(1);
        }
        ::_exit(0);
    }
    bool mixed = false;
    int status = -1;
    while (::waitpid(child, &status, WNOHANG) == 0) {
        const std::string seen = dir.read("f");
        mixed = mixed || (seen != a && seen != b);
    }
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(mixed);
}

TEST(File, WritingToWhatExistsCreatesNothing) {
    const TempDir dir;
    EXPECT_EQ(write_existing_at(dir.fd(), "f", "x").error().kind, ErrorKind::NotFound);
    EXPECT_FALSE(exists_at(dir.fd(), "f"));
    dir.write("f", "....");
    const ino_t before = inode_of(dir / "f");
    EXPECT_TRUE(write_existing_at(dir.fd(), "f", "ab"));
    EXPECT_EQ(dir.read("f"), "ab..");
    EXPECT_EQ(inode_of(dir / "f"), before);
}

TEST(File, ExistsLooksAtTheLinkItself) {
    const TempDir dir;
    ASSERT_EQ(::symlink("nowhere", (dir / "dangling").c_str()), 0);
    EXPECT_TRUE(exists_at(dir.fd(), "dangling"));
    EXPECT_EQ(*read_link_at(dir.fd(), "dangling"), "nowhere");
    EXPECT_TRUE(remove_file_at(dir.fd(), "dangling"));
    EXPECT_FALSE(exists_at(dir.fd(), "dangling"));
    EXPECT_TRUE(remove_file_at(dir.fd(), "dangling"));
    EXPECT_FALSE(remove_file_at(dir.fd(), "."));
}

TEST(File, ListsEverythingButItselfAndItsParent) {
    const TempDir dir;
    for (const char* name : {"b", ".hidden", "..twodots", "a\nb"}) dir.write(name, "");
    auto names = *list_dir_at(dir.fd(), ".");
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"..twodots", ".hidden", "a\nb", "b"}));
}

TEST(FileLock, ExcludesAndEndsWithItsHolder) {
    const TempDir dir;
    using Mode = FileLock::Mode;
    {
        const auto exclusive = FileLock::acquire_at(dir.fd(), "l", Mode::Exclusive);
        ASSERT_TRUE(exclusive);
        EXPECT_FALSE(*FileLock::try_acquire_at(dir.fd(), "l", Mode::Exclusive));
        EXPECT_FALSE(*FileLock::try_acquire_at(dir.fd(), "l", Mode::Shared));
    }
    const auto first = FileLock::try_acquire_at(dir.fd(), "l", Mode::Shared);
    const auto second = FileLock::try_acquire_at(dir.fd(), "l", Mode::Shared);
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(*first && *second);
    EXPECT_FALSE(*FileLock::try_acquire_at(dir.fd(), "l", Mode::Exclusive));
}

TEST(FileLock, FollowsNoLink) {
    const TempDir dir;
    ASSERT_EQ(::symlink("elsewhere", (dir / "l").c_str()), 0);
    EXPECT_FALSE(FileLock::acquire_at(dir.fd(), "l", FileLock::Mode::Exclusive));
    EXPECT_FALSE(exists_at(dir.fd(), "elsewhere"));
}

}  // namespace
}  // namespace dhow
