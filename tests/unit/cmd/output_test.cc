// SPDX-License-Identifier: Apache-2.0
// What users see: tables, sizes, times, lists by --format, error lines, progress.
#include "cmd/dhow/commands.h"
#include "cmd/dhow/exit_code.h"
#include "cmd/dhow/help.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/image_view.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/progress.h"
#include "cmd/dhow/table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace dhow::cli {
namespace {

using namespace std::chrono_literals;

TEST(Table, HasPodmansLayout) {
    EXPECT_EQ(format_table({{"CONTAINER ID", "IMAGE", "COMMAND", "NAMES"}}),
              "CONTAINER ID  IMAGE       COMMAND     NAMES\n");
    EXPECT_EQ(format_table({{"REPOSITORY", "TAG", "SIZE"},
                            {"docker.io/library/busybox", "latest", "4.5 MB"}}),
              "REPOSITORY                 TAG         SIZE\n"
              "docker.io/library/busybox  latest      4.5 MB\n");
    EXPECT_EQ(format_table({{"a", "", "b"}, {"", "x", ""}}),
              "a                       b\n"
              "            x           \n");
    EXPECT_EQ(format_table({{"äöü", "b"}}), "äöü         b\n");
    EXPECT_EQ(format_table({{"evil\x1b[2J\n", "b"}}), "evil\\x1b[2J   b\n");
    EXPECT_EQ(format_table({}), "");
}

TEST(Human, Durations) {
    const std::pair<std::chrono::nanoseconds, const char*> cases[] = {
        {0s, "Less than a second"},
        {1s, "1 second"},
        {59s, "59 seconds"},
        {60s, "About a minute"},
        {119s, "About a minute"},
        {2min, "2 minutes"},
        {59min, "59 minutes"},
        {1h, "About an hour"},
        {89min, "About an hour"},
        {90min, "2 hours"},
        {47h, "47 hours"},
        {48h, "2 days"},
        {24h * 13, "13 days"},
        {24h * 14, "2 weeks"},
        {24h * 59, "8 weeks"},
        {24h * 60, "2 months"},
        {24h * 365, "12 months"},
        {24h * 730, "2 years"},
    };
    for (const auto& [span, words] : cases) EXPECT_EQ(human_duration(span), words);
    EXPECT_EQ(human_ago(0, 5), "");
    EXPECT_EQ(human_ago(1, 1 + 120'000'000'000), "2 minutes ago");
}

TEST(Human, Sizes) {
    EXPECT_EQ(human_size(0), "0 B");
    EXPECT_EQ(human_size(999), "999 B");
    EXPECT_EQ(human_size(7680), "7.68 kB");
    EXPECT_EQ(human_size(4'270'000), "4.27 MB");
    EXPECT_EQ(human_size(730'000'000), "730 MB");
    EXPECT_EQ(human_size(UINT64_MAX), "18.4 EB");
    EXPECT_EQ(human_binary_size(1023), "1023B");
    EXPECT_EQ(human_binary_size(1258291), "1.2MiB");
    EXPECT_EQ(short_id("sha256:0123456789abcdef"), "0123456789ab");
    EXPECT_EQ(short_id("abc"), "abc");
}

TEST(ErrorLine, IsOneLine) {
    EXPECT_EQ(error_line(make_error(ErrorKind::NotFound, "no such thing 'ä'", "make one")),
              "Error: no such thing 'ä'; make one\n");
    EXPECT_EQ(error_line(make_error(ErrorKind::NotFound, "a\nb\tc\x1b[0m\x7f")),
              "Error: a b c\\x1b[0m\\x7f\n");
    EXPECT_EQ(error_line(make_error(ErrorKind::NotFound, "c1 \xc2\x9b here")),
              "Error: c1 \\xc2\x9b here\n");
}

TEST(ExitCode, FollowsPodman) {
    EXPECT_EQ(exit_code(ErrorKind::CannotInvoke), 126);
    EXPECT_EQ(exit_code(ErrorKind::CommandNotFound), 127);
    EXPECT_EQ(exit_code(ErrorKind::NotFound), 125);
    EXPECT_EQ(exit_code(ErrorKind::Conflict), 125);
    EXPECT_EQ(exit_code(ErrorKind::NotFound, CodeStyle::Removal), 1);
    EXPECT_EQ(exit_code(ErrorKind::Conflict, CodeStyle::Removal), 2);
    EXPECT_EQ(exit_code(ErrorKind::Internal, CodeStyle::Removal), 125);
}

json::Value row(std::string_view id, std::string_view name) {
    json::Object object;
    object["ID"] = boost::json::string(id);
    object["Names"] = boost::json::string(name);
    object["Size"] = 1;
    return object;
}

std::string listed(std::string format, bool no_heading = false) {
    ListFormat how;
    how.what = "ps";
    how.columns = {{"ID", "CONTAINER ID"}, {"Names", "NAMES"}, {"Size", "SIZE"}};
    how.default_format = "table {{.ID}}\t{{.Names}}";
    how.format = std::move(format);
    how.no_heading = no_heading;
    const Result<std::string> out = format_list(how, {row("1", "one"), row("2", "tw\no")});
    return out ? *out : "E: " + out.error().message;
}

TEST(ListFormat, Table) {
    const std::string table = "CONTAINER ID  NAMES\n1             one\n2             tw o\n";
    EXPECT_EQ(listed(""), table);
    EXPECT_EQ(listed("table"), table);
    EXPECT_EQ(listed("table {{.ID}}\t{{.Names}}"), table);
    EXPECT_EQ(listed("table {{.ID}}\\t{{.Names}}"), table);
    EXPECT_EQ(listed("table {{.ID}} {{.Names}}"), table);
    EXPECT_EQ(listed("table {{.ID}}   {{ .Names }}"), table);
    EXPECT_EQ(listed("", true), "1           one\n2           tw o\n");
    EXPECT_EQ(listed("table {{upper .Names}}"), "NAMES\nONE\nTW O\n");
    EXPECT_EQ(listed("{{.ID}} {{.Names}}"), "1 one\n2 tw\no\n");
    EXPECT_EQ(listed("{{.ID}}\\t{{.Size}}"), "1 1\n2 1\n");
    EXPECT_EQ(listed("plain"), "plain\nplain\n");
    EXPECT_EQ(listed("{{.Foo}}"), "E: template: ps: can't evaluate field Foo: there is none");
    EXPECT_EQ(listed("{{.ID"), "E: template: ps:1: unclosed action");
    EXPECT_EQ(listed("{{json .}}"),
              "{\"ID\":\"1\",\"Names\":\"one\",\"Size\":1}\n{\"ID\":\"2\",\"Names\":\"tw\\no\","
              "\"Size\":1}\n");
    EXPECT_TRUE(is_json_format("json"));
    EXPECT_TRUE(is_json_format(" json "));
    EXPECT_FALSE(is_json_format("{{json .}}"));
}

TEST(Yaml, IsReadable) {
    const json::Value value = json::parse(R"({"a":{"b":1,"c":"x","d":[],"e":["v1","no"],"f":{}},
        "g":"1.5","h":true,"i":"a: b","j":"","k":"/path/x"})",
                                          "t")
                                  .take();
    EXPECT_EQ(to_yaml(value),
              "a:\n  b: 1\n  c: x\n  d: []\n  e:\n  - v1\n  - \"no\"\n  f: {}\ng: \"1.5\"\nh: "
              "true\ni: \"a: "
              "b\"\nj: \"\"\nk: /path/x\n");
}

TEST(Images, NamesAreSplitAndMatched) {
    EXPECT_EQ(split_name("docker.io/library/busybox:1.36").repository, "docker.io/library/busybox");
    EXPECT_EQ(split_name("docker.io/library/busybox:1.36").tag, "1.36");
    EXPECT_EQ(split_name("localhost:5000/x").tag, "<none>");
    EXPECT_EQ(split_name("localhost:5000/x:y").repository, "localhost:5000/x");
    EXPECT_EQ(split_name("").tag, "<none>");
    const char* const name = "docker.io/library/busybox:1.36";
    for (const char* yes : {"busybox",
                            "busybox:1.36",
                            "library/busybox",
                            "docker.io/library/busybox",
                            "busy*",
                            "busybox:1.*",
                            "docker.io/*/busybox"}) {
        EXPECT_TRUE(name_matches(name, yes)) << yes;
    }
    for (const char* no : {"box", "busybox:latest", "ubuntu", "quay.io/library/busybox", "ox"}) {
        EXPECT_FALSE(name_matches(name, no)) << no;
    }
}

TEST(Images, Filters) {
    engine::ImageSummary image;
    image.names = {"docker.io/library/a:1", "localhost/b:2"};
    image.labels = {{"k", "v"}};
    ImageFilter filter;
    EXPECT_EQ(filter.passing_names(image).size(), 2U);
    ASSERT_TRUE(filter.add("reference=a"));
    EXPECT_EQ(filter.passing_names(image), (std::vector<std::string>{"docker.io/library/a:1"}));
    ASSERT_TRUE(filter.add("label=k=v"));
    EXPECT_EQ(filter.passing_names(image).size(), 1U);
    ASSERT_TRUE(filter.add("label=other"));
    EXPECT_TRUE(filter.passing_names(image).empty());
    EXPECT_FALSE(filter.add("bogus=1"));
    EXPECT_FALSE(filter.add("dangling=maybe"));
    ImageFilter dangling;
    ASSERT_TRUE(dangling.add("dangling=true"));
    EXPECT_TRUE(dangling.passing_names(image).empty());
    image.names.clear();
    EXPECT_EQ(dangling.passing_names(image), (std::vector<std::string>{""}));
}

TEST(Help, HasPodmansShape) {
    const std::string page = command_help(*find_command("run"), "run");
    EXPECT_TRUE(
        page.starts_with("Run a command in a new container\n\nDescription:\n  Runs a command"));
    EXPECT_NE(page.find("\nUsage:\n  dhow run [options] IMAGE [COMMAND [ARG...]]\n"),
              std::string::npos);
    EXPECT_NE(page.find("\nExamples:\n  dhow run imageID ls -alF /etc\n"), std::string::npos);
    EXPECT_NE(page.find("\n  -e, --env stringArray  "), std::string::npos);
    EXPECT_NE(page.find("(default \"k8s-file\")"), std::string::npos);
    EXPECT_EQ(page.find("--net "), std::string::npos);
    const std::string top = group_help(nullptr);
    EXPECT_NE(top.find("\n  run        "), std::string::npos);
    EXPECT_EQ(top.find("cleanup"), std::string::npos);
    EXPECT_NE(group_help(find_group("image")).find("\n  ls       "), std::string::npos);
}

engine::ProgressEvent event(engine::ProgressEvent::Kind kind,
                            uint64_t current = 0,
                            uint64_t total = 0) {
    engine::ProgressEvent out;
    out.kind = kind;
    out.digest = "sha256:0123456789abcdef0123";
    out.text = "Trying to pull x...";
    out.current = current;
    out.total = total;
    return out;
}

using Kind = engine::ProgressEvent::Kind;

TEST(Progress, PlainLines) {
    std::string shown;
    ProgressView view(
        ProgressView::Style::Plain, 80, [&](std::string_view text) { shown += text; });
    view.show(event(Kind::Message));
    view.show(event(Kind::BlobStarted, 0, 100));
    view.show(event(Kind::BlobProgress, 50, 100));
    view.show(event(Kind::BlobDone));
    view.show(event(Kind::BlobExists));
    view.show(event(Kind::ConfigDone));
    view.show(event(Kind::ManifestDone));
    view.finish();
    EXPECT_EQ(
        shown,
        "Trying to pull x...\nCopying blob 0123456789ab done\nCopying blob 0123456789ab skipped: "
        "already exists\nCopying config 0123456789ab done\nWriting manifest to image "
        "destination\n");
}

TEST(Progress, QuietSaysNothing) {
    std::string shown;
    ProgressView view(
        ProgressView::Style::Quiet, 80, [&](std::string_view text) { shown += text; });
    view.show(event(Kind::Message));
    view.show(event(Kind::BlobDone));
    view.finish();
    EXPECT_EQ(shown, "");
}

TEST(Progress, BarsAreRedrawnAtMostTenTimesASecond) {
    std::vector<std::string> frames;
    ProgressView view(
        ProgressView::Style::Bars, 100, [&](std::string_view text) { frames.emplace_back(text); });
    const auto start = ProgressView::Clock::now();
    view.show(event(Kind::BlobStarted, 0, 4096), start);
    for (int i = 0; i < 1000; ++i) {
        view.show(event(Kind::BlobProgress, static_cast<uint64_t>(i) * 4, 4096), start + i * 1ms);
    }
    EXPECT_LE(frames.size(), 11U);
    EXPECT_GE(frames.size(), 9U);
    EXPECT_EQ(frames[0],
              "Copying blob 0123456789ab [>---------------------------------------] 0B / 4.0KiB\n");
    EXPECT_TRUE(
        frames[5].starts_with("\x1b[1A\r\x1b[JCopying blob 0123456789ab [===================>-"))
        << frames[5];
    view.show(event(Kind::BlobDone), start + 1s);
    view.finish();
    std::string last = frames.back();
    EXPECT_NE((frames.rbegin()[1] + last).find("Copying blob 0123456789ab done\n"),
              std::string::npos);
}

TEST(Progress, BarsNeverWrap) {
    std::string shown;
    ProgressView view(ProgressView::Style::Bars, 30, [&](std::string_view text) { shown = text; });
    view.show(event(Kind::BlobStarted, 0, 4096));
    EXPECT_EQ(shown.size(), 30U);
}

}  // namespace
}  // namespace dhow::cli
