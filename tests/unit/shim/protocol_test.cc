// SPDX-License-Identifier: Apache-2.0
// What engine and shim tell each other, and the two files a shim leaves: whole or refused.
#include "shim/protocol.h"

#include "shim/fields.h"

#include <gtest/gtest.h>

#include <limits>

namespace dhow::shim {
namespace {

using namespace std::string_view_literals;

TEST(Fields, RoundTrip) {
    FieldWriter writer;
    writer.put("a", "text\nwith = everything \xff");
    writer.put_number("n", std::numeric_limits<int64_t>::min());
    writer.put("empty", "");
    writer.put_list("l", {"x", "", "y"});
    const auto reader = FieldReader::parse(writer.take(), "doc");
    ASSERT_TRUE(reader);
    EXPECT_EQ(*reader->text("a"), "text\nwith = everything \xff");
    EXPECT_EQ(*reader->number("n", std::numeric_limits<int64_t>::min(), 0),
              std::numeric_limits<int64_t>::min());
    EXPECT_EQ(*reader->text("empty"), "");
    EXPECT_EQ(reader->list("l"), (std::vector<std::string>{"x", "", "y"}));
    EXPECT_EQ(*reader->text("l"), "x");
    EXPECT_TRUE(reader->list("none").empty());
    EXPECT_EQ(reader->all().size(), 6U);
}

TEST(Fields, AValueCannotBecomeAField) {
    FieldWriter writer;
    writer.put("error", "gone\0end\0000\0"sv);
    const auto reader = FieldReader::parse(writer.take(), "doc");
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->all().size(), 1U);
    EXPECT_EQ(*reader->text("error"), "gone");
}

TEST(Fields, DamageIsAnErrorThatNamesTheDocument) {
    for (const auto bytes : {"a"sv, "a\0"sv, "a\0b"sv, "a\0b\0c"sv, "a\0b\0c\0"sv}) {
        const auto reader = FieldReader::parse(bytes, "exit record");
        ASSERT_FALSE(reader);
        EXPECT_EQ(reader.error().kind, ErrorKind::Corrupt);
        EXPECT_NE(reader.error().message.find("exit record"), std::string::npos);
    }
    EXPECT_TRUE(FieldReader::parse("", "x"));
}

TEST(Fields, NumbersAreWholeAndInTheirRange) {
    for (const auto text : {""sv,
                            " 1"sv,
                            "1 "sv,
                            "+1"sv,
                            "1.0"sv,
                            "0x1"sv,
                            "8"sv,
                            "-1"sv,
                            "99999999999999999999"sv,
                            "true"sv}) {
        FieldWriter writer;
        writer.put("n", text);
        const auto reader = FieldReader::parse(writer.take(), "x");
        EXPECT_FALSE(reader->number("n", 0, 7)) << text;
        EXPECT_FALSE(reader->flag("n")) << text;
    }
    EXPECT_FALSE(FieldReader::parse("", "x")->number("n", 0, 7));
}

ShimConfig full_config() {
    ShimConfig config;
    config.id = std::string(64, 'a');
    config.runtime = "/usr/bin/runtime";
    config.runtime_args = {"--root", "/r", "--flag=with space"};
    config.bundle = "/run/b";
    config.run_dir = "/run/b/..";
    config.state_dir = "/var/\n\xff";
    config.rootfs = "/rootfs";
    config.terminal = config.open_stdin = config.stdin_once = config.foreground = true;
    config.terminal_rows = 65535;
    config.terminal_columns = 1;
    config.log_path = "/log";
    config.log_max_bytes = 123456789012;
    config.restart = RestartKind::UnlessStopped;
    config.restart_max_retries = 7;
    config.stop_signal = 64;
    config.stop_timeout_seconds = -1;
    config.oom_score_adjust = -1000;
    config.durable_exit = false;
    config.initial_clients = 64;
    config.sidecars = {{.argv = {"/pasta", "--x", ""}, .daemonizes = true, .pid_file = "/p"},
                       {.argv = {"/forward"}}};
    config.exit_command = {"/dhow", "container", "cleanup", ""};
    config.keep_env = {"PATH=/bin", "A="};
    return config;
}

TEST(Config, EverythingSurvives) {
    const auto before = full_config();
    const std::string bytes = encode_config(before);
    const auto after = decode_config(bytes);
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_EQ(encode_config(*after), bytes);
    EXPECT_EQ(after->state_dir, before.state_dir);
    EXPECT_EQ(after->restart, RestartKind::UnlessStopped);
    EXPECT_EQ(after->oom_score_adjust, -1000);
    EXPECT_EQ(after->stop_timeout_seconds, -1);
    EXPECT_EQ(after->log_max_bytes, 123456789012U);
    EXPECT_FALSE(after->durable_exit);
    ASSERT_EQ(after->sidecars.size(), 2U);
    EXPECT_EQ(after->sidecars[0].argv, before.sidecars[0].argv);
    EXPECT_TRUE(after->sidecars[0].daemonizes);
    EXPECT_EQ(after->sidecars[0].pid_file, "/p");
    EXPECT_FALSE(after->sidecars[1].daemonizes);
    EXPECT_EQ(after->exit_command, before.exit_command);
    EXPECT_EQ(after->keep_env, before.keep_env);
    const auto defaults = decode_config(encode_config(ShimConfig{}));
    ASSERT_TRUE(defaults);
    EXPECT_FALSE(defaults->oom_score_adjust);
}

TEST(Config, ValuesOutOfRangeAreRefused) {
    const auto refused = [](auto change) {
        ShimConfig config = full_config();
        change(config);
        return !decode_config(encode_config(config));
    };
    EXPECT_FALSE(refused([](ShimConfig&) {}));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.restart = static_cast<RestartKind>(4); }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.restart_max_retries = -1; }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.stop_signal = 0; }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.stop_signal = 65; }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.stop_timeout_seconds = -2; }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.oom_score_adjust = 1001; }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.initial_clients = 65; }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.initial_clients = -1; }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.terminal_rows = 65536; }));
    EXPECT_TRUE(refused([](ShimConfig& c) { c.sidecars[0].argv.clear(); }));
    EXPECT_FALSE(decode_config("sidecar_arg\0/x\0"sv));
    EXPECT_FALSE(decode_config(""));
}

