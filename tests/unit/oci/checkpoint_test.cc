// SPDX-License-Identifier: Apache-2.0
// The parts of checkpoint and restore that need no criu.
#include "oci/runtime/checkpoint/criu_wire.h"
#include "oci/runtime/checkpoint/external_mounts.h"
#include "oci/runtime/checkpoint/restored_check.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

using std::string_literals::operator""s;

TEST(CriuWire, NumbersTextsAndMessages) {
    WireWriter wire;
    wire.number(1, 300);
    wire.integer(2, -1);
    wire.flag(3, true);
    wire.text(13, "/r");
    EXPECT_EQ(wire.bytes(),
              "\x08\xac\x02"
              "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
              "\x18\x01"
              "\x6a\x02/r"s);
    WireWriter outer;
    outer.message(23, wire);
    EXPECT_EQ(outer.bytes().substr(0, 3), "\xba\x01\x14"s);
}

TEST(CriuWire, Requests) {
    WireWriter options;
    options.flag(3, true);
    EXPECT_EQ(encode_request(CriuRequest::Dump, options), "\x08\x01\x12\x02\x18\x01"s);
    EXPECT_EQ(encode_request(CriuRequest::Version, {}), "\x08\x0a"s);
    EXPECT_EQ(encode_request(CriuRequest::FeatureCheck, {}), "\x08\x09\x2a\x02\x08\x01"s);
    EXPECT_EQ(encode_notify_answer(false), "\x08\x06\x18\x00"s);
}

TEST(CriuWire, Answers) {
    const auto restored = decode_reply("\x08\x02\x10\x01\x22\x03\x08\xac\x02"s);
    ASSERT_TRUE(restored);
    EXPECT_EQ(restored->type, CriuRequest::Restore);
    EXPECT_TRUE(restored->success);
    EXPECT_EQ(restored->restored, 300);
    const auto notice = decode_reply("\x08\x06\x10\x01\x2a\x0a\x0a\x06mounts\x10\x05"s);
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->notify_script, "mounts");
    EXPECT_EQ(notice->notify_pid, 5);
    const auto version = decode_reply("\x08\x0a\x10\x01\x52\x06\x08\x03\x10\x11\x20\x01"s);
    ASSERT_TRUE(version);
    EXPECT_EQ(version->version, 31701U);
    const auto failed = decode_reply("\x08\x01\x10\x00\x38\x11\x4a\x03why"s);
    ASSERT_TRUE(failed);
    EXPECT_FALSE(failed->success);
    EXPECT_EQ(failed->error_number, 17);
    EXPECT_EQ(failed->error_text, "why");
}

TEST(CriuWire, WhatIsCutOrTooLongIsAnError) {
    const std::string whole = "\x08\x06\x10\x01\x2a\x0a\x0a\x06mounts\x10\x05"s;
    for (size_t length : {1U, 3U, 5U, 6U, 10U}) {
        EXPECT_FALSE(decode_reply(whole.substr(0, length))) << length;
    }
    EXPECT_FALSE(decode_reply("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s));
    EXPECT_FALSE(decode_reply(std::string(11, '\xff')));
    EXPECT_FALSE(decode_reply("\x0b\x00"s)) << "an unknown wire type";
    // Unknown members are passed over, a pid beyond the kernel's is none.
    const auto odd =
        decode_reply("\x08\x02\x10\x01\x7d....\xf9\x01........\x22\x06\x08\xff\xff\xff\xff\x0f"s);
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->restored, 0);
}

RuntimeSpec confined() {
    RuntimeSpec spec;
    spec.process.emplace();
    spec.linux_.emplace();
    spec.process->no_new_privileges = true;
    spec.process->capabilities = Capabilities{.bounding = {"CAP_CHOWN", "CAP_KILL"},
                                              .effective = {"CAP_CHOWN"},
                                              .inheritable = {},
                                              .permitted = {"CAP_CHOWN"},
                                              .ambient = {}};
    spec.linux_->seccomp.emplace();
    return spec;
}

std::string status_text(const char* bounding, const char* nnp, const char* seccomp) {
    return std::string("Name:\tsh\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000001\n") +
           "CapEff:\t0000000000000001\nCapBnd:\t" + bounding +
           "\nCapAmb:\t0000000000000000\nNoNewPrivs:\t" + nnp + "\nSeccomp:\t" + seccomp +
           "\nSeccomp_filters:\t1\n";
}

TEST(RestoredCheck, NoMoreThanTheSpecGives) {
    const RuntimeSpec spec = confined();
    EXPECT_TRUE(check_restored_status(status_text("0000000000000021", "1", "2"), spec));
    EXPECT_TRUE(check_restored_status(status_text("0000000000000001", "1", "2"), spec));
    EXPECT_FALSE(check_restored_status(status_text("0000000000000023", "1", "2"), spec));
    EXPECT_FALSE(check_restored_status(status_text("0000000000000021", "0", "2"), spec));
    EXPECT_FALSE(check_restored_status(status_text("0000000000000021", "1", "0"), spec));
    EXPECT_FALSE(check_restored_status("", spec));
    RuntimeSpec open;
    open.process.emplace();
    open.linux_.emplace();
    EXPECT_TRUE(check_restored_status(status_text("ffffffffffffffff", "0", "0"), open));
}

TEST(ExternalMounts, SourcesComeFromTheBundle) {
    RuntimeSpec spec;
    spec.linux_.emplace();
    spec.mounts = {
        {.destination = "/proc", .type = "proc", .source = "proc"},
        {.destination = "/a", .type = "bind", .source = "rel", .options = {"ro"}},
        {.destination = "/b", .type = "none", .source = "/abs", .options = {"rbind"}},
        {.destination = "/a", .type = "none", .source = "", .options = {"bind", "remount"}}};
    spec.linux_->masked_paths = {"/proc/kcore"};
    const auto mounts = external_mounts(spec, "/bundle", {}, false);
    ASSERT_TRUE(mounts);
    ASSERT_EQ(mounts->size(), 3U);
    EXPECT_EQ((*mounts)[0].source, "/bundle/rel");
    EXPECT_EQ((*mounts)[1].source, "/abs");
    EXPECT_EQ((*mounts)[2].name, "/dev/null");
    EXPECT_TRUE((*mounts)[2].optional);
    spec.linux_->devices = {{.path = "/dev/fuse", .type = "c"}, {.path = "/dev/ptmx", .type = "c"}};
    const auto bound = external_mounts(spec, "/bundle", {}, true);
    ASSERT_TRUE(bound);
    EXPECT_EQ(bound->size(), 3U + 6U + 1U) << "the default nodes and one of the two";
}

}  // namespace
}  // namespace dhow::oci
