// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward/arguments.h"

#include "base/text.h"

#include <cstring>

#include <arpa/inet.h>

namespace dhow::forward {

namespace {

Error malformed(std::string_view word) {
    return make_error(ErrorKind::InvalidArgument, "malformed argument '" + printable(word) + "'");
}

Result<Mapping> parse_mapping(std::string_view word) {
    const auto fields = split(word, ',');
    if (fields.size() != 5 || (fields[0] != "tcp" && fields[0] != "udp")) return malformed(word);
    const auto host_port = parse_int<uint16_t>(fields[2]);
    const auto target_port = parse_int<uint16_t>(fields[4]);
    if (!host_port || !target_port || *host_port == 0 || *target_port == 0) return malformed(word);
    if (fields[1] != "*") TRY(make_endpoint(fields[1], *host_port));
    return Mapping{.tcp = fields[0] == "tcp",
                   .host = fields[1],
                   .host_port = *host_port,
                   .target = TRY(make_endpoint(fields[3], *target_port))};
}

}  // namespace

Result<Endpoint> make_endpoint(std::string_view ip, uint16_t port) {
    const std::string text(ip);
    Endpoint endpoint;
    sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(port)};
    sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        std::memcpy(&endpoint.bytes, &v4, sizeof v4);
        endpoint.size = sizeof v4;
        return endpoint;
    }
    if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
        std::memcpy(&endpoint.bytes, &v6, sizeof v6);
        endpoint.size = sizeof v6;
        return endpoint;
    }
    return make_error(ErrorKind::InvalidArgument, "'" + printable(text) + "' is no IP address");
}

Result<Arguments> parse_arguments(const std::vector<std::string_view>& words) {
    Arguments arguments;
    for (size_t i = 0; i < words.size(); ++i) {
        std::string* value = words[i] == "--netns"      ? &arguments.netns
                             : words[i] == "--pid-file" ? &arguments.pid_file
                             : words[i] == "--wait-for" ? &arguments.wait_for
                                                        : nullptr;
        if (value == nullptr) {
            arguments.mappings.push_back(TRY(parse_mapping(words[i])));
            continue;
        }
        if (++i == words.size()) return malformed(words[i - 1]);
        *value = words[i];
    }
    if (arguments.netns.empty() || arguments.pid_file.empty()) {
        return make_error(ErrorKind::InvalidArgument, "--netns and --pid-file are needed");
    }
    return arguments;
}

}  // namespace dhow::forward
