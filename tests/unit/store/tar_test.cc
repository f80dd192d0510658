// SPDX-License-Identifier: Apache-2.0
// Tar streams as tools write them, and as nobody should: each either means what it says or is
// refused, however it is cut into pieces.
#include "store/transfer/tar.h"

#include "tests/unit/store/tar_builder.h"

#include <gtest/gtest.h>

namespace dhow::store {
namespace {

constexpr size_t kModeAt = 100;
constexpr size_t kUidAt = 108;
constexpr size_t kSizeAt = 124;
constexpr size_t kTimeAt = 136;
constexpr size_t kMagicAt = 257;
constexpr size_t kMajorAt = 329;
constexpr size_t kPrefixAt = 345;

std::vector<ReadEntry> read_good(std::string_view bytes) {
    auto entries = read_tar(bytes);
    EXPECT_TRUE(entries) << entries.error().message;
    return entries ? entries.take() : std::vector<ReadEntry>();
}

TarEntry read_one(std::string_view bytes) {
    const auto entries = read_good(bytes);
    EXPECT_EQ(entries.size(), 1U);
    return entries.empty() ? TarEntry() : entries[0].entry;
}

void expect_refused(std::string_view bytes, std::string_view why) {
    const auto entries = read_tar(bytes);
    ASSERT_FALSE(entries) << why;
    EXPECT_EQ(entries.error().kind, ErrorKind::Corrupt) << why;
    EXPECT_NE(entries.error().message.find("tar stream at byte "), std::string::npos) << why;
}

std::string with_end(const std::string& block) {
    return block + std::string(1024, '\0');
}

// --- what tools write ---------------------------------------------------------------------------

TEST(Tar, ReadsEveryTypeOfEntry) {
    const auto entries = read_good(
        TarBuilder()
            .add({.name = "f", .data = "text", .mode = 04755, .uid = 7, .gid = 8, .mtime = 9})
            .folder("d/", 01777)
            .symlink("s", "../target")
            .hard_link("h", "f")
            .add({.name = "c", .type = '3', .major = 5, .minor = 1})
            .add({.name = "b", .type = '4', .major = 259, .minor = 65536})
            .add({.name = "p", .type = '6'})
            .bytes());
    ASSERT_EQ(entries.size(), 7U);
    const TarEntry& file = entries[0].entry;
    EXPECT_EQ(file.type, TarType::Regular);
    EXPECT_EQ(entries[0].data, "text");
    EXPECT_EQ(file.size, 4U);
    EXPECT_EQ(file.data_offset, 512U);
    EXPECT_EQ(file.mode, 04755U);
    EXPECT_EQ(file.uid, 7U);
    EXPECT_EQ(file.gid, 8U);
    EXPECT_EQ(file.mtime_seconds, 9);
    EXPECT_EQ(entries[1].entry.type, TarType::Directory);
    EXPECT_EQ(entries[1].entry.mode, 01777U);
    EXPECT_EQ(entries[2].entry.type, TarType::SymbolicLink);
    EXPECT_EQ(entries[2].entry.target, "../target");
    EXPECT_EQ(entries[3].entry.type, TarType::HardLink);
    EXPECT_EQ(entries[3].entry.target, "f");
    EXPECT_EQ(entries[4].entry.type, TarType::CharDevice);
    EXPECT_EQ(entries[4].entry.device_major, 5U);
    EXPECT_EQ(entries[5].entry.type, TarType::BlockDevice);
    EXPECT_EQ(entries[5].entry.device_minor, 65536U);
    EXPECT_EQ(entries[6].entry.type, TarType::Fifo);
}

TEST(Tar, OldWaysToSayFileAndFolder) {
    const auto entries = read_good(TarBuilder()
                                       .add({.name = "old", .type = '\0', .data = "1"})
                                       .add({.name = "contiguous", .type = '7', .data = "2"})
                                       .add({.name = "folder/", .type = '0'})
                                       .bytes());
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].data, "1");
    EXPECT_EQ(entries[1].data, "2");
    EXPECT_EQ(entries[2].entry.type, TarType::Directory);
}

