// SPDX-License-Identifier: Apache-2.0
// What is written is read back the same, whatever its size; and a folder as a tar.
#include "store/transfer/tar_writer.h"

#include "store/transfer/tree_tar.h"
#include "tests/unit/store/tar_builder.h"
#include "tests/unit/store/tree_fixture.h"

#include <sys/sysmacros.h>

namespace dhow::store {
namespace {

TarEntry round_trip(const TarEntry& entry, const std::string& data = {}) {
    const auto read =
        read_tar(tar_header(entry) + data + tar_padding(data.size()) + tar_end(), 100);
    if (!read || read->size() != 1) {
        ADD_FAILURE() << (read ? "not one entry" : read.error().message);
        return {};
    }
    EXPECT_EQ(read->front().data, data);
    return read->front().entry;
}

void expect_same(const TarEntry& got, const TarEntry& wanted) {
    EXPECT_EQ(got.type, wanted.type);
    EXPECT_EQ(got.path, wanted.path);
    EXPECT_EQ(got.target, wanted.target);
    EXPECT_EQ(got.mode, wanted.mode);
    EXPECT_EQ(got.uid, wanted.uid);
    EXPECT_EQ(got.gid, wanted.gid);
    EXPECT_EQ(got.size, wanted.size);
    EXPECT_EQ(got.mtime_seconds, wanted.mtime_seconds);
    EXPECT_EQ(got.mtime_nanos, wanted.mtime_nanos);
    EXPECT_EQ(got.device_major, wanted.device_major);
    EXPECT_EQ(got.device_minor, wanted.device_minor);
    EXPECT_EQ(got.xattrs, wanted.xattrs);
}

TarEntry file(const std::string& path) {
    TarEntry entry;
    entry.path = path;
    entry.mode = 0644;
    return entry;
}

TEST(TarWriter, AnOrdinaryFileIsOneBlock) {
    TarEntry entry = file("usr/bin/true");
    entry.size = 5;
    entry.mtime_seconds = 1'600'000'000;
    EXPECT_EQ(tar_header(entry).size(), 512U);
    expect_same(round_trip(entry, "12345"), entry);
}

TEST(TarWriter, NamesOfEveryLength) {
    for (const size_t length : {1U, 99U, 100U, 101U, 255U, 4000U}) {
        TarEntry entry = file(std::string(length, 'n'));
        expect_same(round_trip(entry), entry);
        entry.type = TarType::SymbolicLink;
        entry.target = std::string(length, 't');
        expect_same(round_trip(entry), entry);
    }
}

TEST(TarWriter, NumbersThatDoNotFitOctalDigits) {
    TarEntry entry = file("a");
    for (const uint32_t id : {0U, 2'097'151U, 2'097'152U, 4'294'967'294U}) {
        entry.uid = id;
        entry.gid = id;
        expect_same(round_trip(entry), entry);
    }
    entry.type = TarType::CharDevice;
    entry.device_major = 4095;
    entry.device_minor = 1'048'575;
    expect_same(round_trip(entry), entry);
}

TEST(TarWriter, TimesBeforeTheEpochAndBetweenSeconds) {
    const std::pair<int64_t, int64_t> times[] = {{0, 1},
                                                 {1'700'000'000, 999'999'999},
                                                 {-1, 500'000'000},
                                                 {-2, 0},
                                                 {-86'400, 1},
                                                 {8'589'934'592, 0}};
    for (const auto& [seconds, nanos] : times) {
        TarEntry entry = file("a");
        entry.mtime_seconds = seconds;
        entry.mtime_nanos = nanos;
        expect_same(round_trip(entry), entry);
    }
}

TEST(TarWriter, AttributesHoldAnything) {
    TarEntry entry = file("a");
    entry.xattrs["user.bytes"] = std::string("a\0=\nb", 5);
    entry.xattrs["security.capability"] = std::string(20, '\1');
    expect_same(round_trip(entry), entry);
    // The length of a record counts its own digits: around each border.
    for (size_t length = 70; length < 110; ++length) {
        entry.xattrs["user.bytes"] = std::string(length, 'x');
        expect_same(round_trip(entry), entry);
    }
}

class TreeTar : public TreeTest {
  protected:
    std::vector<ReadEntry> written(bool as_layer) {
        std::string bytes;
        const auto done =
            write_tree_tar(root(), {.as_layer = as_layer}, [&](std::string_view piece) -> Status {
                bytes += piece;
                return {};
            });
        EXPECT_TRUE(done) << done.error().message;
        auto read = read_tar(bytes);
        EXPECT_TRUE(read) << read.error().message;
        return read ? read.take() : std::vector<ReadEntry>();
    }

    void put(const std::string& name, const std::string& text) {
        ASSERT_TRUE(replace_file_at(AT_FDCWD, path(name), text, 0640, Durability::None));
    }
};

TEST_F(TreeTar, NamesInOrderLinksOnce) {
    put("b", "content");
    ASSERT_EQ(::mkdir(path("a").c_str(), 0711), 0);
    put("a/inner", "");
    ASSERT_EQ(::link(path("b").c_str(), path("c").c_str()), 0);
    ASSERT_EQ(::symlink("/outside/../guard", path("d").c_str()), 0);
    const auto entries = written(false);
    std::string names;
    for (const auto& each : entries) names += each.entry.path + " ";
    EXPECT_EQ(names, "a/ a/inner b c d ");
    ASSERT_EQ(entries.size(), 5U);
    EXPECT_EQ(entries[0].entry.mode, 0711U);
    EXPECT_EQ(entries[2].data, "content");
    EXPECT_EQ(entries[3].entry.type, TarType::HardLink);
    EXPECT_EQ(entries[3].entry.target, "b");
    EXPECT_EQ(entries[4].entry.target, "/outside/../guard");
}

TEST_F(TreeTar, AWritableFolderAsALayer) {
    if (!is_root()) GTEST_SKIP() << "whiteouts are made by root";
    ASSERT_EQ(::mkdir(path("opaque").c_str(), 0755), 0);
    ASSERT_EQ(::setxattr(path("opaque").c_str(), "user.overlay.opaque", "y", 1, 0), 0);
    ASSERT_EQ(::mknod(path("gone").c_str(), S_IFCHR, makedev(0, 0)), 0);
    put("file", "x");
    ASSERT_EQ(::setxattr(path("file").c_str(), "user.kept", "v", 1, 0), 0);
    const auto entries = written(true);
    ASSERT_EQ(entries.size(), 4U);
    EXPECT_EQ(entries[0].entry.path, "file");
    EXPECT_EQ(entries[0].entry.xattrs.at("user.kept"), "v");
    EXPECT_EQ(entries[1].entry.path, ".wh.gone");
    EXPECT_EQ(entries[2].entry.path, "opaque/");
    EXPECT_TRUE(entries[2].entry.xattrs.empty());
    EXPECT_EQ(entries[3].entry.path, "opaque/.wh..wh..opq");
}

}  // namespace
}  // namespace dhow::store
