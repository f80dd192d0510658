// SPDX-License-Identifier: Apache-2.0
// The little of rtnetlink(7) that containers need: links, addresses, routes. One socket belongs to
// the network namespace it was opened in and stays there. Errors carry the kernel's own explanation
// where it gives one (NETLINK_EXT_ACK). IPv4 addresses are in host byte order.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow {

using MacAddress = std::array<uint8_t, 6>;

std::optional<uint32_t> parse_ipv4(std::string_view text);
std::string format_ipv4(uint32_t address);
std::string format_mac(const MacAddress& mac);

// Of the network namespace this process is in: every new one is born with its loopback down.
Status bring_loopback_up();

// This end is created up; the peer is made inside `peer_netns`, down.
struct VethOptions {
    std::string name;
    int master = 0;  // index of a bridge to be a port of; 0: none
    std::string peer_name;
    int peer_netns = -1;
    std::optional<MacAddress> peer_mac;
};

struct InterfaceAddress {
    int link = 0;
    uint32_t address = 0;
    int prefix = 0;
};

struct Link {
    int index = 0;
    std::string name;
    bool up = false;
};

// Any family's, as the kernel gives it; addresses are in network byte order, empty where absent.
struct LinkAddress {
    uint8_t family = 0;
    uint8_t prefix = 0;
    uint8_t scope = 0;
    uint32_t flags = 0;  // IFA_F_*
    std::string local;
    std::string address;  // the peer's on a point-to-point link
    std::string broadcast;
};

class Netlink {
  public:
    static Result<Netlink> open();

    // NotFound when there is no such link.
    Result<int> find_link(const std::string& name);
    Result<std::vector<Link>> links();
    Status set_up(int link);
    // Into another network namespace, where its index becomes `new_index` and its name `name`; a
    // "%d" in the name the kernel fills. It arrives down and without addresses.
    Status move_link(int link, int netns, int new_index, const std::string& name);
    // AlreadyExists when the name is taken.
    Status create_bridge(const std::string& name, const MacAddress& mac);
    Status create_veth(const VethOptions& options);
    // A port of a bridge: frames may leave it by where they came from, as they must when a
    // container reaches its own published port and bridges pass the host's netfilter.
    Status set_hairpin(const std::string& port);
    // A missing link is success.
    Status remove_link(const std::string& name);
    // An address that is there already is success.
    Status add_address(int link, uint32_t address, int prefix);
    Status add_default_route(uint32_t gateway);
    Status add_address(int link, const LinkAddress& address);
    Result<std::vector<LinkAddress>> addresses_of(int link);
    // Every IPv4 address of the namespace.
    Result<std::vector<InterfaceAddress>> addresses();

  private:
    class Request;

    explicit Netlink(UniqueFd socket) : socket_(std::move(socket)) {}

    // Sends and waits for the acknowledgement.
    Status execute(Request& request, std::string_view what);

    UniqueFd socket_;
    uint32_t sequence_ = 0;
};

}  // namespace dhow