TEST(Tar, NamesThatFillTheirFields) {
    const std::string name(100, 'n');
    const std::string prefix(155, 'p');
    EXPECT_EQ(read_one(TarBuilder().file(name, "").bytes()).path, name);
    const auto block = tar_header({.name = name});
    EXPECT_EQ(read_one(with_end(patched(block, kPrefixAt, prefix))).path, prefix + "/" + name);
    // GNU's own format has other fields where ustar has the prefix.
    const auto gnu = patched(patched(block, kPrefixAt, "12345"), kMagicAt, "ustar  ");
    EXPECT_EQ(read_one(with_end(gnu)).path, name);
}

TEST(Tar, NumbersInBlanksAndInBinary) {
    const auto block = tar_header({.name = "f"});
    EXPECT_EQ(read_one(with_end(patched(block, kModeAt, "   755 "))).mode, 0755U);
    EXPECT_EQ(read_one(with_end(patched(block, kModeAt, std::string(8, '\0')))).mode, 0U);
    EXPECT_EQ(read_one(with_end(patched(block, kUidAt, base256(UINT32_MAX, 8)))).uid, UINT32_MAX);
    const auto late = patched(block, kTimeAt, base256(1ULL << 35U, 12));
    EXPECT_EQ(read_one(with_end(late)).mtime_seconds, 1LL << 35U);
    std::string early(12, '\xff');
    early.back() = '\xfe';
    EXPECT_EQ(read_one(with_end(patched(block, kTimeAt, early))).mtime_seconds, -2);
}

TEST(Tar, SizesBeyondEightGibibytes) {
    Recorder recorder;
    TarReader reader(recorder);
    ASSERT_TRUE(
        reader.feed(patched(tar_header({.name = "big"}), kSizeAt, base256((1ULL << 40U) + 1, 12))));
    ASSERT_EQ(recorder.entries.size(), 1U);
    EXPECT_EQ(recorder.entries[0].entry.size, (1ULL << 40U) + 1);
    EXPECT_FALSE(reader.finish());
}

TEST(Tar, OnlyFilesHaveData) {
    // Some writers give links the size of what they point to; no data follows.
    const auto link = patched(tar_header({.name = "h", .type = '1', .link = "f"}), kSizeAt, "777");
    const auto entries = read_good(TarBuilder().raw(link).file("g", "x").bytes());
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].entry.size, 0U);
    EXPECT_EQ(entries[1].data, "x");
}

TEST(Tar, PaxRecordsReplaceFields) {
    const std::string xattr("a\0=\n\xff", 5);
    const std::string path(4096, 'p');
    const auto entry = read_one(TarBuilder()
                                    .pax({{"path", path},
                                          {"linkpath", "l\nl"},
                                          {"uid", "4294967295"},
                                          {"gid", "70000"},
                                          {"mtime", "1234567890.1234567899"},
                                          {"SCHILY.xattr.user.x", xattr},
                                          {"comment", "means nothing"}})
                                    .symlink("short", "short")
                                    .bytes());
    EXPECT_EQ(entry.path, path);
    EXPECT_EQ(entry.target, "l\nl");
    EXPECT_EQ(entry.uid, 4294967295U);
    EXPECT_EQ(entry.gid, 70000U);
    EXPECT_EQ(entry.mtime_seconds, 1234567890);
    EXPECT_EQ(entry.mtime_nanos, 123456789);
    EXPECT_EQ(entry.xattrs, (std::map<std::string, std::string>{{"user.x", xattr}}));
}

struct Time {
    std::string text;
    int64_t seconds;
    int64_t nanos;
};

