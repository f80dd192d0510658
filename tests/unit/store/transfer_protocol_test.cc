// SPDX-License-Identifier: Apache-2.0
// What the engine and dhow-transfer say to each other arrives as it was said; anything else is
// refused.
#include "store/transfer_protocol.h"

#include <gtest/gtest.h>

namespace dhow::store {
namespace {

// Everything a text may hold on this wire: quotes, newlines, letters beyond ASCII.
const std::string kText("a \"b\" \\ \n\t\x01 \xc3\xa4");

template <class T>
T decoded(const std::string& line) {
    EXPECT_TRUE(line.ends_with('\n'));
    EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
    auto message = decode_message(line);
    EXPECT_TRUE(message) << message.error().message;
    const bool expected = message && std::holds_alternative<T>(*message);
    EXPECT_TRUE(expected);
    return expected ? std::get<T>(message.take()) : T{};
}

TEST(TransferProtocol, Requests) {
    for (const auto verb : {TransferVerb::Pull, TransferVerb::Load, TransferVerb::Login}) {
        for (const std::optional<bool> tls : {std::optional<bool>(), std::optional(false)}) {
            const TransferRequest request{.verb = verb,
                                          .reference = kText,
                                          .platform = "linux/arm64/v8",
                                          .tls_verify = tls,
                                          .ca_dir = "/ca",
                                          .auth_file = "/auth",
                                          .credentials = "u:p\"",
                                          .staging_dir = "/s t",
                                          .layers_dir = "/l",
                                          .rootless = true};
            const auto got = decode_request(encode_request(request));
            ASSERT_TRUE(got) << got.error().message;
            EXPECT_EQ(got->verb, verb);
            EXPECT_EQ(got->reference, kText);
            EXPECT_EQ(got->platform, request.platform);
            EXPECT_EQ(got->tls_verify, tls);
            EXPECT_EQ(got->ca_dir, "/ca");
            EXPECT_EQ(got->auth_file, "/auth");
            EXPECT_EQ(got->credentials, "u:p\"");
            EXPECT_EQ(got->staging_dir, "/s t");
            EXPECT_EQ(got->layers_dir, "/l");
            EXPECT_TRUE(got->rootless);
        }
    }
}

TEST(TransferProtocol, Events) {
    using Kind = TransferEvent::Kind;
    for (const auto kind : {Kind::Message,
                            Kind::BlobStarted,
                            Kind::BlobProgress,
                            Kind::BlobDone,
                            Kind::BlobExists,
                            Kind::ConfigDone,
                            Kind::ManifestDone}) {
        const auto got = decoded<TransferEvent>(encode_event({.kind = kind,
                                                              .text = kText,
                                                              .digest = "sha256:x",
                                                              .current = 1ULL << 40U,
                                                              .total = INT64_MAX}));
        EXPECT_EQ(got.kind, kind);
        EXPECT_EQ(got.text, kText);
        EXPECT_EQ(got.digest, "sha256:x");
        EXPECT_EQ(got.current, 1ULL << 40U);
        EXPECT_EQ(got.total, static_cast<uint64_t>(INT64_MAX));
    }
    const auto empty = decoded<TransferEvent>(encode_event({.kind = Kind::BlobDone}));
    EXPECT_EQ(empty.text, "");
    EXPECT_EQ(empty.total, 0U);
}

TEST(TransferProtocol, Results) {
    const TransferredImage image{.config_digest = "sha256:c",
                                 .config = "{\"a\": \"\\u0000\"}",
                                 .manifest_digest = "sha256:m",
                                 .manifest_media_type = "type",
                                 .manifest = kText,
                                 .pulled_digest = "sha256:p",
                                 .created_at = -1'000'000'000,
                                 .layers = {{.diff_id = "sha256:1", .folder = "1", .size = 7},
                                            {.diff_id = "sha256:2", .folder = {}, .size = 0}},
                                 .names = {"a", kText}};
    const auto got = decoded<TransferResult>(encode_result({.images = {image, {}}}));
    ASSERT_EQ(got.images.size(), 2U);
    const TransferredImage& first = got.images[0];
    EXPECT_EQ(first.config_digest, image.config_digest);
    EXPECT_EQ(first.config, image.config);
    EXPECT_EQ(first.manifest_digest, image.manifest_digest);
    EXPECT_EQ(first.manifest_media_type, image.manifest_media_type);
    EXPECT_EQ(first.manifest, image.manifest);
    EXPECT_EQ(first.pulled_digest, image.pulled_digest);
    EXPECT_EQ(first.created_at, image.created_at);
    EXPECT_EQ(first.names, image.names);
    ASSERT_EQ(first.layers.size(), 2U);
    EXPECT_EQ(first.layers[0].diff_id, "sha256:1");
    EXPECT_EQ(first.layers[0].folder, "1");
    EXPECT_EQ(first.layers[0].size, 7U);
    EXPECT_EQ(first.layers[1].folder, "");
    EXPECT_TRUE(got.images[1].layers.empty());
    EXPECT_TRUE(decoded<TransferResult>(encode_result({})).images.empty());
}

TEST(TransferProtocol, FailuresOfEveryKind) {
    for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind) {
        const Error error{.kind = static_cast<ErrorKind>(kind),
                          .sys_errno = 28,
                          .message = kText,
                          .fix = "fix it"};
        const auto got = decoded<Error>(encode_failure(error));
        EXPECT_EQ(got.kind, error.kind);
        EXPECT_EQ(got.sys_errno, 28);
        EXPECT_EQ(got.message, kText);
        EXPECT_EQ(got.fix, "fix it");
    }
}

// Paths may hold any bytes; a failure that names one must still arrive.
TEST(TransferProtocol, FailuresWithBytesThatAreNoText) {
    for (const std::string& message : {std::string("\xff"),
                                       std::string("a\xc3"),
                                       std::string("\xed\xa0\x80"),
                                       std::string("ok \xc3\xa4 \xfe end"),
                                       std::string("a\0b", 3)}) {
        const auto got = decoded<Error>(
            encode_failure(make_error(ErrorKind::NoSpace, "write '" + message + "': full")));
        EXPECT_EQ(got.kind, ErrorKind::NoSpace);
        EXPECT_TRUE(got.message.starts_with("write '"));
        EXPECT_TRUE(got.message.ends_with("': full"));
    }
}

TEST(TransferProtocol, AnUnknownKindOfFailureIsStillOne) {
    const auto got = decode_message(R"({"error":{"kind":"Novel","message":"m"}})");
    ASSERT_TRUE(got);
    EXPECT_EQ(std::get<Error>(*got).kind, ErrorKind::Internal);
    EXPECT_EQ(std::get<Error>(*got).message, "m");
    const auto empty = decode_message(R"({"error":{"kind":1,"message":[],"errno":"x"}})");
    ASSERT_TRUE(empty);
    EXPECT_EQ(std::get<Error>(*empty).kind, ErrorKind::Internal);
}

TEST(TransferProtocol, GarbageIsRefused) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "{\"event\":";
    for (const std::string& line :
         {std::string(),
          std::string("\n"),
          std::string("null"),
          std::string("[]"),
          std::string("{}"),
          std::string("{\"event\":"),
          std::string("{\"event\":1}"),
          std::string("{\"event\":{}}"),
          std::string("{\"event\":{\"kind\":\"novel\"}}"),
          std::string("{\"event\":{\"kind\":7}}"),
          std::string("{\"event\":{\"kind\":\"message\",\"current\":-1}}"),
          std::string("{\"event\":{\"kind\":\"message\",\"total\":1.5}}"),
          std::string("{\"event\":{\"kind\":\"message\",\"text\":1}}"),
          std::string("{\"result\":[]}"),
          std::string("{\"result\":{\"images\":{}}}"),
          std::string("{\"result\":{\"images\":[1]}}"),
          std::string("{\"result\":{\"images\":[{\"layers\":[1]}]}}"),
          std::string("{\"result\":{\"images\":[{\"names\":[1]}]}}"),
          std::string("{\"error\":\"text\"}"),
          std::string("{\"result\":{}} {\"result\":{}}"),
          std::string("{\"result\":{},\"result\":{}}"),
          std::string("{\"result\":{}}\0", 14),
          std::string("{\"event\":{\"kind\":\"message\",\"text\":\"\xff\"}}"),
          deep}) {
        EXPECT_FALSE(decode_message(line)) << line.substr(0, 80);
    }
    for (const char* request : {"",
                                "{}",
                                R"({"verb": "shove"})",
                                R"({"verb": 1})",
                                "[]",
                                R"({"verb": "pull", "rootless": "yes"})",
                                R"({"verb": "pull", "reference": 1})"}) {
        EXPECT_FALSE(decode_request(request)) << request;
    }
}

}  // namespace
}  // namespace dhow::store
