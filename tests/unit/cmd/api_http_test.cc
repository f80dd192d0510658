// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/unix_socket.h"
#include "cmd/api/http.h"

#include <gtest/gtest.h>

#include <sys/socket.h>

namespace dhow::api {

using std::chrono::milliseconds;

class Http : public testing::Test {
  protected:
    void SetUp() override {
        auto pair = make_socket_pair(SocketType::Stream);
        ASSERT_TRUE(pair);
        client_ = std::move(pair->first);
        HttpLimits limits;
        limits.header_bytes = 4096;
        limits.idle = limits.header = limits.stall = milliseconds(100);
        server_.emplace(std::move(pair->second), limits);
    }

    void send(std::string_view bytes) { ASSERT_TRUE(write_all(client_.get(), bytes)); }

    std::string received() {
        server_.reset();
        return read_all(client_.get()).take();
    }

    UniqueFd client_;
    std::optional<HttpConnection> server_;
};

TEST_F(Http, ReadsRequestAndBody) {
    send(
        "POST /v1.44/a%20b?x=1 HTTP/1.1\r\nHost: docker\r\nContent-Length: 5\r\n\r\nhelloGET / "
        "HTTP/1.1\r\nHost: d\r\n\r\n");
    auto request = server_->read_request();
    ASSERT_TRUE(request && *request);
    EXPECT_EQ((**request).method, "POST");
    EXPECT_EQ((**request).path, "/v1.44/a%20b");
    EXPECT_EQ((**request).query, "x=1");
    EXPECT_EQ(server_->read_whole_body(100).take(), "hello");
    auto next = server_->read_request();
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((**next).method, "GET");
    EXPECT_FALSE((**next).has_body);
}

TEST_F(Http, ReadsChunkedBody) {
    send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    auto request = server_->read_request();
    ASSERT_TRUE(request && *request);
    send("7\r\n, world\r\n0\r\n\r\n");
    EXPECT_EQ(server_->read_whole_body(100).take(), "hello, world");
    EXPECT_TRUE(server_->reusable());
}

TEST_F(Http, BodyLimits) {
    send("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
    ASSERT_TRUE(server_->read_request());
    EXPECT_FALSE(server_->read_whole_body(100));
    EXPECT_EQ(server_->bad_request().status, 413);
}

TEST_F(Http, ChunkedBodyLimits) {
    send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" +
         std::string(2000, 'x'));
    ASSERT_TRUE(server_->read_request());
    EXPECT_FALSE(server_->read_whole_body(1000));
    EXPECT_EQ(server_->bad_request().status, 413);
    EXPECT_FALSE(server_->reusable());
}

TEST_F(Http, ExpectContinue) {
    send("POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_TRUE(server_->read_request());
    send("ok");
    EXPECT_EQ(server_->read_whole_body(100).take(), "ok");
    EXPECT_EQ(received(), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(Http, SlowHeaderIsTimedOut) {
    send("GET / HTTP/1.1\r\nHo");
    auto request = server_->read_request();
    ASSERT_FALSE(request);
    EXPECT_EQ(server_->bad_request().status, 408);
}

TEST_F(Http, IdleConnectionEndsQuietly) {
    auto request = server_->read_request();
    ASSERT_TRUE(request);
    EXPECT_FALSE(*request);
}

TEST_F(Http, SlowBodyIsTimedOut) {
    send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
    ASSERT_TRUE(server_->read_request());
    EXPECT_FALSE(server_->read_whole_body(100));
    EXPECT_EQ(server_->bad_request().status, 408);
}

TEST_F(Http, TruncatedBody) {
    send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
    ::shutdown(client_.get(), SHUT_WR);
    ASSERT_TRUE(server_->read_request());
    EXPECT_FALSE(server_->read_whole_body(100));
}

TEST_F(Http, HeaderTooLarge) {
    send("GET / HTTP/1.1\r\nX: " + std::string(5000, 'a') + "\r\n\r\n");
    EXPECT_FALSE(server_->read_request());
    EXPECT_EQ(server_->bad_request().status, 431);
}

TEST_F(Http, StreamsInChunks) {
    send("GET / HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(server_->read_request());
    ASSERT_TRUE(server_->begin_stream(200, {{"Content-Type", "x/y"}}));
    ASSERT_TRUE(server_->write_stream("hello"));
    ASSERT_TRUE(server_->write_stream(""));
    ASSERT_TRUE(server_->end_stream());
    EXPECT_EQ(received(),
              "HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nTransfer-Encoding: chunked\r\n\r\n"
              "5\r\nhello\r\n0\r\n\r\n");
}

TEST_F(Http, HijackHandsOverEarlyBytes) {
    send("POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly");
    auto request = server_->read_request();
    ASSERT_TRUE(request && *request);
    EXPECT_TRUE((**request).upgrade);
    auto hijacked = server_->hijack(format_head(101, {{"Upgrade", "tcp"}}));
    ASSERT_TRUE(hijacked);
    EXPECT_EQ(hijacked->leftover, "early");
    hijacked->socket.reset();
    EXPECT_EQ(received(), "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n");
}

TEST_F(Http, NoHeaderInjectionThroughValues) {
    EXPECT_EQ(format_head(200, {{"X", "a\r\nEvil: 1"}}),
              "HTTP/1.1 200 OK\r\nX: a  Evil: 1\r\n\r\n");
}

class Smuggling : public testing::TestWithParam<std::pair<const char*, int>> {};

TEST_P(Smuggling, IsRefused) {
    BadRequest bad;
    const std::string block = std::string(GetParam().first) + "\r\n\r\n";
    EXPECT_FALSE(parse_header_block(block, {}, bad)) << block;
    EXPECT_EQ(bad.status, GetParam().second) << block;
}

#define GET_LINE "GET / HTTP/1.1\r\n"
INSTANTIATE_TEST_SUITE_P(
    Headers,
    Smuggling,
    testing::Values(std::pair{GET_LINE "Content-Length: 1\r\nTransfer-Encoding: chunked", 400},
                    std::pair{GET_LINE "Transfer-Encoding: chunked\r\nContent-Length: 1", 400},
                    std::pair{GET_LINE "Content-Length: 1\r\nContent-Length: 1", 400},
                    std::pair{GET_LINE "Content-Length: 1, 1", 400},
                    std::pair{GET_LINE "Content-Length: +1", 400},
                    std::pair{GET_LINE "Content-Length: -1", 400},
                    std::pair{GET_LINE "Content-Length: 0x1", 400},
                    std::pair{GET_LINE "Content-Length:", 400},
                    std::pair{GET_LINE "Content-Length: 99999999999999999999", 400},
                    std::pair{GET_LINE "Content-Length : 1", 400},
                    std::pair{GET_LINE "Transfer-Encoding: gzip, chunked", 501},
                    std::pair{GET_LINE "Transfer-Encoding: identity", 501},
                    std::pair{GET_LINE "Transfer-Encoding: \x0b"
                                       "chunked",
                              400},
                    std::pair{GET_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                              400},
                    std::pair{GET_LINE "A: b\r\n folded", 400},
                    std::pair{GET_LINE "A: b\nB: c", 400},
                    std::pair{GET_LINE "A: b\rB: c", 400},
                    std::pair{"GET / HTTP/1.1\nA: b", 400},
                    std::pair{GET_LINE " A: b", 400},
                    std::pair{GET_LINE "A b: c", 400},
                    std::pair{GET_LINE "no colon", 400},
                    std::pair{GET_LINE ": empty", 400},
                    std::pair{GET_LINE "Host: a\r\nHost: b", 400},
                    std::pair{"GET  / HTTP/1.1", 400},
                    std::pair{"GET /a b HTTP/1.1", 400},
                    std::pair{"GET / HTTP/1.1 ", 400},
                    std::pair{"GET /", 400},
                    std::pair{"G\tT / HTTP/1.1", 400},
                    std::pair{"GET http://x/ HTTP/1.1", 400},
                    std::pair{"GET / HTTP/2.0", 505},
                    std::pair{"PRI * HTTP/2.0", 505},
                    std::pair{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked", 400}));

}  // namespace dhow::api
