// SPDX-License-Identifier: Apache-2.0
// top: the container's processes as its own pid namespace counts them.
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/container_user.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/process_table.h"

#include <array>
#include <cstdio>
#include <ctime>

#include <unistd.h>

namespace dhow::engine {

namespace {

// "12.5s", "3m2s", "1h4m0s": as Go prints a duration, which is what Podman shows.
std::string elapsed_text(double seconds) {
    std::array<char, 64> text{};
    const auto whole = static_cast<int64_t>(seconds);
    if (whole < 60) {
        std::snprintf(text.data(), text.size(), "%.3fs", seconds);
    } else if (whole < 3600) {
        std::snprintf(text.data(),
                      text.size(),
                      "%dm%ds",
                      static_cast<int>(whole / 60),
                      static_cast<int>(whole % 60));
    } else {
        std::snprintf(text.data(),
                      text.size(),
                      "%dh%dm%ds",
                      static_cast<int>(whole / 3600),
                      static_cast<int>(whole / 60 % 60),
                      static_cast<int>(whole % 60));
    }
    return text.data();
}

double seconds_since_boot() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string percent_text(double part, double whole) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f", whole > 0 ? 100 * part / whole : 0);
    return text.data();
}

}  // namespace

Result<TopTable> top_container(Engine& engine, const std::string& name) {
    Context& context = engine.context();
    const auto row = TRY(find_container(context, name));
    const auto state = TRY(read_container_state(context, row.id));
    if (state.status != ContainerStatus::Running || state.pid() == 0) {
        return make_error(ErrorKind::Conflict,
                          "top of container '" + row.name + "': it is not running",
                          "start it with: dhow start " + row.name);
    }
    TRY(context.enter());
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const double now = seconds_since_boot();
    TopTable table;
    table.titles = {"USER", "PID", "PPID", "%CPU", "ELAPSED", "TTY", "TIME", "COMMAND"};
    const auto rows = TRY(processes_of(state.pid()));
    for (const ProcessRow& process : rows) {
        const double elapsed = now - static_cast<double>(process.start_ticks) / ticks;
        const double cpu = static_cast<double>(process.cpu_ticks) / ticks;
        table.rows.push_back({process.uid == 0 ? "root" : std::to_string(process.uid),
                              std::to_string(process.pid),
                              std::to_string(process.parent),
                              percent_text(cpu, elapsed),
                              elapsed_text(elapsed),
                              process.tty,
                              elapsed_text(cpu),
                              process.command});
    }
    return table;
}

}  // namespace dhow::engine