TEST(Tar, PaxTimesBeforeTheEpoch) {
    for (const Time& time : {Time{"0", 0, 0},
                             Time{"7.", 7, 0},
                             Time{"-1", -1, 0},
                             Time{"-1.0", -1, 0},
                             Time{"-1.25", -2, 750'000'000},
                             Time{"-0.5", -1, 500'000'000}}) {
        const auto entry = read_one(TarBuilder().pax({{"mtime", time.text}}).file("f", "").bytes());
        EXPECT_EQ(entry.mtime_seconds, time.seconds) << time.text;
        EXPECT_EQ(entry.mtime_nanos, time.nanos) << time.text;
    }
}

TEST(Tar, PaxSizeCountsTheData) {
    const auto block = patched(tar_header({.name = "f", .data = "abc"}), kSizeAt, "00000000000");
    const auto entries = read_good(TarBuilder()
                                       .pax({{"size", "3"}})
                                       .raw(block)
                                       .raw("abc" + std::string(509, '\0'))
                                       .file("g", "")
                                       .bytes());
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].data, "abc");
}

TEST(Tar, PaxHeadersLastOneEntryAndGlobalOnesAll) {
    const auto entries = read_good(TarBuilder()
                                       .pax({{"uid", "1"}, {"gid", "1"}}, 'g')
                                       .pax({{"uid", "2"}})
                                       .file("a", "")
                                       .file("b", "")
                                       .pax({{"gid", "3"}}, 'g')
                                       .file("c", "")
                                       .bytes());
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].entry.uid, 2U);
    EXPECT_EQ(entries[0].entry.gid, 1U);
    EXPECT_EQ(entries[1].entry.uid, 1U);
    EXPECT_EQ(entries[2].entry.uid, 1U);
    EXPECT_EQ(entries[2].entry.gid, 3U);
}

TEST(Tar, GnuLongNamesAndLinks) {
    const std::string name(300, 'n');
    const std::string target(400, 't');
    const auto entries = read_good(TarBuilder()
                                       .extension('K', target + '\0')
                                       .extension('L', name + '\0')
                                       .symlink("cut", "cut")
                                       .symlink("next", "one")
                                       .bytes());
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].entry.path, name);
    EXPECT_EQ(entries[0].entry.target, target);
    EXPECT_EQ(entries[1].entry.path, "next");
    EXPECT_EQ(entries[1].entry.target, "one");
}

TEST(Tar, PiecesOfAnySizeReadTheSame) {
    const auto bytes = TarBuilder()
                           .pax({{"path", std::string(600, 'x')}})
                           .file("a", std::string(1300, 'a'))
                           .extension('L', std::string(512, 'l'))
                           .file("b", "b")
                           .folder("c/")
                           .bytes();
    const auto whole = read_good(bytes);
    ASSERT_EQ(whole.size(), 3U);
    for (const size_t piece : {1U, 2U, 511U, 512U, 513U, 1000U}) {
        const auto entries = read_tar(bytes, piece);
        ASSERT_TRUE(entries) << piece;
        ASSERT_EQ(entries->size(), whole.size()) << piece;
        for (size_t i = 0; i < whole.size(); ++i) {
            EXPECT_EQ((*entries)[i].entry.path, whole[i].entry.path) << piece;
            EXPECT_EQ((*entries)[i].entry.data_offset, whole[i].entry.data_offset) << piece;
            EXPECT_EQ((*entries)[i].data, whole[i].data) << piece;
        }
    }
}

TEST(Tar, TwoZeroBlocksAreTheEnd) {
    const std::string zeros(512, '\0');
    const auto entries = read_good(
        TarBuilder().file("a", "").raw(zeros).file("b", "").raw(zeros + zeros + "junk").bytes());
    EXPECT_EQ(entries.size(), 2U);
}

TEST(Tar, TheSinksErrorIsTheAnswer) {
    class Refusing : public Recorder {
        Status begin(const TarEntry& /*entry*/) override {
            return make_error(ErrorKind::NoSpace, "full");
        }
    } sink;

    TarReader reader(sink);
    const auto fed = reader.feed(TarBuilder().file("a", "").bytes());
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().kind, ErrorKind::NoSpace);
}

