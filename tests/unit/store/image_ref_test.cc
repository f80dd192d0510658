// SPDX-License-Identifier: Apache-2.0
#include "store/image_ref.h"

#include <gtest/gtest.h>

namespace dhow::store {
namespace {

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

struct Good {
    std::string text;
    std::string full;
    std::string familiar;
};

class GoodNames : public testing::TestWithParam<Good> {};

TEST_P(GoodNames, NormalisesAndRoundTrips) {
    const auto ref = ImageRef::parse(GetParam().text);
    ASSERT_TRUE(ref) << GetParam().text << ": " << ref.error().message;
    EXPECT_EQ(ref->full(), GetParam().full);
    EXPECT_EQ(ref->familiar(), GetParam().familiar);
    const auto again = ImageRef::parse(ref->full());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->full(), ref->full());
    const auto from_familiar = ImageRef::parse(ref->familiar());
    ASSERT_TRUE(from_familiar);
    EXPECT_EQ(from_familiar->full(), ref->full());
}

INSTANTIATE_TEST_SUITE_P(
    ImageRef,
    GoodNames,
    testing::Values(Good{"busybox", "docker.io/library/busybox:latest", "busybox:latest"},
                    Good{"busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"},
                    Good{"library/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
                    Good{"user/app", "docker.io/user/app:latest", "user/app:latest"},
                    Good{"docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
                    Good{"docker.io/user/app:v1", "docker.io/user/app:v1", "user/app:v1"},
                    Good{
                        "index.docker.io/user/app", "docker.io/user/app:latest", "user/app:latest"},
                    Good{"library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
                    Good{"quay.io/a/b", "quay.io/a/b:latest", "quay.io/a/b:latest"},
                    Good{"quay.io/a", "quay.io/a:latest", "quay.io/a:latest"},
                    Good{"localhost/x", "localhost/x:latest", "localhost/x:latest"},
                    Good{"localhost:5000/x", "localhost:5000/x:latest", "localhost:5000/x:latest"},
                    Good{"localhost:5000/x:y", "localhost:5000/x:y", "localhost:5000/x:y"},
                    Good{"127.0.0.1:5000/x", "127.0.0.1:5000/x:latest", "127.0.0.1:5000/x:latest"},
                    Good{"[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest"},
                    Good{"[fd00::1]/x", "[fd00::1]/x:latest", "[fd00::1]/x:latest"},
                    Good{"Registry/x", "Registry/x:latest", "Registry/x:latest"},
                    Good{"HOST.example/x:T", "HOST.example/x:T", "HOST.example/x:T"},
                    Good{"host:80/a/b/c/d:t", "host:80/a/b/c/d:t", "host:80/a/b/c/d:t"},
                    Good{"localhost", "docker.io/library/localhost:latest", "localhost:latest"},
                    Good{"a_b", "docker.io/library/a_b:latest", "a_b:latest"},
                    Good{"a__b", "docker.io/library/a__b:latest", "a__b:latest"},
                    Good{"a---b", "docker.io/library/a---b:latest", "a---b:latest"},
                    Good{"a.b", "docker.io/library/a.b:latest", "a.b:latest"},
                    Good{"a.b/c.d", "a.b/c.d:latest", "a.b/c.d:latest"},
                    Good{"x:_t", "docker.io/library/x:_t", "x:_t"},
                    Good{"x:1-2_3.4", "docker.io/library/x:1-2_3.4", "x:1-2_3.4"},
                    Good{"x:" + std::string(128, 't'),
                         "docker.io/library/x:" + std::string(128, 't'),
                         "x:" + std::string(128, 't')},
                    Good{"x@" + kDigest, "docker.io/library/x@" + kDigest, "x@" + kDigest},
                    Good{"x:t@" + kDigest, "docker.io/library/x:t@" + kDigest, "x:t@" + kDigest},
                    Good{"h:1/x:t@" + kDigest, "h:1/x:t@" + kDigest, "h:1/x:t@" + kDigest},
                    Good{"x@sha512:" + std::string(128, '0'),
                         "docker.io/library/x@sha512:" + std::string(128, '0'),
                         "x@sha512:" + std::string(128, '0')},
                    Good{"docker://busybox", "docker.io/library/busybox:latest", "busybox:latest"},
                    Good{"docker://h:1/x", "h:1/x:latest", "h:1/x:latest"},
                    // 64 hex digits are an id only when they stand alone.
                    Good{kHex + ":t", "docker.io/library/" + kHex + ":t", kHex + ":t"},
                    Good{"u/" + kHex, "docker.io/u/" + kHex + ":latest", "u/" + kHex + ":latest"},
                    Good{std::string(63, 'a'),
                         "docker.io/library/" + std::string(63, 'a') + ":latest",
                         std::string(63, 'a') + ":latest"}));

class BadNames : public testing::TestWithParam<std::string> {};

TEST_P(BadNames, AreRefusedWithTheName) {
    const auto ref = ImageRef::parse(GetParam());
    ASSERT_FALSE(ref) << ref->full();
    EXPECT_EQ(ref.error().kind, ErrorKind::InvalidArgument);
    EXPECT_FALSE(ref.error().fix.empty());
    EXPECT_EQ(ref.error().message.find("image name '"), 0U) << ref.error().message;
}

INSTANTIATE_TEST_SUITE_P(ImageRef,
                         BadNames,
                         testing::Values("",
                                         kHex,
                                         "docker://",
                                         "Busybox",
                                         "user/App",
                                         "quay.io/A/b",
                                         "x:",
                                         "x:t:u",
                                         "x:.t",
                                         "x:-t",
                                         "x:a b",
                                         "x:" + std::string(129, 't'),
                                         "x@",
                                         "x@sha256:",
                                         "x@sha256:abc",
                                         "x@" + kDigest + "0",
                                         "x@sha256:" + std::string(64, 'A'),
                                         "x@sha256:" + std::string(64, 'g'),
                                         "x@md5:" + std::string(32, 'a'),
                                         "x@" + kDigest + "@" + kDigest,
                                         "@" + kDigest,
                                         ":t",
                                         "/x",
                                         "x/",
                                         "a//b",
                                         "-x",
                                         "x-",
                                         "_x",
                                         "x_",
                                         "a___b",
                                         "a..b",
                                         "a._b",
                                         "../x",
                                         "a/../b",
                                         "./x",
                                         "x y",
                                         " x",
                                         "x\n",
                                         std::string("x\0y", 3),
                                         "h:/x",
                                         "h:0/x",
                                         "h:65536/x",
                                         "h:1a/x",
                                         "-h.io/x",
                                         "h-.io/x",
                                         "h..io/x",
                                         "h_x.io/y",
                                         "[::1/x",
                                         "[::1]5/x",
                                         "[g::1]:5/x",
                                         "[]:5/x",
                                         "https://quay.io/x",
                                         "docker://docker://x",
                                         "\xc3\xa4",
                                         "x$(id)",
                                         "quay.io/",
                                         "quay.io//x",
                                         "h:5000/",
                                         "a/" + std::string(300, 'b')));

TEST(ImageRef, TellsShortNames) {
    EXPECT_TRUE(ImageRef::parse("busybox")->short_name());
    EXPECT_TRUE(ImageRef::parse("user/app")->short_name());
    EXPECT_FALSE(ImageRef::parse("docker.io/library/busybox")->short_name());
    EXPECT_FALSE(ImageRef::parse("localhost/x")->short_name());
}

TEST(ImageRef, GivesItsParts) {
    const auto ref = ImageRef::parse("h:5000/a/b:t@" + kDigest);
    ASSERT_TRUE(ref);
    EXPECT_EQ(ref->registry(), "h:5000");
    EXPECT_EQ(ref->repository(), "a/b");
    EXPECT_EQ(ref->tag(), "t");
    EXPECT_EQ(ref->digest(), kDigest);
    EXPECT_EQ(ref->name(), "h:5000/a/b");
    EXPECT_EQ(ImageRef::parse("x@" + kDigest)->tag(), std::nullopt);
}

TEST(ImageRef, PrintsNoControlCharactersInErrors) {
    const auto ref = ImageRef::parse("x\x1b[31m");
    ASSERT_FALSE(ref);
    EXPECT_EQ(ref.error().message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace dhow::store
