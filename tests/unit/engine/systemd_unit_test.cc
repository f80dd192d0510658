// SPDX-License-Identifier: Apache-2.0
// Units are read by systemd: no name, command or option of a user's may become another directive.
#include "engine/systemd_unit.h"

#include "base/text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dhow::engine {
namespace {

using Words = std::vector<std::string>;

ContainerConfig web() {
    ContainerConfig config;
    config.id = std::string(64, 'a');
    config.name = "web";
    config.image = "docker.io/library/nginx:latest";
    config.entrypoint = {"/entry", "first"};
    config.options.command = {"sh", "-c", "echo $HOME 50% \"x\"\n"};
    config.options.network = NetworkKind::Pasta;
    return config;
}

std::string unit_of(const ContainerConfig& config, const GenerateSystemdRequest& request) {
    const UnitInput input{
        .config = config, .request = request, .dhow = {"/usr/bin/dhow", "--root", "/var/my data"}};
    auto unit = build_systemd_unit(input);
    EXPECT_TRUE(unit) << unit.error().message;
    return unit ? unit.take() : "";
}

std::string value_of(const std::string& unit, const std::string& key) {
    std::string found = "(none)";
    for (const std::string& line : split(unit, '\n')) {
        if (!line.starts_with(key + "=")) continue;
        EXPECT_EQ(found, "(none)") << "twice: " << key;
        found = line.substr(key.size() + 1);
    }
    return found;
}

bool has(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

TEST(SystemdUnit, WordsAreQuotedAsSystemdReadsThem) {
    EXPECT_EQ(quote_unit_word("plain-1_./:=,@+"), "plain-1_./:=,@+");
    EXPECT_EQ(quote_unit_word(""), "\"\"");
    EXPECT_EQ(quote_unit_word("two words"), "\"two words\"");
    EXPECT_EQ(quote_unit_word("50%"), "\"50%%\"");
    EXPECT_EQ(quote_unit_word("$HOME ${A}"), "\"$$HOME $${A}\"");
    EXPECT_EQ(quote_unit_word("a\"b\\c'd"), "\"a\\\"b\\\\c'd\"");
    EXPECT_EQ(quote_unit_word("a\nExecStart=/evil\t\x7f"), "\"a\\x0aExecStart=/evil\\x09\\x7f\"");
    EXPECT_EQ(quote_unit_word(";"), "\";\"");
    EXPECT_EQ(quote_unit_word("#"), "\"#\"");
    EXPECT_EQ(quote_unit_word("\u00e9"), "\"\u00e9\"");
}

TEST(SystemdUnit, StartsAndStopsAContainerThatIsThere) {
    const std::string unit = unit_of(web(), {.container = "web"});
    const std::string id(64, 'a');
    EXPECT_EQ(value_of(unit, "ExecStart"), "/usr/bin/dhow --root \"/var/my data\" start " + id);
    EXPECT_EQ(value_of(unit, "ExecStop"),
              "/usr/bin/dhow --root \"/var/my data\" stop --time=10 " + id);
    EXPECT_EQ(value_of(unit, "ExecStopPost"), "(none)");
    EXPECT_EQ(value_of(unit, "Restart"), "on-failure");
    EXPECT_EQ(value_of(unit, "TimeoutStopSec"), "70");
    EXPECT_EQ(value_of(unit, "Type"), "notify");
    EXPECT_EQ(value_of(unit, "WantedBy"), "default.target");
    const std::string named =
        unit_of(web(), {.container = "web", .use_name = true, .stop_timeout_seconds = 3});
    EXPECT_TRUE(value_of(named, "ExecStart").ends_with(" start web"));
    EXPECT_NE(value_of(named, "ExecStop").find("--time=3 web"), std::string::npos);
}

TEST(SystemdUnit, RestartPoliciesAreSystemds) {
    for (const char* policy : {"no", "always", "on-abnormal"}) {
        EXPECT_EQ(value_of(unit_of(web(), {.restart_policy = policy}), "Restart"), policy);
    }
    const auto config = web();
    for (const char* policy : {"", "unless-stopped", "always\nExecStart=/evil"}) {
        const GenerateSystemdRequest request{.restart_policy = policy};
        const auto unit = build_systemd_unit({.config = config, .request = request});
        ASSERT_FALSE(unit);
        EXPECT_EQ(unit.error().message.find('\n'), std::string::npos);
    }
}

TEST(SystemdUnit, ANewContainerIsMadeEachTime) {
    const std::string unit = unit_of(web(), {.recreate = true});
    const std::string start = value_of(unit, "ExecStart");
    EXPECT_NE(start.find(" run --detach --replace --name=web "), std::string::npos);
    EXPECT_TRUE(
        start.ends_with("--entrypoint=/entry docker.io/library/nginx:latest first sh -c "
                        "\"echo $$HOME 50%% \\\"x\\\"\\x0a\""))
        << start;
    EXPECT_TRUE(value_of(unit, "ExecStopPost").starts_with("-/usr/bin/dhow "));
}

// Whatever is in the config, the unit has the directives it should have and no more.
TEST(SystemdUnit, NothingHostileBreaksOut) {
    const std::string evil = "x\n[Service]\nExecStart=/evil\r\n%n${PATH}\\";
    ContainerConfig config = web();
    config.name = evil;
    config.image = evil;
    config.options.command = {evil};
    config.options.env = {"A=" + evil};
    config.options.labels = {{evil, evil}};
    config.options.user = config.options.working_dir = config.options.hostname = evil;
    config.options.mounts = {{MountKind::Bind, evil, evil, true, {evil}}};
    const std::string unit = unit_of(config, {.recreate = true});
    const auto count = [&](const std::string& start) {
        const auto lines = split(unit, '\n');
        return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.starts_with(start);
        });
    };
    EXPECT_EQ(count("ExecStart="), 1);
    EXPECT_EQ(count("["), 3);
    EXPECT_EQ(unit.find("ExecStart=/evil\r"), std::string::npos);
    // Every % of the user's is doubled: %n stays %n.
    EXPECT_EQ(unit.find("\\x0a%n"), std::string::npos);
}

