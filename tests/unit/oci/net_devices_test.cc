// SPDX-License-Identifier: Apache-2.0
// linux.netDevices without a kernel: names, and which addresses move along.
#include "oci/runtime/namespaces/net_devices.h"

#include <gtest/gtest.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

namespace dhow::oci {
namespace {

TEST(NetDevices, NamesAreThoseTheKernelTakes) {
    for (const char* good : {"eth0", "a", "wan-0.7", "eth%d", "fifteen-letters"}) {
        EXPECT_TRUE(is_device_name(good)) << good;
    }
    for (const char* bad : {"", ".", "..", "a/b", "a:1", "a b", "a\tb", "sixteen-letters."}) {
        EXPECT_FALSE(is_device_name(bad)) << bad;
    }
}

TEST(NetDevices, OnlyPermanentGlobalAddressesMove) {
    EXPECT_TRUE(moves_along({.scope = RT_SCOPE_UNIVERSE, .flags = IFA_F_PERMANENT}));
    EXPECT_TRUE(
        moves_along({.scope = RT_SCOPE_UNIVERSE, .flags = IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE}));
    EXPECT_FALSE(moves_along({.scope = RT_SCOPE_UNIVERSE, .flags = 0}));  // from DHCP or an RA
    EXPECT_FALSE(moves_along({.scope = RT_SCOPE_LINK, .flags = IFA_F_PERMANENT}));
    EXPECT_FALSE(moves_along({.scope = RT_SCOPE_HOST, .flags = IFA_F_PERMANENT}));
}

TEST(NetDevices, NeedANetworkNamespace) {
    Linux linux_part;
    EXPECT_TRUE(check_net_devices(linux_part));
    linux_part.net_devices["eth0"] = {};
    EXPECT_FALSE(check_net_devices(linux_part));
    linux_part.namespaces.push_back({.type = NamespaceType::Network, .path = "/run/netns/x"});
    EXPECT_TRUE(check_net_devices(linux_part));
    linux_part.net_devices["eth0"].name = "no/name";
    EXPECT_FALSE(check_net_devices(linux_part));
}

}  // namespace
}  // namespace dhow::oci
