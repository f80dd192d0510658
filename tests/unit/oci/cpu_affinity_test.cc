// SPDX-License-Identifier: Apache-2.0
// Lists of processors as the kernel's mask.
#include "oci/runtime/process/cpu_affinity.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

TEST(CpuList, BecomesAMask) {
    using Mask = std::vector<unsigned long>;
    EXPECT_EQ(parse_cpu_list("0").value_or(Mask()), Mask{1});
    EXPECT_EQ(parse_cpu_list("0-2, 5").value_or(Mask()), Mask{0x27});
    EXPECT_EQ(parse_cpu_list("64,1").value_or(Mask()), (Mask{2, 1}));
}

TEST(CpuList, RefusesWhatIsNone) {
    for (const char* list : {"", "x", "-1", "1-", "3-1", "0,,1", "8192", "0-99999999999", "1;2"}) {
        EXPECT_FALSE(parse_cpu_list(list)) << list;
    }
}

}  // namespace
}  // namespace dhow::oci
