// SPDX-License-Identifier: Apache-2.0
// The words of three runtimes, and of hostile images in their mouths.
#include "shim/runtime_error.h"

#include <gtest/gtest.h>

#include <string>

namespace dhow::shim {
namespace {

TEST(RuntimeError, TheLastMessageOfTheLogCounts) {
    const auto error = runtime_error(
        "{\"level\":\"warning\",\"msg\":\"first\"}\n{\"level\":\"error\",\"msg\":\"second\","
        "\"time\":\"x\"}\n",
        "printed");
    EXPECT_EQ(error.message, "second");
    EXPECT_EQ(error.kind, ErrorKind::System);
    EXPECT_EQ(runtime_error("{\"msg\": \"with a blank\"}", "").message, "with a blank");
}

TEST(RuntimeError, WithoutALogWhatWasPrinted) {
    EXPECT_EQ(runtime_error("", "  no such option\n").message, "no such option");
    EXPECT_EQ(runtime_error("not json", "printed").message, "printed");
    EXPECT_EQ(runtime_error("", "").message, "the OCI runtime failed without a word");
}

TEST(RuntimeError, CommandsThatAreMissingOrUnusable) {
    const auto kind = [](const std::string& message) {
        return runtime_error("{\"msg\":\"" + message + "\"}", "").kind;
    };
    // runc
    EXPECT_EQ(kind("runc run failed: unable to start container process: exec: \\\"nope\\\": "
                   "executable file not found in $PATH"),
              ErrorKind::CommandNotFound);
    EXPECT_EQ(kind("unable to start container process: exec: \\\"/etc\\\": is a directory: "
                   "permission denied"),
              ErrorKind::CannotInvoke);
    EXPECT_EQ(kind("exec: \\\"/x\\\": stat /x: no such file or directory"),
              ErrorKind::CommandNotFound);
    // crun
    EXPECT_EQ(kind("executable file `nope` not found in $PATH: No such file or directory"),
              ErrorKind::CommandNotFound);
    EXPECT_EQ(kind("open executable: Permission denied"), ErrorKind::CannotInvoke);
    EXPECT_EQ(kind("exec container process `/x`: Exec format error"), ErrorKind::CannotInvoke);
    // About something else.
    EXPECT_EQ(kind("mount `proc`: No such file or directory"), ErrorKind::System);
    EXPECT_EQ(kind("rootfs not found"), ErrorKind::System);
}

TEST(RuntimeError, NoiseIsCutOff) {
    EXPECT_EQ(runtime_error("{\"msg\":\"runc create failed: unable to start container process: "
                            "error during container init: x\"}",
                            "")
                  .message,
              "error during container init: x");
}

TEST(RuntimeError, EscapesAreReadAndNothingReachesATerminal) {
    EXPECT_EQ(runtime_error(R"({"msg":"a\nb\t\"c\" \\ \/ \u0041 \u00e9 \u001b[2J"})", "").message,
              R"(a b "c" \ / A ? \x1b[2J)");
    EXPECT_EQ(runtime_error("", "a\x1b[2Jb").message, "a\\x1b[2Jb");
}

TEST(RuntimeError, AMessageCannotForgeAnother) {
    const auto error =
        runtime_error(R"({"msg":"evil \"msg\":\"exec: \"} end","level":"error"})", "");
    EXPECT_EQ(error.message, R"(evil "msg":"exec: "} end)");
}

TEST(RuntimeError, CutAnywhereItStillEnds) {
    const std::string whole = R"({"msg":"a\u0041\\ \"x","level":"error"})";
    for (size_t length = 0; length <= whole.size(); ++length) {
        EXPECT_FALSE(runtime_error(whole.substr(0, length), "").message.empty());
        EXPECT_FALSE(runtime_error(whole.substr(length), "").message.empty());
    }
    EXPECT_FALSE(runtime_error(R"({"msg":"\u)", "").message.empty());
    EXPECT_FALSE(runtime_error(R"({"msg":"\u00)", "").message.empty());
    EXPECT_FALSE(runtime_error("{\"msg\":\"\\", "").message.empty());
}

}  // namespace
}  // namespace dhow::shim
