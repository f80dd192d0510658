// SPDX-License-Identifier: Apache-2.0
// pasta, slirp4netns and the rootless bridge for a real ordinary user, started as the shim starts
// them.
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "engine/network/forward.h"
#include "engine/network/network.h"
#include "engine/network/user_mode.h"
#include "rootless/enter.h"
#include "rootless/netns.h"
#include "tests/support/sockets.h"
#include "tests/support/test_user.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::engine::network {
namespace {

using rootless::run_in_netns;
using test::TestUser;

std::string to_text(const Error& error) {
    return error.message + " | " + error.fix;
}

// What the shim does with a plan's sidecars: started in order, killed at the end.
class Sidecars {
  public:
    ~Sidecars() {
        for (const UniqueFd& pidfd : pidfds_) {
            ignore(signal_process(pidfd.get(), SIGKILL), "a test's end");
            ignore(wait_for_end(pidfd.get(), std::chrono::seconds(5)), "a test's end");
        }
    }

    std::string start(const Plan& plan) {
        for (const shim::Sidecar& sidecar : plan.sidecars) {
            SpawnOptions options{.program = sidecar.argv[0], .argv = sidecar.argv};
            if (!sidecar.daemonizes) {
                options.null_stdin = true;
                auto child = spawn(options);
                if (!child) return to_text(child.error());
                pidfds_.push_back(open_pidfd(child->pid()).take());
                child->detach();
                continue;
            }
            const auto done = run_captured(options);
            if (!done) return to_text(done.error());
            if (!done->status.success()) return "sidecar failed: " + done->out + done->err;
            const auto text = read_file_at(AT_FDCWD, sidecar.pid_file);
            const auto pid = parse_int<pid_t>(trim(text.has_value() ? *text : ""));
            if (!pid) return "no pid file";
            auto pidfd = open_pidfd(*pid);
            if (!pidfd) return "sidecar is gone";
            pidfds_.push_back(pidfd.take());
        }
        return {};
    }

  private:
    std::vector<UniqueFd> pidfds_;
};

class RootlessNetwork : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { user_ = new TestUser(); }

    static void TearDownTestSuite() {
        delete user_;
        user_ = nullptr;
    }

    void SetUp() override {
        if (!user_->made()) GTEST_SKIP() << "needs root and useradd";
        if (::access("/usr/bin/pasta", X_OK) != 0) GTEST_SKIP() << "pasta is not installed";
        if (host_address().empty()) GTEST_SKIP() << "pasta needs a default route";
    }

    // `body` as the user, in the held namespaces.
    static std::string inside(const std::function<std::string()>& body) {
        return user_->run([&]() -> std::string {
            const auto entered =
                rootless::enter({.run_root = user_->run_root(), .init_path = HOLD_HELPER});
            return entered ? body() : to_text(entered.error());
        });
    }

    static Request request_for(const std::string& id,
                               NetworkKind kind,
                               std::vector<PortMapping> ports,
                               const std::string& ip = {}) {
        const std::string run_dir = user_->run_root() + "/c/" + id;
        ignore(make_dirs(run_dir), "bind_netns() tells");
        auto chosen = choose_host_ports(std::move(ports));
        return {.id = id,
                .kind = kind,
                .ports = chosen.take(),
                .run_root = user_->run_root(),
                .run_dir = run_dir,
                .ip = ip,
                .forward_path = FORWARD_HELPER};
    }

    static TestUser* user_;
};

TestUser* RootlessNetwork::user_ = nullptr;

// One server in the plan's namespace for one request; what the client got, and as whom it came.
std::string exchange_with(const Plan& plan,
                          const std::string& protocol,
                          uint16_t inside_port,
                          uint16_t port) {
    const auto netns = open_at(AT_FDCWD, plan.netns_path, O_RDONLY);
    if (!netns) return netns.error().message;
    UniqueFd socket;
    const bool tcp = protocol == "tcp";
    const auto bound = run_in_netns(netns->get(), [&]() -> Status {
        socket =
            tcp ? test::listen_tcp("0.0.0.0", inside_port) : test::bind_udp("0.0.0.0", inside_port);
        return {};
    });
    if (!bound || !socket) return "no server";
    const pid_t server = ::fork();
    if (server == 0) {
        ignore(tcp ? test::serve_one_tcp(socket.get(), "in:")
                   : test::serve_one_udp(socket.get(), "in:"),
               "");
        ::_exit(0);
    }
    std::string answer = tcp ? test::tcp_exchange("127.0.0.1", port, "hi")
                             : test::udp_exchange("127.0.0.1", port, "hi");
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
    return answer;
}

