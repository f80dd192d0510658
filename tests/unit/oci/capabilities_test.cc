// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/capabilities.h"

#include "base/text.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <sstream>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

constexpr uint64_t bit(int number) {
    return uint64_t{1} << static_cast<unsigned>(number);
}

// "CapEff" and kin of this process.
uint64_t set_of_process(const std::string& name) {
    std::istringstream status(test::read_file("/proc/self/status"));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":")) {
            return parse_int<uint64_t>(trim(line.substr(name.size() + 1)), 16).value_or(UINT64_MAX);
        }
    }
    return UINT64_MAX;
}

TEST(Capabilities, NumbersAreTheKernels) {
    EXPECT_EQ(capability_number("CAP_CHOWN"), CAP_CHOWN);
    EXPECT_EQ(capability_number("CAP_SETPCAP"), CAP_SETPCAP);
    EXPECT_EQ(capability_number("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
    EXPECT_EQ(capability_number("CAP_MKNOD"), CAP_MKNOD);
    EXPECT_EQ(capability_number("CAP_SYSLOG"), CAP_SYSLOG);
    EXPECT_EQ(capability_number("CAP_AUDIT_READ"), CAP_AUDIT_READ);
    EXPECT_EQ(capability_number("CAP_PERFMON"), CAP_PERFMON);
    EXPECT_EQ(capability_number("CAP_BPF"), CAP_BPF);
    EXPECT_EQ(capability_number("CAP_CHECKPOINT_RESTORE"), CAP_CHECKPOINT_RESTORE);
    EXPECT_EQ(all_capability_names().size(), size_t{CAP_LAST_CAP} + 1);
    for (const char* name : {"", "CHOWN", "cap_chown", "CAP_CHOWN ", "CAP_ALL", "ALL", "CAP_"}) {
        EXPECT_FALSE(capability_number(name)) << name;
    }
}

TEST(Capabilities, EachSetIsItsOwn) {
    Capabilities wanted;
    wanted.bounding = {"CAP_CHOWN", "CAP_KILL", "CAP_CHOWN"};
    wanted.effective = {"CAP_KILL"};
    wanted.inheritable = {"CAP_FOWNER"};
    wanted.permitted = {"CAP_SYS_ADMIN"};
    wanted.ambient = {"CAP_NET_RAW"};
    const auto sets = resolve_capabilities(wanted);
    EXPECT_EQ(sets.bounding, bit(CAP_CHOWN) | bit(CAP_KILL));
    EXPECT_EQ(sets.effective, bit(CAP_KILL));
    EXPECT_EQ(sets.inheritable, bit(CAP_FOWNER));
    EXPECT_EQ(sets.permitted, bit(CAP_SYS_ADMIN));
    EXPECT_EQ(sets.ambient, bit(CAP_NET_RAW));
    const auto none = resolve_capabilities({});
    EXPECT_EQ(none.bounding | none.effective | none.inheritable | none.permitted | none.ambient,
              0U);
}

TEST(Capabilities, AnUnknownNameIsLeftOutOfEverySetAndTold) {
    for (auto member : {&Capabilities::bounding,
                        &Capabilities::effective,
                        &Capabilities::inheritable,
                        &Capabilities::permitted,
                        &Capabilities::ambient}) {
        Capabilities wanted;
        wanted.*member = {"CAP_CHOWN", "CAP_NO\nSUCH"};
        const auto sets = resolve_capabilities(wanted);
        EXPECT_EQ(sets.bounding | sets.effective | sets.inheritable | sets.permitted | sets.ambient,
                  bit(CAP_CHOWN));
        EXPECT_EQ(unknown_capabilities(wanted), (std::vector<std::string>{"CAP_NO\nSUCH"}));
    }
}

// CVE-2022-29162 and kin: nothing of the caller's sets is inherited.
TEST(Capabilities, AreExactlyThoseAskedFor) {
    test::in_own_mounts([] {  // where an ordinary user is root as well
        CapabilitySets sets;
        sets.bounding = bit(CAP_CHOWN) | bit(CAP_KILL) | bit(CAP_NET_RAW);
        sets.permitted = bit(CAP_CHOWN) | bit(CAP_KILL);
        sets.effective = bit(CAP_CHOWN);
        ASSERT_TRUE(drop_bounding(sets));
        ASSERT_TRUE(set_capabilities(sets));
        EXPECT_EQ(set_of_process("CapBnd"), sets.bounding & set_of_process("CapBnd"));
        EXPECT_EQ(set_of_process("CapPrm"), sets.permitted);
        EXPECT_EQ(set_of_process("CapEff"), sets.effective);
        EXPECT_EQ(set_of_process("CapInh"), 0U);
        EXPECT_EQ(set_of_process("CapAmb"), 0U);
        sets.permitted |= bit(CAP_SYS_ADMIN);
        EXPECT_FALSE(set_capabilities(sets)) << "what is gone does not come back";
    });
}

TEST(Capabilities, AmbientNeedsPermittedAndInheritable) {
    test::in_own_mounts([] {
        CapabilitySets sets;
        sets.permitted = bit(CAP_CHOWN) | bit(CAP_KILL);
        sets.effective = sets.permitted;
        sets.inheritable = bit(CAP_CHOWN);
        sets.ambient = bit(CAP_CHOWN) | bit(CAP_KILL);
        const auto set = set_capabilities(sets);
        ASSERT_TRUE(set) << set.error().message;
        EXPECT_EQ(set_of_process("CapAmb"), bit(CAP_CHOWN)) << "kill is not inheritable";
        sets.ambient = 0;
        ASSERT_TRUE(set_capabilities(sets));
        EXPECT_EQ(set_of_process("CapAmb"), 0U);
    });
}

}  // namespace
}  // namespace dhow::oci
