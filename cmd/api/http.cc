// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/http.h"

#include "base/text.h"
#include "cmd/api/http_strict.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace dhow::api {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct HttpConnection::Parser {
    http::request_parser<http::buffer_body> beast;
};

static bool same_name(std::string_view a, std::string_view b) {
    return to_lower(a) == to_lower(b);
}

const std::string* Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (same_name(key, name)) return &value;
    }
    return nullptr;
}

std::string_view reason_phrase(int status) {
    if (status == 101) return "UPGRADED";  // the word Docker's clients have always been sent
    const auto text = http::obsolete_reason(static_cast<http::status>(status));
    return {text.data(), text.size()};
}

std::string format_head(int status, const HeaderList& headers) {
    std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
    head += reason_phrase(status);
    head += "\r\n";
    for (const auto& [name, value] : headers) {
        // A value may quote what a client sent: a line break in it would begin a header of its own.
        std::string safe = value;
        std::replace_if(
            safe.begin(), safe.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
        head += name + ": " + safe + "\r\n";
    }
    return head + "\r\n";
}

template <class Message>
static Request to_request(const Message& message) {
    Request request;
    request.method = std::string(message.method_string());
    const std::string target(message.target());
    const auto [path, query] = split_once(target, '?');
    request.path = std::string(path);
    request.query = std::string(query.value_or(""));
    for (const auto& field : message) {
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    request.http_1_1 = message.version() >= 11;
    request.keep_alive = message.keep_alive();
    if (const std::string* connection = request.header("Connection")) {
        const bool asked = to_lower(*connection).find("upgrade") != std::string::npos;
        request.upgrade = asked && request.header("Upgrade") != nullptr;
    }
    return request;
}

template <class BeastParser>
static Status feed_header(BeastParser& parser, std::string_view block) {
    boost::beast::error_code code;
    parser.header_limit(static_cast<uint32_t>(block.size() + 1));
    parser.body_limit(boost::none);
    parser.put(boost::asio::const_buffer(block.data(), block.size()), code);
    if (code || !parser.is_header_done()) {
        return make_error(ErrorKind::InvalidArgument, "malformed request: " + code.message());
    }
    return {};
}

Result<Request> parse_header_block(std::string_view block,
                                   const HttpLimits& limits,
                                   BadRequest& bad) {
    bad = {};
    const auto fail = [&](int status, const std::string& reason) {
        bad = {status, reason};
        return make_error(ErrorKind::InvalidArgument, reason);
    };
    if (const auto fault = find_header_fault(block, limits.header_fields)) {
        return fail(fault->status, fault->reason);
    }
    http::request_parser<http::buffer_body> parser;
    const auto fed = feed_header(parser, block);
    if (!fed) return fail(400, fed.error().message);
    return to_request(parser.get());
}

HttpConnection::HttpConnection(UniqueFd socket, const HttpLimits& limits)
    : socket_(std::move(socket)), limits_(limits) {}

HttpConnection::HttpConnection(HttpConnection&&) noexcept = default;
HttpConnection::~HttpConnection() = default;

Error HttpConnection::refuse(int status, std::string reason) {
    bad_ = {status, reason};
    reusable_ = false;
    return make_error(ErrorKind::InvalidArgument, std::move(reason));
}

// More bytes into buffer_; false at the end of the stream. Timeout is an error of that kind.
Result<bool> HttpConnection::fill(milliseconds timeout) {
    pollfd poll_fd{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    const int wait_ms = static_cast<int>(std::max<milliseconds::rep>(0, timeout.count()));
    const int ready = ::poll(&poll_fd, 1, wait_ms);
    if (ready < 0 && errno != EINTR) return system_error("wait for the client");
    if (ready < 0) return true;
    if (ready == 0) return make_error(ErrorKind::Timeout, "the client sends nothing");
    std::array<char, 16384> chunk{};
    const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got < 0) return system_error("read from the client");
    buffer_.append(chunk.data(), static_cast<size_t>(got));
    return got > 0;
}

// Up to and with the empty line; nullopt when the peer left or stayed idle before its first byte.
Result<std::optional<std::string>> HttpConnection::read_header_block() {
    std::optional<Clock::time_point> deadline;
    size_t searched = 0;
    while (true) {
        const size_t end = buffer_.find("\r\n\r\n", searched);
        if (end != std::string::npos && end + 4 <= limits_.header_bytes) {
            std::string block = buffer_.substr(0, end + 4);
            buffer_.erase(0, end + 4);
            return std::optional(std::move(block));
        }
        if (buffer_.size() > limits_.header_bytes)
            return refuse(431, "request header is too large");
        searched = buffer_.size() > 3 ? buffer_.size() - 3 : 0;
        if (!buffer_.empty() && !deadline) deadline = Clock::now() + limits_.header;
        const auto wait =
            deadline ? std::chrono::ceil<milliseconds>(*deadline - Clock::now()) : limits_.idle;
        auto more = wait.count() <= 0 ? Result<bool>(make_error(ErrorKind::Timeout, "too slow"))
                                      : fill(wait);
        if (more && *more) continue;
        if (buffer_.empty()) return std::optional<std::string>();
        if (more) return refuse(400, "the request ends within its header");
        if (more.error().kind == ErrorKind::Timeout)
            return refuse(408, "the request header is too slow");
        return std::move(more).error();
    }
}

Result<std::optional<Request>> HttpConnection::read_request() {
    bad_ = {};
    responded_ = chunked_ = stream_open_ = false;
    const auto block = TRY(read_header_block());
    if (!block) return std::optional<Request>();
    if (const auto fault = find_header_fault(*block, limits_.header_fields)) {
        return refuse(fault->status, fault->reason);
    }
    parser_ = std::make_unique<Parser>();
    const auto fed = feed_header(parser_->beast, *block);
    if (!fed) return refuse(400, fed.error().message);
    Request request = to_request(parser_->beast.get());
    request.has_body = !parser_->beast.is_done();
    peer_is_1_0_ = !request.http_1_1;
    reusable_ = request.keep_alive;
    const std::string* expect = request.header("Expect");
    if (expect != nullptr && !same_name(*expect, "100-continue")) {
        return refuse(417, "unknown expectation");
    }
    continue_due_ = expect != nullptr && request.http_1_1 && request.has_body;
    return std::optional(std::move(request));
}

Result<size_t> HttpConnection::read_body(std::span<char> buffer) {
    if (!parser_ || buffer.empty()) return size_t{0};
    if (std::exchange(continue_due_, false)) TRY(send_all("HTTP/1.1 100 Continue\r\n\r\n"));
    auto& beast = parser_->beast;
    auto& body = beast.get().body();
    while (!beast.is_done()) {
        body.data = buffer.data();
        body.size = buffer.size();
        if (!buffer_.empty()) {
            boost::beast::error_code code;
            const size_t used =
                beast.put(boost::asio::const_buffer(buffer_.data(), buffer_.size()), code);
            buffer_.erase(0, used);
            const size_t got = buffer.size() - body.size;
            const bool starved = code == http::error::need_more || code == http::error::need_buffer;
            if (code == http::error::body_limit) return refuse(413, "request body is too large");
            if (code && !starved) return refuse(400, "malformed body: " + code.message());
            if (got > 0) return got;
            if (used > 0) continue;
            // A chunk header that never ends would otherwise be kept for ever.
            if (buffer_.size() > limits_.header_bytes) return refuse(400, "chunk header too large");
        }
        auto more = fill(limits_.stall);
        if (!more && more.error().kind == ErrorKind::Timeout) return refuse(408, "body too slow");
        if (!more) return std::move(more).error();
        if (!*more) return refuse(400, "the request ends within its body");
    }
    return size_t{0};
}

Result<std::string> HttpConnection::read_whole_body(size_t limit) {
    std::string body;
    std::array<char, 16384> chunk{};
    if (parser_) {
        const auto declared = parser_->beast.content_length();
        if (declared && *declared > limit) return refuse(413, "request body is too large");
        parser_->beast.body_limit(limit);  // of a chunk, told by its header
    }
    while (true) {
        const size_t got = TRY(read_body(chunk));
        if (got == 0) return body;
        body.append(chunk.data(), got);
        if (body.size() > limit) return refuse(413, "request body is too large");
    }
}

bool HttpConnection::discard_body() {
    if (!reusable_) return false;
    // Nothing was promised yet and the client waits for a word before it sends: closing is cleaner.
    if (continue_due_) return reusable_ = false;
    constexpr size_t kWorthReading = 65536;
    if (!read_whole_body(kWorthReading)) reusable_ = false;
    return reusable_;
}

Status HttpConnection::send_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<size_t>(sent));
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) return system_error("write to the client");
        pollfd poll_fd{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
        const int ready = ::poll(&poll_fd, 1, static_cast<int>(limits_.stall.count()));
        if (ready == 0) return make_error(ErrorKind::Timeout, "the client does not read");
        if (ready < 0 && errno != EINTR) return system_error("wait for the client");
    }
    return {};
}

