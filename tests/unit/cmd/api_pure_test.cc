// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "cmd/api/container_json.h"
#include "cmd/api/frames.h"
#include "cmd/api/guard.h"
#include "cmd/api/image_json.h"
#include "cmd/api/query.h"
#include "cmd/api/router.h"
#include "cmd/api/status.h"

#include <gtest/gtest.h>

namespace dhow::api {

TEST(Query, DecodesAsGoEncodes) {
    auto query = Query::parse("name=a%20b+c&t=%2Fx&t=2&empty=&flag=1");
    ASSERT_TRUE(query);
    EXPECT_EQ(query->get("name"), "a b c");
    EXPECT_EQ(query->all("t"), (std::vector<std::string>{"/x", "2"}));
    EXPECT_TRUE(query->has("empty"));
    EXPECT_TRUE(query->flag("flag"));
    EXPECT_FALSE(query->flag("empty"));
    EXPECT_TRUE(query->flag("absent", true));
    EXPECT_EQ(*query->number("t").error().message.data(), 'p');
}

TEST(Query, RefusesBrokenEscapesAndNul) {
    EXPECT_FALSE(Query::parse("a=%"));
    EXPECT_FALSE(Query::parse("a=%4"));
    EXPECT_FALSE(Query::parse("a=%zz"));
    EXPECT_FALSE(Query::parse("a=%00"));
    EXPECT_FALSE(Query::parse("a=%-1"));
}

TEST(Query, FiltersInBothForms) {
    auto list = parse_filters(R"({"name":["x","y"],"label":{"a=b":true,"c":false}})");
    ASSERT_TRUE(list);
    EXPECT_EQ((*list)["name"], (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ((*list)["label"], (std::vector<std::string>{"a=b"}));
    EXPECT_TRUE(parse_filters(""));
    EXPECT_FALSE(parse_filters(R"({"name":"x"})"));
    EXPECT_FALSE(parse_filters(R"({"name":[1]})"));
    EXPECT_FALSE(parse_filters("[]"));
}

static void handler(Call& /*call*/) {}

static constexpr Route kTable[] = {
    {"GET", "/_ping", handler},
    {"GET", "/containers/{id}/json", handler},
    {"DELETE", "/containers/{id}", handler},
    {"GET", "/images/{name...}/json", handler},
    {"GET", "/images/json", handler},
};

static RouteMatch route(std::string_view method, std::string_view path) {
    return find_route(kTable, method, path);
}

TEST(Router, FindsVersionedAndPlainPaths) {
    using Outcome = RouteMatch::Outcome;
    EXPECT_EQ(route("HEAD", "/_ping").outcome, Outcome::Found);
    const auto match = route("GET", "/v1.41/containers/web/json");
    ASSERT_EQ(match.outcome, Outcome::Found);
    EXPECT_EQ(match.params.at("id"), "web");
    EXPECT_EQ(match.version.minor, 41);
    EXPECT_EQ(route("POST", "/_ping").outcome, Outcome::UnknownMethod);
    EXPECT_EQ(route("GET", "/nothing").outcome, Outcome::UnknownPath);
    EXPECT_EQ(route("GET", "/containers//json").outcome, Outcome::UnknownPath);
    EXPECT_EQ(route("GET", "/containers/%zz/json").outcome, Outcome::UnknownPath);
    EXPECT_EQ(route("GET", "/v1.23/_ping").outcome, Outcome::BadVersion);
    EXPECT_EQ(route("GET", "/v1.99/_ping").outcome, Outcome::BadVersion);
    EXPECT_EQ(route("GET", "/v2.0/_ping").outcome, Outcome::UnknownPath);
}

TEST(Router, ImageNamesMayHaveSlashes) {
    const auto match = route("GET", "/images/localhost:5000/a/b:1/json");
    ASSERT_EQ(match.outcome, RouteMatch::Outcome::Found);
    EXPECT_EQ(match.params.at("name"), "localhost:5000/a/b:1");
    const auto escaped = route("GET", "/images/a%2Fb/json");
    ASSERT_EQ(escaped.outcome, RouteMatch::Outcome::Found);
    EXPECT_EQ(escaped.params.at("name"), "a/b");
    EXPECT_EQ(route("GET", "/images/json").params.size(), 0U);
}

TEST(Guard, RefusesBrowsers) {
    Request request;
    request.headers = {{"Host", "api.moby.localhost"}};
    EXPECT_FALSE(find_foreign_origin(request));
    for (const HeaderList& headers : std::vector<HeaderList>{{{"Origin", "null"}},
                                                             {{"origin", "http://localhost"}},
                                                             {{"Sec-Fetch-Site", "cross-site"}},
                                                             {{"sec-fetch-site", "same-origin"}},
                                                             {{"Host", "evil.example"}},
                                                             {{"Host", "localhost.evil.example"}},
                                                             {{"Host", "192.168.1.1:80"}}}) {
        request.headers = headers;
        const auto fault = find_foreign_origin(request);
        ASSERT_TRUE(fault) << headers[0].first << headers[0].second;
        EXPECT_EQ(fault->status, 403);
    }
}

TEST(Guard, RefusesFormBodies) {
    Request request;
    request.has_body = true;
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    EXPECT_FALSE(find_foreign_origin(request));
    request.headers = {{"Content-Type", "text/plain"}};
    EXPECT_EQ(find_foreign_origin(request)->status, 415);
    request.headers = {{"Content-Type", "multipart/form-data; boundary=x"}};
    EXPECT_EQ(find_foreign_origin(request)->status, 415);
}

TEST(Frames, EightByteHeader) {
    const std::string bytes = frame(StreamId::Stderr, std::string(258, 'x'));
    ASSERT_EQ(bytes.size(), 266U);
    EXPECT_EQ(bytes.substr(0, 8), std::string("\x02\0\0\0\0\0\x01\x02", 8));
}

TEST(Status, WordsThatTheClientReads) {
    EXPECT_EQ(http_status(ErrorKind::NotFound), 404);
    EXPECT_EQ(http_status(ErrorKind::Conflict), 409);
    const auto text = error_text(make_error(ErrorKind::CommandNotFound, "run 'x'"));
    EXPECT_NE(text.find("executable file not found"), std::string::npos);
    const auto denied = error_text(make_error(ErrorKind::CannotInvoke, "run 'x'"));
    EXPECT_NE(denied.find("permission denied"), std::string::npos);
}

TEST(ContainerJson, Durations) {
    EXPECT_EQ(human_duration(0), "Less than a second");
    EXPECT_EQ(human_duration(1), "1 second");
    EXPECT_EQ(human_duration(59), "59 seconds");
    EXPECT_EQ(human_duration(61), "About a minute");
    EXPECT_EQ(human_duration(3600), "About an hour");
    EXPECT_EQ(human_duration(3600 * 5), "5 hours");
    EXPECT_EQ(human_duration(3600 * 49), "2 days");
    EXPECT_EQ(human_duration(86400 * 20), "2 weeks");
}

static engine::ContainerDetails sample() {
    engine::ContainerDetails details;
    details.summary.id = std::string(64, 'a');
    details.summary.name = "web";
    details.summary.image = "docker.io/library/busybox:latest";
    details.summary.image_id = std::string(64, 'b');
    details.summary.command = {"/bin/sh", "-c", "x"};
    details.summary.status = engine::ContainerStatus::Running;
    details.summary.network_mode = "bridge";
    details.config.terminal = true;
    details.config.ports = {{.host_port = 8080, .container_port = 80}};
    details.config.mounts = {{.source = "/a", .destination = "/b", .read_only = true}};
    details.pid = 7;
    return details;
}

TEST(ContainerJson, InspectHasWhatClientsRead) {
    const json::Object document = container_document(sample());
    EXPECT_EQ(document.at("Name"), "/web");
    EXPECT_EQ(document.at("Path"), "/bin/sh");
    EXPECT_EQ(document.at("Args"), json::Value({"-c", "x"}));
    EXPECT_EQ(document.at("State").at("Running"), true);
    EXPECT_EQ(document.at("State").at("StartedAt"), "0001-01-01T00:00:00Z");
    EXPECT_EQ(document.at("Config").at("Tty"), true);
    EXPECT_EQ(document.at("Config").at("Image"), "busybox:latest");
    EXPECT_EQ(document.at("HostConfig").at("Binds").at(0), "/a:/b:ro");
    EXPECT_EQ(document.at("NetworkSettings").at("Ports").at("80/tcp").at(0).at("HostPort"), "8080");
    const json::Object line = container_summary(sample().summary, 0);
    EXPECT_EQ(line.at("Names").at(0), "/web");
    EXPECT_EQ(line.at("State"), "running");
}

TEST(ImageJson, Names) {
    EXPECT_EQ(familiar_name("docker.io/library/a:1"), "a:1");
    EXPECT_EQ(familiar_name("docker.io/x/a:1"), "x/a:1");
    EXPECT_EQ(familiar_name("localhost/a:1"), "localhost/a:1");
    EXPECT_EQ(canonical_name("a:1"), "docker.io/library/a:1");
    EXPECT_EQ(canonical_name("x/a"), "docker.io/x/a");
    EXPECT_EQ(canonical_name("localhost:5000/a"), "localhost:5000/a");
    EXPECT_EQ(canonical_name("localhost/a"), "localhost/a");
}

}  // namespace dhow::api
