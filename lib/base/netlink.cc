// SPDX-License-Identifier: Apache-2.0
#include "base/netlink.h"

#include "base/text.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dhow {

namespace {

constexpr size_t kMaxAnswer = 32768;

std::string_view as_bytes(const void* data, size_t size) {
    return {static_cast<const char*>(data), size};
}

// The kernel's explanation inside an acknowledgement, if any (NLMSGERR_ATTR_MSG).
std::string explanation(const nlmsghdr& header, const nlmsgerr& error) {
    if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
    size_t offset = NLMSG_HDRLEN + sizeof(nlmsgerr);
    if ((header.nlmsg_flags & NLM_F_CAPPED) == 0) offset += error.msg.nlmsg_len - NLMSG_HDRLEN;
    const char* base = reinterpret_cast<const char*>(&header);
    while (offset + sizeof(nlattr) <= header.nlmsg_len) {
        nlattr attribute{};
        std::memcpy(&attribute, base + offset, sizeof attribute);
        if (attribute.nla_len < sizeof attribute || offset + attribute.nla_len > header.nlmsg_len) {
            return {};
        }
        if (attribute.nla_type == NLMSGERR_ATTR_MSG) {
            const std::string_view text(base + offset + sizeof attribute,
                                        attribute.nla_len - sizeof attribute);
            return printable(text.substr(0, text.find('\0')));
        }
        offset += NLMSG_ALIGN(attribute.nla_len);
    }
    return {};
}

}  // namespace

std::optional<uint32_t> parse_ipv4(std::string_view text) {
    in_addr address{};
    if (text.find('\0') != std::string_view::npos)
        return std::nullopt;  // inet_pton would stop there
    if (::inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
    return ntohl(address.s_addr);
}

std::string format_ipv4(uint32_t address) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (!text.empty()) text += '.';
        text += std::to_string((address >> static_cast<unsigned>(shift)) & 0xffU);
    }
    return text;
}

std::string format_mac(const MacAddress& mac) {
    std::string text;
    for (const uint8_t byte : mac) {
        if (!text.empty()) text += ':';
        const char octet = static_cast<char>(byte);
        text += to_hex({&octet, 1});
    }
    return text;
}

// One message under construction: header, family header, attributes, nests that end by scope.
class Netlink::Request {
  public:
    template <class Body>
    Request(uint16_t type, uint16_t flags, const Body& body) : bytes_(NLMSG_HDRLEN, '\0') {
        header().nlmsg_type = type;
        header().nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
        append(as_bytes(&body, sizeof body));
    }

    void attribute(int type, std::string_view payload) {
        const nlattr header{.nla_len = static_cast<uint16_t>(sizeof(nlattr) + payload.size()),
                            .nla_type = static_cast<uint16_t>(type)};
        append(as_bytes(&header, sizeof header), false);
        append(payload);
    }

    void string(int type, const std::string& text) {
        attribute(type, {text.c_str(), text.size() + 1});
    }

    void number(int type, uint32_t value) { attribute(type, as_bytes(&value, sizeof value)); }

    void byte(int type, uint8_t value) { attribute(type, as_bytes(&value, sizeof value)); }

    void mac(int type, const MacAddress& mac) { attribute(type, as_bytes(mac.data(), mac.size())); }

    size_t begin(int type) {
        const size_t start = bytes_.size();
        attribute(type, {});
        return start;
    }

    void end(size_t start) {
        const auto length = static_cast<uint16_t>(bytes_.size() - start);
        std::memcpy(bytes_.data() + start, &length, sizeof length);
    }

    void append(std::string_view bytes, bool pad = true) {
        bytes_.append(bytes);
        if (pad) bytes_.resize(NLMSG_ALIGN(bytes_.size()), '\0');
    }

    std::string_view finish(uint32_t sequence) {
        header().nlmsg_len = static_cast<uint32_t>(bytes_.size());
        header().nlmsg_seq = sequence;
        return bytes_;
    }

    nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }

  private:
    std::string bytes_;
};

