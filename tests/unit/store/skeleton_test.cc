// SPDX-License-Identifier: Apache-2.0
// A layer unpacked and put together again: the same bytes, whatever its tar looks like.
#include "store/transfer/skeleton.h"

#include "store/transfer/layer_apply.h"
#include "tests/unit/store/tar_builder.h"
#include "tests/unit/store/tree_fixture.h"

#include <random>

namespace dhow::store {
namespace {

class Skeleton : public TreeTest {
  protected:
    void SetUp() override {
        TreeTest::SetUp();
        ASSERT_TRUE(make_dirs(beside()));
        names_beside_ = 3;
    }

    [[nodiscard]] std::string beside() const { return folder() + "/skeletons"; }

    // Unpacks `tar`, in pieces of `piece` bytes.
    Status unpack(std::string_view tar, size_t piece = 1U << 20U) {
        const auto folder = TRY(open_dir_at(AT_FDCWD, beside()));
        auto skeleton = TRY(SkeletonWriter::create(folder.get(), "layer"));
        LayerApplier applier(root(), true, &skeleton);
        TarReader reader(applier);
        for (size_t at = 0; at < tar.size(); at += piece) TRY(reader.feed(tar.substr(at, piece)));
        TRY(reader.finish());
        TRY(applier.finish());
        TRY(skeleton.finish());
        if (::renameat(folder.get(), "layer.skeleton", folder.get(), "layer") != 0) {
            return system_error("rename");
        }
        return {};
    }

    Result<std::string> together() {
        const auto folder = TRY(open_dir_at(AT_FDCWD, beside()));
        const auto stream = TRY(LayerStream::open(folder.get(), "layer", root()));
        std::string bytes;
        TRY(stream.write_to([&](std::string_view piece) -> Status {
            bytes += piece;
            return {};
        }));
        EXPECT_EQ(stream.size(), bytes.size());
        return bytes;
    }

    void expect_same(const std::string& tar, size_t piece = 1U << 20U) {
        const auto unpacked = unpack(tar, piece);
        ASSERT_TRUE(unpacked) << unpacked.error().message;
        const auto bytes = together();
        ASSERT_TRUE(bytes) << bytes.error().message;
        EXPECT_TRUE(*bytes == tar) << "the streams differ";
    }
};

void rewrite(const std::string& path, std::string_view bytes) {
    ASSERT_TRUE(replace_file_at(AT_FDCWD, path, bytes, 0600, Durability::None));
}

std::string noise(size_t size) {
    std::mt19937 random(static_cast<unsigned>(size));
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
}

TEST_F(Skeleton, OfAnOrdinaryLayer) {
    TarBuilder tar;
    tar.folder("./").folder("usr/").file("usr/a", noise(100'000)).symlink("lib", "usr");
    tar.file("lib/through-a-link", "content").file("empty", "").hard_link("usr/b", "usr/a");
    tar.file(".wh.gone", "").file("usr/.wh..wh..opq", "");
    tar.pax({{"path", std::string(200, 'd') + "/" + std::string(200, 'n')}})
        .file("short", noise(513));
    expect_same(tar.bytes());
}

TEST_F(Skeleton, FedByteByByte) {
    TarBuilder tar;
    tar.file("a", noise(700)).folder("d/").file("d/b", noise(512));
    expect_same(tar.bytes(), 1);
}

TEST_F(Skeleton, KeepsWhatFollowsTheEndAndWhatLacksOne) {
    TarBuilder tar;
    tar.file("a", "x");
    expect_same(tar.bytes() + std::string(9000, '\0') + "trailing words");
    expect_same(tar.open_end().substr(0, 513));
}

TEST_F(Skeleton, OfContentsThatBecomeNoFile) {
    TarBuilder tar;
    tar.file(".wh.hidden", "a whiteout with contents").file("after", "x");
    expect_same(tar.bytes());
}

TEST_F(Skeleton, OfEntriesThatMakeRoomForLaterOnes) {
    TarBuilder tar;
    tar.file("f", "first").file("f", "second, longer").file("f", "third");
    tar.folder("d/").file("d/inner", noise(2000)).file("d", "now a file").folder("d/");
    tar.file("d/inner", "again").hard_link("h", "f").file("f", "fourth").symlink("f", "h");
    expect_same(tar.bytes());
}

TEST_F(Skeleton, ADamagedOneIsSeen) {
    TarBuilder tar;
    for (int i = 0; i < 200; ++i) tar.file("file" + std::to_string(i), noise(100));
    ASSERT_TRUE(unpack(tar.bytes()));
    const std::string path = beside() + "/layer";
    const std::string whole = *read_file_at(AT_FDCWD, path);
    for (const size_t at : {size_t{30}, whole.size() / 2, whole.size() - 2}) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
        rewrite(path, bytes);
        EXPECT_EQ(together().error().kind, ErrorKind::Corrupt) << "byte " << at;
        rewrite(path, whole.substr(0, at));
        EXPECT_EQ(together().error().kind, ErrorKind::Corrupt) << "cut at " << at;
    }
}

TEST_F(Skeleton, AFileThatChangedIsSeen) {
    TarBuilder tar;
    tar.file("a", "12345").file("b", "12345");
    ASSERT_TRUE(unpack(tar.bytes()));
    rewrite(path("a"), "123456");
    EXPECT_EQ(together().error().kind, ErrorKind::Corrupt);
    ASSERT_EQ(::unlink(path("a").c_str()), 0);
    ASSERT_EQ(::symlink("b", path("a").c_str()), 0);
    EXPECT_FALSE(together());
}

TEST_F(Skeleton, ALayerWithoutOneSaysSo) {
    const auto folder = open_dir_at(AT_FDCWD, beside());
    ASSERT_TRUE(folder);
    const auto stream = LayerStream::open(folder->get(), "layer", root());
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace dhow::store
