// SPDX-License-Identifier: Apache-2.0
// Credentials in the files of Podman and Docker: found where they say, for whom they say, and never
// told to anybody else.
#include "store/auth_file.h"

#include "base/base64.h"
#include "tests/unit/store/environment.h"
#include "tests/unit/store/tree_fixture.h"

namespace dhow::store {
namespace {

std::string entry(const std::string& registry, const std::string& secret) {
    return "\"" + registry + "\": {\"auth\": \"" + encode_base64(secret) + "\"}";
}

std::string auths(const std::string& entries) {
    return "{\"auths\": {" + entries + "}}";
}

class AuthFile : public TreeTest {
  protected:
    void SetUp() override {
        TreeTest::SetUp();
        environment_.set("HOME", path("home"));
        for (const char* name :
             {"REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG"}) {
            environment_.unset(name);
        }
    }

    std::string file(const std::string& name, std::string_view text) {
        const std::string at = path(name);
        EXPECT_TRUE(make_dirs(at.substr(0, at.rfind('/'))));
        EXPECT_TRUE(replace_file_at(AT_FDCWD, at, text, 0600, Durability::None));
        return at;
    }

    // "user:password", "-" when there are none, or the error's kind.
    static std::string find(std::string_view repository, const std::string& explicit_path = {}) {
        const auto found = find_credentials(auth_files(explicit_path), repository);
        if (!found) return std::string(kind_name(found.error().kind));
        return *found ? (*found)->username + ":" + (*found)->password : "-";
    }

    std::string find_in(const std::string& text, std::string_view repository) {
        return find(repository, file("auth.json", text));
    }

    Environment environment_;
};

TEST_F(AuthFile, FilesInTheirOrder) {
    const auto old = path("home/.dockercfg");
    const auto docker = path("home/.docker/config.json");
    const auto own = path("home/.config/containers/auth.json");
    EXPECT_EQ(auth_files(""), (std::vector<std::string>{own, docker, old}));
    environment_.set("XDG_RUNTIME_DIR", "/run/user/1");
    environment_.set("DOCKER_CONFIG", "/docker");
    EXPECT_EQ(auth_files(""),
              (std::vector<std::string>{
                  "/run/user/1/containers/auth.json", own, "/docker/config.json", docker, old}));
    environment_.set("REGISTRY_AUTH_FILE", "/given");
    EXPECT_EQ(auth_files(""), (std::vector<std::string>{"/given"}));
    EXPECT_EQ(auth_files("/explicit"), (std::vector<std::string>{"/explicit"}));
}

TEST_F(AuthFile, TheFirstFileThatHasThemCounts) {
    file("home/.config/containers/auth.json", auths(entry("a.example", "podman:1")));
    file("home/.docker/config.json",
         auths(entry("a.example", "docker:2") + "," + entry("b.example", "docker:3")));
    EXPECT_EQ(find("a.example/x"), "podman:1");
    EXPECT_EQ(find("b.example/x"), "docker:3");
    EXPECT_EQ(find("c.example/x"), "-");
    environment_.set("REGISTRY_AUTH_FILE", path("none"));
    EXPECT_EQ(find("a.example/x"), "-");
}

TEST_F(AuthFile, TheLongestEntryCounts) {
    const auto text =
        auths(entry("a.example/team", "team:1") + "," + entry("a.example/team/app", "app:2") + "," +
              entry("a.example", "all:3"));
    EXPECT_EQ(find_in(text, "a.example/x"), "all:3");
    EXPECT_EQ(find_in(text, "a.example/team/x"), "team:1");
    EXPECT_EQ(find_in(text, "a.example/team/app"), "app:2");
    EXPECT_EQ(find_in(text, "a.example/teams"), "all:3");
    EXPECT_EQ(find_in(text, "a.example.org/team"), "-");
    EXPECT_EQ(find_in(text, "a.example:5000/team"), "-");
}

TEST_F(AuthFile, KeysAsDockerWritesThem) {
    for (const char* key : {"https://index.docker.io/v1/",
                            "https://index.docker.io/v1",
                            "index.docker.io/v1/",
                            "index.docker.io",
                            "docker.io"}) {
        EXPECT_EQ(find_in(auths(entry(key, "u:p")), "docker.io/library/x"), "u:p") << key;
    }
    for (const char* key : {"https://a.example/v2/", "https://a.example", "http://a.example/v1/"}) {
        EXPECT_EQ(find_in(auths(entry(key, "u:p")), "a.example/x"), "u:p") << key;
    }
}

// Docker keeps tokens of its own beside the password, and anybody may call a host like Docker's.
TEST_F(AuthFile, KeysThatOnlyLookLikeDockers) {
    for (const char* key : {"https://index.docker.io/v1/access-token",
                            "https://index.docker.io/v1/refresh-token",
                            "https://index.docker.io.evil.example/v1/",
                            "index.docker.io.evil.example"}) {
        EXPECT_EQ(find_in(auths(entry(key, "u:p")), "docker.io/library/x"), "-") << key;
    }
    const auto both = auths(entry("https://index.docker.io/v1/", "u:p") + "," +
                            entry("https://index.docker.io/v1/access-token", "u:token"));
    EXPECT_EQ(find_in(both, "docker.io/library/x"), "u:p");
    // A namespace of Podman's, not Docker's way to end a URL.
    EXPECT_EQ(find_in(auths(entry("a.example/v2", "u:p")), "a.example/other"), "-");
    EXPECT_EQ(find_in(auths(entry("a.example/v2", "u:p")), "a.example/v2/x"), "u:p");
}

TEST_F(AuthFile, PasswordsOfAnyKind) {
    EXPECT_EQ(find_in(auths(entry("a", "u:with:colons")), "a/x"), "u:with:colons");
    EXPECT_EQ(find_in(auths(entry("a", "u:")), "a/x"), "u:");
    EXPECT_EQ(find_in(auths(entry("a", "u:\xc3\xa4\xff\"")), "a/x"), "u:\xc3\xa4\xff\"");
}

TEST_F(AuthFile, IdentityTokensTakeThePasswordsPlace) {
    const auto at = file(
        "auth.json",
        R"({"auths": {"a": {"auth": "dTpw", "identitytoken": "t"}, "b": {"identitytoken": "s"}}})");
    for (const auto& [name, token] : {std::pair("a/x", "t"), std::pair("b/x", "s")}) {
        const auto found = find_credentials({at}, name);
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->identity_token, token);
        EXPECT_EQ((*found)->password, "");
    }
}

TEST_F(AuthFile, HelpersAreAskedFirst) {
    environment_.set("PATH", path("none"));
    const auto at = file("auth.json",
                         R"({"credHelpers": {"a": "vault"}, "auths": {"a": {"auth": "dTpw"},)"
                         R"( "b": {"auth": "dTpw"}}})");
    EXPECT_EQ(find("a/x", at), "not_found");
    EXPECT_EQ(find("b/x", at), "u:p");
}

TEST_F(AuthFile, FilesThatSayNothing) {
    for (const char* text : {"",
                             " \n",
                             "{}",
                             R"({"auths": null})",
                             R"({"auths": {}})",
                             R"({"auths": {"a": {}}})",
                             R"({"auths": {"a": 1}})",
                             R"({"credsStore": "desktop", "auths": {"a": {}}})"}) {
        EXPECT_EQ(find_in(text, "a/x"), "-") << text;
    }
    EXPECT_EQ(find("a/x", path("auth.json/below")), "-") << "no folder there";
}

TEST_F(AuthFile, DamagedFilesAreNamedAndTellNoSecret) {
    const std::string secret = "hunter2";
    for (const std::string text : {"{",
                                   "[]",
                                   R"({"auths": []})",
                                   R"({"auths": {"a": {"auth": "hunter2"}}})",
                                   R"({"auths": {"a": {"auth": "aHVudGVyMg=="}}})",
                                   R"({"auths": {"a": {"auth": 1}}})",
                                   R"({"auths": {"a": {"auth": "hunter2)"}) {
        const auto at = file("auth.json", text);
        const auto found = find_credentials({at}, "a/x");
        ASSERT_FALSE(found) << text;
        EXPECT_EQ(found.error().message.find(secret), std::string::npos) << text;
        EXPECT_EQ(found.error().fix.find(secret), std::string::npos) << text;
    }
    EXPECT_EQ(find("a/x", file("auth.json", std::string(2U << 20U, ' '))), "invalid_argument");
}

TEST_F(AuthFile, SavedAndFoundAndRemoved) {
    const auto at = path("new/folder/auth.json");
    ASSERT_TRUE(save_credentials(at, "a.example", {.username = "u", .password = "p:\"w"}));
    EXPECT_EQ(mode_of("new/folder/auth.json"), 0600U);
    EXPECT_EQ(find("a.example/x", at), "u:p:\"w");
    ASSERT_TRUE(save_credentials(at, "a.example", {.username = "u", .password = "other"}));
    EXPECT_EQ(find("a.example/x", at), "u:other");
    ASSERT_TRUE(remove_credentials(at, "a.example"));
    EXPECT_EQ(find("a.example/x", at), "-");
    const auto again = remove_credentials(at, "a.example");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::NotFound);
}

