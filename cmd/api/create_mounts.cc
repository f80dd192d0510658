// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "cmd/api/create_body.h"
#include "cmd/api/create_host.h"

#include <algorithm>
#include <array>

namespace dhow::api {

using engine::CreateRequest;
using engine::MountKind;
using engine::MountSpec;
using engine::PortMapping;
using engine::Protocol;

static Error invalid(const std::string& what, std::string_view text) {
    return make_error(ErrorKind::InvalidArgument, what + ": '" + printable(text) + "'");
}

static void add_option(MountSpec& mount, const std::string& option) {
    if (option == "ro" || option == "readonly") {
        mount.read_only = true;
    } else if (option == "rw") {
        mount.read_only = false;
    } else if (!option.empty()) {
        mount.options.push_back(option);
    }
}

Result<MountSpec> parse_bind(std::string_view text) {
    const auto pieces = split(text, ':');
    if (pieces.size() > 3) return invalid("too many colons in the volume", text);
    MountSpec mount;
    mount.kind = MountKind::Volume;
    if (pieces.size() == 1) {
        mount.destination = pieces[0];
    } else {
        mount.source = pieces[0];
        mount.destination = pieces[1];
        if (mount.source.empty()) return invalid("no source in the volume", text);
        if (mount.source.front() == '/') mount.kind = MountKind::Bind;
    }
    if (pieces.size() == 3) {
        for (const std::string& option : split(pieces[2], ',')) add_option(mount, option);
    }
    if (!mount.destination.starts_with('/')) return invalid("the target is not absolute", text);
    return mount;
}

static Result<void> read_bind_options(const json::Object& entry, MountSpec& mount) {
    const json::Object* bind = TRY(json::get_object(entry, "BindOptions"));
    if (bind == nullptr) return {};
    const std::string propagation = TRY(json::get_string(*bind, "Propagation")).value_or("");
    if (!propagation.empty()) mount.options.push_back(propagation);
    if (TRY(json::get_bool(*bind, "NonRecursive")).value_or(false))
        mount.options.emplace_back("bind");
    return {};
}

static Result<void> read_tmpfs_options(const json::Object& entry, MountSpec& mount) {
    const json::Object* tmpfs = TRY(json::get_object(entry, "TmpfsOptions"));
    if (tmpfs == nullptr) return {};
    const int64_t size = TRY(json::get_int(*tmpfs, "SizeBytes")).value_or(0);
    if (size < 0) return invalid("mount size", std::to_string(size));
    if (size > 0) mount.options.push_back("size=" + std::to_string(size));
    const int64_t mode = TRY(json::get_int(*tmpfs, "Mode")).value_or(0);
    if (mode < 0 || mode > 07777) return invalid("mount mode", std::to_string(mode));
    if (mode > 0) {
        std::string digits;
        for (const unsigned shift : {9U, 6U, 3U, 0U}) {
            digits += static_cast<char>('0' + ((mode >> shift) & 7));
        }
        mount.options.push_back("mode=" + digits);
    }
    return {};
}

// One element of HostConfig.Mounts.
static Result<MountSpec> read_mount(const json::Object& entry) {
    MountSpec mount;
    const std::string type = TRY(json::get_string(entry, "Type")).value_or("");
    mount.source = TRY(json::get_string(entry, "Source")).value_or("");
    mount.destination = TRY(json::get_string(entry, "Target")).value_or("");
    mount.read_only = TRY(json::get_bool(entry, "ReadOnly")).value_or(false);
    if (!mount.destination.starts_with('/')) {
        return invalid("the mount's target is not absolute", mount.destination);
    }
    if (type == "bind") {
        mount.kind = MountKind::Bind;
        if (!mount.source.starts_with('/')) {
            return invalid("the mount's source is not absolute", mount.source);
        }
        TRY(read_bind_options(entry, mount));
    } else if (type == "volume") {
        mount.kind = MountKind::Volume;
        if (mount.source.find('/') != std::string::npos) {
            return invalid("malformed volume name", mount.source);
        }
    } else if (type == "tmpfs") {
        mount.kind = MountKind::Tmpfs;
        if (!mount.source.empty()) return invalid("a tmpfs has no source", mount.source);
        TRY(read_tmpfs_options(entry, mount));
    } else {
        return make_error(ErrorKind::Unsupported,
                          "mount type '" + printable(type) + "' is not supported");
    }
    return mount;
}

Result<void> read_mounts(const json::Object& host, CreateRequest& request) {
    for (const std::string& bind : TRY(json::get_strings(host, "Binds"))) {
        auto mount = TRY(parse_bind(bind));
        // Config.Volumes names the same target again when the client split "-v SRC:DST".
        std::erase_if(request.mounts, [&](const MountSpec& other) {
            return other.destination == mount.destination;
        });
        request.mounts.push_back(std::move(mount));
    }
    const json::Array* mounts = TRY(json::get_array(host, "Mounts"));
    for (size_t i = 0; mounts != nullptr && i < mounts->size(); ++i) {
        const json::Object* entry = (*mounts)[i].if_object();
        if (entry == nullptr) return invalid("member 'Mounts' is not a list of objects", "");
        request.mounts.push_back(TRY(read_mount(*entry)));
    }
    for (const auto& [target, options] : TRY(json::get_string_map(host, "Tmpfs"))) {
        MountSpec mount{.kind = MountKind::Tmpfs, .destination = target};
        if (!target.starts_with('/')) return invalid("the tmpfs target is not absolute", target);
        for (const std::string& option : split(options, ',')) add_option(mount, option);
        request.mounts.push_back(std::move(mount));
    }
    return {};
}

Result<PortMapping> parse_container_port(std::string_view text) {
    const auto [digits, name] = split_once(text, '/');
    PortMapping port;
    const auto number = parse_int<uint16_t>(digits);
    if (!number || *number == 0) return invalid("malformed port", text);
    port.container_port = *number;
    const std::string protocol = name ? to_lower(*name) : "tcp";
    if (protocol == "udp") {
        port.protocol = Protocol::Udp;
    } else if (protocol == "sctp") {
        return make_error(ErrorKind::Unsupported, "protocol 'sctp' is not supported");
    } else if (protocol != "tcp") {
        return invalid("malformed port", text);
    }
    return port;
}

static Result<void> read_bindings(const json::Array& bindings,
                                  const PortMapping& port,
                                  CreateRequest& request) {
    for (const json::Value& element : bindings) {
        const json::Object* binding = element.if_object();
        if (binding == nullptr) return invalid("malformed 'PortBindings'", "");
        PortMapping mapping = port;
        mapping.host_ip = TRY(json::get_string(*binding, "HostIp")).value_or("");
        const std::string host_port = TRY(json::get_string(*binding, "HostPort")).value_or("");
        if (!host_port.empty() && host_port != "0") {
            const auto number = parse_int<uint16_t>(host_port);
            if (!number) return invalid("malformed host port", host_port);
            mapping.host_port = *number;
        }
        request.ports.push_back(std::move(mapping));
    }
    return {};
}

Result<void> check_exposed_ports(const json::Object& body) {
    const json::Object* exposed = TRY(json::get_object(body, "ExposedPorts"));
    if (exposed == nullptr) return {};
    for (const auto& member : *exposed) TRY(parse_container_port(member.key()));
    return {};
}

Result<void> read_ports(const json::Object& host, CreateRequest& request) {
    request.publish_all = TRY(json::get_bool(host, "PublishAllPorts")).value_or(false);
    const json::Object* all = TRY(json::get_object(host, "PortBindings"));
    if (all == nullptr) return {};
    for (const auto& member : *all) {
        const auto port = TRY(parse_container_port(member.key()));
        if (member.value().is_null()) continue;
        const json::Array* bindings = member.value().if_array();
        if (bindings == nullptr) return invalid("malformed 'PortBindings'", member.key());
        TRY(read_bindings(*bindings, port, request));
    }
    return {};
}

}  // namespace dhow::api
