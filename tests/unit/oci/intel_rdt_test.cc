// SPDX-License-Identifier: Apache-2.0
// Plain folders stand for resctrl: no machine of ours has the hardware.
#include "oci/runtime/cgroup/intel_rdt.h"

#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

class Rdt : public ::testing::Test {
  protected:
    // A class of service as the kernel makes it: with its files in it.
    void make_class(const std::string& name, std::string_view schemata) {
        ASSERT_EQ(::mkdir((root_ / name).c_str(), 0755), 0);
        ASSERT_EQ(::mkdir((root_ / (name + "/mon_groups")).c_str(), 0755), 0);
        root_.write(name + "/schemata", schemata);
        root_.write(name + "/tasks", "");
    }

    Result<ContainerRdt> create(const IntelRdt& wanted) {
        return create_rdt(root_.path(), wanted, "c1");
    }

    std::string error_of(const IntelRdt& wanted) {
        const auto rdt = create(wanted);
        return rdt ? "(none)" : rdt.error().message;
    }

    test::TempDir root_;
};

TEST(FindResctrl, ByItsType) {
    EXPECT_EQ(find_resctrl("1 2 0:3 / /sys rw - sysfs sysfs rw\n"
                           "4 2 0:5 / /sys/fs/resctrl rw shared:1 - resctrl resctrl rw\n"),
              "/sys/fs/resctrl");
    EXPECT_EQ(find_resctrl("1 2 0:3 / /resctrl rw - tmpfs resctrl rw\n"), "");
    EXPECT_EQ(find_resctrl(""), "");
}

TEST(Schemata, LinesInTheOrderOfTheSpecification) {
    const std::vector<std::string> wanted = {"L3:0=f", "L2:0=1", "MB:0=20", "L3CODE:0=3"};
    EXPECT_EQ(schemata_lines({.l3_cache_schema = "L3:0=f\nMB:0=70\n L2:0=1 \n",
                              .mem_bw_schema = "MB:0=20",
                              .schemata = {"L3CODE:0=3"}}),
              wanted);
    EXPECT_TRUE(schemata_lines({}).empty());
}

TEST_F(Rdt, AClassThatIsThereIsJoinedAndStays) {
    make_class("gold", "    L3:0=0ff;1=f\n    MB:0= 70\n");
    const auto rdt = create({.clos_id = "gold"});
    ASSERT_TRUE(rdt) << rdt.error().message;
    EXPECT_FALSE(rdt->own);
    ASSERT_TRUE(join_rdt(*rdt, 42));
    EXPECT_EQ(root_.read("gold/tasks"), "42");
    EXPECT_TRUE(create({.clos_id = "gold", .l3_cache_schema = "L3:0=ff"}));
    EXPECT_TRUE(create({.clos_id = "gold", .mem_bw_schema = "MB:0=70"}));
    EXPECT_NE(error_of({.clos_id = "gold", .l3_cache_schema = "L3:1=ff"}).find("is not 'L3:1=ff'"),
              std::string::npos);
    EXPECT_FALSE(update_rdt(*rdt, {.l3_cache_schema = "L3:0=1"})) << "it is not ours";
    EXPECT_TRUE(destroy_rdt(*rdt));
    EXPECT_TRUE(exists_at(root_.fd(), "gold"));
}

TEST_F(Rdt, AClassThatIsMissing) {
    EXPECT_NE(error_of({.clos_id = "gold"}).find("no class of service 'gold'"), std::string::npos);
    for (const char* name : {"..", ".", "a/b", "/x", "info", "mon_groups", "mon_data", "a\nb"}) {
        EXPECT_NE(error_of({.clos_id = name}).find("invalid intelRdt.closID"), std::string::npos)
            << name;
    }
    // Made; this folder then has no schemata file to write, as the kernel's would.
    EXPECT_NE(error_of({.clos_id = "new", .schemata = {"L3:0=1"}}).find("set intelRdt schemata"),
              std::string::npos);
    EXPECT_FALSE(exists_at(root_.fd(), "new")) << "nothing is left behind";
}

TEST_F(Rdt, OneOfItsOwnIsNamedByTheContainerAndGoesWithIt) {
    const auto rdt = create({});
    ASSERT_TRUE(rdt) << rdt.error().message;
    EXPECT_TRUE(rdt->own);
    EXPECT_EQ(rdt->group, root_ / "c1");
    root_.write("c1/schemata", "");
    ASSERT_TRUE(update_rdt(*rdt, {.l3_cache_schema = "L3:0=1", .mem_bw_schema = "MB:0=9"}));
    EXPECT_EQ(root_.read("c1/schemata"), "L3:0=1\nMB:0=9\n");
    ASSERT_EQ(::unlink((root_ / "c1/schemata").c_str()), 0);
    EXPECT_TRUE(destroy_rdt(*rdt));
    EXPECT_FALSE(exists_at(root_.fd(), "c1"));
    EXPECT_TRUE(destroy_rdt(*rdt)) << "twice";
    EXPECT_TRUE(destroy_rdt({}));
}

TEST_F(Rdt, MonitoringHasAGroupOfItsOwn) {
    make_class("gold", "L3:0=f\n");
    const auto rdt = create({.clos_id = "gold", .enable_monitoring = true});
    ASSERT_TRUE(rdt) << rdt.error().message;
    EXPECT_EQ(rdt->monitor, root_ / "gold/mon_groups/c1");
    root_.write("gold/mon_groups/c1/tasks", "");
    ASSERT_TRUE(join_rdt(*rdt, 7));
    EXPECT_EQ(root_.read("gold/mon_groups/c1/tasks"), "7");
    ASSERT_EQ(::unlink((root_ / "gold/mon_groups/c1/tasks").c_str()), 0);
    EXPECT_TRUE(destroy_rdt(*rdt));
    EXPECT_FALSE(exists_at(root_.fd(), "gold/mon_groups/c1"));
    // Counting alone takes none of the few classes there are.
    ASSERT_EQ(::mkdir((root_ / "mon_groups").c_str(), 0755), 0);
    const auto counted = create({.enable_monitoring = true});
    ASSERT_TRUE(counted);
    EXPECT_EQ(counted->group, root_.path());
    EXPECT_FALSE(counted->own);
}

}  // namespace
}  // namespace dhow::oci