TEST_F(AuthFile, WhatOthersWroteStays) {
    const auto at = file("auth.json",
                         R"({"credHelpers": {"x": "y"}, "auths": {"b": {"auth": "dTpw",)"
                         R"( "email": "e"}}, "HttpHeaders": {"A": "B"}})");
    ASSERT_EQ(::chmod(at.c_str(), 0644), 0);
    ASSERT_TRUE(save_credentials(at, "a", {.username = "u", .password = "1"}));
    EXPECT_EQ(mode_of("auth.json"), 0600U);
    EXPECT_EQ(find("b/x", at), "u:p");
    for (const char* kept : {"credHelpers", "email", "HttpHeaders"}) {
        EXPECT_NE(text_of("auth.json").find(kept), std::string::npos) << kept;
    }
    ASSERT_TRUE(remove_credentials(at, "a"));
    EXPECT_EQ(find("b/x", at), "u:p");
    EXPECT_EQ(find("a/x", at), "-");
}

TEST_F(AuthFile, ADamagedFileIsNotReplaced) {
    const auto at = file("auth.json", "{damaged");
    EXPECT_FALSE(save_credentials(at, "a", {.username = "u", .password = "p"}));
    EXPECT_FALSE(remove_credentials(at, "a"));
    EXPECT_EQ(text_of("auth.json"), "{damaged");
}

TEST_F(AuthFile, LoginWritesTheFirstOfTheFiles) {
    ASSERT_TRUE(save_credentials("", "a", {.username = "u", .password = "1"}));
    EXPECT_EQ(type_of("home/.config/containers/auth.json"), mode_t{S_IFREG});
    environment_.set("REGISTRY_AUTH_FILE", path("given.json"));
    ASSERT_TRUE(save_credentials("", "a", {.username = "u", .password = "2"}));
    EXPECT_EQ(find("a/x"), "u:2");
    EXPECT_EQ(type_of("given.json"), mode_t{S_IFREG});
}

}  // namespace
}  // namespace dhow::store
