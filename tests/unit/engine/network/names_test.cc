// SPDX-License-Identifier: Apache-2.0
// What is pure: addresses, ports, arguments, rules as text, files of names.
#include "base/file.h"
#include "engine/network/firewall.h"
#include "engine/network/network.h"
#include "engine/network/resolver_files.h"
#include "engine/network/user_mode.h"
#include "tests/support/sockets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::engine::network {
namespace {

TEST(BridgeAddresses, TheLowestFreeOneIsPicked) {
    EXPECT_EQ(pick_address({}).value_or(""), "10.88.0.2");
    EXPECT_EQ(pick_address({"10.88.0.2", "10.88.0.4"}).value_or(""), "10.88.0.3");
    EXPECT_EQ(pick_address({"10.88.0.3", "rubbish", "10.88.0.1"}).value_or(""), "10.88.0.2");
    std::set<std::string> many;
    for (int i = 2; i < 256; ++i) many.insert("10.88.0." + std::to_string(i));
    EXPECT_EQ(pick_address(many).value_or(""), "10.88.1.0");
}

TEST(BridgeAddresses, AFullNetworkIsSaidSo) {
    std::set<std::string> all;
    for (int high = 0; high < 256; ++high) {
        for (int low = 0; low < 256; ++low) {
            all.insert("10.88." + std::to_string(high) + "." + std::to_string(low));
        }
    }
    const auto none = pick_address(all);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::Unavailable);
    all.erase("10.88.255.254");
    EXPECT_EQ(pick_address(all).value_or(""), "10.88.255.254");
}

TEST(BridgeAddresses, GatewayAndMacFollow) {
    EXPECT_EQ(gateway_of("10.88.0.7"), "10.88.0.1");
    EXPECT_EQ(mac_of("10.88.1.7"), "02:42:0a:58:01:07");
    EXPECT_EQ(mac_of("x"), "");
}

TEST(Ports, FreeOnesAreChosenAndDiffer) {
    const auto chosen = choose_host_ports({{.container_port = 80},
                                           {.host_ip = "127.0.0.1", .container_port = 81},
                                           {.container_port = 53, .protocol = Protocol::Udp},
                                           {.host_port = 4242, .container_port = 1}});
    ASSERT_TRUE(chosen) << chosen.error().message;
    std::set<uint16_t> ports;
    for (const PortMapping& port : *chosen) ports.insert(port.host_port);
    EXPECT_EQ(ports.size(), 4U);
    EXPECT_EQ(ports.count(0), 0U);
    EXPECT_EQ((*chosen)[3].host_port, 4242);
    EXPECT_TRUE(check_ports_free({(*chosen)[0], (*chosen)[1], (*chosen)[2]}));
}

TEST(Ports, ATakenPortIsNamed) {
    const UniqueFd tcp = test::listen_tcp("127.0.0.1", 0);
    const UniqueFd udp = test::bind_udp("127.0.0.1", 0);
    const uint16_t tcp_port = test::port_of(tcp.get());
    const uint16_t udp_port = test::port_of(udp.get());
    const auto taken = check_ports_free({{.host_port = tcp_port, .container_port = 80}});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().kind, ErrorKind::Conflict);
    EXPECT_EQ(taken.error().message, "port " + std::to_string(tcp_port) + "/tcp is already in use");
    const auto taken_udp = check_ports_free({{.host_ip = "127.0.0.1",
                                              .host_port = udp_port,
                                              .container_port = 53,
                                              .protocol = Protocol::Udp}});
    ASSERT_FALSE(taken_udp);
    EXPECT_EQ(taken_udp.error().message,
              "port 127.0.0.1:" + std::to_string(udp_port) + "/udp is already in use");
    // Another address, another protocol.
    EXPECT_TRUE(
        check_ports_free({{.host_ip = "127.0.0.2", .host_port = tcp_port, .container_port = 1}}));
}

TEST(Ports, TheSamePortTwiceInOneRequestIsTaken) {
    const auto port = choose_host_ports({{.container_port = 80}});
    ASSERT_TRUE(port);
    auto twice = *port;
    twice.push_back({.host_port = twice[0].host_port, .container_port = 81});
    const auto checked = check_ports_free(twice);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind, ErrorKind::Conflict);
}

