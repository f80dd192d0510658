// SPDX-License-Identifier: Apache-2.0
// From a command line to the request the engine takes.
#include "cmd/dhow/create_request.h"

#include "cmd/dhow/argv_normalize.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace dhow::cli {
namespace {

Result<engine::CreateRequest> request_of(const std::vector<std::string>& words) {
    std::vector<std::string_view> views(words.begin(), words.end());
    const Result<NormalizedArgv> argv = normalize_argv(views);
    if (!argv) return argv.error();
    const Result<Args> args = Args::parse(*argv);
    if (!args) return args.error();
    return make_create_request(*args);
}

std::string failure(const std::vector<std::string>& words) {
    const Result<engine::CreateRequest> request = request_of(words);
    return request ? "no error" : request.error().message;
}

class CreateRequestTest : public testing::Test {
  protected:
    void SetUp() override {
        for (const char* name : {"http_proxy",
                                 "https_proxy",
                                 "HTTP_PROXY",
                                 "HTTPS_PROXY",
                                 "no_proxy",
                                 "NO_PROXY",
                                 "ftp_proxy",
                                 "FTP_PROXY",
                                 "all_proxy",
                                 "ALL_PROXY"}) {
            ::unsetenv(name);
        }
    }
};

TEST_F(CreateRequestTest, DefaultsAreTheImages) {
    const auto request = request_of({"run", "busybox"});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->image, "busybox");
    EXPECT_TRUE(request->command.empty());
    EXPECT_FALSE(request->entrypoint.has_value());
    EXPECT_TRUE(request->env.empty());
    EXPECT_FALSE(request->resources.memory.has_value());
    EXPECT_FALSE(request->resources.pids_limit.has_value());
    EXPECT_EQ(request->network, engine::NetworkKind::Default);
    EXPECT_EQ(request->pull, engine::PullPolicy::Missing);
    EXPECT_FALSE(request->pull_options.tls_verify.has_value());
    EXPECT_FALSE(request->interactive || request->terminal || request->auto_remove ||
                 request->init);
}

