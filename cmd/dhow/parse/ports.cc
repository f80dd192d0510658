// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/parse/ports.h"

#include "base/text.h"

#include <optional>

#include <arpa/inet.h>

namespace dhow::cli {

namespace {

struct Range {
    unsigned first = 0;
    unsigned last = 0;

    [[nodiscard]] unsigned length() const { return last - first + 1; }
};

Error bad_port(std::string_view text, std::string_view cause) {
    return make_error(ErrorKind::InvalidArgument,
                      "invalid port mapping '" + printable(text) + "': " + std::string(cause),
                      "the format is [[hostIP:]hostPort:]containerPort[/tcp|udp]");
}

std::optional<Range> parse_range(std::string_view text) {
    const auto [first, last] = split_once(text, '-');
    const std::optional<uint16_t> low = parse_int<uint16_t>(first);
    const std::optional<uint16_t> high = last ? parse_int<uint16_t>(*last) : low;
    if (!low || !high || *low == 0 || *high < *low) return std::nullopt;
    return Range{*low, *high};
}

bool is_address(const std::string& text, int family) {
    in6_addr parsed{};
    return ::inet_pton(family, text.c_str(), &parsed) == 1;
}

// The parts between colons, where an IPv6 address stands in brackets.
struct Parts {
    std::string host_ip;
    std::optional<std::string_view> host_port;
    std::string_view container_port;
};

Result<Parts> split_parts(std::string_view whole, std::string_view text) {
    Parts parts;
    if (text.starts_with('[')) {
        const size_t close = text.find("]:");
        if (close == std::string_view::npos) return bad_port(whole, "'[' has no ']:'");
        parts.host_ip = text.substr(1, close - 1);
        if (!is_address(parts.host_ip, AF_INET6)) return bad_port(whole, "no IPv6 address");
        text.remove_prefix(close + 2);
        const auto [host, container] = split_once(text, ':');
        if (!container || container->find(':') != std::string_view::npos) {
            return bad_port(whole, "after an address come two ports");
        }
        parts.host_port = host;
        parts.container_port = *container;
        return parts;
    }
    const std::vector<std::string> pieces = split(text, ':');
    if (pieces.size() > 3) return bad_port(whole, "too many colons");
    if (pieces.size() == 3) {
        parts.host_ip = pieces[0];
        if (!parts.host_ip.empty() && !is_address(parts.host_ip, AF_INET)) {
            return bad_port(whole, "'" + printable(parts.host_ip) + "' is no IP address");
        }
    }
    const size_t last_colon = text.rfind(':');
    parts.container_port =
        last_colon == std::string_view::npos ? text : text.substr(last_colon + 1);
    if (pieces.size() > 1) {
        const std::string_view before = text.substr(0, last_colon);
        const size_t colon = before.rfind(':');
        parts.host_port = colon == std::string_view::npos ? before : before.substr(colon + 1);
    }
    return parts;
}

}  // namespace

Result<std::vector<engine::PortMapping>> parse_port(std::string_view text) {
    const auto [ports, protocol_name] = split_once(text, '/');
    engine::Protocol protocol = engine::Protocol::Tcp;
    if (protocol_name) {
        const std::string lowered = to_lower(*protocol_name);
        if (lowered == "udp") {
            protocol = engine::Protocol::Udp;
        } else if (lowered != "tcp") {
            return bad_port(text, "protocol '" + printable(*protocol_name) + "' is not tcp or udp");
        }
    }
    const Parts parts = TRY(split_parts(text, ports));
    const std::optional<Range> container = parse_range(parts.container_port);
    if (!container) return bad_port(text, "the container port is no port from 1 to 65535");
    std::optional<Range> host;
    if (parts.host_port && !parts.host_port->empty() && *parts.host_port != "0") {
        host = parse_range(*parts.host_port);
        if (!host) return bad_port(text, "the host port is no port from 1 to 65535");
        if (host->length() != container->length()) {
            return bad_port(text, "the ranges differ in length");
        }
    }
    std::vector<engine::PortMapping> mappings;
    for (unsigned offset = 0; offset < container->length(); ++offset) {
        engine::PortMapping mapping;
        mapping.host_ip = parts.host_ip;
        if (host) mapping.host_port = static_cast<uint16_t>(host->first + offset);
        mapping.container_port = static_cast<uint16_t>(container->first + offset);
        mapping.protocol = protocol;
        mappings.push_back(std::move(mapping));
    }
    return mappings;
}

}  // namespace dhow::cli
