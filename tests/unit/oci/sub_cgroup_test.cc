// SPDX-License-Identifier: Apache-2.0
// `exec --cgroup`: where its arguments lead, and that they lead no higher.
#include "oci/runtime/cgroup/sub_cgroup.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

ContainerCgroup version1() {
    ContainerCgroup cgroup;
    cgroup.places = {{false, false, {"cpu", "cpuacct"}, "/c/cpu/x", "/c/cpu"},
                     {false, false, {"pids"}, "/c/pids/x", "/c/pids"}};
    return cgroup;
}

std::string folders(const std::vector<std::string>& wanted) {
    const auto chosen = sub_cgroup(version1(), wanted);
    if (!chosen) return chosen.error().message;
    std::string text;
    for (const CgroupPlace& place : chosen->places) text += place.folder + " ";
    return text;
}

TEST(SubCgroup, OnePathForAllOrOneForEach) {
    EXPECT_EQ(folders({}), "/c/cpu/x /c/pids/x ");
    EXPECT_EQ(folders({"/"}), "/c/cpu/x /c/pids/x ");
    EXPECT_EQ(folders({"a//b/./"}), "/c/cpu/x/a/b /c/pids/x/a/b ");
    EXPECT_EQ(folders({"pids:a"}), "/c/cpu/x /c/pids/x/a ");
    EXPECT_EQ(folders({"cpu,cpuacct:a", "pids:/b"}), "/c/cpu/x/a /c/pids/x/b ");
}

TEST(SubCgroup, NeverAboveTheContainers) {
    for (const char* path : {"..", "/..", "a/../..", "pids:../y", "a/.."}) {
        EXPECT_NE(folders({path}).find("bad sub cgroup path"), std::string::npos) << path;
    }
}

TEST(SubCgroup, RefusesWhatMakesNoSense) {
    EXPECT_NE(folders({"nosuch:a"}).find("unknown controller nosuch"), std::string::npos);
    EXPECT_NE(folders({":a"}).find("empty <controller>"), std::string::npos);
    EXPECT_NE(folders({"pids:a", "b"}).find("missing <controller>"), std::string::npos);
    EXPECT_NE(folders({"pids:a", "pids:b"}).find("more than once"), std::string::npos);
}

}  // namespace
}  // namespace dhow::oci
