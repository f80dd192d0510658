// SPDX-License-Identifier: Apache-2.0
// Lines of the log, as callers of runc parse them.
#include "oci/runtime/log.h"

#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

TEST(Log, LinesAreLogrus) {
    EXPECT_EQ(log_line(LogLevel::Error, "a \"b\"\n", "T", false),
              "time=\"T\" level=error msg=\"a \\\"b\\\"\\n\"\n");
    EXPECT_EQ(log_line(LogLevel::Warning, "a", "T", true),
              "{\"level\":\"warning\",\"msg\":\"a\",\"time\":\"T\"}\n");
}

TEST(Log, DebugOnlyWhenAskedFor) {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() + "/log";
    set_log(path, false, false);
    log_debug("never");
    EXPECT_EQ(test::read_file(path), "(unreadable)");
    log_warning("first");
    set_log(path, true, true);
    log_debug("second");
    set_log("", false, false);
    const auto text = test::read_file(path);
    EXPECT_NE(text.find("level=warning msg=\"first\"\n"), std::string::npos) << text;
    EXPECT_NE(text.find("{\"level\":\"debug\",\"msg\":\"second\""), std::string::npos) << text;
}

}  // namespace
}  // namespace dhow::oci
