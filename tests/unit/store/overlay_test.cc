// SPDX-License-Identifier: Apache-2.0
// Overlays of real layers, by each of the three ways to tell the kernel, in a mount namespace that
// ends with the test.
#include "store/overlay.h"

#include "base/text.h"
#include "tests/support/test_user.h"
#include "tests/unit/store/tree_fixture.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

namespace dhow::store {
namespace {

using test::run_in_child;

constexpr const char* kSkip = "(no mount namespace)";

bool enter_namespaces() {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) != 0) return false;
    if (uid != 0) {
        const auto put = [](const char* file, const std::string& text) {
            return static_cast<bool>(write_existing_at(AT_FDCWD, file, text));
        };
        if (!put("/proc/self/setgroups", "deny") ||
            !put("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") ||
            !put("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1")) {
            return false;
        }
    }
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

class Overlay : public TreeTest, public testing::WithParamInterface<OverlayApi> {
  protected:
    void SetUp() override {
        TreeTest::SetUp();
        for (const char* name : {"upper", "work", "merged"}) ASSERT_TRUE(make_dirs(path(name)));
        spec_.userxattr = true;
        if (GetParam() != OverlayApi::Best) spec_.api = GetParam();
    }

    // A layer on top of those there are, with files of its own name.
    std::string layer(const std::string& name) {
        const std::string folder = path(name);
        EXPECT_TRUE(make_dirs(folder, 0755));
        put(name + "/" + "who", name);
        spec_.lowers.insert(spec_.lowers.begin(), folder);
        return folder;
    }

    void put(const std::string& file, std::string_view text) const {
        const std::string at = path(file);
        EXPECT_TRUE(make_dirs(at.substr(0, at.rfind('/')), 0755));
        EXPECT_TRUE(replace_file_at(AT_FDCWD, at, text, 0644, Durability::None));
    }

    void with_upper() {
        spec_.upper = path("upper");
        spec_.work = path("work");
    }

    // What `look` says inside the namespace where the overlay is mounted.
    std::string mounted(const std::function<std::string()>& look) {
        return run_in_child([&]() -> std::string {
            if (!enter_namespaces()) return kSkip;
            const auto done = mount_overlay(spec_, path("merged"));
            return done ? look()
                        : std::string(kind_name(done.error().kind)) + ": " + done.error().message;
        });
    }

    // The mount's line of mountinfo.
    [[nodiscard]] std::string mount_line() const {
        const auto lines = read_file_at(AT_FDCWD, "/proc/self/mountinfo");
        if (!lines) return "(unreadable)";
        for (const std::string& line : split(*lines, '\n')) {
            if (line.find("/merged ") != std::string::npos) return line;
        }
        return "(not mounted)";
    }

    [[nodiscard]] std::string listing(const std::string& name) const {
        auto names = list_dir_at(AT_FDCWD, path(name));
        if (!names) return "(" + names.error().message + ")";
        std::sort(names->begin(), names->end());
        return join(*names, " ");
    }