TEST_F(CreateRequestTest, EveryFlagArrives) {
    ::setenv("DHOW_TEST_IMPORT", "from-here", 1);
    const auto request = request_of({"run",
                                     "-it",
                                     "--name",
                                     "n",
                                     "-e",
                                     "A=1",
                                     "-e",
                                     "DHOW_TEST_IMPORT",
                                     "-e",
                                     "A=2",
                                     "-l",
                                     "k=v",
                                     "--annotation",
                                     "a=b",
                                     "-v",
                                     "/s:/d:ro",
                                     "--mount",
                                     "type=tmpfs,destination=/t",
                                     "--tmpfs",
                                     "/u:size=1m",
                                     "-p",
                                     "8080:80,81",
                                     "-P",
                                     "-h",
                                     "box",
                                     "-u",
                                     "1:2",
                                     "-w",
                                     "/w",
                                     "--init",
                                     "--privileged",
                                     "--read-only",
                                     "--network",
                                     "container:c",
                                     "-m",
                                     "64m",
                                     "--memory-swap=-1",
                                     "--cpus",
                                     "1.5",
                                     "--pids-limit",
                                     "7",
                                     "--cap-add",
                                     "A,B",
                                     "--cap-drop=all",
                                     "--security-opt",
                                     "seccomp=unconfined",
                                     "--pull=never",
                                     "--tls-verify=false",
                                     "--authfile",
                                     "/au",
                                     "--platform",
                                     "linux/arm64",
                                     "--runtime",
                                     "crun",
                                     "--stop-signal",
                                     "INT",
                                     "--stop-timeout",
                                     "3",
                                     "--log-driver",
                                     "none",
                                     "--restart",
                                     "on-failure:2",
                                     "--cidfile",
                                     "/c",
                                     "--entrypoint",
                                     "[\"x\",\"y\"]",
                                     "img",
                                     "cmd",
                                     "-a"});
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->name, "n");
    EXPECT_EQ(request->image, "img");
    EXPECT_EQ(request->command, (std::vector<std::string>{"cmd", "-a"}));
    EXPECT_EQ(request->entrypoint, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(request->env, (std::vector<std::string>{"A=2", "DHOW_TEST_IMPORT=from-here"}));
    EXPECT_EQ(request->labels.at("k"), "v");
    EXPECT_EQ(request->annotations.at("a"), "b");
    ASSERT_EQ(request->mounts.size(), 3U);
    EXPECT_TRUE(request->mounts[0].read_only);
    ASSERT_EQ(request->ports.size(), 2U);
    EXPECT_EQ(request->ports[0].host_port, 8080);
    EXPECT_EQ(request->ports[1].container_port, 81);
    EXPECT_TRUE(request->publish_all && request->init && request->privileged && request->read_only);
    EXPECT_TRUE(request->interactive && request->terminal);
    EXPECT_EQ(request->hostname, "box");
    EXPECT_EQ(request->user, "1:2");
    EXPECT_EQ(request->working_dir, "/w");
    EXPECT_EQ(request->network, engine::NetworkKind::Container);
    EXPECT_EQ(request->network_container, "c");
    EXPECT_EQ(request->resources.memory, 64LL << 20U);
    EXPECT_EQ(request->resources.memory_swap, -1);
    EXPECT_EQ(request->resources.nano_cpus, 1'500'000'000);
    EXPECT_EQ(request->resources.pids_limit, 7);
    EXPECT_EQ(request->cap_add, (std::vector<std::string>{"A", "B"}));
    EXPECT_EQ(request->cap_drop, (std::vector<std::string>{"all"}));
    EXPECT_EQ(request->security_opt, (std::vector<std::string>{"seccomp=unconfined"}));
    EXPECT_EQ(request->pull, engine::PullPolicy::Never);
    EXPECT_EQ(request->pull_options.tls_verify, false);
    EXPECT_EQ(request->pull_options.auth_file, "/au");
    EXPECT_EQ(request->pull_options.platform, "linux/arm64");
    EXPECT_EQ(request->runtime, "crun");
    EXPECT_EQ(request->stop_signal, "INT");
    EXPECT_EQ(request->stop_timeout_seconds, 3);
    EXPECT_EQ(request->log_driver, "none");
    EXPECT_EQ(request->restart, (engine::RestartPolicy{engine::RestartKind::OnFailure, 2}));
    EXPECT_EQ(request->id_file, "/c");
}

TEST_F(CreateRequestTest, Entrypoints) {
    EXPECT_EQ(request_of({"run", "--entrypoint=", "i"})->entrypoint, std::vector<std::string>());
    EXPECT_EQ(request_of({"run", "--entrypoint", "/bin/a b", "i"})->entrypoint,
              std::vector<std::string>{"/bin/a b"});
    EXPECT_EQ(request_of({"run", "--entrypoint", "[", "i"})->entrypoint,
              std::vector<std::string>{"["});
    EXPECT_FALSE(request_of({"run", "--entrypoint", "[1]", "i"}));
}

TEST_F(CreateRequestTest, ProxyVariablesComeAlongAndCanBeOverridden) {
    ::setenv("https_proxy", "http://p:1", 1);
    EXPECT_EQ(request_of({"run", "i"})->env, std::vector<std::string>{"https_proxy=http://p:1"});
    EXPECT_EQ(request_of({"run", "-e", "https_proxy=", "i"})->env,
              std::vector<std::string>{"https_proxy="});
    EXPECT_TRUE(request_of({"run", "--http-proxy=false", "i"})->env.empty());
    ::unsetenv("https_proxy");
}

TEST_F(CreateRequestTest, FilesAreRead) {
    const std::string path = testing::TempDir() + "/dhow-env-file";
    std::ofstream(path) << "# c\nA=1\nB=2\n";
    EXPECT_EQ(request_of({"run", "--env-file", path, "-e", "A=3", "i"})->env,
              (std::vector<std::string>{"A=3", "B=2"}));
    EXPECT_EQ(request_of({"run", "--label-file", path, "i"})->labels.at("B"), "2");
    std::ofstream(path) << "=x\n";
    EXPECT_EQ(failure({"run", "--env-file", path, "i"}),
              "read '" + path + "': invalid environment variable '=x': it has no name");
    ::unlink(path.c_str());
    EXPECT_FALSE(request_of({"run", "--env-file", path, "i"}));
}

TEST_F(CreateRequestTest, Mistakes) {
    EXPECT_EQ(failure({"run", "--rm", "--restart=always", "i"}), "combine --rm with --restart");
    EXPECT_EQ(failure({"run", "-v", "/a:/d", "--tmpfs", "/d", "i"}),
              "mount at '/d': asked for twice");
    EXPECT_EQ(failure({"run", "-w", "rel", "i"}), "--workdir: invalid working directory 'rel'");
    EXPECT_EQ(failure({"run", "--network", "none", "--network", "host", "i"}),
              "join more than one network: 'none', 'host'");
    EXPECT_EQ(failure({"run", "--memory=abc", "i"}), "--memory: invalid size 'abc'");
    EXPECT_EQ(failure({"run", "--stop-signal=FOO", "i"}), "--stop-signal: invalid signal 'FOO'");
    EXPECT_EQ(failure({"run", "--pull=x", "i"}), "--pull: invalid pull policy 'x'");
}

}  // namespace
}  // namespace dhow::cli