// From the plan's namespace to a server of the host on its real address. The client does not close
// its half first: Debian 12's pasta then repeats or loses what the server still has to say.
std::string reach_host(const Plan& plan) {
    const UniqueFd listener = test::listen_tcp("0.0.0.0", 0);
    const uint16_t port = test::port_of(listener.get());
    const pid_t server = ::fork();
    if (server == 0) {
        ignore(test::greet_one_tcp(listener.get(), "host:hi"), "");
        ::_exit(0);
    }
    const auto netns = open_at(AT_FDCWD, plan.netns_path, O_RDONLY);
    std::string answer;
    ignore(run_in_netns(netns->get(),
                        [&]() -> Status {
                            answer = test::tcp_listen_to(plan.host_ip, port);
                            return {};
                        }),
           "the answer tells");
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
    return answer;
}

TEST_F(RootlessNetwork, PastaCarriesPublishedPortsInAndConnectionsOut) {
    EXPECT_EQ(inside([]() -> std::string {
                  const auto request = request_for(
                      "pasta1",
                      NetworkKind::Pasta,
                      {{.container_port = 80}, {.container_port = 53, .protocol = Protocol::Udp}});
                  const auto plan = prepare(request);
                  if (!plan) return to_text(plan.error());
                  Sidecars sidecars;
                  const auto start = std::chrono::steady_clock::now();
                  if (const auto trouble = sidecars.start(*plan); !trouble.empty()) return trouble;
                  const auto spent = std::chrono::steady_clock::now() - start;
                  std::fprintf(stderr,
                               "pasta ready in %ld ms\n",
                               static_cast<long>(spent / std::chrono::milliseconds(1)));
                  if (plan->ip != "10.0.2.100") return "plan";
                  std::string said = exchange_with(*plan, "tcp", 80, request.ports[0].host_port) +
                                     " " +
                                     exchange_with(*plan, "udp", 53, request.ports[1].host_port) +
                                     " " + reach_host(*plan);
                  const auto gone = teardown(request);
                  return gone ? said : to_text(gone.error());
              }),
              "in:hi in:hi host:hi");
}

TEST_F(RootlessNetwork, ATakenPortIsToldBeforeAnythingIsMade) {
    const UniqueFd taken = test::listen_tcp("0.0.0.0", 0);
    const uint16_t port = test::port_of(taken.get());
    EXPECT_EQ(inside([&]() -> std::string {
                  const auto request = request_for(
                      "taken", NetworkKind::Pasta, {{.host_port = port, .container_port = 80}});
                  const auto plan = prepare(request);
                  if (plan) return "prepared";
                  if (plan.error().kind != ErrorKind::Conflict) return "wrong kind";
                  if (exists_at(AT_FDCWD, request.run_dir + "/netns")) return "netns left";
                  return plan.error().message;
              }),
              "port " + std::to_string(port) + "/tcp is already in use");
}

