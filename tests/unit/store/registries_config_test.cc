// SPDX-License-Identifier: Apache-2.0
// registries.conf as containers-registries.conf(5) has it: rules, mirrors, short names, files.
#include "store/registries_config.h"

#include "base/text.h"
#include "tests/unit/store/environment.h"
#include "tests/unit/store/tree_fixture.h"

namespace dhow::store {
namespace {

RegistriesConfig config_of(std::string_view text) {
    RegistriesConfig config;
    const auto read = read_registries_config(text, "file", config);
    EXPECT_TRUE(read) << read.error().message;
    return config;
}

ImageRef ref(std::string_view text) {
    auto parsed = ImageRef::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.take();
}

bool covers(const std::string& prefix, std::string_view name) {
    const auto config = config_of("[[registry]]\nprefix='" + prefix + "'\nlocation='x.example'\n");
    return find_registry_rule(config, name) != nullptr;
}

// "name name!", "!" where insecure; or the error's kind.
std::string locations(std::string_view text, std::string_view name) {
    const auto found = pull_locations(config_of(text), ref(name));
    if (!found) return std::string(kind_name(found.error().kind));
    std::vector<std::string> all;
    for (const PullLocation& location : *found) {
        all.push_back(location.reference.full() + (location.insecure ? "!" : ""));
    }
    return join(all, " ");
}

std::string candidates(const RegistriesConfig& config, std::string_view text) {
    const auto choice = resolve_short_name(config, text);
    if (!choice) return std::string(kind_name(choice.error().kind));
    std::vector<std::string> all;
    for (const ImageRef& candidate : choice->candidates) all.push_back(candidate.full());
    return join(all, " ");
}

TEST(RegistriesConfig, PrefixesEndAtABorder) {
    EXPECT_TRUE(covers("a.example", "a.example/x"));
    EXPECT_TRUE(covers("a.example", "a.example:5000/x"));
    EXPECT_TRUE(covers("a.example/x", "a.example/x"));
    EXPECT_TRUE(covers("a.example/x", "a.example/x:1"));
    EXPECT_TRUE(covers("a.example/x", "a.example/x@sha256:0"));
    EXPECT_TRUE(covers("a.example/x:1", "a.example/x:1"));
    EXPECT_TRUE(covers("a.example/x", "a.example/x/y"));
    EXPECT_FALSE(covers("a.example/x:1", "a.example/x:10"));
    EXPECT_FALSE(covers("a.example/x", "a.example/xy"));
    EXPECT_FALSE(covers("a.example", "a.example.org/x"));
    EXPECT_FALSE(covers("a.example:5000", "a.example/x"));
    EXPECT_FALSE(covers("a.example/x", "a.example"));
}

TEST(RegistriesConfig, StarsCoverSubdomains) {
    EXPECT_TRUE(covers("*.example.com", "a.example.com/x"));
    EXPECT_TRUE(covers("*.example.com", "a.b.example.com/x"));
    EXPECT_TRUE(covers("*.example.com", "a.example.com:5000/x"));
    EXPECT_TRUE(covers("*.example.com", "a.example.com"));
    EXPECT_TRUE(covers("*.example.com/x", "a.example.com/x/y"));
    EXPECT_FALSE(covers("*.example.com/x", "a.example.com/xy"));
    EXPECT_FALSE(covers("*.example.com", "example.com/x"));
    EXPECT_FALSE(covers("*.example.com", "badexample.com/x"));
    EXPECT_FALSE(covers("*.example.com", "a.example.com.org/x"));
    EXPECT_FALSE(covers("*.example.com", "evil.org/a.example.com"));
}

TEST(RegistriesConfig, TheLongestPrefixCounts) {
    constexpr std::string_view kConf = R"(
[[registry]]
prefix = "a.example/deep/er"
blocked = true
[[registry]]
prefix = "a.example/deep"
insecure = true
[[registry]]
prefix = "a.example"
)";
    EXPECT_EQ(locations(kConf, "a.example/deep/er/x:1"), "permission");
    EXPECT_EQ(locations(kConf, "a.example/deep/x:1"), "a.example/deep/x:1!");
    EXPECT_EQ(locations(kConf, "a.example/x:1"), "a.example/x:1");
    EXPECT_EQ(locations(kConf, "b.example/x:1"), "b.example/x:1");
    EXPECT_EQ(locations("", "a.example/x:1"), "a.example/x:1");
}

TEST(RegistriesConfig, LocationsTakeThePrefixesPlace) {
    constexpr std::string_view kConf = R"(
[[registry]]
prefix = "docker.io"
location = "hub.local:5000/proxy"
[[registry]]
prefix = "*.corp.example/team"
location = "one.example/all"
[[registry]]
prefix = "*.plain.example"
insecure = true
)";
    EXPECT_EQ(locations(kConf, "busybox"), "hub.local:5000/proxy/library/busybox:latest");
    EXPECT_EQ(locations(kConf, "a.corp.example/team/x:1"), "one.example/all/x:1");
    EXPECT_EQ(locations(kConf, "a.corp.example/other/x:1"), "a.corp.example/other/x:1");
    EXPECT_EQ(locations(kConf, "a.plain.example/x:1"), "a.plain.example/x:1!");
    EXPECT_EQ(locations("[[registry]]\nprefix='a.example'\nlocation='nohost'\n", "a.example/x"),
              "invalid_argument");
}

