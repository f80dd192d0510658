// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/http_strict.h"

#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace dhow::api {

// tchar of RFC 9110 section 5.6.2
static bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               kMarks.find(c) != std::string_view::npos;
    });
}

static bool is_visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

static bool is_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
}

static std::optional<HeaderFault> request_line_fault(std::string_view line) {
    const auto parts = split(line, ' ');
    if (parts.size() != 3 || !is_token(parts[0]) || parts[1].empty() || !is_visible(parts[1])) {
        return HeaderFault{400, "malformed request line"};
    }
    if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") {
        return HeaderFault{505, "only HTTP/1.1 is spoken here"};
    }
    if (parts[1][0] != '/') return HeaderFault{400, "the request target is not a path"};
    return std::nullopt;
}

namespace {

struct Framing {
    int lengths = 0;
    int encodings = 0;
    int hosts = 0;
    bool http_1_0 = false;
};

}  // namespace

static std::optional<HeaderFault> field_fault(std::string_view line, Framing& seen) {
    const auto [name, rest] = split_once(line, ':');
    // A leading blank is a folded line (obs-fold); a blank before the colon is refused by is_token.
    if (!rest || !is_token(name)) return HeaderFault{400, "malformed header field"};
    if (!is_field_value(*rest)) return HeaderFault{400, "control character in a header field"};
    const std::string key = to_lower(name);
    const std::string_view value = trim(*rest);
    if (key == "content-length") {
        ++seen.lengths;
        if (!parse_int<uint64_t>(value) || value.size() > 19 || value.front() == '+') {
            return HeaderFault{400, "malformed Content-Length"};
        }
    } else if (key == "transfer-encoding") {
        ++seen.encodings;
        if (to_lower(value) != "chunked") {
            return HeaderFault{501, "only the transfer encoding 'chunked' is understood"};
        }
    } else if (key == "host") {
        ++seen.hosts;
    }
    return std::nullopt;
}

std::optional<HeaderFault> find_header_fault(std::string_view block, size_t max_fields) {
    if (block.size() < 4 || block.substr(block.size() - 4) != "\r\n\r\n") {
        return HeaderFault{400, "the header does not end"};
    }
    block.remove_suffix(4);
    Framing seen;
    size_t lines = 0;
    while (true) {
        const size_t end = block.find("\r\n");
        const std::string_view line = block.substr(0, end);
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
            return HeaderFault{400, "bare line break in the header"};
        }
        auto fault = lines == 0 ? request_line_fault(line) : field_fault(line, seen);
        if (fault) return fault;
        if (lines == 0) seen.http_1_0 = line.back() == '0';
        if (++lines > max_fields + 1) return HeaderFault{431, "too many header fields"};
        if (end == std::string_view::npos) break;
        block.remove_prefix(end + 2);
    }
    if (seen.lengths > 1 || seen.encodings > 1 || seen.hosts > 1) {
        return HeaderFault{400, "a header field is given twice"};
    }
    if (seen.lengths > 0 && seen.encodings > 0) {
        return HeaderFault{400, "both Content-Length and Transfer-Encoding"};
    }
    if (seen.http_1_0 && seen.encodings > 0) {
        return HeaderFault{400, "Transfer-Encoding in HTTP/1.0"};
    }
    return std::nullopt;
}

}  // namespace dhow::api