// --- what nobody should write -------------------------------------------------------------------

TEST(Tar, HostileHeaders) {
    const auto block = tar_header({.name = "f"});
    auto wrong_sum = block;
    wrong_sum[0] = 'g';
    expect_refused(with_end(wrong_sum), "checksum");
    expect_refused(std::string(512, 'x'), "text");
    expect_refused(with_end(patched(block, kSizeAt, "12x")), "size is no number");
    expect_refused(with_end(patched(block, kSizeAt, "00000000009")), "size is not octal");
    expect_refused(with_end(patched(block, kSizeAt, "-0000000001")), "negative size");
    expect_refused(with_end(patched(block, kSizeAt, std::string(12, '\xff'))), "negative base256");
    expect_refused(with_end(patched(block, kSizeAt, "\x81")), "base256 beyond 64 bits");
    expect_refused(with_end(patched(block, kSizeAt, base256(1ULL << 45U, 12))), "size");
    auto beyond = base256(0, 12);
    beyond[1] = '\x01';
    expect_refused(with_end(patched(block, kSizeAt, beyond)), "base256 beyond 64 bits");
    expect_refused(with_end(patched(block, kModeAt, "rwxr-xr")), "mode");
    expect_refused(with_end(patched(block, kUidAt, base256(1ULL << 32U, 8))), "uid");
    expect_refused(with_end(patched(block, kUidAt, std::string(8, '\xff'))), "uid -1");
    expect_refused(with_end(tar_header({.name = ""})), "no name");
    const auto device = tar_header({.name = "c", .type = '3'});
    expect_refused(with_end(patched(device, kMajorAt, "x")), "device number");
    expect_refused(with_end(patched(device, kMajorAt, base256(1ULL << 32U, 8))), "device number");
}

TEST(Tar, UnknownTypesAreNotSkipped) {
    for (const char type : {'S', 'V', 'M', 'N', 'D', 'A', '8', '\xff'}) {
        const auto entries = read_tar(TarBuilder().add({.name = "f", .type = type}).bytes());
        ASSERT_FALSE(entries) << type;
        EXPECT_EQ(entries.error().kind, ErrorKind::Unsupported) << type;
        EXPECT_EQ(entries.error().message.find('\xff'), std::string::npos);
    }
}

// An overflow in another reader's sparse map: CVE-2026-15028. This one has no sparse maps at all.
TEST(Tar, SparseFilesAreUnsupported) {
    for (const char* key : {"GNU.sparse.map", "GNU.sparse.major", "GNU.sparse.realsize"}) {
        const auto entries = read_tar(TarBuilder().pax({{key, "1"}}).file("f", "").bytes());
        ASSERT_FALSE(entries) << key;
        EXPECT_EQ(entries.error().kind, ErrorKind::Unsupported) << key;
    }
}

TEST(Tar, HostilePaxRecords) {
    for (const std::string content : {"x",
                                      "5 a=b",
                                      "7 a=b\n",
                                      "5 a=b\n",
                                      "0 a=b\n",
                                      "2 a=b\n",
                                      "-6 a=b\n",
                                      "+6 a=b\n",
                                      " 6 a=b\n",
                                      "99999999999 a=b\n",
                                      "18446744073709551615 a=b\n",
                                      "6 a=bc\n",
                                      "6 abc\n",
                                      "3 \n\n"}) {
        expect_refused(TarBuilder().extension('x', content).file("f", "").bytes(), content);
        expect_refused(TarBuilder().extension('g', content).file("f", "").bytes(), content);
    }
}

