// SPDX-License-Identifier: Apache-2.0
// What was asked, laid over what the image says: Docker's order of precedence.
#include "engine/resolve_config.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dhow::engine {
namespace {

using Words = std::vector<std::string>;

class ResolveTest : public testing::Test {
  protected:
    ResolveTest() {
        input_.id = std::string(64, 'a');
        input_.name = "web";
        input_.image = "docker.io/library/x:latest";
        input_.image_id = std::string(64, 'b');
        input_.layers = {"c"};
        input_.now = 42;
        input_.host.hostname = "machine";
        image_.config.cmd = {"image-cmd"};
    }

    [[nodiscard]] Result<Resolved> resolve() const {
        return resolve_config(input_, request_, image_);
    }

    [[nodiscard]] ContainerConfig good() const {
        auto resolved = resolve();
        EXPECT_TRUE(resolved) << resolved.error().message;
        return resolved ? resolved->config : ContainerConfig{};
    }

    [[nodiscard]] std::string refusal() const {
        const auto resolved = resolve();
        return resolved ? "" : resolved.error().message;
    }

    [[nodiscard]] std::string env(const std::string& name) const {
        std::string found = "(none)";
        for (const std::string& entry : good().options.env) {
            if (!entry.starts_with(name + "=")) continue;
            EXPECT_EQ(found, "(none)") << "twice: " << name;
            found = entry.substr(name.size() + 1);
        }
        return found;
    }