Status HttpConnection::respond(const Response& response, bool head_only) {
    responded_ = true;
    HeaderList headers = response.headers;
    const bool bodiless = response.status == 204 || response.status == 304;
    if (!bodiless) headers.emplace_back("Content-Length", std::to_string(response.body.size()));
    if (!reusable_) headers.emplace_back("Connection", "close");
    std::string bytes = format_head(response.status, headers);
    if (!bodiless && !head_only) bytes += response.body;
    return send_all(bytes);
}

Status HttpConnection::begin_stream(int status, const HeaderList& headers) {
    responded_ = stream_open_ = true;
    chunked_ = !peer_is_1_0_;
    HeaderList all = headers;
    if (chunked_) {
        all.emplace_back("Transfer-Encoding", "chunked");
    } else {
        reusable_ = false;
        all.emplace_back("Connection", "close");
    }
    return send_all(format_head(status, all));
}

Status HttpConnection::write_stream(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (!chunked_) return send_all(bytes);
    std::array<char, 20> digits{};
    const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16);
    std::string chunk(digits.data(), done.ptr);
    chunk += "\r\n";
    chunk += bytes;
    chunk += "\r\n";
    return send_all(chunk);
}

Status HttpConnection::end_stream() {
    if (!std::exchange(stream_open_, false) || !chunked_) return {};
    return send_all("0\r\n\r\n");
}

Result<HttpConnection::Hijacked> HttpConnection::hijack(std::string_view head) {
    responded_ = true;
    reusable_ = false;
    TRY(send_all(head));
    return Hijacked{std::move(socket_), std::move(buffer_)};
}

}  // namespace dhow::api
