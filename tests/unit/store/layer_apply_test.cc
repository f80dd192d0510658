// SPDX-License-Identifier: Apache-2.0
// Layers unpacked into a folder: what they say, and what they try. Whatever a layer does, the guard
// file beside the folder stays as it is.
#include "store/transfer/layer_apply.h"

#include "tests/unit/store/tar_builder.h"
#include "tests/unit/store/tree_fixture.h"

#include <sys/sysmacros.h>
#include <sys/time.h>

namespace dhow::store {
namespace {

class LayerApply : public TreeTest {
  protected:
    // Rootless marks, which every user may set.
    Status apply(const std::string& tar, bool rootless = true) {
        LayerApplier applier(root(), rootless);
        TarReader reader(applier);
        TRY(reader.feed(tar));
        TRY(reader.finish());
        TRY(applier.finish());
        size_ = applier.size();
        return {};
    }

    Status apply(const TarBuilder& tar) { return apply(tar.bytes()); }

    void expect_applied(const TarBuilder& tar) {
        const auto applied = apply(tar);
        EXPECT_TRUE(applied) << applied.error().message;
    }

    void expect_refused(const TarBuilder& tar, ErrorKind kind, std::string_view why) {
        const auto applied = apply(tar);
        ASSERT_FALSE(applied) << why;
        EXPECT_EQ(applied.error().kind, kind) << why << ": " << applied.error().message;
        for (const char c : applied.error().message) EXPECT_TRUE(c >= ' ' && c <= '~') << why;
    }

    [[nodiscard]] bool is_whiteout(const std::string& name) const {
        const auto st = stat_of(name);
        return st && S_ISCHR(st->st_mode) && st->st_rdev == 0;
    }

    [[nodiscard]] bool is_opaque(const std::string& name) const {
        return xattr_of(name, "user.overlay.opaque") == "y";
    }