    ResolveInput input_;
    CreateRequest request_;
    oci::ImageConfig image_;
};

TEST_F(ResolveTest, KeepsWhoAndWhat) {
    const auto config = good();
    EXPECT_EQ(config.id, input_.id);
    EXPECT_EQ(config.name, "web");
    EXPECT_EQ(config.options.name, "web");
    EXPECT_EQ(config.options.image, input_.image);
    EXPECT_EQ(config.image_id, input_.image_id);
    EXPECT_EQ(config.layers, input_.layers);
    EXPECT_EQ(config.created_at, 42);
}

TEST_F(ResolveTest, EntrypointAndCommand) {
    image_.config.entrypoint = {"image-entry"};
    EXPECT_EQ(good().argv(), (Words{"image-entry", "image-cmd"}));
    request_.command = {"asked", "twice"};
    EXPECT_EQ(good().argv(), (Words{"image-entry", "asked", "twice"}));
    // An entrypoint of the user's takes the image's Cmd with it.
    request_.entrypoint = Words{"mine"};
    EXPECT_EQ(good().argv(), (Words{"mine", "asked", "twice"}));
    request_.command.clear();
    EXPECT_EQ(good().argv(), Words{"mine"});
    EXPECT_EQ(good().entrypoint, Words{"mine"});
}

TEST_F(ResolveTest, AnEmptyEntrypointTakesTheImagesAway) {
    image_.config.entrypoint = {"image-entry"};
    request_.command = {"asked"};
    for (const Words& none : {Words{}, Words{""}}) {
        request_.entrypoint = none;
        EXPECT_EQ(good().argv(), Words{"asked"});
        EXPECT_TRUE(good().entrypoint.empty());
    }
    request_.command.clear();
    EXPECT_NE(refusal().find("has no command"), std::string::npos);
}

TEST_F(ResolveTest, NothingToRunIsAnError) {
    image_.config.cmd.clear();
    EXPECT_NE(refusal().find("has no command"), std::string::npos);
    image_.config.entrypoint = {"image-entry"};
    EXPECT_EQ(good().argv(), Words{"image-entry"});
}

TEST_F(ResolveTest, EnvironmentOfDefaultsImageAndUser) {
    EXPECT_EQ(env("PATH"), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    EXPECT_EQ(env("HOSTNAME"), std::string(12, 'a'));
    EXPECT_EQ(env("TERM"), "(none)");
    request_.terminal = true;
    EXPECT_EQ(env("TERM"), "xterm");
    image_.config.env = {"PATH=/image", "A=image", "B=image", "EMPTY=", "X=a=b"};
    EXPECT_EQ(env("PATH"), "/image");
    EXPECT_EQ(env("EMPTY"), "");
    EXPECT_EQ(env("X"), "a=b");
    request_.env = {"A=user", "NEW=1", "NEW=2", "B", "TERM=dumb", "HOSTNAME=other"};
    EXPECT_EQ(env("A"), "user");
    EXPECT_EQ(env("B"), "(none)");
    EXPECT_EQ(env("NEW"), "2");
    EXPECT_EQ(env("TERM"), "dumb");
    EXPECT_EQ(env("HOSTNAME"), "other");
    EXPECT_EQ(env("PATH"), "/image");
}

TEST_F(ResolveTest, UserWorkdirAndStopSignal) {
    EXPECT_EQ(good().options.user, "");
    EXPECT_EQ(good().options.working_dir, "/");
    EXPECT_EQ(good().options.stop_signal, "SIGTERM");
    image_.config.user = "image";
    image_.config.working_dir = "/image";
    image_.config.stop_signal = "3";
    EXPECT_EQ(good().options.user, "image");
    EXPECT_EQ(good().options.working_dir, "/image");
    EXPECT_EQ(good().options.stop_signal, "SIGQUIT");
    request_.user = "0:0";
    request_.working_dir = "/mine";
    request_.stop_signal = "usr1";
    EXPECT_EQ(good().options.user, "0:0");
    EXPECT_EQ(good().options.working_dir, "/mine");
    EXPECT_EQ(good().options.stop_signal, "SIGUSR1");
    request_.working_dir = "relative\n";
    EXPECT_EQ(refusal(), "working directory 'relative\\x0a' is not an absolute path");
    request_.working_dir.clear();
    image_.config.working_dir = "../up";
    EXPECT_NE(refusal(), "");
    image_.config.working_dir.clear();
    request_.stop_signal = "NOSIG";
    EXPECT_NE(refusal(), "");
}

TEST_F(ResolveTest, Labels) {
    image_.config.labels = {{"a", "image"}, {"b", "image"}};
    request_.labels = {{"b", "user"}, {"c", ""}};
    EXPECT_EQ(good().options.labels,
              (std::map<std::string, std::string>{{"a", "image"}, {"b", "user"}, {"c", ""}}));
    request_.labels = {{"", "x"}};
    EXPECT_NE(refusal(), "");
}

// No word of the image may loosen what holds the container.
TEST_F(ResolveTest, AnImageChangesNoIsolation) {
    image_.config.labels = {{"io.dhow.privileged", "true"}, {"seccomp", "unconfined"}};
    image_.config.env = {"DHOW_PRIVILEGED=1", "_LIBCONTAINER_CLONE_FLAGS=0"};
    const auto options = good().options;
    EXPECT_FALSE(options.privileged);
    EXPECT_TRUE(options.security_opt.empty());
    EXPECT_TRUE(options.cap_add.empty());
    EXPECT_TRUE(options.annotations.empty());
    EXPECT_TRUE(options.mounts.empty());
}

TEST_F(ResolveTest, VolumesOfTheImageGiveWayToTheUsersMounts) {
    image_.config.volumes = {"/data", "/cache"};
    request_.mounts = {{MountKind::Bind, "/host", "/data", false, {}}};
    const auto mounts = good().options.mounts;
    ASSERT_EQ(mounts.size(), 2U);
    EXPECT_EQ(mounts[0].source, "/host");
    EXPECT_EQ(mounts[1], (MountSpec{MountKind::Volume, "", "/cache", false, {}}));
}

TEST_F(ResolveTest, OnePlaceWrittenInTwoWaysIsOnePlace) {
    image_.config.volumes = {"/data/", "//logs/./x", "/a/../b/"};
    request_.mounts = {{MountKind::Bind, "/host", "/data", false, {}},
                       {MountKind::Tmpfs, "", "/logs/x/", false, {}}};
    const auto mounts = good().options.mounts;
    ASSERT_EQ(mounts.size(), 3U);
    EXPECT_EQ(mounts[1].destination, "/logs/x");
    EXPECT_EQ(mounts[2].destination, "/b");
    request_.mounts.push_back({MountKind::Bind, "/other", "/x/../data//", false, {}});
    EXPECT_NE(refusal().find("two mounts at the same place"), std::string::npos);
}

TEST_F(ResolveTest, MountsAtNoPlaceOfTheirOwnAreRefused) {
    for (const char* destination : {"", "relative", "/", "//", "/a/.."}) {
        request_.mounts = {{MountKind::Bind, "/host", destination, false, {}}};
        EXPECT_NE(refusal(), "") << destination;
    }
    // What an image says of this kind is not worth a failure.
    request_.mounts.clear();
    image_.config.volumes = {"", "relative", "/", "/.."};
    EXPECT_TRUE(good().options.mounts.empty());
}

TEST_F(ResolveTest, NetworkAndHostname) {
    EXPECT_EQ(good().options.network, NetworkKind::Pasta);
    input_.host.rootless = false;
    EXPECT_EQ(good().options.network, NetworkKind::Bridge);
    request_.network = NetworkKind::Host;
    EXPECT_EQ(good().options.hostname, "machine");
    request_.hostname = "mine";
    EXPECT_EQ(good().options.hostname, "mine");
}

TEST_F(ResolveTest, PublishAllTakesWhatTheImageExposes) {
    image_.config.exposed_ports = {
        "80/tcp", "53/udp", "8080", "90/sctp", "x/tcp", "0/tcp", "70000/tcp"};
    EXPECT_TRUE(good().options.ports.empty());
    request_.publish_all = true;
    EXPECT_EQ(
        good().options.ports,
        (std::vector<PortMapping>{
            {"", 0, 80, Protocol::Tcp}, {"", 0, 53, Protocol::Udp}, {"", 0, 8080, Protocol::Tcp}}));
    // A port with a place of the user's choice gets no second one.
    request_.ports = {{"127.0.0.1", 9000, 80, Protocol::Tcp}};
    EXPECT_EQ(good().options.ports.size(), 3U);
    EXPECT_EQ(good().options.ports[0].host_port, 9000);
}

TEST_F(ResolveTest, PortsWithoutANetworkOfTheirOwnAreDroppedAloud) {
    request_.ports = {{"", 80, 80, Protocol::Tcp}};
    for (const auto kind : {NetworkKind::None, NetworkKind::Host, NetworkKind::Container}) {
        request_.network = kind;
        const auto resolved = resolve();
        ASSERT_TRUE(resolved);
        EXPECT_TRUE(resolved->config.options.ports.empty());
        EXPECT_EQ(resolved->warnings.size(), 1U);
    }
}

TEST_F(ResolveTest, ContradictionsAreRefused) {
    request_.auto_remove = true;
    request_.restart.kind = RestartKind::Always;
    EXPECT_NE(refusal().find("--rm and --restart"), std::string::npos);
    request_ = {};
    request_.stop_timeout_seconds = -2;
    EXPECT_NE(refusal(), "");
    request_.stop_timeout_seconds = -1;
    EXPECT_EQ(refusal(), "");
}

TEST_F(ResolveTest, LogDrivers) {
    EXPECT_EQ(good().options.log_driver, "k8s-file");
    request_.log_driver = "json-file";
    EXPECT_EQ(good().options.log_driver, "k8s-file");
    request_.log_driver = "none";
    EXPECT_EQ(good().options.log_driver, "none");
    request_.log_driver = "syslog";
    EXPECT_EQ(resolve().error().kind, ErrorKind::Unsupported);
}

TEST_F(ResolveTest, SecurityOptionsAndCapabilitiesAreKnownOrRefused) {
    request_.security_opt = {"no-new-privileges",
                             "no-new-privileges:true",
                             "seccomp=unconfined",
                             "label=disable",
                             "apparmor=x",
                             "mask=/a",
                             "unmask=ALL"};
    EXPECT_EQ(refusal(), "");
    for (const char* option : {"", "nonsense", "seccompx=1", "proc-opts=hidepid=2"}) {
        request_.security_opt = {option};
        EXPECT_NE(refusal(), "") << option;
    }
    request_.security_opt.clear();
    request_.cap_add = {"NO_SUCH_CAP"};
    EXPECT_NE(refusal(), "");
}

TEST_F(ResolveTest, LimitsThatMakeNoSenseAreRefused) {
    const auto refused = [&](const Resources& resources) {
        request_.resources = resources;
        return !refusal().empty();
    };
    EXPECT_FALSE(refused({.memory = 6 << 20}));
    EXPECT_TRUE(refused({.memory = (6 << 20) - 1}));
    EXPECT_TRUE(refused({.memory = -1}));
    EXPECT_TRUE(refused({.memory_swap = 1 << 30}));
    EXPECT_TRUE(refused({.memory = 1 << 30, .memory_swap = 1 << 29}));
    EXPECT_FALSE(refused({.memory = 1 << 30, .memory_swap = 1 << 30}));
    EXPECT_FALSE(refused({.memory = 1 << 30, .memory_swap = -1}));
    EXPECT_TRUE(refused({.nano_cpus = 0}));
    EXPECT_FALSE(refused({.nano_cpus = 1}));
}

TEST_F(ResolveTest, ModulesAreKnownByTheirPlatformNotByTheirLabels) {
    const std::string kHandler = "run.oci.handler";
    image_.os = "linux";
    image_.architecture = "amd64";
    image_.config.labels[kHandler] = "wasm";
    EXPECT_FALSE(good().options.annotations.contains(kHandler));
    for (const char* os : {"wasi", "wasip1"}) {
        image_.os = os;
        image_.architecture = "wasm";
        EXPECT_EQ(good().options.annotations.at(kHandler), "wasm") << os;
    }
    request_.annotations[kHandler] = "wasmedge";
    EXPECT_EQ(good().options.annotations.at(kHandler), "wasmedge");
    request_.init = true;
    EXPECT_NE(refusal().find("wasip1/wasm"), std::string::npos);
}

}  // namespace
}  // namespace dhow::engine
