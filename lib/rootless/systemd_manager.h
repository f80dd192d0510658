// SPDX-License-Identifier: Apache-2.0
// A manager of systemd's, the system's or the user's own, and the few of its methods that a cgroup
// takes: transient units, their properties, their end (org.freedesktop.systemd1(5)). Each waits
// until systemd has done it. Runs in dhow and in dhow-runtime.
#pragma once

#include "base/result.h"
#include "rootless/bus.h"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sys/types.h>

namespace dhow::rootless {

using UnitBytes = std::vector<uint8_t>;
using UnitValue = std::variant<bool,                                               // b
                               int32_t,                                            // i
                               uint64_t,                                           // t
                               std::string,                                        // s
                               std::vector<std::string>,                           // as
                               std::vector<uint32_t>,                              // au
                               UnitBytes,                                          // ay
                               std::vector<std::pair<std::string, std::string>>>;  // a(ss)

struct UnitProperty {
    std::string name;  // "MemoryMax"
    UnitValue value;

    bool operator==(const UnitProperty&) const = default;
};

enum class ManagerOf { System, User };

class SystemdManager {
  public:
    // Unavailable, with what to do about it, where no such systemd runs.
    static Result<SystemdManager> connect(ManagerOf which);

    // A property of the manager itself that is a string: "ControlGroup", "Version".
    Result<std::string> property(const std::string& name);
    // The number in front of the version.
    Result<int> version();

    // A unit of this name that failed earlier makes way.
    Status start(const std::string& unit, const std::vector<UnitProperty>& properties);
    // Until the next boot, or the unit's end.
    Status change(const std::string& unit, const std::vector<UnitProperty>& properties);
    // Has systemd move a process to where the caller may not: below the unit's group. `subgroup`
    // begins with a slash.
    Status attach(const std::string& unit, const std::string& subgroup, pid_t pid);
    // A unit that is gone is success; one that failed is forgotten.
    Status stop(const std::string& unit);

  private:
    explicit SystemdManager(Bus bus) : bus_(std::move(bus)) {}

    Status run_job(const BusCall& call, const std::string& unit);
    Status forget(const std::string& unit);

    Bus bus_;
};

}  // namespace dhow::rootless