TEST(RegistriesConfig, MirrorsComeFirstAndInOrder) {
    constexpr std::string_view kConf = R"(
[[registry]]
prefix = "a.example/ns"
location = "b.example/ns"
[[registry.mirror]]
location = "m1.example:5000/mirrored"
insecure = true
[[registry.mirror]]
location = "m2.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "m3.example"
pull-from-mirror = "tag-only"
)";
    const std::string digest = "@sha256:" + std::string(64, 'a');
    EXPECT_EQ(locations(kConf, "a.example/ns/x:1"),
              "m1.example:5000/mirrored/x:1! m3.example/x:1 b.example/ns/x:1");
    EXPECT_EQ(locations(kConf, "a.example/ns/x" + digest),
              "m1.example:5000/mirrored/x" + digest + "! m2.example/x" + digest +
                  " b.example/ns/x" + digest);
}

TEST(RegistriesConfig, MirrorsForDigestsAlone) {
    constexpr std::string_view kConf =
        "[[registry]]\nlocation='a.example'\nmirror-by-digest-only=true\n"
        "[[registry.mirror]]\nlocation='m.example'\n";
    const std::string digest = "@sha256:" + std::string(64, 'a');
    EXPECT_EQ(locations(kConf, "a.example/x:1"), "a.example/x:1");
    EXPECT_EQ(locations(kConf, "a.example/x" + digest),
              "m.example/x" + digest + " a.example/x" + digest);
}

// A file that comes later speaks for its own prefixes; it does not lift what another says of one
// registry by speaking of all.
TEST(RegistriesConfig, ALaterFileCountsForTheSamePrefixAlone) {
    const auto both = [](std::string_view first, std::string_view second) {
        auto config = config_of(first);
        EXPECT_TRUE(read_registries_config(second, "2", config));
        return find_registry_rule(config, "a.example/x")->blocked;
    };
    constexpr std::string_view kBlocked = "[[registry]]\nprefix='a.example/x'\nblocked=true\n";
    EXPECT_TRUE(both(kBlocked, "[[registry]]\nprefix='a.example'\n"));
    EXPECT_FALSE(both(kBlocked, "[[registry]]\nprefix='a.example/x'\n"));
    EXPECT_TRUE(both("[[registry]]\nprefix='a.example'\n", kBlocked));
}

TEST(RegistriesConfig, MalformedFilesAreNamed) {
    for (const char* conf : {"[[registry",
                             "x",
                             "registry = [",
                             "a = 1\na = 2",
                             "\xff\xfe",
                             "registry = 1",
                             "registry = [1, 'x']",
                             "[[registry]]\nblocked=true\n",
                             "[[registry]]\nprefix='a'\nblocked='true'",
                             "[[registry]]\nprefix=1\nblocked=true",
                             "[[registry]]\nprefix='a.*.b'",
                             "[[registry]]\nlocation='https://a.example'",
                             "[[registry]]\nlocation='a'\n[[registry.mirror]]\ninsecure=true",
                             "[[registry]]\nlocation='a'\n[[registry.mirror]]\nlocation='b'\n"
                             "pull-from-mirror='never'",
                             "[[registry]]\nlocation='a'\nmirror-by-digest-only=true\n"
                             "[[registry.mirror]]\nlocation='b'\npull-from-mirror='all'",
                             "short-name-mode = 'maybe'",
                             "unqualified-search-registries = 'docker.io'",
                             "[aliases]\na = 'b'",
                             "[aliases]\na = 'b.example/x:1'",
                             "[aliases]\na = 1"}) {
        RegistriesConfig config;
        const auto read = read_registries_config(conf, "/etc/r.conf", config);
        ASSERT_FALSE(read) << conf;
        EXPECT_EQ(read.error().kind, ErrorKind::InvalidArgument);
        EXPECT_NE(read.error().message.find("/etc/r.conf"), std::string::npos);
    }
    RegistriesConfig config;
    const auto old = read_registries_config("[registries.block]\nregistries=['a']\n", "f", config);
    ASSERT_FALSE(old);
    EXPECT_EQ(old.error().kind, ErrorKind::Unsupported);
}

TEST(ShortNames, WithoutSettingsAsDocker) {
    EXPECT_EQ(candidates({}, "busybox"), "docker.io/library/busybox:latest");
    EXPECT_EQ(candidates({}, "a/b:1"), "docker.io/a/b:1");
    EXPECT_EQ(candidates({}, "quay.io/b:1"), "quay.io/b:1");
    EXPECT_EQ(candidates({}, "NOT/x y"), "invalid_argument");
}

