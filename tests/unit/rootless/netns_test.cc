// SPDX-License-Identifier: Apache-2.0
// Network namespaces and netlink, all inside a network namespace of the test's own.
#include "rootless/netns.h"

#include "base/file.h"
#include "base/netlink.h"
#include "rootless/enter.h"
#include "tests/support/test_user.h"

#include <gtest/gtest.h>

#include <chrono>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::rootless {
namespace {

using test::run_in_child;
using test::TestUser;

ino_t inode_of(const char* path) {
    struct stat info {};

    return ::stat(path, &info) == 0 ? info.st_ino : 0;
}

std::string say(const Status& status) {
    return status ? "ok" : status.error().message;
}

bool listens(uint16_t port) {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
           ::listen(socket.get(), 1) == 0;
}

TEST(NetworkNamespace, IsMadeWithLoopbackUpWhileWeStay) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(run_in_child([]() -> std::string {
                  const ino_t own = inode_of("/proc/self/ns/net");
                  ino_t inside = 0;
                  auto netns = create_netns([&]() -> Status {
                      inside = inode_of("/proc/thread-self/ns/net");
                      return listens(80) ? Status()
                                         : Status(make_error(ErrorKind::Internal, "no loopback"));
                  });
                  if (!netns) return netns.error().message;
                  if (inode_of("/proc/self/ns/net") != own) return "we moved";
                  if (inside == own || inside == 0) return "nothing new";
                  struct stat info {};
                  if (::fstat(netns->get(), &info) != 0 || info.st_ino != inside)
                      return "another's fd";
                  return "ok";
              }),
              "ok");
}

TEST(NetworkNamespace, ErrorsAndDescriptorsComeBackFromInside) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(run_in_child([]() -> std::string {
                  auto failed = create_netns(
                      [] { return Status(make_error(ErrorKind::Conflict, "as told")); });
                  if (failed || failed.error().message != "as told") return "no error";
                  auto netns = create_netns({});
                  UniqueFd socket;
                  std::string text(100000, 'x');
                  const auto ran = run_in_netns(netns->get(), [&]() -> Status {
                      socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                      text += std::string(100000, 'y');  // memory of ours, and its allocator
                      return {};
                  });
                  if (!ran || !socket || text.size() != 200000) return say(ran) + " lost";
                  const auto not_one = open_at(AT_FDCWD, "/dev/null", O_RDONLY);
                  return run_in_netns(not_one->get(), [] { return Status(); }) ? "joined /dev/null"
                                                                               : "ok";
              }),
              "ok");
}

TEST(NetworkNamespace, IsBoundToAPath) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(run_in_child([]() -> std::string {
                  if (!enter({.run_root = "/nonexistent"})) return "not entered";
                  if (::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr) != 0) return "no tmpfs";
                  auto netns = create_netns({});
                  if (auto bound = bind_netns(netns->get(), "/mnt/netns"); !bound)
                      return say(bound);
                  struct stat info {};
                  ::fstat(netns->get(), &info);
                  if (inode_of("/mnt/netns") != info.st_ino) return "something else is bound";
                  if (auto gone = unbind_netns("/mnt/netns"); !gone) return say(gone);
                  if (exists_at(AT_FDCWD, "/mnt/netns")) return "still there";
                  return say(unbind_netns("/mnt/netns"));
              }),
              "ok");
}

