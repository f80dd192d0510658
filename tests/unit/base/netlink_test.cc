// SPDX-License-Identifier: Apache-2.0
// Addresses as text; links, addresses and routes in a network namespace of the test's own.
#include "base/netlink.h"

#include "base/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow {
namespace {

using namespace std::string_view_literals;

TEST(Addresses, Text) {
    EXPECT_EQ(parse_ipv4("10.88.0.1"), 0x0a580001U);
    EXPECT_EQ(parse_ipv4("255.255.255.255"), 0xffffffffU);
    EXPECT_EQ(format_ipv4(0x0a580001), "10.88.0.1");
    EXPECT_EQ(format_ipv4(0), "0.0.0.0");
    EXPECT_EQ(format_mac({0x02, 0x00, 0xab, 0x0c, 0xff, 0x10}), "02:00:ab:0c:ff:10");
    for (const auto text : {""sv,
                            "1"sv,
                            "1.2.3"sv,
                            "1.2.3.4.5"sv,
                            "256.0.0.1"sv,
                            "1.2.3.-4"sv,
                            "1.2.3.4 "sv,
                            " 1.2.3.4"sv,
                            "01.2.3.4"sv,
                            "0x1.2.3.4"sv,
                            "::1"sv,
                            "1.2.3.4\0"sv,
                            "1.2.3.4\0.5"sv,
                            "a.b.c.d"sv}) {
        EXPECT_FALSE(parse_ipv4(text)) << text;
    }
}

bool write_map(const char* path, const std::string& text) {
    return write_existing_at(AT_FDCWD, path, text).has_value();
}

// The exit code of `body` in a new network namespace, of which it is root; 77: there is none.
int in_netns(const std::function<int()>& body) {
    const uid_t uid = ::geteuid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (uid == 0 && ::unshare(CLONE_NEWNET) == 0) ::_exit(body());
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ::_exit(77);
        if (!write_map("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1")) ::_exit(77);
        ::_exit(body());
    }
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid) return 255;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// In the child, where a failed expectation would go unseen: the line is the exit code.
#define NEED(condition) \
    if (!(condition)) return __LINE__ % 70 + 1

bool has_address(Netlink& netlink, int link, uint32_t address, int prefix) {
    const auto all = netlink.addresses();
    return all && std::any_of(all->begin(), all->end(), [&](const InterfaceAddress& one) {
               return one.link == link && one.address == address && one.prefix == prefix;
           });
}

int bridge_and_addresses() {
    auto netlink = Netlink::open();
    NEED(netlink);
    const MacAddress mac{0x02, 0, 0, 0, 0, 1};
    NEED(netlink->find_link("br0").error().kind == ErrorKind::NotFound);
    const auto made = netlink->create_bridge("br0", mac);
    if (!made && made.error().message.find("not supported") != std::string::npos) return 77;
    NEED(made);
    NEED(netlink->create_bridge("br0", mac).error().kind == ErrorKind::AlreadyExists);
    const auto bridge = netlink->find_link("br0");
    NEED(bridge && *bridge > 0);
    NEED(netlink->add_address(*bridge, 0x0a580001, 16));
    NEED(netlink->add_address(*bridge, 0x0a580001, 16));  // there already: success
    NEED(has_address(*netlink, *bridge, 0x0a580001, 16));
    NEED(netlink->add_default_route(0x0a580002));
    NEED(!netlink->add_default_route(0xc0a80101));  // unreachable
    NEED(netlink->remove_link("br0"));
    NEED(netlink->remove_link("br0"));
    NEED(netlink->addresses()->empty());
    NEED(!netlink->set_up(4711));
    NEED(!netlink->create_bridge(std::string(16, 'n'), mac));  // IFNAMSIZ
    return 0;
}

TEST(Netlink, BridgesAddressesAndRoutes) {
    const int code = in_netns(bridge_and_addresses);
    if (code == 77) GTEST_SKIP() << "no network namespace, or no bridges, to be had";
    EXPECT_EQ(code, 0);
}

int veth_into_another() {
    const auto outer_netns = open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY);
    auto outer = Netlink::open();
    NEED(outer_netns && outer);
    NEED(::unshare(CLONE_NEWNET) == 0);
    const auto inner_netns = open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY);
    auto inner = Netlink::open();
    NEED(inner_netns && inner);
    // Each socket stays in the namespace it was opened in.
    const VethOptions options{.name = "host0",
                              .peer_name = "eth0",
                              .peer_netns = inner_netns->get(),
                              .peer_mac = MacAddress{0x02, 0, 0, 0, 0, 9}};
    const auto made = outer->create_veth(options);
    if (!made && made.error().message.find("not supported") != std::string::npos) return 77;
    NEED(made);
    NEED(outer->create_veth(options).error().kind == ErrorKind::AlreadyExists);
    NEED(outer->find_link("host0") && !outer->find_link("eth0"));
    const auto peer = inner->find_link("eth0");
    NEED(peer && !inner->find_link("host0"));
    NEED(inner->set_up(*peer));
    NEED(inner->add_address(*peer, 0x0a580002, 24));
    NEED(has_address(*inner, *peer, 0x0a580002, 24) && outer->addresses()->empty());
    NEED(outer->remove_link("host0"));
    NEED(inner->find_link("eth0").error().kind == ErrorKind::NotFound);
    return 0;
}

TEST(Netlink, VethPairsReachIntoAnotherNamespace) {
    const int code = in_netns(veth_into_another);
    if (code == 77) GTEST_SKIP() << "no network namespace, or no veth pairs, to be had";
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace dhow