namespace {

Error refused(std::string_view what, const nlmsghdr& header, const nlmsgerr& error) {
    auto result = system_error(what, -error.error);
    const std::string why = explanation(header, error);
    if (!why.empty()) result.message += " (" + why + ")";
    if (-error.error == EEXIST) result.kind = ErrorKind::AlreadyExists;
    if (-error.error == ENODEV) result.kind = ErrorKind::NotFound;
    return result;
}

// Calls `sink` for each message of the answer to `sequence`, until its end or acknowledgement.
template <class Sink>
Status receive(int socket, uint32_t sequence, std::string_view what, const Sink& sink) {
    alignas(nlmsghdr) std::array<char, kMaxAnswer> buffer{};
    while (true) {
        const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), MSG_TRUNC);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(what);
        if (static_cast<size_t>(got) > buffer.size()) {
            return make_error(ErrorKind::Internal, std::string(what) + ": answer too long");
        }
        auto left = static_cast<unsigned>(got);
        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_seq != sequence) continue;
            if (header->nlmsg_type == NLMSG_DONE) return {};
            if (header->nlmsg_type == NLMSG_ERROR) {
                const auto* error = static_cast<nlmsgerr*>(NLMSG_DATA(header));
                if (error->error == 0) return {};
                return refused(what, *header, *error);
            }
            sink(*header);
        }
    }
}

Status send_request(int socket, std::string_view bytes, std::string_view what) {
    if (::send(socket, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return system_error(what);
    }
    return {};
}

template <class Body>
const rtattr* find_attribute(const nlmsghdr& header, int type) {
    const auto* body = static_cast<const char*>(NLMSG_DATA(&header));
    const auto* attribute = reinterpret_cast<const rtattr*>(body + NLMSG_ALIGN(sizeof(Body)));
    int left = static_cast<int>(header.nlmsg_len) - static_cast<int>(NLMSG_LENGTH(sizeof(Body)));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type == type) return attribute;
    }
    return nullptr;
}

// Empty when there is no such attribute.
template <class Body>
std::string attribute_bytes(const nlmsghdr& header, int type) {
    const rtattr* attribute = find_attribute<Body>(header, type);
    if (attribute == nullptr) return {};
    return std::string(static_cast<const char*>(RTA_DATA(attribute)), RTA_PAYLOAD(attribute));
}

}  // namespace

Result<Netlink> Netlink::open() {
    UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket) return system_error("open netlink");
    const int on = 1;
    // Both only make error messages better; a kernel without them still works.
    ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    return Netlink(std::move(socket));
}

Status Netlink::execute(Request& request, std::string_view what) {
    request.header().nlmsg_flags |= NLM_F_ACK;
    TRY(send_request(socket_.get(), request.finish(++sequence_), what));
    return receive(socket_.get(), sequence_, what, [](const nlmsghdr&) {});
}

Result<int> Netlink::find_link(const std::string& name) {
    const std::string what = "find network interface '" + name + "'";
    Request request(RTM_GETLINK, NLM_F_ACK, ifinfomsg{});
    request.string(IFLA_IFNAME, name);
    TRY(send_request(socket_.get(), request.finish(++sequence_), what));
    int index = 0;
    TRY(receive(socket_.get(), sequence_, what, [&](const nlmsghdr& header) {
        if (header.nlmsg_type == RTM_NEWLINK) {
            index = static_cast<const ifinfomsg*>(NLMSG_DATA(&header))->ifi_index;
        }
    }));
    return index;
}

