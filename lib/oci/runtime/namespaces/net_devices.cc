// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/namespaces/net_devices.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/namespaces/namespaces.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace dhow::oci {

bool is_device_name(const std::string& name) {
    if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
    return std::none_of(name.begin(), name.end(), [](unsigned char letter) {
        return letter == '/' || letter == ':' || std::isspace(letter) != 0;
    });
}

bool moves_along(const LinkAddress& address) {
    return (address.flags & IFA_F_PERMANENT) != 0 && address.scope == RT_SCOPE_UNIVERSE;
}

Status check_net_devices(const Linux& linux_part) {
    if (linux_part.net_devices.empty()) return {};
    const auto& list = linux_part.namespaces;
    const bool own_network = std::any_of(list.begin(), list.end(), [](const Namespace& entry) {
        return entry.type == NamespaceType::Network;
    });
    if (!own_network) {
        return make_error(ErrorKind::InvalidArgument,
                          "config.json: unable to move network devices without a NET namespace");
    }
    for (const auto& [name, device] : linux_part.net_devices) {
        for (const std::string& checked : {name, device.name.empty() ? name : device.name}) {
            if (is_device_name(checked)) continue;
            return make_error(
                ErrorKind::InvalidArgument,
                "config.json: invalid network device name \"" + printable(checked) + "\"");
        }
    }
    return {};
}

namespace {

constexpr std::string_view kFix =
    "only who is root of the network namespace it is in may take a device away";

const Link* find(const std::vector<Link>& links, const std::string& name) {
    const auto found = std::find_if(
        links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
    return found == links.end() ? nullptr : &*found;
}

// An index is a namespace's own numbering: the same again where it is free there.
int free_index(const std::vector<Link>& links, int wanted) {
    int largest = 0;
    bool taken = false;
    for (const Link& link : links) {
        largest = std::max(largest, link.index);
        taken = taken || link.index == wanted;
    }
    return taken ? largest + 1 : wanted;
}

}  // namespace

Status MovedDevices::move_one(Netlink& host,
                              Netlink& inside,
                              const std::string& name,
                              const NetDevice& wanted) {
    const auto here = TRY(host.links());
    const Link* link = find(here, name);
    if (link == nullptr) {
        return make_error(ErrorKind::NotFound, "no such network interface on the host");
    }
    const std::string new_name = wanted.name.empty() ? name : wanted.name;
    const auto there = TRY(inside.links());
    if (find(there, new_name) != nullptr) {
        return make_error(
            ErrorKind::AlreadyExists,
            "the container has a network interface '" + printable(new_name) + "' already");
    }
    Moved moved{*link, TRY(host.addresses_of(link->index)), free_index(there, link->index)};
    auto done = host.move_link(link->index, target_.get(), moved.index, new_name);
    if (!done && done.error().kind == ErrorKind::Permission) {
        return std::move(done).error().with_fix(kFix);
    }
    // The kernel moves first and renames then: a name refused leaves the device there.
    moved_.push_back(moved);
    TRY(done);
    for (const LinkAddress& address : moved.addresses) {
        if (moves_along(address)) TRY(inside.add_address(moved.index, address));
    }
    return inside.set_up(moved.index);
}

Result<MovedDevices> MovedDevices::move(const std::map<std::string, NetDevice>& devices,
                                        UniqueFd netns) {
    MovedDevices all;
    all.own_ = TRY(open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY));
    all.target_ = std::move(netns);
    auto host = TRY(Netlink::open());
    auto inside = netlink_inside(all.target_.get(), all.own_.get());
    if (!inside) {
        return std::move(inside)
            .error()
            .context("move network device '" + printable(devices.begin()->first) + "'")
            .with_fix(kFix);
    }
    for (const auto& [name, wanted] : devices) {
        TRY_CONTEXT(all.move_one(host, *inside, name, wanted),
                    "move network device '" + printable(name) + "' to the container");
    }
    return all;
}

Status MovedDevices::give_back(Netlink& host, Netlink& inside, const Moved& device) const {
    const auto there = TRY(inside.links());
    const auto present = std::any_of(
        there.begin(), there.end(), [&](const Link& link) { return link.index == device.index; });
    if (!present) return {};  // the failed move did not get that far
    const Link& before = device.before;
    const auto here = TRY(host.links());
    const int index = free_index(here, before.index);
    TRY(inside.move_link(device.index, own_.get(), index, before.name));
    for (const LinkAddress& address : device.addresses) {
        if (moves_along(address)) TRY(host.add_address(index, address));
    }
    return before.up ? host.set_up(index) : Status();
}

MovedDevices& MovedDevices::operator=(MovedDevices&& other) noexcept {
    own_ = std::move(other.own_);
    target_ = std::move(other.target_);
    moved_ = std::exchange(other.moved_, {});
    return *this;
}

MovedDevices::~MovedDevices() {
    if (moved_.empty()) return;
    auto host = Netlink::open();
    auto inside = netlink_inside(target_.get(), own_.get());
    if (!host || !inside) return;
    for (const Moved& device : moved_) {
        ignore(give_back(*host, *inside, device), "the error that ended the container is told");
    }
}

}  // namespace dhow::oci