    uint64_t size_ = 0;
};

// --- what layers say ----------------------------------------------------------------------------

TEST_F(LayerApply, UnpacksEveryTypeWithItsMetadata) {
    expect_applied(TarBuilder()
                       .folder("./", 0751)
                       .folder("d/", 01777)
                       .add({.name = "d/f", .data = "text", .mode = 04755, .mtime = 1000})
                       .symlink("d/s", "/nowhere")
                       .hard_link("h", "d/f")
                       .add({.name = "p", .type = '6', .mode = 0622}));
    EXPECT_EQ(mode_of("."), 0751U);
    EXPECT_EQ(mode_of("d"), 01777U);
    EXPECT_EQ(text_of("d/f"), "text");
    EXPECT_EQ(mode_of("d/f"), 04755U);
    EXPECT_EQ(stat_of("d/f")->st_mtim.tv_sec, 1000);
    EXPECT_EQ(link_of("d/s"), "/nowhere");
    EXPECT_EQ(stat_of("d/s")->st_mtim.tv_sec, 1'600'000'000);
    EXPECT_EQ(stat_of("h")->st_ino, stat_of("d/f")->st_ino);
    EXPECT_EQ(type_of("p"), mode_t{S_IFIFO});
    EXPECT_EQ(mode_of("p"), 0622U);
    EXPECT_EQ(size_, 4U);
}

TEST_F(LayerApply, FoldersKeepTheirTimesAlthoughFilesCome) {
    expect_applied(TarBuilder()
                       .add({.name = "a/", .type = '5', .mode = 0755, .mtime = 111})
                       .add({.name = "a/b/", .type = '5', .mode = 0755, .mtime = 222})
                       .file("a/b/f", "x")
                       .file("a/g", "y"));
    EXPECT_EQ(stat_of("a")->st_mtim.tv_sec, 111);
    EXPECT_EQ(stat_of("a/b")->st_mtim.tv_sec, 222);
}

TEST_F(LayerApply, TimesBeforeTheEpochArrive) {
    expect_applied(TarBuilder().pax({{"mtime", "-1.25"}}).file("f", ""));
    EXPECT_EQ(stat_of("f")->st_mtim.tv_sec, -2);
    EXPECT_EQ(stat_of("f")->st_mtim.tv_nsec, 750'000'000);
}

TEST_F(LayerApply, ParentsThatNobodyListed) {
    expect_applied(TarBuilder().file("a/b/c/f", "x").hard_link("x/y/h", "a/b/c/f"));
    EXPECT_EQ(text_of("a/b/c/f"), "x");
    EXPECT_EQ(text_of("x/y/h"), "x");
    EXPECT_EQ(mode_of("a/b"), 0755U);
}

TEST_F(LayerApply, NamesAreNormalised) {
    expect_applied(TarBuilder().file("./a//b/./f", "1").file("/abs", "2").folder("d///"));
    EXPECT_EQ(text_of("a/b/f"), "1");
    EXPECT_EQ(text_of("abs"), "2");
    EXPECT_EQ(type_of("d"), mode_t{S_IFDIR});
}

TEST_F(LayerApply, TheLastOfSeveralEntriesCounts) {
    expect_applied(TarBuilder()
                       .file("f", "first")
                       .file("f", "second")
                       .file("to-folder", "")
                       .folder("to-folder")
                       .file("to-folder/in", "x")
                       .symlink("to-file", "guard")
                       .file("to-file", "file")
                       .folder("again", 0700)
                       .file("again/kept", "x")
                       .folder("again", 0711));
    EXPECT_EQ(text_of("f"), "second");
    EXPECT_EQ(text_of("to-folder/in"), "x");
    EXPECT_EQ(text_of("to-file"), "file");
    EXPECT_EQ(text_of("again/kept"), "x");
    EXPECT_EQ(mode_of("again"), 0711U);
}

TEST_F(LayerApply, FoldersGiveWayToEverything) {
    TarBuilder tar;
    for (const char* name : {"file", "link", "hard", "pipe"}) {
        tar.folder(std::string("d/") + name).file(std::string("d/") + name + "/in", "x");
    }
    tar.file("d/file", "now a file")
        .symlink("d/link", "file")
        .hard_link("d/hard", "d/file")
        .add({.name = "d/pipe", .type = '6'})
        .file("d/after", "x");
    expect_applied(tar);
    EXPECT_EQ(text_of("d/file"), "now a file");
    EXPECT_EQ(link_of("d/link"), "file");
    EXPECT_EQ(stat_of("d/hard")->st_ino, stat_of("d/file")->st_ino);
    EXPECT_EQ(type_of("d/pipe"), mode_t{S_IFIFO});
    EXPECT_EQ(text_of("d/after"), "x");
}

TEST_F(LayerApply, LinksOfALayerLeadWhereTheyWouldInTheContainer) {
    expect_applied(TarBuilder()
                       .folder("usr/lib")
                       .symlink("lib", "usr/lib")
                       .symlink("abs", "/usr")
                       .symlink("up", "../../../../usr")
                       .file("lib/a", "1")
                       .file("abs/b", "2")
                       .file("up/c", "3")
                       .hard_link("h", "abs/b"));
    EXPECT_EQ(text_of("usr/lib/a"), "1");
    EXPECT_EQ(text_of("usr/b"), "2");
    EXPECT_EQ(text_of("usr/c"), "3");
    EXPECT_EQ(text_of("h"), "2");
}

TEST_F(LayerApply, HardLinksToLinksStayLinks) {
    expect_applied(TarBuilder().symlink("s", "../guard").hard_link("h", "s"));
    EXPECT_EQ(link_of("h"), "../guard");
    EXPECT_EQ(stat_of("h")->st_ino, stat_of("s")->st_ino);
}

TEST_F(LayerApply, OwnersAreSet) {
    if (!is_root()) GTEST_SKIP() << "only root gives files away";
    expect_applied(TarBuilder()
                       .add({.name = "f", .mode = 06755, .uid = 12345, .gid = 54321})
                       .add({.name = "s", .type = '2', .link = "x", .uid = 12345, .gid = 1}));
    EXPECT_EQ(stat_of("f")->st_uid, 12345U);
    EXPECT_EQ(stat_of("f")->st_gid, 54321U);
    EXPECT_EQ(mode_of("f"), 06755U);
    EXPECT_EQ(stat_of("s")->st_uid, 12345U);
}

// --- whiteouts ----------------------------------------------------------------------------------

TEST_F(LayerApply, WhiteoutsAndOpaqueFolders) {
    expect_applied(TarBuilder()
                       .file(".wh.gone", "")
                       .folder("d/")
                       .file("d/.wh.also", "")
                       .file("early/.wh..wh..opq", "")
                       .folder("early", 0700)
                       .folder("late")
                       .file("late/f", "x")
                       .file("late/.wh..wh..opq", ""));
    EXPECT_TRUE(is_whiteout("gone"));
    EXPECT_TRUE(is_whiteout("d/also"));
    EXPECT_FALSE(is_opaque("d"));
    EXPECT_TRUE(is_opaque("early"));
    EXPECT_EQ(mode_of("early"), 0700U);
    EXPECT_TRUE(is_opaque("late"));
    EXPECT_EQ(text_of("late/f"), "x");
}

TEST_F(LayerApply, RootMarksAreTrusted) {
    if (!is_root()) GTEST_SKIP() << "trusted attributes are root's";
    ASSERT_TRUE(apply(TarBuilder().folder("d").file("d/.wh..wh..opq", "").bytes(), false));
    EXPECT_EQ(xattr_of("d", "trusted.overlay.opaque"), "y");
    EXPECT_FALSE(is_opaque("d"));
}

// A layer that deletes a name and adds it again means the addition, in whichever order.
TEST_F(LayerApply, AdditionsWinOverTheirWhiteouts) {
    expect_applied(TarBuilder()
                       .file(".wh.a", "")
                       .file("a", "a")
                       .file("b", "b")
                       .file(".wh.b", "")
                       .file(".wh.c", "")
                       .folder("c")
                       .file("c/f", "c")
                       .folder("d")
                       .file("d/f", "d")
                       .file(".wh.d", "")
                       .file(".wh.e", "")
                       .symlink("e", "a")
                       .file(".wh.h", "")
                       .hard_link("h", "a"));
    EXPECT_EQ(text_of("a"), "a");
    EXPECT_EQ(text_of("b"), "b");
    EXPECT_EQ(text_of("c/f"), "c");
    EXPECT_TRUE(is_opaque("c"));
    EXPECT_EQ(text_of("d/f"), "d");
    EXPECT_TRUE(is_opaque("d"));
    EXPECT_EQ(link_of("e"), "a");
    EXPECT_EQ(text_of("h"), "a");
}

TEST_F(LayerApply, AWhiteoutUnderAFolderThatNobodyListed) {
    expect_applied(TarBuilder().file(".wh.d", "").file("d/f", "x"));
    EXPECT_EQ(text_of("d/f"), "x");
    EXPECT_TRUE(is_opaque("d"));
}

TEST_F(LayerApply, WhiteoutsMayHaveContent) {
    expect_applied(TarBuilder()
                       .file(".wh.a", "means nothing")
                       .file(".wh..wh.aufs", "nor this")
                       .file(".wh..wh..opq", "nor that")
                       .file("f", "x"));
    EXPECT_TRUE(is_whiteout("a"));
    EXPECT_EQ(text_of("f"), "x");
    EXPECT_EQ(list_dir_at(AT_FDCWD, path("."))->size(), 2U);
}

TEST_F(LayerApply, WhiteoutsThatHideNothing) {
    for (const char* name : {".wh.", ".wh..", ".wh...", "d/.wh..", "d/.wh..."}) {
        expect_refused(TarBuilder().folder("d").file(name, ""), ErrorKind::Corrupt, name);
    }
}

// CVE-2026-95838: opaque marks repeated without end.
TEST_F(LayerApply, RepeatedOpaqueMarksCostNothing) {
    TarBuilder tar;
    tar.folder("d");
    for (int i = 0; i < 200; ++i) tar.file("d/f" + std::to_string(i), "");
    for (int i = 0; i < 20'000; ++i) tar.file("d/.wh..wh..opq", "");
    expect_applied(tar);
    EXPECT_EQ(list_dir_at(AT_FDCWD, path("d"))->size(), 200U);
}

// --- what layers try ----------------------------------------------------------------------------

TEST_F(LayerApply, NamesThatLeadOut) {
    for (const char* name :
         {"../guard", "a/../../guard", "/../guard", "./../guard", "..", "a/..", "a/../b"}) {
        expect_refused(TarBuilder().file(name, "x"), ErrorKind::Corrupt, name);
        expect_refused(TarBuilder().folder(name), ErrorKind::Corrupt, name);
        expect_refused(TarBuilder().hard_link("h", name), ErrorKind::Corrupt, name);
    }
    expect_refused(TarBuilder().file("../.wh.guard", ""), ErrorKind::Corrupt, "whiteout");
    expect_refused(TarBuilder().file(".", "x"), ErrorKind::Corrupt, "a file as the root");
    expect_refused(TarBuilder().hard_link("h", "/"), ErrorKind::Corrupt, "link to the root");
    expect_refused(TarBuilder().hard_link("h", "none"), ErrorKind::NotFound, "link to nothing");
}

// The classes of CVE-2025-47290, CVE-2021-32760 and CVE-2025-11395: a link first, then something
// that goes through it.
TEST_F(LayerApply, LinksThatLeadOut) {
    for (const std::string& target :
         {folder(), std::string(".."), "/proc/self/cwd/.." + folder()}) {
        const auto link = TarBuilder().symlink("out", target);
        ignore(apply(TarBuilder(link).file("out/guard", "x")), "refused or inside, never outside");
        ignore(apply(TarBuilder(link).folder("out/", 0777)), "");
        ignore(apply(TarBuilder(link).folder("out/new/")), "");
        ignore(apply(TarBuilder(link).file("out/.wh.guard", "")), "");
        ignore(apply(TarBuilder(link).file("out/.wh..wh..opq", "")), "");
        ignore(apply(TarBuilder(link).hard_link("stolen", "out/guard")), "");
        ignore(apply(TarBuilder(link).symlink("out/guard", "x")), "");
        expect_guarded();
    }
    const auto stolen = stat_of("stolen");
    EXPECT_TRUE(!stolen || stolen->st_ino != stat_of("../guard")->st_ino);
    EXPECT_FALSE(xattr_of("..", "user.overlay.opaque"));
}

// The last name of a path is never followed, whatever the entry is.
TEST_F(LayerApply, EntriesReplaceLinksAndDoNotFollowThem) {
    const std::string guard = folder() + "/guard";
    expect_applied(TarBuilder()
                       .symlink("file", guard)
                       .file("file", "x")
                       .symlink("folder", folder())
                       .folder("folder/", 0700)
                       .symlink("pipe", guard)
                       .add({.name = "pipe", .type = '6', .mode = 0666})
                       .symlink("link", guard)
                       .symlink("link", "elsewhere")
                       .symlink("trailing", guard)
                       .file("trailing/", ""));
    EXPECT_EQ(text_of("file"), "x");
    EXPECT_EQ(mode_of("folder"), 0700U);
    EXPECT_EQ(type_of("folder"), mode_t{S_IFDIR});
    EXPECT_EQ(type_of("pipe"), mode_t{S_IFIFO});
    EXPECT_EQ(link_of("link"), "elsewhere");
    EXPECT_EQ(type_of("trailing"), mode_t{S_IFDIR});
}

TEST_F(LayerApply, AFileWrittenThroughAHardLinkedLink) {
    expect_applied(TarBuilder()
                       .symlink("s", folder() + "/guard")
                       .hard_link("h", "s")
                       .file("h", "x")
                       .add({.name = "s", .data = "y", .mode = 0666}));
    EXPECT_EQ(text_of("h"), "x");
    EXPECT_EQ(text_of("s"), "y");
}

TEST_F(LayerApply, AFolderSwappedForALink) {
    ignore(apply(TarBuilder()
                     .folder("d")
                     .file("d/a", "1")
                     .symlink("d", folder())
                     .file("d/guard", "x")
                     .file("d/b", "2")),
           "refused or inside, never outside");
    expect_guarded();
    EXPECT_EQ(link_of("d"), folder());
}

TEST_F(LayerApply, ChainsOfLinks) {
    TarBuilder loop;
    loop.symlink("a", "b").symlink("b", "a").file("a/f", "x");
    EXPECT_FALSE(apply(loop));
    TarBuilder chain;
    chain.symlink("l0", "..");
    for (int i = 1; i < 60; ++i) {
        chain.symlink("l" + std::to_string(i), "l" + std::to_string(i - 1) + "/..");
    }
    EXPECT_FALSE(apply(chain.file("l59/guard", "x")));
    expect_applied(TarBuilder().symlink("dangling", "none").file("dangling/f", "x"));
    EXPECT_EQ(text_of("none/f"), "x");
    expect_guarded();
}

TEST_F(LayerApply, NamesOfAnyLength) {
    const std::string longest(255, 'n');
    expect_applied(TarBuilder().pax({{"path", longest + "/" + longest}}).file("f", "x"));
    EXPECT_EQ(text_of(longest + "/" + longest), "x");
    for (const char filler : {'n', '\xff', '\x1b'}) {
        const std::string name(256, filler);
        expect_refused(TarBuilder().pax({{"path", name}}).file("f", ""),
                       ErrorKind::System,
                       "a name of 256 bytes");
        expect_refused(TarBuilder().pax({{"path", name}}).folder("f"),
                       ErrorKind::System,
                       "a folder of 256 bytes");
        expect_refused(TarBuilder().pax({{"path", name + "/f"}}).file("f", ""),
                       ErrorKind::System,
                       "a parent of 256 bytes");
        expect_refused(TarBuilder().pax({{"path", ".wh." + name}}).file("f", ""),
                       ErrorKind::System,
                       "a whiteout of 256 bytes");
    }
    std::string deep;
    for (int i = 0; i < 600; ++i) deep += "d/";
    expect_refused(TarBuilder().pax({{"path", deep}}).folder("f"), ErrorKind::Corrupt, "depth");
}

// Nothing of a layer's may steer overlayfs, or pass for its whiteouts.
TEST_F(LayerApply, AttributesOfOverlayAreDropped) {
    std::map<std::string, std::string> records;
    for (const char* name : {"user.kept",
                             "user.overlay.opaque",
                             "user.overlay.redirect",
                             "user.overlay.metacopy",
                             "trusted.overlay.opaque",
                             "trusted.overlay.redirect",
                             "trusted.x",
                             "security.selinux",
                             "security.ima",
                             "system.posix_acl_access"}) {
        records["SCHILY.xattr." + std::string(name)] = "y";
    }
    const std::string hidden("SCHILY.xattr.security.capability\0.x", 35);
    records[hidden] = "y";
    expect_applied(TarBuilder().pax(records).folder("d").pax(records).file("f", ""));
    for (const char* name : {"d", "f"}) {
        char list[1024];
        const ssize_t size = ::llistxattr(path(name).c_str(), list, sizeof list);
        ASSERT_GE(size, 0);
        EXPECT_EQ(std::string(list, static_cast<size_t>(size)), std::string("user.kept\0", 10));
    }
}

TEST_F(LayerApply, DeviceNodesAreInert) {
    for (const bool rootless : {true, false}) {
        ASSERT_TRUE(apply(TarBuilder().add({.name = "white", .type = '3'}).bytes(), rootless));
        EXPECT_EQ(type_of("white"), 0U) << "0/0 would be a whiteout in disguise";
    }
    ASSERT_TRUE(
        apply(TarBuilder().add({.name = "sda", .type = '4', .major = 8, .minor = 0}).bytes()));
    EXPECT_EQ(type_of("sda"), 0U);
}

TEST_F(LayerApply, DeviceNodesOfRoot) {
    const dev_t null = makedev(1, 3);
    if (!is_root() || ::mknod(path("try").c_str(), S_IFCHR | 0600, null) != 0) {
        GTEST_SKIP() << "no device nodes here";
    }
    const TarFields node{.name = "null", .type = '3', .mode = 0666, .major = 1, .minor = 3};
    ASSERT_TRUE(apply(TarBuilder().add(node).bytes(), false));
    EXPECT_EQ(type_of("null"), mode_t{S_IFCHR});
    EXPECT_EQ(stat_of("null")->st_rdev, null);
    EXPECT_EQ(mode_of("null"), 0666U);
}

TEST_F(LayerApply, MalformedLayersLeaveNoDescriptorOpen) {
    const auto open_files = [] { return list_dir_at(AT_FDCWD, "/proc/self/fd")->size(); };
    const size_t before = open_files();
    const auto whole =
        TarBuilder().folder("d").file("d/f", std::string(2000, 'x')).file("g", "y").bytes();
    for (size_t cut = 0; cut < whole.size(); cut += 97) {
        ignore(apply(whole.substr(0, cut)), "cut, most of them");
    }
    EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace dhow::store