Result<std::vector<Link>> Netlink::links() {
    constexpr std::string_view kWhat = "list network interfaces";
    Request request(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
    TRY(send_request(socket_.get(), request.finish(++sequence_), kWhat));
    std::vector<Link> found;
    TRY(receive(socket_.get(), sequence_, kWhat, [&](const nlmsghdr& header) {
        if (header.nlmsg_type != RTM_NEWLINK) return;
        const auto* body = static_cast<const ifinfomsg*>(NLMSG_DATA(&header));
        const std::string name = attribute_bytes<ifinfomsg>(header, IFLA_IFNAME);
        found.push_back({.index = body->ifi_index,
                         .name = name.substr(0, name.find('\0')),
                         .up = (body->ifi_flags & IFF_UP) != 0});
    }));
    return found;
}

Status Netlink::move_link(int link, int netns, int new_index, const std::string& name) {
    Request request(RTM_NEWLINK, 0, ifinfomsg{.ifi_index = link});
    request.string(IFLA_IFNAME, name);
    request.number(IFLA_NET_NS_FD, static_cast<uint32_t>(netns));
    request.number(IFLA_NEW_IFINDEX, static_cast<uint32_t>(new_index));
    return execute(request, "move it to the other network namespace as '" + printable(name) + "'");
}

Status Netlink::set_up(int link) {
    Request request(
        RTM_NEWLINK, 0, ifinfomsg{.ifi_index = link, .ifi_flags = IFF_UP, .ifi_change = IFF_UP});
    return execute(request, "bring up network interface " + std::to_string(link));
}

Status Netlink::create_bridge(const std::string& name, const MacAddress& mac) {
    Request request(RTM_NEWLINK,
                    NLM_F_CREATE | NLM_F_EXCL,
                    ifinfomsg{.ifi_flags = IFF_UP, .ifi_change = IFF_UP});
    request.string(IFLA_IFNAME, name);
    // A fixed address: a bridge would else change its own with each port that comes and goes.
    request.mac(IFLA_ADDRESS, mac);
    const size_t info = request.begin(IFLA_LINKINFO);
    request.string(IFLA_INFO_KIND, "bridge");
    request.end(info);
    return execute(request, "create bridge '" + name + "'");
}

Status Netlink::create_veth(const VethOptions& options) {
    const ifinfomsg up{.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, up);
    request.string(IFLA_IFNAME, options.name);
    if (options.master != 0) request.number(IFLA_MASTER, static_cast<uint32_t>(options.master));
    const size_t info = request.begin(IFLA_LINKINFO);
    request.string(IFLA_INFO_KIND, "veth");
    const size_t data = request.begin(IFLA_INFO_DATA);
    const size_t peer = request.begin(VETH_INFO_PEER);
    // Down: a veth end refuses to go up before it has its other end (ENOTCONN).
    const ifinfomsg down{};
    request.append(as_bytes(&down, sizeof down));
    request.string(IFLA_IFNAME, options.peer_name);
    request.number(IFLA_NET_NS_FD, static_cast<uint32_t>(options.peer_netns));
    if (options.peer_mac) request.mac(IFLA_ADDRESS, *options.peer_mac);
    request.end(peer);
    request.end(data);
    request.end(info);
    return execute(request, "create veth pair '" + options.name + "'");
}

Status Netlink::set_hairpin(const std::string& port) {
    Request request(RTM_NEWLINK, 0, ifinfomsg{});
    request.string(IFLA_IFNAME, port);
    const size_t info = request.begin(IFLA_LINKINFO);
    request.string(IFLA_INFO_SLAVE_KIND, "bridge");
    const size_t data = request.begin(IFLA_INFO_SLAVE_DATA);
    request.byte(IFLA_BRPORT_MODE, 1);
    request.end(data);
    request.end(info);
    return execute(request, "let bridge port '" + port + "' reflect frames");
}

Status Netlink::remove_link(const std::string& name) {
    Request request(RTM_DELLINK, 0, ifinfomsg{});
    request.string(IFLA_IFNAME, name);
    auto removed = execute(request, "remove network interface '" + name + "'");
    if (!removed && removed.error().kind == ErrorKind::NotFound) return {};
    return removed;
}

Status Netlink::add_address(int link, uint32_t address, int prefix) {
    Request request(RTM_NEWADDR,
                    NLM_F_CREATE | NLM_F_EXCL,
                    ifaddrmsg{.ifa_family = AF_INET,
                              .ifa_prefixlen = static_cast<uint8_t>(prefix),
                              .ifa_scope = RT_SCOPE_UNIVERSE,
                              .ifa_index = static_cast<uint32_t>(link)});
    request.number(IFA_LOCAL, htonl(address));
    request.number(IFA_ADDRESS, htonl(address));
    const uint32_t mask = prefix == 0 ? 0 : ~0U << static_cast<unsigned>(32 - prefix);
    request.number(IFA_BROADCAST, htonl(address | ~mask));
    auto added = execute(request, "add address " + format_ipv4(address));
    if (!added && added.error().kind == ErrorKind::AlreadyExists) return {};
    return added;
}

Status Netlink::add_address(int link, const LinkAddress& address) {
    // The rest of the flags says what has become of an address, not how it is wanted.
    constexpr uint32_t kWanted = IFA_F_NOPREFIXROUTE | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
                                 IFA_F_MCAUTOJOIN | IFA_F_NODAD;
    Request request(RTM_NEWADDR,
                    NLM_F_CREATE | NLM_F_EXCL,
                    ifaddrmsg{.ifa_family = address.family,
                              .ifa_prefixlen = address.prefix,
                              .ifa_scope = address.scope,
                              .ifa_index = static_cast<uint32_t>(link)});
    request.number(IFA_FLAGS, address.flags & kWanted);
    if (!address.local.empty()) request.attribute(IFA_LOCAL, address.local);
    if (!address.address.empty()) request.attribute(IFA_ADDRESS, address.address);
    if (!address.broadcast.empty()) request.attribute(IFA_BROADCAST, address.broadcast);
    auto added = execute(request, "add an address to network interface " + std::to_string(link));
    if (!added && added.error().kind == ErrorKind::AlreadyExists) return {};
    return added;
}

Result<std::vector<LinkAddress>> Netlink::addresses_of(int link) {
    constexpr std::string_view kWhat = "list addresses";
    Request request(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
    TRY(send_request(socket_.get(), request.finish(++sequence_), kWhat));
    std::vector<LinkAddress> found;
    TRY(receive(socket_.get(), sequence_, kWhat, [&](const nlmsghdr& header) {
        if (header.nlmsg_type != RTM_NEWADDR) return;
        const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(&header));
        if (static_cast<int>(body->ifa_index) != link) return;
        LinkAddress address{.family = body->ifa_family,
                            .prefix = body->ifa_prefixlen,
                            .scope = body->ifa_scope,
                            .flags = body->ifa_flags,
                            .local = attribute_bytes<ifaddrmsg>(header, IFA_LOCAL),
                            .address = attribute_bytes<ifaddrmsg>(header, IFA_ADDRESS),
                            .broadcast = attribute_bytes<ifaddrmsg>(header, IFA_BROADCAST)};
        // The header's eight bits are too few for them all.
        const std::string flags = attribute_bytes<ifaddrmsg>(header, IFA_FLAGS);
        if (flags.size() == sizeof address.flags) {
            std::memcpy(&address.flags, flags.data(), sizeof address.flags);
        }
        found.push_back(std::move(address));
    }));
    return found;
}

Status Netlink::add_default_route(uint32_t gateway) {
    Request request(RTM_NEWROUTE,
                    NLM_F_CREATE | NLM_F_EXCL,
                    rtmsg{.rtm_family = AF_INET,
                          .rtm_table = RT_TABLE_MAIN,
                          .rtm_protocol = RTPROT_STATIC,
                          .rtm_scope = RT_SCOPE_UNIVERSE,
                          .rtm_type = RTN_UNICAST});
    request.number(RTA_GATEWAY, htonl(gateway));
    return execute(request, "add the default route by " + format_ipv4(gateway));
}

Result<std::vector<InterfaceAddress>> Netlink::addresses() {
    Request request(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{.ifa_family = AF_INET});
    TRY(send_request(socket_.get(), request.finish(++sequence_), "list addresses"));
    std::vector<InterfaceAddress> found;
    TRY(receive(socket_.get(), sequence_, "list addresses", [&](const nlmsghdr& header) {
        if (header.nlmsg_type != RTM_NEWADDR) return;
        const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(&header));
        const rtattr* local = find_attribute<ifaddrmsg>(header, IFA_LOCAL);
        if (local == nullptr || RTA_PAYLOAD(local) < sizeof(uint32_t)) return;
        uint32_t address = 0;
        std::memcpy(&address, RTA_DATA(local), sizeof address);
        found.push_back({.link = static_cast<int>(body->ifa_index),
                         .address = ntohl(address),
                         .prefix = body->ifa_prefixlen});
    }));
    return found;
}

Status bring_loopback_up() {
    constexpr int kLoopback = 1;  // the first interface of every network namespace
    auto netlink = TRY(Netlink::open());
    return netlink.set_up(kLoopback);
}

}  // namespace dhow
