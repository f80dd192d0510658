// SPDX-License-Identifier: Apache-2.0
// The real dhow-shim over a runtime of a few lines of shell: what a "container" runs is a script in
// the bundle, a plain process. Whatever a test leaves behind ends with it.
#pragma once

#include "shim/client.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dhow::shim {

class ShimTest : public testing::Test {
  protected:
    // What one connection said until it ended.
    struct Seen {
        std::string out;
        std::string err;
        std::optional<ExitRecord> exited;
    };

    ShimTest();
    ~ShimTest() override;

    void run_command(const std::string& script) { dir_.write("bundle/command", script); }

    // The runtime writes `log` and fails.
    void let_runtime_fail(const std::string& log) { dir_.write("bundle/fail", log); }

    Result<Launched> launch_shim(std::vector<UniqueFd> clients = {});
    // Launches, expects success, and gives what a foreground client sees.
    Seen run_in_foreground();
    // Reads to the end of the connection or to Exited.
    static Seen read_all_packets(Connection& connection);
    // As read_all_packets(), then Cleaned, and the shim's own exit code.
    static int finish(Launched& launched, Seen& seen);

    [[nodiscard]] std::optional<ExitRecord> exit_record() const;
    [[nodiscard]] std::optional<ShimStatus> status() const;
    // "run delete ...": what the runtime was asked for.
    [[nodiscard]] std::string calls() const;
    // The log without its times: "stdout F text\n"
    [[nodiscard]] std::string log_text() const;
    // Polls for at most ten seconds.
    static bool wait_until(const std::function<bool()>& condition);

    test::TempDir dir_;
    UniqueFd run_dir_;
    UniqueFd state_dir_;
    ShimConfig config_;
};

}  // namespace dhow::shim
