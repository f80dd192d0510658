// SPDX-License-Identifier: Apache-2.0
// The specs users write on the command line: each parser as a table of texts and what they mean.
#include "base/text.h"
#include "cmd/dhow/parse/environment.h"
#include "cmd/dhow/parse/mounts.h"
#include "cmd/dhow/parse/numbers.h"
#include "cmd/dhow/parse/policies.h"
#include "cmd/dhow/parse/ports.h"
#include "cmd/dhow/parse/times.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <ctime>

namespace dhow::cli {
namespace {

using namespace std::chrono_literals;

TEST(ParseBytes, Table) {
    const std::pair<const char*, int64_t> good[] = {
        {"0", 0},
        {"64", 64},
        {"64b", 64},
        {"1k", 1024},
        {"1K", 1024},
        {"1kb", 1024},
        {"512m", 512LL << 20U},
        {"512MiB", 512LL << 20U},
        {"1.5g", 3LL << 29U},
        {".5k", 512},
        {"1.k", 1024},
        {"2T", 2LL << 40U},
        {"1p", 1LL << 50U},
        {"9223372036854775807", INT64_MAX},
        {"8191p", 8191LL << 50U},
    };
    for (const auto& [text, bytes] : good) {
        const Result<int64_t> parsed = parse_bytes(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, bytes) << text;
    }
    for (const char* bad : {"",
                            "m",
                            "-1",
                            "1x",
                            " 1",
                            "1 m",
                            "1mm",
                            "1.2.3",
                            "abc",
                            "8192p",
                            "1e3",
                            "1ib",
                            "i",
                            "9223372036854775808",
                            ".",
                            "1.-5"}) {
        EXPECT_FALSE(parse_bytes(bad)) << "'" << bad << "'";
    }
    EXPECT_EQ(parse_bytes("5q").error().message, "invalid size '5q'");
}

TEST(ParseNanoCpus, Table) {
    EXPECT_EQ(*parse_nano_cpus("1.5"), 1'500'000'000);
    EXPECT_EQ(*parse_nano_cpus("0.000000001"), 1);
    EXPECT_EQ(*parse_nano_cpus("64"), 64'000'000'000);
    for (const char* bad : {"", "x", "-1", "1,5", "1.5x", "99999999999999"}) {
        EXPECT_FALSE(parse_nano_cpus(bad)) << bad;
    }
}

TEST(ParseDuration, Table) {
    const std::pair<const char*, std::chrono::nanoseconds> good[] = {
        {"0", 0s},
        {"10s", 10s},
        {"1h30m", 90min},
        {"300ms", 300ms},
        {"1.5h", 90min},
        {"-5m", -5min},
        {"1m0.5s", 60'500ms},
        {"100us", 100us},
        {"1µs", 1us},
        {"2ns", 2ns},
        {"+1s", 1s},
        {"2540400h10m10s", 2540400h + 10min + 10s},
    };
    for (const auto& [text, span] : good) {
        const auto parsed = parse_duration(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, span) << text;
    }
    for (const char* bad :
         {"", "10", "s", "-", "1d", "1h30", "1..5s", "1h -5m", "9999999999h", ".s"}) {
        EXPECT_FALSE(parse_duration(bad)) << "'" << bad << "'";
    }
}

std::string ports_of(const char* text) {
    const auto parsed = parse_port(text);
    if (!parsed) return "error";
    std::string out;
    for (const engine::PortMapping& port : *parsed) {
        if (!out.empty()) out += " ";
        out += port.host_ip + "|" + std::to_string(port.host_port) + "|" +
               std::to_string(port.container_port) +
               (port.protocol == engine::Protocol::Udp ? "|udp" : "");
    }
    return out;
}

TEST(ParsePort, Table) {
    const std::pair<const char*, const char*> cases[] = {
        {"80", "|0|80"},
        {"8080:80", "|8080|80"},
        {"8080:80/tcp", "|8080|80"},
        {"8080:80/UDP", "|8080|80|udp"},
        {"53/udp", "|0|53|udp"},
        {":80", "|0|80"},
        {"0:80", "|0|80"},
        {"127.0.0.1:8080:80", "127.0.0.1|8080|80"},
        {"127.0.0.1:8080:80/udp", "127.0.0.1|8080|80|udp"},
        {"127.0.0.1::80", "127.0.0.1|0|80"},
        {"[::1]:8080:80", "::1|8080|80"},
        {"[fe80::1]::80", "fe80::1|0|80"},
        {"8000-8002:80-82", "|8000|80 |8001|81 |8002|82"},
        {"80-81", "|0|80 |0|81"},
        {"127.0.0.1:1-2:3-4", "127.0.0.1|1|3 127.0.0.1|2|4"},
        {"65535:65535", "|65535|65535"},
        {"", "error"},
        {"abc", "error"},
        {"8080:", "error"},
        {"8080:0", "error"},
        {"65536:80", "error"},
        {"80:90:100:70", "error"},
        {"localhost:80:80", "error"},
        {"::1:80:80", "error"},
        {"[::1]:80", "error"},
        {"[::1:80:80", "error"},
        {"[1.2.3.4]:80:80", "error"},
        {"[::1]:1:2:3", "error"},
        {"8000-8001:80", "error"},
        {"8002-8000:80-82", "error"},
        {"80/sctpx", "error"},
        {"80/", "error"},
        {"-80:80", "error"},
        {" 80:80", "error"},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(ports_of(text), expected) << text;
    EXPECT_EQ(parse_port("80:90:100:70").error().message,
              "invalid port mapping '80:90:100:70': too many colons");
}

std::string described(const Result<engine::MountSpec>& parsed) {
    if (!parsed) return "error";
    static constexpr const char* kKinds[] = {"bind", "volume", "tmpfs"};
    return std::string(kKinds[static_cast<int>(parsed->kind)]) + " " + parsed->source + " -> " +
           parsed->destination + (parsed->read_only ? " ro" : "") +
           (parsed->options.empty() ? "" : " " + join(parsed->options, ","));
}

TEST(ParseVolume, Table) {
    const std::pair<const char*, const char*> cases[] = {
        {"/src:/dst", "bind /src -> /dst"},
        {"/src:/dst:ro", "bind /src -> /dst ro"},
        {"/src:/dst:ro,z", "bind /src -> /dst ro z"},
        {"/src:/dst:Z,U,rprivate", "bind /src -> /dst Z,U,rprivate"},
        {"/src:/dst:ro,rw", "bind /src -> /dst"},
        {"/a/../b//c/:/dst/./x/", "bind /b/c -> /dst/x"},
        {"./rel:/dst", "bind /work/rel -> /dst"},
        {"../up:/dst", "bind /up -> /dst"},
        {".:/dst", "bind /work -> /dst"},
        {"data:/dst", "volume data -> /dst"},
        {"data:/dst:noexec", "volume data -> /dst noexec"},
        {"/only", "volume  -> /only"},
        {"/:/host", "bind / -> /host"},
        {"", "error"},
        {"foo", "error"},
        {":/dst", "error"},
        {"/src:", "error"},
        {"/src:dst", "error"},
        {"/src:/", "error"},
        {"/src:/..", "error"},
        {"a/b:/dst", "error"},
        {"-x:/dst", "error"},
        {"a:b:c:d", "error"},
        {"/src:/dst:", "error"},
        {"/src:/dst:bogus", "error"},
        {"/src:/dst:size=1", "error"},
    };
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(described(parse_volume(text, "/work")), expected) << text;
    }
    EXPECT_EQ(parse_volume("/src:/dst:bogus", "/").error().message,
              "invalid volume '/src:/dst:bogus': unknown option 'bogus'");
}

TEST(ParseMount, Table) {
    const std::pair<const char*, const char*> cases[] = {
        {"type=bind,source=/s,destination=/d", "bind /s -> /d"},
        {"type=bind,src=s,target=/d", "bind /work/s -> /d"},
        {"type=bind,src=/s,dst=/d,ro", "bind /s -> /d ro"},
        {"type=bind,src=/s,dst=/d,readonly=true", "bind /s -> /d ro"},
        {"type=bind,src=/s,dst=/d,ro=false", "bind /s -> /d"},
        {"type=bind,src=/s,dst=/d,rw=false", "bind /s -> /d ro"},
        {"type=bind,src=/s,dst=/d,bind-propagation=rslave", "bind /s -> /d rslave"},
        {"type=bind,src=/s,dst=/d,relabel=shared,U=true", "bind /s -> /d z,U"},
        {"type=volume,source=data,destination=/d", "volume data -> /d"},
        {"source=data,destination=/d", "volume data -> /d"},
        {"type=volume,destination=/d", "volume  -> /d"},
        {"type=tmpfs,destination=/d", "tmpfs  -> /d"},
        {"type=tmpfs,dst=/d,tmpfs-size=64m,tmpfs-mode=1777", "tmpfs  -> /d size=64m,mode=1777"},
        {"type=tmpfs,dst=/d,noexec,ro", "tmpfs  -> /d ro noexec"},
        {"", "error"},
        {"type=bind,destination=/d", "error"},
        {"type=bind,source=/s", "error"},
        {"type=bind,source=/s,destination=d", "error"},
        {"type=volume,source=/s,destination=/d", "error"},
        {"type=tmpfs,source=/s,destination=/d", "error"},
        {"type=fuse,source=/s,destination=/d", "error"},
        {"type=bind,source=/s,destination=/d,bogus=1", "error"},
        {"type=bind,source=/s,destination=/d,size=1m", "error"},
        {"type=bind,source=/s,destination=/d,ro=maybe", "error"},
        {"type=bind,source=/s,destination=/d,bind-propagation=x", "error"},
    };
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(described(parse_mount(text, "/work")), expected) << text;
    }
}

TEST(ParseTmpfs, Table) {
    const std::pair<const char*, const char*> cases[] = {
        {"/run", "tmpfs  -> /run"},
        {"/run:size=64m,mode=1777,noexec", "tmpfs  -> /run size=64m,mode=1777,noexec"},
        {"/run:ro", "tmpfs  -> /run ro"},
        {"/run:", "tmpfs  -> /run"},
        {"run", "error"},
        {"/", "error"},
        {"/run:size=", "error"},
        {"/run:bogus", "error"},
        {"/run:lowerdir=/etc", "error"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(described(parse_tmpfs(text)), expected) << text;
}

TEST(ParseRestart, Table) {
    using engine::RestartKind;
    EXPECT_EQ(*parse_restart("no"), (engine::RestartPolicy{}));
    EXPECT_EQ(*parse_restart("never"), (engine::RestartPolicy{}));
    EXPECT_EQ(*parse_restart("always"), (engine::RestartPolicy{RestartKind::Always, 0}));
    EXPECT_EQ(*parse_restart("unless-stopped"),
              (engine::RestartPolicy{RestartKind::UnlessStopped, 0}));
    EXPECT_EQ(*parse_restart("on-failure"), (engine::RestartPolicy{RestartKind::OnFailure, 0}));
    EXPECT_EQ(*parse_restart("on-failure:3"), (engine::RestartPolicy{RestartKind::OnFailure, 3}));
    for (const char* bad :
         {"", "foo", "always:3", "on-failure:", "on-failure:-1", "on-failure:x", "No"}) {
        EXPECT_FALSE(parse_restart(bad)) << bad;
    }
}

TEST(ParsePull, Table) {
    EXPECT_EQ(*parse_pull("Always"), engine::PullPolicy::Always);
    EXPECT_EQ(*parse_pull("missing"), engine::PullPolicy::Missing);
    EXPECT_EQ(*parse_pull("never"), engine::PullPolicy::Never);
    EXPECT_EQ(*parse_pull("newer"), engine::PullPolicy::Newer);
    EXPECT_FALSE(parse_pull("x"));
    EXPECT_FALSE(parse_pull(""));
}

TEST(ParseNetwork, Table) {
    using engine::NetworkKind;
    EXPECT_EQ(parse_network("none")->kind, NetworkKind::None);
    EXPECT_EQ(parse_network("host")->kind, NetworkKind::Host);
    EXPECT_EQ(parse_network("bridge")->kind, NetworkKind::Bridge);
    EXPECT_EQ(parse_network("pasta")->kind, NetworkKind::Pasta);
    EXPECT_EQ(parse_network("default")->kind, NetworkKind::Default);
    EXPECT_EQ(parse_network("container:web")->kind, NetworkKind::Container);
    EXPECT_EQ(parse_network("container:web")->container, "web");
    for (const char* bad : {"", "foo", "container:", "Host"})
        EXPECT_FALSE(parse_network(bad)) << bad;
}

TEST(ParseSignal, Table) {
    const std::pair<const char*, int> good[] = {
        {"KILL", SIGKILL},
        {"SIGKILL", SIGKILL},
        {"sigterm", SIGTERM},
        {"hup", SIGHUP},
        {"9", 9},
        {"64", 64},
        {"RTMIN", 34},
        {"RTMIN+3", 37},
        {"SIGRTMAX", 64},
        {"rtmax-1", 63},
    };
    for (const auto& [text, number] : good) {
        const auto parsed = parse_signal(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, number) << text;
    }
    for (const char* bad :
         {"", "FOO", "0", "65", "-1", "SIG", "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMIN+", "9 "}) {
        EXPECT_FALSE(parse_signal(bad)) << bad;
    }
    EXPECT_EQ(parse_signal("FOO").error().message, "invalid signal 'FOO'");
}

TEST(ParseUser, Table) {
    for (const char* good : {"root", "0", "1000:1000", "user:group", "a.b-c_d$"}) {
        EXPECT_TRUE(parse_user(good)) << good;
    }
    for (const char* bad : {"", ":", "a:", ":g", "a:b:c", "a b", "a\nb", "../x"}) {
        EXPECT_FALSE(parse_user(bad)) << bad;
    }
}

TEST(ParseTime, Table) {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    constexpr UnixNanos kSecond = 1'000'000'000;
    constexpr UnixNanos kNow = 1'700'000'000 * kSecond;
    const std::pair<const char*, UnixNanos> good[] = {
        {"1600000000", 1'600'000'000 * kSecond},
        {"1600000000.25", 1'600'000'000 * kSecond + kSecond / 4},
        {"0", 0},
        {"10m", kNow - 600 * kSecond},
        {"1h30m", kNow - 5400 * kSecond},
        {"-10m", kNow + 600 * kSecond},
        {"2020-09-13T12:26:40Z", 1'600'000'000 * kSecond},
        {"2020-09-13T14:26:40+02:00", 1'600'000'000 * kSecond},
        {"2020-09-13T12:26:40.5Z", 1'600'000'000 * kSecond + kSecond / 2},
        {"2020-09-13T12:26:40", 1'600'000'000 * kSecond},
        {"2020-09-13T12:26:40.5", 1'600'000'000 * kSecond + kSecond / 2},
        {"2020-09-13T12:26", 1'599'999'960 * kSecond},
        {"2020-09-13T12", 1'599'998'400 * kSecond},
        {"2020-09-13", 1'599'955'200 * kSecond},
    };
    for (const auto& [text, time] : good) {
        const auto parsed = parse_time(text, kNow);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, time) << text;
    }
    for (const char* bad : {"",
                            "yesterday",
                            "2020-13-01",
                            "2020-02-31",
                            "2020-09-13T25",
                            "2020-09-13T",
                            "2020-09-13X12",
                            "2020-9-13",
                            "10x",
                            "99999999999999999999"}) {
        EXPECT_FALSE(parse_time(bad, kNow)) << bad;
    }
}

TEST(Environment, ImportsOnlyWhatIsNamed) {
    const HostEnvironment host{"HOME=/h", "LC_A=1", "LC_B=2", "SECRET=x", "HOMER=no"};
    std::vector<std::string> env;
    for (const char* text : {"A=1", "B=", "C=x=y", "HOME", "UNSET", "LC_*"}) {
        ASSERT_TRUE(add_env(text, host, env)) << text;
    }
    EXPECT_EQ(env, (std::vector<std::string>{"A=1", "B=", "C=x=y", "HOME=/h", "LC_A=1", "LC_B=2"}));
    EXPECT_FALSE(add_env("=x", host, env));
    EXPECT_FALSE(add_env("", host, env));
}

TEST(Environment, ReadsFiles) {
    const HostEnvironment host{"HOME=/h"};
    std::vector<std::string> env;
    ASSERT_TRUE(
        add_env_file("# comment\n\nA=1\n  B=two words \r\nHOME\nQ=\"kept\"\n   # more", host, env));
    EXPECT_EQ(env, (std::vector<std::string>{"A=1", "B=two words ", "HOME=/h", "Q=\"kept\""}));
    EXPECT_FALSE(add_env_file("A B=1\n", host, env));
    EXPECT_FALSE(add_env_file("=1\n", host, env));
}

TEST(Environment, LastOfEachNameWins) {
    EXPECT_EQ(last_of_each({"A=1", "B=2", "A=3", "AB=4", "A="}),
              (std::vector<std::string>{"A=", "B=2", "AB=4"}));
}

TEST(Pairs, Table) {
    std::map<std::string, std::string> pairs;
    ASSERT_TRUE(add_pair("a=1", "label", pairs));
    ASSERT_TRUE(add_pair("b", "label", pairs));
    ASSERT_TRUE(add_pair("c=x=y", "label", pairs));
    ASSERT_TRUE(add_pair("a=2", "label", pairs));
    ASSERT_TRUE(add_pair_file("# c\nd=4\n\ne\n", "label", pairs));
    EXPECT_EQ(pairs,
              (std::map<std::string, std::string>{
                  {"a", "2"}, {"b", ""}, {"c", "x=y"}, {"d", "4"}, {"e", ""}}));
    EXPECT_EQ(add_pair("=1", "label", pairs).error().message, "invalid label '=1': it has no key");
}

}  // namespace
}  // namespace dhow::cli
