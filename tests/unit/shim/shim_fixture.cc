// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/shim/shim_fixture.h"

#include "base/text.h"
#include "shim/k8s_log.h"
#include "shim/reaper.h"

#include <sys/prctl.h>
#include <unistd.h>

namespace dhow::shim {

// Of runc's command line what a shim uses. Descriptor 3 carries stdin past the shell, which gives
// /dev/null to what it starts in the background. The shell ends by exec, before it could reap a
// container that ended at once.
static constexpr const char* kRuntime = R"sh(#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
        --bundle) bundle=$2; shift ;;
        --pid-file) pid_file=$2; shift ;;
        --log) log=$2; shift ;;
        --root) root=$2; shift ;;
        run | delete) verb=$1 ;;
    esac
    shift
done
bundle=${bundle:-$root}
echo "$verb" >> "$bundle/calls"
[ "$verb" = run ] || exit 0
[ -e "$bundle/delay" ] && sleep "$(cat "$bundle/delay")"
if [ -e "$bundle/fail" ]; then
    cat "$bundle/fail" > "$log"
    exit 1
fi
exec 3<&0
/bin/sh "$bundle/command" <&3 3<&- &
exec printf %d $! > "$pid_file"
)sh";

ShimTest::ShimTest() {
    // The shim's orphans fall to this process, which ends them.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    run_dir_ = make_dir_at(dir_.fd(), "run").take();
    state_dir_ = make_dir_at(dir_.fd(), "state").take();
    EXPECT_TRUE(make_dir_at(dir_.fd(), "bundle"));
    dir_.write("runtime", kRuntime, 0755);
    config_.id = std::string(64, 'a');
    config_.runtime = dir_ / "runtime";
    config_.runtime_args = {"--root", dir_ / "bundle"};
    config_.bundle = dir_ / "bundle";
    config_.run_dir = dir_ / "run";
    config_.state_dir = dir_ / "state";
    config_.log_path = dir_ / "state/log";
    config_.foreground = true;
    config_.keep_env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
}

ShimTest::~ShimTest() {
    end_all_children();
}

Result<Launched> ShimTest::launch_shim(std::vector<UniqueFd> clients) {
    LaunchOptions options;
    options.program = BINARY_DIR "/dhow-shim";
    options.clients = std::move(clients);
    config_.initial_clients = static_cast<int>(options.clients.size());
    return launch(options, config_);
}

ShimTest::Seen ShimTest::read_all_packets(Connection& connection) {
    Seen seen;
    while (true) {
        const auto packet = connection.receive();
        EXPECT_TRUE(packet) << packet.error().message;
        if (!packet || !*packet) return seen;
        if ((*packet)->type == PacketType::Stdout) seen.out += (*packet)->payload;
        if ((*packet)->type == PacketType::Stderr) seen.err += (*packet)->payload;
        if ((*packet)->type != PacketType::Exited) continue;
        auto record = decode_exit((*packet)->payload);
        EXPECT_TRUE(record);
        if (record) seen.exited = record.take();
        return seen;
    }
}

int ShimTest::finish(Launched& launched, Seen& seen) {
    seen = read_all_packets(launched.connection);
    EXPECT_TRUE(launched.connection.send(PacketType::Cleaned));
    const auto end = launched.shim.wait();
    EXPECT_TRUE(end);
    return end ? end->exit_code() : -1;
}

ShimTest::Seen ShimTest::run_in_foreground() {
    Seen seen;
    auto launched = launch_shim();
    EXPECT_TRUE(launched) << launched.error().message;
    if (launched) finish(*launched, seen);
    return seen;
}

std::optional<ExitRecord> ShimTest::exit_record() const {
    const auto record = read_exit(state_dir_.get());
    EXPECT_TRUE(record) << record.error().message;
    return record ? *record : std::nullopt;
}

std::optional<ShimStatus> ShimTest::status() const {
    const auto status = read_status(run_dir_.get());
    EXPECT_TRUE(status) << status.error().message;
    return status ? *status : std::nullopt;
}

std::string ShimTest::calls() const {
    return join(split(trim(dir_.read("bundle/calls")), '\n'), " ");
}

std::string ShimTest::log_text() const {
    std::string text;
    const std::string log = dir_.read("state/log");
    if (log.empty()) return text;
    for (const std::string& line : split(log.substr(0, log.size() - 1), '\n')) {
        const auto parsed = parse_log_line(line);
        EXPECT_TRUE(parsed) << line;
        text += line.substr(line.find(' ') + 1) + "\n";
    }
    return text;
}

bool ShimTest::wait_until(const std::function<bool()>& condition) {
    for (int i = 0; i < 2000; ++i) {
        if (condition()) return true;
        ::usleep(5000);
    }
    return false;
}

}  // namespace dhow::shim
