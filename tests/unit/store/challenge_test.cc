// SPDX-License-Identifier: Apache-2.0
#include "store/registry/challenge.h"

#include <gtest/gtest.h>

namespace dhow::store {
namespace {

using Scheme = Challenge::Scheme;

Challenge parsed(std::string_view header) {
    const auto challenge = parse_challenge(header);
    EXPECT_TRUE(challenge) << header;
    return challenge.value_or(Challenge{});
}

TEST(Challenge, WhatRegistriesSend) {
    const auto hub = parsed(R"(Bearer realm="https://auth.docker.io/token",)"
                            R"(service="registry.docker.io",)"
                            R"(scope="repository:library/busybox:pull")");
    EXPECT_EQ(hub.scheme, Scheme::Bearer);
    EXPECT_EQ(hub.realm, "https://auth.docker.io/token");
    EXPECT_EQ(hub.service, "registry.docker.io");
    EXPECT_EQ(hub.scope, "repository:library/busybox:pull");
    const auto basic = parsed(R"(Basic realm="Registry Realm")");
    EXPECT_EQ(basic.scheme, Scheme::Basic);
    EXPECT_EQ(basic.realm, "Registry Realm");
}

TEST(Challenge, FormsThatMeanTheSame) {
    for (const char* header : {R"(Bearer realm="r",service="s",scope="a,b")",
                               R"(bearer REALM=r, Service=s, SCOPE="a,b")",
                               R"(  BEARER   realm = "r" ,  service="s",error="x", scope="a,b"  )",
                               R"(Bearer service=s,scope="a,b",realm=r)",
                               R"(Bearer realm="\r",service="\s",scope="a\,b")",
                               R"(Bearer realm="r",service="s",scope="a,b",)"}) {
        const auto challenge = parsed(header);
        EXPECT_EQ(challenge.scheme, Scheme::Bearer) << header;
        EXPECT_EQ(challenge.realm, "r") << header;
        EXPECT_EQ(challenge.service, "s") << header;
        EXPECT_EQ(challenge.scope, "a,b") << header;
    }
}

TEST(Challenge, QuotesAndEquals) {
    EXPECT_EQ(parsed(R"(Bearer realm="a\"b\\c")").realm, R"(a"b\c)");
    EXPECT_EQ(parsed(R"(Bearer realm="https://x/?a=b&c=d",service=s)").realm, "https://x/?a=b&c=d");
    EXPECT_EQ(parsed(R"(Bearer realm=https://x/?a=b)").realm, "https://x/?a=b");
    EXPECT_EQ(parsed(R"(Bearer realm="r",scope="")").scope, "");
}

// What follows in the same header is another question, and must not change the first.
TEST(Challenge, TheFirstOfSeveralCounts) {
    const auto bearer = parsed(R"(Bearer realm="https://a/",service="s", Basic realm="other")");
    EXPECT_EQ(bearer.scheme, Scheme::Bearer);
    EXPECT_EQ(bearer.realm, "https://a/");
    const auto basic =
        parsed(R"(Basic realm="here", Bearer realm="https://b/",service="s",scope="x")");
    EXPECT_EQ(basic.scheme, Scheme::Basic);
    EXPECT_EQ(basic.realm, "here");
    EXPECT_EQ(basic.scope, "");
}

TEST(Challenge, BasicNeedsNothing) {
    EXPECT_EQ(parsed("Basic").scheme, Scheme::Basic);
    EXPECT_EQ(parsed("basic ").scheme, Scheme::Basic);
}

TEST(Challenge, ThingsThatAreNone) {
    for (const std::string header : {"",
                                     " ",
                                     "Bearer",
                                     "Bearer ",
                                     "Bearer realm",
                                     "Bearer realm=",
                                     "Bearer realm=\"\"",
                                     "Bearer service=s",
                                     "Bearer realm=\"open",
                                     "Bearer realm=\"open\\",
                                     "Bearer realm=\"open\\\"",
                                     "Bearer realm=r,service",
                                     "Bearer realm=r,=x",
                                     "Bearerrealm=r",
                                     "Digest realm=r",
                                     "Negotiate",
                                     "realm=r"}) {
        EXPECT_FALSE(parse_challenge(header)) << header;
    }
    EXPECT_TRUE(parse_challenge("Bearer realm=" + std::string(8000, 'r')));
    EXPECT_FALSE(parse_challenge("Bearer realm=" + std::string(9000, 'r')));
}

TEST(TokenServer, OfTheSameOwner) {
    EXPECT_TRUE(same_owner("https://auth.docker.io/token", "registry-1.docker.io"));
    EXPECT_TRUE(same_owner("https://gitlab.com/jwt/auth", "registry.gitlab.com"));
    EXPECT_TRUE(same_owner("https://GHCR.io:443/token", "ghcr.io"));
    EXPECT_TRUE(same_owner("http://127.0.0.1:5001/token", "127.0.0.1:5000"));
    EXPECT_TRUE(same_owner("https://localhost/token", "localhost:5000"));
    EXPECT_TRUE(same_owner("https://auth.a.co.uk/token", "r.a.co.uk"));
    EXPECT_TRUE(same_owner("https://[::1]:5001/token", "[::1]:5000"));
}

TEST(TokenServer, OfAnother) {
    EXPECT_FALSE(same_owner("https://evil.example/token", "registry.example.com"));
    EXPECT_FALSE(same_owner("https://registry.example.com.evil.org/", "registry.example.com"));
    EXPECT_FALSE(same_owner("https://registry.example.com@evil.org/", "registry.example.com"));
    EXPECT_FALSE(same_owner("https://evil.org\\@registry.example.com/", "registry.example.com"));
    EXPECT_FALSE(same_owner("https://evil.org?.registry.example.com", "registry.example.com"));
    EXPECT_FALSE(same_owner("https://evil.co.uk/token", "r.good.co.uk"));
    EXPECT_FALSE(same_owner("http://127.0.0.2/token", "127.0.0.1"));
    EXPECT_FALSE(same_owner("http://10.0.0.1/token", "11.0.0.1"));
    EXPECT_FALSE(same_owner("http://localhost/token", "127.0.0.1"));
    EXPECT_FALSE(same_owner("token", "a.example"));
    EXPECT_FALSE(same_owner("", ""));
}

}  // namespace
}  // namespace dhow::store
