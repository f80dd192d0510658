// SPDX-License-Identifier: Apache-2.0
#include "engine/network/resolver_files.h"

#include "base/file.h"
#include "base/netlink.h"
#include "base/text.h"

#include <algorithm>
#include <cctype>

#include <fcntl.h>

namespace dhow::engine::network {

namespace {

constexpr size_t kMaxNamesFile = 1U << 20U;
constexpr const char* kFirstLines =
    "127.0.0.1 localhost\n"
    "::1 localhost ip6-localhost ip6-loopback\n";

// A host name, or several labels of one: what may stand in these files without becoming another
// line or another name.
bool is_plain_name(const std::string& name) {
    constexpr size_t kMaxName = 253;
    return !name.empty() && name.size() <= kMaxName &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
           });
}

bool is_loopback(std::string_view server) {
    return server.starts_with("127.") || server == "::1" || server == "0.0.0.0";
}

// "nameserver 1.2.3.4" -> "1.2.3.4"
std::string_view nameserver_of(std::string_view line) {
    constexpr std::string_view kKeyword = "nameserver";
    if (!line.starts_with(kKeyword)) return {};
    line.remove_prefix(kKeyword.size());
    if (line.empty() || (line.front() != ' ' && line.front() != '\t')) return {};
    line = trim(line);
    return line.substr(0, line.find_first_of(" \t#;"));
}

// The host's file; with a network of the container's own, its loopback servers are somebody else's
// there.
std::string resolver_text(const NamesInput& input, const Plan& plan) {
    const bool own_loopback = input.kind != NetworkKind::Host;
    std::string text;
    bool any_server = false;
    bool replaced = false;
    const auto add_own_servers = [&] {
        if (std::exchange(replaced, true)) return;
        for (const std::string& server : plan.nameservers) text += "nameserver " + server + "\n";
        any_server = any_server || !plan.nameservers.empty();
    };
    for (const std::string& line : split(input.host_resolv_conf, '\n')) {
        const auto trimmed = trim(line);
        if (trimmed.empty() || trimmed.front() == '#' || trimmed.front() == ';') continue;
        const auto server = nameserver_of(trimmed);
        if (!server.empty() && own_loopback && is_loopback(server)) {
            add_own_servers();
            continue;
        }
        any_server = any_server || !server.empty();
        text += std::string(trimmed) + "\n";
    }
    if (!any_server && own_loopback) add_own_servers();
    return text;
}

// No network to resolve names through: an empty file spares every lookup its timeouts.
bool has_network(NetworkKind kind) {
    return kind != NetworkKind::None;
}

std::string hosts_text(const NamesInput& input, const Plan& plan) {
    std::string names = input.hostname;
    for (const std::string& alias : input.aliases) {
        if (alias != input.hostname) names += " " + alias;
    }
    if (input.kind == NetworkKind::Host) {
        std::string text = input.host_hosts;
        if (!text.empty() && text.back() != '\n') text += '\n';
        return text.empty() ? kFirstLines : text;
    }
    std::string text = kFirstLines;
    text += (plan.ip.empty() ? "127.0.0.1" : plan.ip) + " " + names + "\n";
    if (!plan.host_ip.empty()) {
        text += plan.host_ip + " host.containers.internal host.docker.internal\n";
    }
    return text;
}

std::string read_or_empty(const char* path) {
    return read_file_at(AT_FDCWD, path, kMaxNamesFile).value_or("");
}

bool asks_only_itself(const std::string& resolv_conf) {
    bool any = false;
    for (const std::string& line : split(resolv_conf, '\n')) {
        const auto server = nameserver_of(trim(line));
        if (server.empty()) continue;
        if (!is_loopback(server)) return false;
        any = true;
    }
    return any;
}

}  // namespace

Result<NameFiles> build_name_files(const NamesInput& input, const Plan& plan) {
    std::vector<std::string> names = input.aliases;
    names.push_back(input.hostname);
    for (const std::string& name : names) {
        if (is_plain_name(name)) continue;
        return make_error(ErrorKind::InvalidArgument,
                          "'" + printable(name) + "' is no host name",
                          "use letters, digits, '-', '_' and '.'");
    }
    return NameFiles{.resolv_conf = has_network(input.kind) ? resolver_text(input, plan) : "",
                     .hosts = hosts_text(input, plan),
                     .hostname = input.hostname + "\n"};
}

void read_host_names(NamesInput& input) {
    if (has_network(input.kind)) {
        input.host_resolv_conf = read_or_empty("/etc/resolv.conf");
        if (input.kind != NetworkKind::Host && asks_only_itself(input.host_resolv_conf)) {
            auto upstream = read_or_empty("/run/systemd/resolve/resolv.conf");
            if (!upstream.empty()) input.host_resolv_conf = std::move(upstream);
        }
    }
    if (input.kind == NetworkKind::Host) input.host_hosts = read_or_empty("/etc/hosts");
}

Status write_name_files(int folder, const NameFiles& files) {
    const auto write = [&](const char* name, const std::string& text) -> Status {
        const auto fd = TRY(open_at(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
        // Readable for every user of the container, whatever the caller's umask.
        if (::fchmod(fd.get(), 0644) != 0) {
            return system_error(std::string("make '") + name + "' readable");
        }
        return write_all(fd.get(), text);
    };
    TRY(write("resolv.conf", files.resolv_conf));
    TRY(write("hosts", files.hosts));
    return write("hostname", files.hostname);
}

}  // namespace dhow::engine::network
