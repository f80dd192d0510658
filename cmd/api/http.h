// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 as dhow-api speaks it, one connection at a time, over a unix socket: strict requests in,
// whole or chunked responses out, and the raw socket for hijacked streams. Runs in the child of a
// connection. Whatever two parsers might read differently is refused (bare LF, folded headers,
// Content-Length beside Transfer-Encoding, duplicates): RFC 9112 sections 5.2, 6.3 and 11.2. The
// only file that knows Boost.Beast is http.cc.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dhow::api {

struct HttpLimits {
    size_t header_bytes = 32768;
    size_t header_fields = 100;
    std::chrono::milliseconds idle{60000};    // for the first byte of the next request
    std::chrono::milliseconds header{10000};  // from the first byte to the end of the header
    std::chrono::milliseconds stall{30000};   // without one byte moved, in a body or a response
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;
    std::string path;   // before '?', still percent-encoded
    std::string query;  // after '?'
    HeaderList headers;
    bool http_1_1 = true;
    bool keep_alive = true;
    bool upgrade = false;  // Connection: Upgrade with an Upgrade header
    bool has_body = false;

    // The value of the first header of that name (any case); nullptr when it is missing.
    [[nodiscard]] const std::string* header(std::string_view name) const;
};

// A request that cannot be answered by a route: its status says why (400, 408, 413, 417, 431, 505).
struct BadRequest {
    int status = 400;
    std::string reason;
};

struct Response {
    int status = 200;
    HeaderList headers;
    std::string body;
};

std::string_view reason_phrase(int status);
// The head of a response, with the empty line.
std::string format_head(int status, const HeaderList& headers);

class HttpConnection {
  public:
    HttpConnection(UniqueFd socket, const HttpLimits& limits);
    HttpConnection(HttpConnection&&) noexcept;
    ~HttpConnection();

    [[nodiscard]] int fd() const { return socket_.get(); }

    // nullopt: the peer left, or stayed silent for `idle`. An error has been explained by
    // bad_request().
    Result<std::optional<Request>> read_request();

    [[nodiscard]] const BadRequest& bad_request() const { return bad_; }

    // Up to buffer.size() bytes of the body of the current request; 0 at its end.
    Result<size_t> read_body(std::span<char> buffer);
    // The whole body; a longer one is InvalidArgument with bad_request().status 413.
    Result<std::string> read_whole_body(size_t limit);
    // Reads the rest of a small unread body away; false when the connection cannot go on.
    bool discard_body();

    // Head and body; `head_only` (HEAD) leaves the body out but counts it.
    Status respond(const Response& response, bool head_only = false);
    // A body of unknown length: chunked, or until close for HTTP/1.0.
    Status begin_stream(int status, const HeaderList& headers);
    Status write_stream(std::string_view bytes);
    Status end_stream();

    [[nodiscard]] bool responded() const { return responded_; }

    // Sends `head` as it is and gives the socket away with what the peer sent early.
    struct Hijacked {
        UniqueFd socket;
        std::string leftover;
    };

    Result<Hijacked> hijack(std::string_view head);

    // After the response, may another request be read?
    [[nodiscard]] bool reusable() const { return reusable_; }

    void close_after() { reusable_ = false; }

  private:
    struct Parser;

    Result<bool> fill(std::chrono::milliseconds timeout);
    Result<std::optional<std::string>> read_header_block();
    Status send_all(std::string_view bytes);
    Error refuse(int status, std::string reason);

    UniqueFd socket_;
    HttpLimits limits_;
    std::unique_ptr<Parser> parser_;
    std::string buffer_;  // received, not yet consumed
    BadRequest bad_;
    bool reusable_ = true;
    bool responded_ = false;
    bool chunked_ = false;
    bool stream_open_ = false;
    bool peer_is_1_0_ = false;
    bool continue_due_ = false;
};

// For the fuzzer and the tests: one header block with its empty line, parsed by the same rules.
Result<Request> parse_header_block(std::string_view block,
                                   const HttpLimits& limits,
                                   BadRequest& bad);

}  // namespace dhow::api