    OverlaySpec spec_;
};

#define SKIP_WITHOUT_NAMESPACES(answer) \
    if ((answer) == kSkip) GTEST_SKIP() << "no mount namespaces here"

INSTANTIATE_TEST_SUITE_P(
    Store, Overlay, testing::Values(OverlayApi::Best, OverlayApi::Strings, OverlayApi::Legacy));

TEST_P(Overlay, TheTopmostLayerWins) {
    layer("bottom");
    layer("middle");
    layer("top");
    put("bottom/b", "x");
    put("middle/m", "x");
    put("middle/b", "y");
    const auto seen = mounted([&] {
        return text_of("merged/who") + " " + text_of("merged/b") + " " + listing("merged");
    });
    SKIP_WITHOUT_NAMESPACES(seen);
    EXPECT_EQ(seen, "top y b m who");
}

TEST_P(Overlay, WhiteoutsAndOpaqueFoldersHide) {
    layer("bottom");
    put("bottom/gone", "x");
    put("bottom/d/old", "x");
    layer("top");
    put("top/d/new", "x");
    ASSERT_EQ(::setxattr(path("top/d").c_str(), "user.overlay.opaque", "y", 1, 0), 0);
    if (::mknod(path("top/gone").c_str(), S_IFCHR, makedev(0, 0)) != 0) {
        GTEST_SKIP() << "no whiteouts here";
    }
    const auto seen = mounted([&] { return listing("merged") + ", " + listing("merged/d"); });
    SKIP_WITHOUT_NAMESPACES(seen);
    EXPECT_EQ(seen, "d who, new");
}

TEST_P(Overlay, WritesGoToTheUpperFolder) {
    layer("bottom");
    with_upper();
    const auto seen = mounted([&]() -> std::string {
        const auto put =
            replace_file_at(AT_FDCWD, path("merged/who"), "me", 0644, Durability::None);
        return put ? text_of("merged/who") + " " + mount_line() : put.error().message;
    });
    SKIP_WITHOUT_NAMESPACES(seen);
    EXPECT_TRUE(seen.starts_with("me ")) << seen;
    EXPECT_NE(seen.find("userxattr"), std::string::npos) << seen;
    EXPECT_EQ(seen.find("volatile"), std::string::npos) << seen;
    EXPECT_EQ(text_of("upper/who"), "me");
    EXPECT_EQ(text_of("bottom/who"), "bottom");
}

TEST_P(Overlay, VolatileAndNodevAreAsked) {
    layer("bottom");
    with_upper();
    spec_.volatile_upper = true;
    auto seen = mounted([&] { return mount_line(); });
    SKIP_WITHOUT_NAMESPACES(seen);
    EXPECT_NE(seen.find("volatile"), std::string::npos) << seen;
    EXPECT_NE(seen.find("nodev"), std::string::npos) << seen;
    EXPECT_TRUE(remove_tree_at(AT_FDCWD, path("work")));
    ASSERT_TRUE(make_dirs(path("work")));
    spec_.nodev = false;
    seen = mounted([&] { return mount_line(); });
    EXPECT_EQ(seen.substr(0, seen.find(" - ")).find("nodev"), std::string::npos) << seen;
}

TEST_P(Overlay, WithoutUpperNothingIsWritten) {
    layer("bottom");
    for (const bool single : {true, false}) {
        if (!single) layer("top");
        const auto seen = mounted([&] {
            const auto put = replace_file_at(AT_FDCWD, path("merged/f"), "x");
            return text_of("merged/who") + (put ? " written" : " refused") +
                   (mount_line().find("nodev") != std::string::npos ? " nodev" : "");
        });
        SKIP_WITHOUT_NAMESPACES(seen);
        EXPECT_EQ(seen, single ? "bottom refused nodev" : "top refused nodev");
    }
}

// Characters that mean something in mount options, and in /proc.
TEST_P(Overlay, PathsMayHoldAnything) {
    layer("a,lowerdir=b");
    layer("c:d\\:e");
    layer("f g\nh'\"$(i)");
    layer("userxattr,volatile");
    layer(std::string(250, 'n'));
    const auto seen = mounted([&] { return text_of("merged/who"); });
    SKIP_WITHOUT_NAMESPACES(seen);
    EXPECT_EQ(seen, std::string(250, 'n'));
}

TEST_P(Overlay, ManyLayers) {
    for (int i = 0; i < 127; ++i) {
        layer("layer" + std::to_string(i));
        put("layer" + std::to_string(i) + "/f" + std::to_string(i), "x");
    }
    with_upper();
    const auto seen = mounted([&] {
        return text_of("merged/who") + " " +
               std::to_string(list_dir_at(AT_FDCWD, path("merged"))->size());
    });
    SKIP_WITHOUT_NAMESPACES(seen);
    EXPECT_EQ(seen, "layer126 128");
}

// An attribute of one layer must not name what is in another.
TEST_P(Overlay, RedirectsOfALayerLeadNowhere) {
    if (!is_root()) GTEST_SKIP() << "trusted attributes are root's";
    spec_.userxattr = false;
    layer("bottom");
    put("bottom/hidden/secret", "x");
    layer("top");
    put("top/d/own", "x");
    ASSERT_EQ(::setxattr(path("top/d").c_str(), "trusted.overlay.redirect", "/hidden", 7, 0), 0);
    for (const bool writable : {false, true}) {
        if (writable) with_upper();
        const auto seen = mounted([&] { return listing("merged/d"); });
        SKIP_WITHOUT_NAMESPACES(seen);
        EXPECT_EQ(seen.find("secret"), std::string::npos) << seen;
    }
}

TEST_P(Overlay, WhatIsMissingIsNamed) {
    EXPECT_NE(mounted([] { return ""; }).find("at least one layer"), std::string::npos);
    spec_.lowers = {path("none")};
    auto seen = mounted([] { return "mounted"; });
    EXPECT_TRUE(seen == kSkip || seen.starts_with("not_found: overlay layer")) << seen;
    spec_.lowers.clear();
    layer("bottom");
    spec_.upper = path("none");
    seen = mounted([] { return "mounted"; });
    EXPECT_TRUE(seen == kSkip || seen.starts_with("not_found: overlay upper")) << seen;
    spec_.upper = path("upper");
    spec_.work = path("none");
    seen = mounted([] { return "mounted"; });
    EXPECT_TRUE(seen == kSkip || seen.starts_with("not_found: overlay work")) << seen;
    spec_.lowers = {path("bottom/who")};
    seen = mounted([] { return "mounted"; });
    EXPECT_NE(seen, "mounted");
    spec_.lowers = {path("bottom")};
    spec_.work = path("work");
    ASSERT_EQ(::rmdir(path("merged").c_str()), 0);
    seen = mounted([] { return "mounted"; });
    EXPECT_TRUE(seen == kSkip || seen.starts_with("not_found: mount overlay on")) << seen;
}

}  // namespace
}  // namespace dhow::store
