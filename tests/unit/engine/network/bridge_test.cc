// SPDX-License-Identifier: Apache-2.0
// The root bridge in a machine of the test's own: an outer network namespace ("the host") with a
// neighbour beyond it ("the world"), containers behind it. Nothing of the real network is touched.
#include "base/file.h"
#include "base/netlink.h"
#include "engine/network/firewall.h"
#include "engine/network/network.h"
#include "rootless/enter.h"
#include "rootless/netns.h"
#include "tests/support/sockets.h"
#include "tests/support/test_user.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::engine::network {
namespace {

using rootless::create_netns;
using rootless::run_in_netns;
using test::run_in_child;

std::string say(const Status& status) {
    return status ? "ok" : status.error().message;
}

// Everything below runs in a fork that has left the machine's network and mounts.
std::string in_private_machine(const std::function<std::string()>& body) {
    return run_in_child([&]() -> std::string {
        if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr) != 0) {
            return "(no private machine)";
        }
        auto netlink = Netlink::open();
        if (!netlink || !netlink->set_up(1)) return "(no loopback)";
        return body();
    });
}

Request request_for(const std::string& id,
                    const std::string& ip,
                    std::vector<PortMapping> ports = {}) {
    const std::string run_dir = "/mnt/" + id;
    ignore(make_dirs(run_dir), "bind_netns() tells");
    return {.id = id,
            .kind = NetworkKind::Bridge,
            .ports = std::move(ports),
            .rootless = false,
            .run_root = "/mnt",
            .run_dir = run_dir,
            .ip = ip};
}

UniqueFd netns_of(const Plan& plan) {
    auto fd = open_at(AT_FDCWD, plan.netns_path, O_RDONLY);
    return fd ? fd.take() : UniqueFd();
}

// A server inside a namespace, in a child of its own, for `count` connections or datagrams.
class Server {
  public:
    Server(int netns, const std::string& protocol, uint16_t port, const std::string& prefix) {
        UniqueFd socket;
        ignore(run_in_netns(netns,
                            [&]() -> Status {
                                socket = protocol == "tcp" ? test::listen_tcp("0.0.0.0", port)
                                                           : test::bind_udp("0.0.0.0", port);
                                return {};
                            }),
               "clients tell");
        pid_ = ::fork();
        if (pid_ != 0) return;
        while (true) {
            const std::string peer = protocol == "tcp" ? test::serve_one_tcp(socket.get(), prefix)
                                                       : test::serve_one_udp(socket.get(), prefix);
            if (peer == "(nobody)") ::_exit(0);
        }
    }

    ~Server() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

  private:
    pid_t pid_;
};

std::string exchange_from(int netns, const std::string& ip, uint16_t port) {
    std::string answer;
    const auto ran = run_in_netns(netns, [&]() -> Status {
        answer = test::tcp_exchange(ip, port, "hi");
        return {};
    });
    return ran ? answer : ran.error().message;
}

class Bridge : public ::testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    }
};

TEST_F(Bridge, ContainersReachEachOtherAndTheHostReachesThem) {
    EXPECT_EQ(
        in_private_machine([]() -> std::string {
            const auto a = prepare(request_for("aaaaaaaaaaaaaaaa", "10.88.0.2"));
            if (!a) return a.error().message;
            const auto b = prepare(request_for("bbbbbbbbbbbbbbbb", "10.88.0.3"));
            if (!b) return b.error().message;
            const auto a_ns = netns_of(*a);
            const auto b_ns = netns_of(*b);
            const Server server(b_ns.get(), "tcp", 80, "b:");
            if (a->mac != "02:42:0a:58:00:02" || a->gateway != "10.88.0.1" || a->needs_teardown)
                return "plan";
            return exchange_from(a_ns.get(), "10.88.0.3", 80) + " " +
                   test::tcp_exchange("10.88.0.3", 80, "host");
        }),
        "b:hi b:host");
}

TEST_F(Bridge, PublishedPortsAnswerOnEveryAddressOfTheHost) {
    EXPECT_EQ(
        in_private_machine([]() -> std::string {
            auto netlink = Netlink::open();
            if (!netlink->create_bridge("lan0", {2, 0, 0, 0, 0, 9})) return "no lan";
            ignore(netlink->add_address(*netlink->find_link("lan0"), *parse_ipv4("172.30.0.1"), 24),
                   "");
            const auto web = prepare(request_for(
                "aaaaaaaaaaaaaaaa",
                "10.88.0.2",
                {{.host_port = 8080, .container_port = 80},
                 {.host_ip = "172.30.0.1", .host_port = 81, .container_port = 80},
                 {.host_port = 5300, .container_port = 53, .protocol = Protocol::Udp}}));
            if (!web) return web.error().message;
            const auto other = prepare(request_for("bbbbbbbbbbbbbbbb", "10.88.0.3"));
            if (!other) return other.error().message;
            const auto web_ns = netns_of(*web);
            const auto other_ns = netns_of(*other);
            const Server tcp(web_ns.get(), "tcp", 80, "web:");
            const Server udp(web_ns.get(), "udp", 53, "dns:");
            return test::tcp_exchange("127.0.0.1", 8080, "a") + " " +
                   test::tcp_exchange("172.30.0.1", 8080, "b") + " " +
                   test::tcp_exchange("172.30.0.1", 81, "c") + " " +
                   test::tcp_exchange("127.0.0.1", 81, "-") + " " +
                   test::udp_exchange("127.0.0.1", 5300, "d") + " " +
                   // By the host's address from a neighbour, and from itself.
                   exchange_from(other_ns.get(), "172.30.0.1", 8080) + " " +
                   exchange_from(web_ns.get(), "10.88.0.1", 8080) + " " +
                   (web->needs_teardown ? "teardown" : "none");
        }),
        "web:a web:b web:c (refused) dns:d web:hi web:hi teardown");
}