TEST(Tar, HostilePaxValues) {
    const std::map<std::string, std::string> records[] = {
        {{"size", "-1"}},
        {{"size", "x"}},
        {{"size", "17592186044417"}},  // 2^44 + 1
        {{"size", "18446744073709551616"}},
        {{"uid", "4294967296"}},
        {{"gid", "-1"}},
        {{"mtime", ""}},
        {{"mtime", "1.x"}},
        {{"mtime", "1.-5"}},
        {{"mtime", "9223372036854775808"}},
        {{"mtime", "-9223372036854775808.5"}},
        {{"path", ""}},
        {{"path", std::string("a\0b", 3)}},
        {{"path", std::string(4097, 'a')}},
        {{"linkpath", std::string("a\0b", 3)}},
        {{"linkpath", std::string(4097, 'a')}},
    };
    for (const auto& record : records) {
        const auto& [key, value] = *record.begin();
        expect_refused(TarBuilder().pax(record).symlink("f", "t").bytes(),
                       key + "=" + value.substr(0, 30));
    }
    expect_refused(TarBuilder().extension('L', std::string(4097, 'a')).file("f", "").bytes(),
                   "long name");
}

TEST(Tar, ExtensionsHaveALimit) {
    const std::string value((1U << 20U) - 100, 'v');
    EXPECT_TRUE(read_tar(TarBuilder().pax({{"comment", value}}).file("f", "").bytes()));
    for (const char type : {'x', 'g', 'L', 'K'}) {
        expect_refused(
            patched(tar_header({.name = "e", .type = type}), kSizeAt, base256(1U << 21U, 12)),
            "extension of 2 MiB");
    }
}

// Global records are looked at for every entry: what they cost must not grow with their number.
TEST(Tar, GlobalRecordsDoNotPileUp) {
    TarBuilder many;
    for (int i = 0; i < 30; ++i) {
        std::string content;
        for (int j = 0; j < 100; ++j) {
            content += pax_record("SCHILY.xattr.user." + std::to_string(i * 100 + j), "v");
        }
        many.extension('g', content);
    }
    expect_refused(many.file("f", "").bytes(), "3000 global records");
    TarBuilder large;
    for (int i = 0; i < 3; ++i) {
        large.pax({{"SCHILY.xattr.user." + std::to_string(i), std::string(700'000, 'v')}}, 'g');
    }
    expect_refused(large.file("f", "").bytes(), "2 MB of global records");
    TarBuilder again;
    for (int i = 0; i < 100; ++i) again.pax({{"comment", std::string(100'000, 'c')}}, 'g');
    EXPECT_TRUE(read_tar(again.file("f", "").bytes()));
}

// --- what was cut -------------------------------------------------------------------------------

TEST(Tar, ACutStreamIsToldFromAWholeOne) {
    const auto bytes =
        TarBuilder().file("a", std::string(700, 'a')).pax({{"uid", "1"}}).file("b", "").bytes();
    constexpr size_t kPadding = 512 + 700;
    constexpr size_t kPax = 1536;
    constexpr size_t kZeros = kPax + 3 * 512;
    ASSERT_EQ(bytes.size(), kZeros + 1024);
    for (size_t cut = 0; cut <= bytes.size(); ++cut) {
        const bool in_padding = cut >= kPadding && cut <= kPax;
        const bool whole = cut == 0 || in_padding || (cut >= kZeros && cut % 512 == 0);
        EXPECT_EQ(static_cast<bool>(read_tar(std::string_view(bytes).substr(0, cut))), whole)
            << cut;
    }
}

TEST(Tar, AnExtensionWantsItsEntry) {
    EXPECT_FALSE(read_tar(TarBuilder().extension('L', "name").bytes()));
    EXPECT_FALSE(read_tar(TarBuilder().extension('K', "link").bytes()));
    EXPECT_FALSE(read_tar(TarBuilder().pax({{"uid", "1"}}).bytes()));
    EXPECT_TRUE(read_tar(TarBuilder().pax({{"comment", "all"}}, 'g').bytes()));
}

}  // namespace
}  // namespace dhow::store