TEST(Ports, ForeignAndMalformedAddressesAreRefused) {
    const auto foreign = check_ports_free({{.host_ip = "203.0.113.9", .host_port = 8080}});
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().message,
              "open port 203.0.113.9:8080/tcp: the host has no address '203.0.113.9'");
    const auto rubbish = check_ports_free({{.host_ip = "1.2.3", .host_port = 8080}});
    ASSERT_FALSE(rubbish);
    EXPECT_EQ(rubbish.error().kind, ErrorKind::InvalidArgument);
}

bool has_pair(const std::vector<std::string>& argv, const std::string& a, const std::string& b) {
    for (size_t i = 0; i + 1 < argv.size(); ++i) {
        if (argv[i] == a && argv[i + 1] == b) return true;
    }
    return false;
}

TEST(UserMode, PastaGetsEveryPortAndNoWayToTheHostsLoopback) {
    const auto argv = pasta_arguments(
        "/usr/bin/pasta",
        {.netns_path = "/run/x/netns",
         .pid_file = "/run/x/pasta.pid",
         .ports = {{.host_port = 8080, .container_port = 80},
                   {.host_ip = "127.0.0.1", .host_port = 81, .container_port = 81}}});
    EXPECT_EQ(argv[0], "/usr/bin/pasta");
    EXPECT_TRUE(has_pair(argv, "--netns", "/run/x/netns"));
    EXPECT_TRUE(has_pair(argv, "--pid", "/run/x/pasta.pid"));
    EXPECT_TRUE(has_pair(argv, "-t", "8080:80"));
    EXPECT_TRUE(has_pair(argv, "-t", "127.0.0.1/81"));
    EXPECT_TRUE(has_pair(argv, "-u", "none"));
    EXPECT_TRUE(has_pair(argv, "-T", "none"));
    EXPECT_TRUE(has_pair(argv, "-U", "none"));
    EXPECT_NE(std::find(argv.begin(), argv.end(), "--no-map-gw"), argv.end());
}

TEST(UserMode, MissingProgramsAreNamedWithTheirPackage) {
    const auto none = find_user_mode_programs("/nonexistent");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().message, "connect a container's network: 'pasta' is not installed");
    EXPECT_NE(none.error().fix.find("apt install passt"), std::string::npos);
}

TEST(UserMode, Slirp4netnsStepsInOnlyWhenPastaIsMissing) {
    const std::string folder = "/tmp/dhow-programs-" + std::to_string(::getpid());
    ASSERT_TRUE(make_dirs(folder));
    ASSERT_TRUE(replace_file_at(AT_FDCWD, folder + "/slirp4netns", "", 0755));
    EXPECT_EQ(find_user_mode_programs(folder)->slirp4netns, folder + "/slirp4netns");
    ASSERT_TRUE(replace_file_at(AT_FDCWD, folder + "/pasta", "", 0755));
    EXPECT_EQ(find_user_mode_programs(folder)->pasta, folder + "/pasta");
    EXPECT_EQ(find_user_mode_programs(folder)->slirp4netns, "");
    ignore(remove_tree_at(AT_FDCWD, folder), "temporary");
}

TEST(Firewall, ElementsAreOnePortEach) {
    const PortMapping anywhere{.host_port = 8080, .container_port = 80};
    const PortMapping at{
        .host_ip = "127.0.0.1", .host_port = 53, .container_port = 5353, .protocol = Protocol::Udp};
    EXPECT_STREQ(port_map(anywhere), "published");
    EXPECT_EQ(port_element("10.88.0.2", anywhere), "{ tcp . 8080 : 10.88.0.2 . 80 }");
    EXPECT_STREQ(port_map(at), "published_at");
    EXPECT_EQ(port_element("10.88.0.2", at), "{ 127.0.0.1 . udp . 53 : 10.88.0.2 . 5353 }");
}