std::string build_bridge_and_veth() {
    auto outer = create_netns({});
    if (!outer) return outer.error().message;
    auto inner = create_netns({});
    if (!inner) return inner.error().message;
    std::string said = "nothing";
    const auto ran = run_in_netns(outer->get(), [&]() -> Status {
        auto netlink = TRY(Netlink::open());
        TRY(netlink.create_bridge("dhowt0", {2, 0, 0, 0, 0, 1}));
        const int bridge = TRY(netlink.find_link("dhowt0"));
        TRY(netlink.add_address(bridge, *parse_ipv4("10.9.0.1"), 24));
        TRY(netlink.add_address(bridge, *parse_ipv4("10.9.0.1"), 24));
        const VethOptions veth{.name = "veth0",
                               .master = bridge,
                               .peer_name = "eth0",
                               .peer_netns = inner->get(),
                               .peer_mac = MacAddress{2, 0, 0, 0, 0, 2}};
        TRY(netlink.create_veth(veth));
        const auto again = netlink.create_veth(veth);
        if (again || again.error().kind != ErrorKind::AlreadyExists) {
            return make_error(ErrorKind::Internal, "made twice");
        }
        const auto missing = netlink.find_link("nosuch0");
        if (missing || missing.error().kind != ErrorKind::NotFound) {
            return make_error(ErrorKind::Internal, "found what is not there");
        }
        return {};
    });
    if (!ran) return ran.error().message;
    const auto configured = run_in_netns(inner->get(), [&]() -> Status {
        auto netlink = TRY(Netlink::open());
        const int link = TRY(netlink.find_link("eth0"));
        TRY(netlink.set_up(link));
        TRY(netlink.add_address(link, *parse_ipv4("10.9.0.2"), 24));
        TRY(netlink.add_default_route(*parse_ipv4("10.9.0.1")));
        const auto unreachable = netlink.add_default_route(*parse_ipv4("10.99.0.1"));
        if (unreachable) return make_error(ErrorKind::Internal, "a second default route");
        said.clear();
        for (const auto& address : TRY(netlink.addresses())) {
            said += format_ipv4(address.address) + "/" + std::to_string(address.prefix) + " ";
        }
        return {};
    });
    if (!configured) return configured.error().message;
    UniqueFd server;
    UniqueFd client;
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(80)};
    const auto listening = run_in_netns(inner->get(), [&]() -> Status {
        server.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        address.sin_addr.s_addr = htonl(INADDR_ANY);
        if (::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(server.get(), 1) != 0) {
            return system_error("listen");
        }
        return {};
    });
    const auto connected = run_in_netns(outer->get(), [&]() -> Status {
        client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        address.sin_addr.s_addr = htonl(*parse_ipv4("10.9.0.2"));
        if (::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            return system_error("connect");
        }
        auto netlink = TRY(Netlink::open());
        TRY(netlink.remove_link("veth0"));
        return netlink.remove_link("veth0");
    });
    if (!listening || !connected) return say(listening) + ", " + say(connected);
    return said;
}

TEST(NetlinkTest, BridgeVethAddressesAndRoutesCarryAConnection) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(run_in_child(build_bridge_and_veth), "127.0.0.1/8 10.9.0.2/24 ");
}

TEST(NetlinkTest, WorksRootlessWhereSetnsCannotComeBack) {
    const TestUser user;
    if (!user.made()) GTEST_SKIP() << "needs root and useradd";
    EXPECT_EQ(user.run([&]() -> std::string {
        if (!enter({.run_root = user.run_root(), .init_path = HOLD_HELPER})) return "not entered";
        const ino_t own = inode_of("/proc/self/ns/net");
        const std::string said = build_bridge_and_veth();
        return inode_of("/proc/self/ns/net") == own ? said : "we moved";
    }),
              "127.0.0.1/8 10.9.0.2/24 ");
}

TEST(NetlinkTest, TheKernelsOwnExplanationIsPassedOn) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const std::string said = run_in_child([]() -> std::string {
        Status refused;
        ignore(create_netns([&]() -> Status {
                   auto netlink = TRY(Netlink::open());
                   refused = netlink.create_veth(
                       {.name = "a-name-longer-than-fifteen", .peer_name = "b", .peer_netns = -1});
                   return {};
               }),
               "the refusal is what counts");
        return say(refused);
    });
    EXPECT_EQ(said.find("create veth pair 'a-name-longer-than-fifteen': "), 0U) << said;
    EXPECT_NE(said.find(" ("), std::string::npos) << said;
}

TEST(NetlinkTest, AddressesAreReadAndWritten) {
    EXPECT_EQ(parse_ipv4("10.88.0.1"), 0x0a580001U);
    EXPECT_EQ(format_ipv4(0x0a580001U), "10.88.0.1");
    for (const char* bad : {"", "10.88.0", "10.88.0.256", "10.88.0.1 ", "::1", "010.1.1.1"}) {
        EXPECT_EQ(parse_ipv4(bad), std::nullopt) << bad;
    }
    EXPECT_EQ(format_mac({2, 0x42, 10, 88, 0, 255}), "02:42:0a:58:00:ff");
}

TEST(NetworkNamespace, CostOfOneWithVeth) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const std::string said = run_in_child([]() -> std::string {
        using Clock = std::chrono::steady_clock;
        auto outer = create_netns({});
        UniqueFd inner;
        long best = 1000000;
        for (int i = 0; i < 10; ++i) {
            const auto start = Clock::now();
            auto made = create_netns({});
            const auto ran = run_in_netns(outer->get(), [&]() -> Status {
                auto netlink = TRY(Netlink::open());
                return netlink.create_veth({.name = "veth" + std::to_string(i),
                                            .peer_name = "eth0",
                                            .peer_netns = made->get()});
            });
            if (!ran) return say(ran);
            best = std::min<long>(best, (Clock::now() - start) / std::chrono::microseconds(1));
            inner = made.take();
        }
        return std::to_string(best);
    });
    std::printf("namespace + veth pair: %s us at best\n", said.c_str());
    EXPECT_FALSE(said.empty());
}

}  // namespace
}  // namespace dhow::rootless