TEST_F(Bridge, ContainersReachTheWorldByTheHostsAddressAndAreReachedByItsPort) {
    EXPECT_EQ(
        in_private_machine([]() -> std::string {
            const auto host = rootless::open_own_netns();
            auto world = create_netns({});
            if (!host || !world) return "no namespaces";
            auto netlink = Netlink::open();
            const auto paired = netlink->create_veth(
                {.name = "wan0", .peer_name = "eth0", .peer_netns = world->get()});
            if (!paired) return say(paired);
            ignore(
                netlink->add_address(*netlink->find_link("wan0"), *parse_ipv4("198.51.100.1"), 24),
                "");
            // The world has no route to 10.88.0.0/16.
            const auto configured = run_in_netns(world->get(), []() -> Status {
                auto inside = TRY(Netlink::open());
                const int link = TRY(inside.find_link("eth0"));
                TRY(inside.set_up(link));
                return inside.add_address(link, *parse_ipv4("198.51.100.2"), 24);
            });
            if (!configured) return say(configured);
            const auto web = prepare(request_for(
                "aaaaaaaaaaaaaaaa", "10.88.0.2", {{.host_port = 8080, .container_port = 80}}));
            if (!web) return web.error().message;
            const auto web_ns = netns_of(*web);
            const Server server(web_ns.get(), "tcp", 80, "web:");
            const std::string inward = exchange_from(world->get(), "198.51.100.1", 8080);

            UniqueFd listener;
            ignore(run_in_netns(world->get(),
                                [&]() -> Status {
                                    listener = test::listen_tcp("0.0.0.0", 90);
                                    return {};
                                }),
                   "the exchange tells");
            const pid_t client = ::fork();
            if (client == 0) {
                ignore(exchange_from(web_ns.get(), "198.51.100.2", 90), "");
                ::_exit(0);
            }
            const std::string seen_as = test::serve_one_tcp(listener.get(), "");
            ::waitpid(client, nullptr, 0);
            return inward + " " + seen_as;
        }),
        "web:hi 198.51.100.1");
}

TEST_F(Bridge, ContainersCannotReachTheHostsLoopback) {
    EXPECT_EQ(in_private_machine([]() -> std::string {
                  const auto own = rootless::open_own_netns();
                  const auto plan = prepare(request_for("aaaaaaaaaaaaaaaa", "10.88.0.2"));
                  if (!plan) return plan.error().message;
                  const Server secret(own->get(), "tcp", 6379, "secret:");
                  const auto inside = netns_of(*plan);
                  // route_localnet is on for the bridge: a route to 127.0.0.1 by the gateway would
                  // do without the guard.
                  const std::string said =
                      exchange_from(inside.get(), "10.88.0.1", 6379);  // bound to all: reachable
                  std::string answer;
                  ignore(run_in_netns(
                             inside.get(),
                             [&]() -> Status {
                                 const auto tool = run_captured(
                                     {.program = "/sbin/ip",
                                      .argv = {"ip", "addr", "del", "127.0.0.1/8", "dev", "lo"}});
                                 const auto route = run_captured({.program = "/sbin/ip",
                                                                  .argv = {"ip",
                                                                           "route",
                                                                           "add",
                                                                           "127.0.0.2/32",
                                                                           "via",
                                                                           "10.88.0.1",
                                                                           "src",
                                                                           "10.88.0.2"}});
                                 if (!tool || !route || !route->status.success())
                                     answer = "no route: " + (route ? route->err : "");
                                 TRY(write_existing_at(
                                     AT_FDCWD, "/proc/sys/net/ipv4/conf/eth0/route_localnet", "1"));
                                 return {};
                             }),
                         "told by answer");
                  if (!answer.empty()) return answer;
                  return said + " " + exchange_from(inside.get(), "127.0.0.2", 6379);
              }),
              "secret:hi (timed out)");
}

