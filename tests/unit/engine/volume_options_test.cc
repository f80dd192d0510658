// SPDX-License-Identifier: Apache-2.0
// What a volume's options mean, and those that mean nothing; filters that prunes share.
#include "engine/volume_options.h"

#include "engine/filters.h"

#include <gtest/gtest.h>

namespace dhow::engine {
namespace {

using Options = std::map<std::string, std::string>;

VolumeMount parsed(const Options& options) {
    auto mount = parse_volume_options(options);
    EXPECT_TRUE(mount) << mount.error().message;
    return mount ? mount.take() : VolumeMount{};
}

TEST(VolumeOptions, NoneIsAnOrdinaryVolume) {
    EXPECT_EQ(parsed({}).type, "");
    EXPECT_EQ(parsed({{"o", ""}}).type, "");
}

TEST(VolumeOptions, AFileSystem) {
    const auto mount =
        parsed({{"type", "nfs"}, {"device", ":/export"}, {"o", "addr=10.0.0.1,ro,size=1m"}});
    EXPECT_EQ(mount.type, "nfs");
    EXPECT_EQ(mount.device, ":/export");
    EXPECT_EQ(mount.options, (std::vector<std::string>{"addr=10.0.0.1", "ro", "size=1m"}));
}

TEST(VolumeOptions, ABindHasManyForms) {
    for (const Options& options : {Options{{"type", "none"}, {"o", "bind"}, {"device", "/x"}},
                                   Options{{"type", "bind"}, {"device", "/x"}},
                                   Options{{"o", "rbind,ro"}, {"device", "/x"}}}) {
        const auto mount = parsed(options);
        EXPECT_EQ(mount.type, "bind");
        EXPECT_EQ(mount.device, "/x");
    }
}

TEST(VolumeOptions, TheOwnerOfAnOrdinaryOne) {
    const auto mount = parsed({{"o", "uid=7,gid=8,nocopy"}});
    EXPECT_EQ(mount.owner.uid, 7U);
    EXPECT_EQ(mount.owner.gid, 8U);
    EXPECT_TRUE(mount.options.empty());
    // A file system's own.
    const auto memory = parsed({{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "uid=7"}});
    EXPECT_FALSE(memory.owner.uid);
    EXPECT_EQ(memory.options, (std::vector<std::string>{"uid=7"}));
}

TEST(VolumeOptions, Refused) {
    for (const Options& options : {Options{{"colour", "red"}},
                                   Options{{"", ""}},
                                   Options{{"Type", "tmpfs"}},
                                   Options{{"type", "tmpfs"}},
                                   Options{{"device", "/x"}},
                                   Options{{"o", "ro"}},
                                   Options{{"o", "bind"}},
                                   Options{{"o", "uid="}},
                                   Options{{"o", "uid=-1"}},
                                   Options{{"o", "uid=4294967296"}},
                                   Options{{"o", "gid=x"}},
                                   Options{{"o", "bind"}, {"device", "x"}},
                                   Options{{"type", "none"}, {"device", ""}}}) {
        EXPECT_EQ(parse_volume_options(options).error().kind, ErrorKind::InvalidArgument);
    }
    EXPECT_EQ(parse_volume_options({{"o", "size=1g"}}).error().kind, ErrorKind::Unsupported);
}

TEST(Filters, Labels) {
    const Labels labels = {{"a", "1"}, {"empty", ""}};
    EXPECT_TRUE(has_label(labels, "a"));
    EXPECT_TRUE(has_label(labels, "a=1"));
    EXPECT_TRUE(has_label(labels, "empty="));
    EXPECT_FALSE(has_label(labels, "a="));
    EXPECT_FALSE(has_label(labels, "b"));
    EXPECT_FALSE(has_label(labels, ""));
}

TEST(Filters, Prune) {
    const Labels labels = {{"a", "1"}};
    EXPECT_TRUE(PruneFilter{}.passes(labels, 5));
    EXPECT_TRUE((PruneFilter{.labels = {"a"}}.passes(labels, 5)));
    EXPECT_FALSE((PruneFilter{.labels = {"a", "b"}}.passes(labels, 5)));
    EXPECT_FALSE((PruneFilter{.without_labels = {"b", "a=1"}}.passes(labels, 5)));
    EXPECT_TRUE((PruneFilter{.without_labels = {"a=2"}}.passes(labels, 5)));
    EXPECT_TRUE((PruneFilter{.until = 6}.passes(labels, 5)));
    EXPECT_FALSE((PruneFilter{.until = 5}.passes(labels, 5)));
}

}  // namespace
}  // namespace dhow::engine