NamesInput input_for(NetworkKind kind, const std::string& resolv_conf) {
    return {.kind = kind,
            .hostname = "web",
            .aliases = {"web", "shop"},
            .host_resolv_conf = resolv_conf,
            .host_hosts = "127.0.0.1 localhost\n10.1.1.1 printer"};
}

const Plan kPasta{.ip = "10.0.2.100", .host_ip = "192.168.7.5", .nameservers = {"10.0.2.3"}};

std::string resolver(NetworkKind kind, const std::string& text, const Plan& plan = kPasta) {
    const auto files = build_name_files(input_for(kind, text), plan);
    return files ? files->resolv_conf : files.error().message;
}

TEST(NameFiles, LoopbackServersAreReplacedByTheNetworksOwn) {
    EXPECT_EQ(
        resolver(NetworkKind::Pasta, "# local\nnameserver 127.0.0.53\noptions edns0\nsearch lan\n"),
        "nameserver 10.0.2.3\noptions edns0\nsearch lan\n");
    EXPECT_EQ(
        resolver(NetworkKind::Pasta, "nameserver ::1\nnameserver 127.0.0.1\nnameserver 9.9.9.9\n"),
        "nameserver 10.0.2.3\nnameserver 9.9.9.9\n");
    EXPECT_EQ(resolver(NetworkKind::Pasta, "nameserver 9.9.9.9 # quad\nnameserverx 1\n"),
              "nameserver 9.9.9.9 # quad\nnameserverx 1\n");
}

TEST(NameFiles, WithoutAServerOfTheHostTheNetworksOwnIsUsed) {
    EXPECT_EQ(resolver(NetworkKind::Pasta, ""), "nameserver 10.0.2.3\n");
    EXPECT_EQ(resolver(NetworkKind::Bridge, "nameserver 127.0.0.1\n", Plan{}), "");
}

TEST(NameFiles, TheHostsNetworkKeepsTheHostsFiles) {
    const auto files =
        build_name_files(input_for(NetworkKind::Host, "nameserver 127.0.0.53\n"), Plan{});
    ASSERT_TRUE(files);
    EXPECT_EQ(files->resolv_conf, "nameserver 127.0.0.53\n");
    EXPECT_EQ(files->hosts, "127.0.0.1 localhost\n10.1.1.1 printer\n");
}

TEST(NameFiles, HostsNamesTheContainerAndTheHost) {
    const auto files = build_name_files(input_for(NetworkKind::Pasta, ""), kPasta);
    ASSERT_TRUE(files);
    EXPECT_EQ(files->hosts,
              "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
              "10.0.2.100 web shop\n"
              "192.168.7.5 host.containers.internal host.docker.internal\n");
    EXPECT_EQ(files->hostname, "web\n");
    const auto alone =
        build_name_files(input_for(NetworkKind::None, "nameserver 9.9.9.9\n"), Plan{});
    ASSERT_TRUE(alone);
    EXPECT_EQ(
        alone->hosts,
        "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.0.1 web shop\n");
    EXPECT_EQ(alone->resolv_conf, "");
}

TEST(NameFiles, NamesThatWouldAddALineAreRefused) {
    for (const char* name : {"a\n6.6.6.6 bank.example", "a b", "", "a#b", "a/b", "a\tb"}) {
        auto input = input_for(NetworkKind::Pasta, "");
        input.hostname = name;
        EXPECT_FALSE(build_name_files(input, kPasta)) << name;
    }
}

TEST(NameFiles, AreWrittenReadableWhateverTheUmask) {
    const std::string folder = "/tmp/dhow-names-" + std::to_string(::getpid());
    ASSERT_TRUE(make_dirs(folder));
    const auto fd = open_dir_at(AT_FDCWD, folder);
    const mode_t before = ::umask(0777);
    const auto written = write_name_files(fd->get(), {"r", "h", "n"});
    ::umask(before);
    EXPECT_TRUE(written) << written.error().message;

    struct stat info {};

    ASSERT_EQ(::stat((folder + "/hosts").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0644U);
    EXPECT_EQ(read_file_at(fd->get(), "resolv.conf").value_or(""), "r");
    ignore(remove_tree_at(AT_FDCWD, folder), "temporary");
}

}  // namespace
}  // namespace dhow::engine::network