TEST_F(Bridge, TeardownRemovesItsOwnAndNothingElse) {
    EXPECT_EQ(in_private_machine([]() -> std::string {
                  const auto first = request_for(
                      "aaaaaaaaaaaaaaaa", "10.88.0.2", {{.host_port = 8080, .container_port = 80}});
                  const auto second = request_for(
                      "bbbbbbbbbbbbbbbb", "10.88.0.3", {{.host_port = 8081, .container_port = 80}});
                  const auto a = prepare(first);
                  const auto b = prepare(second);
                  if (!a || !b) return "not prepared";
                  const auto b_ns = netns_of(*b);
                  const Server server(b_ns.get(), "tcp", 80, "b:");
                  if (auto gone = teardown(first); !gone) return say(gone);
                  if (auto again = teardown(first); !again) return say(again);
                  // The port is a third container's now; the first one's second removal must not
                  // take it.
                  const auto third = request_for(
                      "cccccccccccccccc", "10.88.0.4", {{.host_port = 8080, .container_port = 80}});
                  const auto c = prepare(third);
                  if (!c) return c.error().message;
                  if (auto again = teardown(first); !again) return say(again);
                  const auto c_ns = netns_of(*c);
                  const Server late(c_ns.get(), "tcp", 80, "c:");
                  return test::tcp_exchange("127.0.0.1", 8080, "x") + " " +
                         test::tcp_exchange("127.0.0.1", 8081, "y");
              }),
              "c:x b:y");
}

TEST_F(Bridge, APortOfAnotherContainerIsAConflictAndNothingStays) {
    EXPECT_EQ(
        in_private_machine([]() -> std::string {
            const auto first = prepare(request_for(
                "aaaaaaaaaaaaaaaa", "10.88.0.2", {{.host_port = 8080, .container_port = 80}}));
            if (!first) return first.error().message;
            const auto second = request_for("bbbbbbbbbbbbbbbb",
                                            "10.88.0.3",
                                            {{.host_port = 9090, .container_port = 80},
                                             {.host_port = 8080, .container_port = 80}});
            const auto refused = prepare(second);
            if (refused) return "prepared";
            if (exists_at(AT_FDCWD, second.run_dir + "/netns")) return "netns left";
            // 9090 was not published half-way.
            const auto free =
                publish_ports("10.88.0.9", {{.host_port = 9090, .container_port = 1}});
            return refused.error().message + (free ? "" : " but " + free.error().message);
        }),
        "port 8080/tcp is already in use by another container");
}

TEST_F(Bridge, AKilledStartIsStartedOver) {
    EXPECT_EQ(in_private_machine([]() -> std::string {
                  const auto request = request_for("aaaaaaaaaaaaaaaa", "10.88.0.2");
                  const auto first = prepare(request);
                  const auto held = netns_of(
                      *first);  // its namespace lives on, as a killed start's may for a while
                  const auto second = prepare(request);
                  if (!second) return second.error().message;
                  const auto inside = netns_of(*second);
                  const Server server(inside.get(), "tcp", 80, "again:");
                  return test::tcp_exchange("10.88.0.2", 80, "x");
              }),
              "again:x");
}

TEST_F(Bridge, SurvivesARemovedTable) {
    EXPECT_EQ(
        in_private_machine([]() -> std::string {
            if (!prepare(request_for("aaaaaaaaaaaaaaaa", "10.88.0.2"))) return "first";
            const auto flushed =
                run_captured({.program = "/usr/sbin/nft", .argv = {"nft", "flush", "ruleset"}});
            if (!flushed || !flushed->status.success()) return "no nft";
            const auto plan = prepare(request_for(
                "bbbbbbbbbbbbbbbb", "10.88.0.3", {{.host_port = 8080, .container_port = 80}}));
            if (!plan) return plan.error().message;
            const auto inside = netns_of(*plan);
            const Server server(inside.get(), "tcp", 80, "b:");
            return test::tcp_exchange("127.0.0.1", 8080, "x");
        }),
        "b:x");
}

TEST_F(Bridge, CostOfOneContainer) {
    const std::string said = in_private_machine([]() -> std::string {
        using Clock = std::chrono::steady_clock;
        if (!prepare(request_for("first00000000000", "10.88.0.2"))) return "first";
        long plain = 1000000;
        long published = 1000000;
        for (uint16_t i = 0; i < 10; ++i) {
            const auto a = request_for("a" + std::to_string(i) + "00000000000",
                                       "10.88.1." + std::to_string(i));
            const auto b =
                request_for("b" + std::to_string(i) + "00000000000",
                            "10.88.2." + std::to_string(i),
                            {{.host_port = static_cast<uint16_t>(8000 + i), .container_port = 80}});
            auto start = Clock::now();
            if (!prepare(a)) return "a";
            plain = std::min<long>(plain, (Clock::now() - start) / std::chrono::microseconds(1));
            start = Clock::now();
            if (!prepare(b)) return "b";
            published =
                std::min<long>(published, (Clock::now() - start) / std::chrono::microseconds(1));
        }
        return std::to_string(plain) + " us, with a published port " + std::to_string(published) +
               " us";
    });
    std::printf("bridge, one container: %s at best\n", said.c_str());
    EXPECT_NE(said.find(" us, "), std::string::npos) << said;
}

}  // namespace
}  // namespace dhow::engine::network
