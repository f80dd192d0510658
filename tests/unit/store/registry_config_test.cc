// SPDX-License-Identifier: Apache-2.0
// registries.conf and certs.d, as the files of Podman and Docker have them.
#include "store/registry/config.h"
#include "tests/unit/store/environment.h"
#include "tests/unit/store/tree_fixture.h"

namespace dhow::store {
namespace {

RegistrySettings settings_of(std::string_view conf, std::string_view repository) {
    RegistrySettings settings;
    const auto read = apply_registries_conf(conf, "file", repository, settings);
    EXPECT_TRUE(read) << read.error().message;
    return settings;
}

bool covers(const std::string& prefix, std::string_view repository) {
    return settings_of("[[registry]]\nprefix = \"" + prefix + "\"\nblocked = true\n", repository)
        .blocked;
}

TEST(RegistriesConf, ReadsWhatItSays) {
    constexpr std::string_view kConf = R"(
unqualified-search-registries = ["docker.io"]
[[registry]]
location = "plain.example:5000"
insecure = true
[[registry]]
prefix = "bad.example"
blocked = true
)";
    EXPECT_TRUE(settings_of(kConf, "plain.example:5000/a").insecure);
    EXPECT_FALSE(settings_of(kConf, "plain.example:5000/a").blocked);
    EXPECT_FALSE(settings_of(kConf, "plain.example/a").insecure);
    EXPECT_TRUE(settings_of(kConf, "bad.example/a").blocked);
    EXPECT_FALSE(settings_of(kConf, "docker.io/library/x").insecure);
}

TEST(RegistriesConf, PrefixesEndAtABorder) {
    EXPECT_TRUE(covers("a.example", "a.example/x"));
    EXPECT_TRUE(covers("a.example", "a.example:5000/x"));
    EXPECT_TRUE(covers("a.example/x", "a.example/x"));
    EXPECT_TRUE(covers("a.example/x", "a.example/x/y"));
    EXPECT_FALSE(covers("a.example/x", "a.example/xy"));
    EXPECT_FALSE(covers("a.example", "a.example.org/x"));
    EXPECT_FALSE(covers("a.example:5000", "a.example/x"));
    EXPECT_FALSE(covers("a.example/x", "a.example"));
    EXPECT_FALSE(covers("", "a.example/x"));
}

TEST(RegistriesConf, StarsCoverSubdomains) {
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

TEST(RegistriesConf, TheLongestPrefixCounts) {
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
    EXPECT_TRUE(settings_of(kConf, "a.example/deep/er/x").blocked);
    EXPECT_FALSE(settings_of(kConf, "a.example/deep/er/x").insecure);
    EXPECT_TRUE(settings_of(kConf, "a.example/deep/x").insecure);
    EXPECT_FALSE(settings_of(kConf, "a.example/x").insecure);
}

// A file that comes later speaks for its own prefixes; it does not lift what another says of one
// registry by speaking of all.
TEST(RegistriesConf, ALaterFileCountsForTheSamePrefixAlone) {
    const auto both = [](std::string_view first, std::string_view second) {
        RegistrySettings settings;
        EXPECT_TRUE(apply_registries_conf(first, "1", "a.example/x", settings));
        EXPECT_TRUE(apply_registries_conf(second, "2", "a.example/x", settings));
        return settings.blocked;
    };
    constexpr std::string_view kBlocked = "[[registry]]\nprefix='a.example/x'\nblocked=true\n";
    EXPECT_TRUE(both(kBlocked, "[[registry]]\nprefix='a.example'\n"));
    EXPECT_FALSE(both(kBlocked, "[[registry]]\nprefix='a.example/x'\n"));
    EXPECT_TRUE(both("[[registry]]\nprefix='a.example'\n", kBlocked));
}

TEST(RegistriesConf, MalformedFilesAreNamed) {
    for (const char* conf : {"[[registry", "x", "registry = [", "a = 1\na = 2", "\xff\xfe"}) {
        RegistrySettings settings;
        const auto read = apply_registries_conf(conf, "/etc/r.conf", "a/b", settings);
        ASSERT_FALSE(read) << conf;
        EXPECT_EQ(read.error().kind, ErrorKind::InvalidArgument);
        EXPECT_NE(read.error().message.find("/etc/r.conf"), std::string::npos);
    }
}

TEST(RegistriesConf, MembersOfAnotherTypeSayNothing) {
    EXPECT_FALSE(settings_of("registry = 1", "a/b").blocked);
    EXPECT_FALSE(settings_of("registry = [1, 'x']", "a/b").blocked);
    EXPECT_FALSE(settings_of("[[registry]]\nprefix='a'\nblocked='true'", "a/b").blocked);
    EXPECT_FALSE(settings_of("[[registry]]\nprefix=1\nblocked=true", "a/b").blocked);
    EXPECT_FALSE(settings_of("", "a/b").blocked);
}

class RegistryFiles : public TreeTest {
  protected:
    void SetUp() override {
        TreeTest::SetUp();
        environment_.set("HOME", path("."));
        environment_.unset("CONTAINERS_REGISTRIES_CONF");
    }

    void file(const std::string& name, std::string_view text) {
        const std::string at = path(name);
        ASSERT_TRUE(make_dirs(at.substr(0, at.rfind('/'))));
        ASSERT_TRUE(replace_file_at(AT_FDCWD, at, text, 0600, Durability::None));
    }

    static RegistrySettings find(std::string_view repository, const std::string& ca_dir = {}) {
        const auto settings = find_registry_settings(repository, ca_dir);
        EXPECT_TRUE(settings) << settings.error().message;
        return settings ? *settings : RegistrySettings{};
    }

    Environment environment_;
};

TEST_F(RegistryFiles, TheUsersFileAndItsFolder) {
    file(".config/containers/registries.conf", "[[registry]]\nlocation='a'\ninsecure=true\n");
    file(".config/containers/registries.conf.d/2.conf", "[[registry]]\nlocation='b'\n");
    file(".config/containers/registries.conf.d/1.conf",
         "[[registry]]\nlocation='b'\ninsecure=true\n");
    file(".config/containers/registries.conf.d/0.txt", "no toml");
    EXPECT_TRUE(find("a/x").insecure);
    EXPECT_FALSE(find("b/x").insecure) << "2.conf comes last";
}

TEST_F(RegistryFiles, TheVariableNamesAnother) {
    file(".config/containers/registries.conf", "[[registry]]\nlocation='a'\ninsecure=true\n");
    file("other.conf", "[[registry]]\nlocation='b'\nblocked=true\n");
    environment_.set("CONTAINERS_REGISTRIES_CONF", path("other.conf"));
    EXPECT_FALSE(find("a/x").insecure);
    EXPECT_TRUE(find("b/x").blocked);
    environment_.set("CONTAINERS_REGISTRIES_CONF", path("none.conf"));
    EXPECT_FALSE(find("b/x").blocked);
}

TEST_F(RegistryFiles, CertificatesOfTheHost) {
    file(".config/containers/certs.d/a:5000/2.crt", "second");
    file(".config/containers/certs.d/a:5000/1.crt", "first");
    file(".config/containers/certs.d/a:5000/client.key", "secret");
    file("own/x.crt", "own");
    EXPECT_EQ(find("a:5000/x").extra_ca, "first\nsecond\n");
    EXPECT_EQ(find("a/x").extra_ca, "");
    EXPECT_EQ(find("a:5000/x", path("own")).extra_ca, "own\n");
}

}  // namespace
}  // namespace dhow::store