TEST(SystemdUnit, ArgumentsMakeTheSameContainer) {
    ContainerConfig config = web();
    CreateRequest& options = config.options;
    options.env = {"A=1", "B=two words"};
    options.labels = {{"k", "v=w"}};
    options.annotations = {{"a", "b"}};
    options.mounts = {{MountKind::Bind, "/src", "/dst", true, {"nosuid"}},
                      {MountKind::Volume, "data", "/data", false, {}},
                      {MountKind::Tmpfs, "", "/t", false, {"size=1m"}}};
    options.ports = {{"127.0.0.1", 8080, 80, Protocol::Tcp},
                     {"::1", 53, 53, Protocol::Udp},
                     {"", 1, 2, Protocol::Tcp}};
    options.resources = {
        .memory = 1 << 30, .memory_swap = -1, .nano_cpus = 1'050'000'000, .pids_limit = 9};
    options.cap_add = {"NET_ADMIN"};
    options.cap_drop = {"ALL"};
    options.security_opt = {"no-new-privileges"};
    options.user = "1:2";
    options.stop_signal = "SIGINT";
    options.stop_timeout_seconds = 0;
    options.interactive = options.terminal = options.read_only = options.init = true;
    const Words words = run_arguments(config);
    for (const char* word : {"--env=A=1",
                             "--env=B=two words",
                             "--label=k=v=w",
                             "--annotation=a=b",
                             "--volume=/src:/dst:nosuid,ro",
                             "--volume=data:/data",
                             "--tmpfs=/t:size=1m",
                             "--publish=127.0.0.1:8080:80/tcp",
                             "--publish=[::1]:53:53/udp",
                             "--publish=1:2/tcp",
                             "--memory=1073741824",
                             "--memory-swap=-1",
                             "--cpus=1.050000000",
                             "--pids-limit=9",
                             "--cap-add=NET_ADMIN",
                             "--cap-drop=ALL",
                             "--security-opt=no-new-privileges",
                             "--user=1:2",
                             "--network=pasta",
                             "--stop-signal=SIGINT",
                             "--stop-timeout=0",
                             "--interactive",
                             "--tty",
                             "--read-only",
                             "--init"}) {
        EXPECT_TRUE(has(words, word)) << word;
    }
    EXPECT_FALSE(has(words, "--privileged"));
}

TEST(SystemdUnit, TheNetworkOfAnotherContainerIsNamed) {
    ContainerConfig config = web();
    config.options.network = NetworkKind::Container;
    config.options.network_container = "pod";
    EXPECT_TRUE(has(run_arguments(config), "--network=container:pod"));
}

}  // namespace
}  // namespace dhow::engine