ExitRecord some_record() {
    return ExitRecord{.status = {WaitStatus::Kind::Signaled, 9},
                      .oom_killed = true,
                      .started_at = 1234567890123456789,
                      .finished_at = 1234567890123456999,
                      .restart_count = 3,
                      .error = "cannot\nstart"};
}

TEST(ExitRecord, EverythingSurvives) {
    for (const auto kind :
         {WaitStatus::Kind::Exited, WaitStatus::Kind::Signaled, WaitStatus::Kind::Unknown}) {
        ExitRecord before = some_record();
        before.status.kind = kind;
        const auto after = decode_exit(encode_exit(before));
        ASSERT_TRUE(after);
        EXPECT_EQ(*after, before);
        EXPECT_EQ(after->status.kind, kind);
        EXPECT_EQ(after->error, before.error);
    }
    EXPECT_FALSE(some_record() == ExitRecord{});
}

// A record that was cut is never taken for a whole one, wherever the cut is.
TEST(ExitRecord, EveryTruncationIsNoticed) {
    const std::string whole = encode_exit(some_record());
    for (size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(decode_exit(std::string_view(whole).substr(0, length))) << length;
    }
    const std::string config = encode_config(full_config());
    size_t accepted = 0;
    for (size_t length = 0; length < config.size(); ++length) {
        // Lists come last: a cut between two of their entries is all that could pass.
        accepted += decode_config(std::string_view(config).substr(0, length)) ? 1U : 0U;
    }
    EXPECT_LE(accepted, 20U);
}

TEST(ExitRecord, NonsenseIsRefused) {
    const auto with = [](std::string_view key, std::string_view value) {
        FieldWriter writer;
        writer.put(key, value);
        return decode_exit(writer.take() + encode_exit(some_record())).has_value();
    };
    EXPECT_TRUE(with("unknown", "later versions may add fields"));
    EXPECT_FALSE(with("end", "3"));
    EXPECT_FALSE(with("end", "-1"));
    EXPECT_FALSE(with("end_value", "-1"));
    EXPECT_FALSE(with("end_value", "4294967296"));
    EXPECT_FALSE(with("oom_killed", "2"));
    EXPECT_FALSE(with("started_at", "-1"));
    EXPECT_FALSE(with("restart_count", "x"));
}

TEST(Status, EverythingSurvives) {
    ShimStatus before{.phase = Phase::Restarting,
                      .shim = {100, 123456, "boot"},
                      .container = {0, 0, ""},
                      .started_at = 77,
                      .restart_count = 2,
                      .last_exit = WaitStatus{WaitStatus::Kind::Exited, 1}};
    const auto after = decode_status(encode_status(before));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->phase, Phase::Restarting);
    EXPECT_EQ(after->shim, before.shim);
    EXPECT_EQ(after->container, before.container);
    EXPECT_EQ(after->started_at, 77);
    ASSERT_TRUE(after->last_exit);
    EXPECT_EQ(after->last_exit->value, 1);
    before.last_exit.reset();
    EXPECT_FALSE(decode_status(encode_status(before))->last_exit);
}

TEST(Status, NonsenseIsRefused) {
    const std::string good = encode_status(ShimStatus{});
    EXPECT_TRUE(decode_status(good));
    for (size_t length = 0; length < good.size(); ++length) {
        EXPECT_FALSE(decode_status(std::string_view(good).substr(0, length))) << length;
    }
    EXPECT_FALSE(decode_status(std::string("phase\0004\0", 8) + good));
    EXPECT_FALSE(decode_status(std::string("shim_pid\0-1\0", 12) + good));
    // An end without its value is no end.
    EXPECT_FALSE(decode_status(good + std::string("end\0001\0", 6)));
}

}  // namespace
}  // namespace dhow::shim