TEST(ShortNames, AliasesKeepTheTag) {
    const auto config = config_of(
        "[aliases]\nfedora='r.example/fedora'\n'a/b'='r.example/ab'\n"
        "gone='r.example/gone'\n");
    EXPECT_EQ(candidates(config, "fedora"), "r.example/fedora:latest");
    EXPECT_EQ(candidates(config, "docker://fedora:40"), "r.example/fedora:40");
    EXPECT_EQ(candidates(config, "a/b@sha256:" + std::string(64, '0')),
              "r.example/ab@sha256:" + std::string(64, '0'));
    EXPECT_EQ(candidates(config, "docker.io/fedora"), "docker.io/library/fedora:latest");
    auto later = config;
    EXPECT_TRUE(read_registries_config("[aliases]\ngone=''\n", "2", later));
    EXPECT_EQ(candidates(later, "gone"), "docker.io/library/gone:latest");
}

TEST(ShortNames, RegistriesAreSearchedInOrder) {
    auto config = config_of("unqualified-search-registries=['a.example','docker.io']\n");
    EXPECT_EQ(candidates(config, "x:1"), "a.example/x:1 docker.io/library/x:1");
    config.mode = ShortNameMode::Enforcing;
    EXPECT_EQ(candidates(config, "x:1"), "a.example/x:1");
    EXPECT_EQ(resolve_short_name(config, "x")->passed_over, std::vector<std::string>{"docker.io"});
    config.search = std::vector<std::string>();
    EXPECT_EQ(candidates(config, "x:1"), "invalid_argument");
    EXPECT_EQ(candidates(config, "a.example/x:1"), "a.example/x:1");
}

class RegistriesFiles : public TreeTest {
  protected:
    void SetUp() override {
        TreeTest::SetUp();
        environment_.set("HOME", path("."));
        for (const char* name :
             {"CONTAINERS_REGISTRIES_CONF", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"}) {
            environment_.unset(name);
        }
    }

    void file(const std::string& name, std::string_view text) {
        const std::string at = path(name);
        ASSERT_TRUE(make_dirs(at.substr(0, at.rfind('/'))));
        ASSERT_TRUE(replace_file_at(AT_FDCWD, at, text, 0600, Durability::None));
    }

    static std::string rule(std::string_view name) {
        const auto config = load_registries_config();
        if (!config) return std::string(kind_name(config.error().kind));
        const RegistryRule* found = find_registry_rule(*config, name);
        if (found == nullptr) return "none";
        return found->blocked ? "blocked" : found->insecure ? "insecure" : "plain";
    }

    Environment environment_;
};

TEST_F(RegistriesFiles, TheUsersFileAndItsFolder) {
    file(".config/containers/registries.conf", "[[registry]]\nlocation='a'\ninsecure=true\n");
    file(".config/containers/registries.conf.d/2.conf", "[[registry]]\nlocation='b'\n");
    file(".config/containers/registries.conf.d/1.conf",
         "[[registry]]\nlocation='b'\ninsecure=true\n");
    file(".config/containers/registries.conf.d/0.txt", "no toml");
    EXPECT_EQ(rule("a/x"), "insecure");
    EXPECT_EQ(rule("b/x"), "plain") << "2.conf comes last";
}

TEST_F(RegistriesFiles, VariablesNameOthers) {
    file(".config/containers/registries.conf", "[[registry]]\nlocation='a'\ninsecure=true\n");
    file("xdg/containers/registries.conf", "[[registry]]\nlocation='c'\n");
    file("other.conf", "[[registry]]\nlocation='b'\nblocked=true\n");
    environment_.set("XDG_CONFIG_HOME", path("xdg"));
    EXPECT_EQ(rule("a/x"), "none");
    EXPECT_EQ(rule("c/x"), "plain");
    environment_.set("CONTAINERS_REGISTRIES_CONF", path("other.conf"));
    EXPECT_EQ(rule("c/x"), "none");
    EXPECT_EQ(rule("b/x"), "blocked");
    environment_.set("CONTAINERS_REGISTRIES_CONF", path("none.conf"));
    EXPECT_EQ(rule("b/x"), "none");
}

TEST_F(RegistriesFiles, WhatCannotBeReadIsSaid) {
    file(".config/containers/registries.conf", "[[");
    EXPECT_EQ(rule("a/x"), "invalid_argument");
}

TEST_F(RegistriesFiles, AliasesThatPodmanRemembers) {
    file(".cache/containers/short-name-aliases.conf", "[aliases]\nxyzzy='r.example/xyzzy'\n");
    const auto config = load_registries_config();
    ASSERT_TRUE(config);
    EXPECT_EQ(candidates(*config, "xyzzy"), "r.example/xyzzy:latest");
}

}  // namespace
}  // namespace dhow::store