TEST_F(RootlessNetwork, ALowPortNamesTheSysctl) {
    if (read_file_at(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start").value_or("") !=
        "1024\n") {
        GTEST_SKIP() << "low ports are everybody's here";
    }
    EXPECT_EQ(inside([]() -> std::string {
                  const auto plan = prepare(request_for(
                      "low", NetworkKind::Pasta, {{.host_port = 81, .container_port = 80}}));
                  return plan ? "prepared" : to_text(plan.error());
              }),
              "port 81/tcp may not be opened by an ordinary user | publish a host port from 1024 "
              "up, or run as "
              "root: sysctl -w net.ipv4.ip_unprivileged_port_start=81");
}

TEST_F(RootlessNetwork, Slirp4netnsAndTheForwarderDoTheSame) {
    if (::access("/usr/bin/slirp4netns", X_OK) != 0) GTEST_SKIP() << "slirp4netns is not installed";
    EXPECT_EQ(
        inside([]() -> std::string {
            const auto request = request_for("slirp", NetworkKind::Pasta, {{.container_port = 80}});
            const auto netns = rootless::create_netns({});
            if (!netns || !rootless::bind_netns(netns->get(), request.run_dir + "/netns"))
                return "no netns";
            Plan plan{.netns_path = request.run_dir + "/netns", .host_ip = host_address()};
            plan.sidecars.push_back(
                {.argv = slirp_arguments("/usr/bin/slirp4netns", {.netns_path = plan.netns_path})});
            plan.sidecars.push_back(
                forward_sidecar(request, request.ports, "10.0.2.100", "eth0").take());
            Sidecars sidecars;
            if (const auto trouble = sidecars.start(plan); !trouble.empty()) return trouble;
            return exchange_with(plan, "tcp", 80, request.ports[0].host_port) + " " +
                   reach_host(plan);
        }),
        "in:hi host:hi");
}

TEST_F(RootlessNetwork, TheBridgeIsSharedAndReachesTheOutside) {
    EXPECT_EQ(
        inside([]() -> std::string {
            const auto first = request_for(
                "bridge1aaaaaaaa",
                NetworkKind::Bridge,
                {{.container_port = 80}, {.container_port = 53, .protocol = Protocol::Udp}},
                "10.88.0.2");
            const auto second =
                request_for("bridge2bbbbbbbb", NetworkKind::Bridge, {}, "10.88.0.3");
            const auto start = std::chrono::steady_clock::now();
            const auto a = prepare(first);
            const auto middle = std::chrono::steady_clock::now();
            if (!a) return to_text(a.error());
            const auto b = prepare(second);
            const auto end = std::chrono::steady_clock::now();
            if (!b) return to_text(b.error());
            std::fprintf(stderr,
                         "rootless bridge: first %ld us, next %ld us\n",
                         static_cast<long>((middle - start) / std::chrono::microseconds(1)),
                         static_cast<long>((end - middle) / std::chrono::microseconds(1)));
            Sidecars sidecars;
            if (const auto trouble = sidecars.start(*a); !trouble.empty()) return trouble;
            std::string said = exchange_with(*a, "tcp", 80, first.ports[0].host_port) + " " +
                               exchange_with(*a, "udp", 53, first.ports[1].host_port) + " " +
                               reach_host(*b);
            // Neighbours.
            const auto a_ns = open_at(AT_FDCWD, a->netns_path, O_RDONLY);
            const auto b_ns = open_at(AT_FDCWD, b->netns_path, O_RDONLY);
            UniqueFd listener;
            std::string answer;
            ignore(run_in_netns(a_ns->get(),
                                [&]() -> Status {
                                    listener = test::listen_tcp("0.0.0.0", 90);
                                    return {};
                                }),
                   "the answer tells");
            const pid_t server = ::fork();
            if (server == 0) {
                ignore(test::serve_one_tcp(listener.get(), "a:"), "");
                ::_exit(0);
            }
            ignore(run_in_netns(b_ns->get(),
                                [&]() -> Status {
                                    answer = test::tcp_exchange("10.88.0.2", 90, "b");
                                    return {};
                                }),
                   "the answer tells");
            ::waitpid(server, nullptr, 0);
            // One pasta for both, gone after the last.
            const auto pid_text = read_file_at(AT_FDCWD, user_->run_root() + "/bridge/pasta");
            const auto pid = parse_int<pid_t>(split(pid_text.has_value() ? *pid_text : "", ' ')[0]);
            if (!pid || ::kill(*pid, 0) != 0) return "no pasta";
            const auto pidfd = open_pidfd(*pid);
            if (!teardown(first) || !teardown(first)) return "first teardown";
            if (wait_for_end(pidfd->get(), std::chrono::milliseconds(0)).value_or(true))
                return "pasta ended early";
            if (!teardown(second)) return "second teardown";
            const bool ended = wait_for_end(pidfd->get(), std::chrono::seconds(2)).value_or(false);
            return said + " " + answer + (ended ? " ended" : " pasta left");
        }),
        "in:hi in:hi host:hi a:b ended");
}

TEST_F(RootlessNetwork, AKilledSharedPastaIsReplaced) {
    EXPECT_EQ(
        inside([]() -> std::string {
            const auto first = request_for("again1aaaaaaaa", NetworkKind::Bridge, {}, "10.88.0.2");
            const auto second = request_for("again2bbbbbbbb", NetworkKind::Bridge, {}, "10.88.0.3");
            if (!prepare(first)) return "first";
            const auto text = read_file_at(AT_FDCWD, user_->run_root() + "/bridge/pasta");
            const auto pid = parse_int<pid_t>(split(text.has_value() ? *text : "", ' ')[0]);
            if (!pid) return "no pasta";
            const auto pidfd = open_pidfd(*pid);
            ignore(signal_process(pidfd->get(), SIGKILL), "checked by the wait");
            if (!wait_for_end(pidfd->get(), std::chrono::seconds(2)).value_or(false))
                return "alive";
            const auto plan = prepare(second);
            if (!plan) return to_text(plan.error());
            const std::string said = reach_host(*plan);
            if (!teardown(first) || !teardown(second)) return "teardown";
            return said;
        }),
        "host:hi");
}

}  // namespace
}  // namespace dhow::engine::network
