// SPDX-License-Identifier: Apache-2.0
// linux.netDevices: network devices of the caller's network namespace that become the container's
// (config-linux.md, "Network Devices"). Parent half, when the container's network namespace exists
// and before anybody lives in it. A device keeps its MAC, its MTU and its permanent addresses of
// global scope, and is up there. What later becomes of it is the business of the namespace.
#pragma once

#include "base/netlink.h"
#include "base/result.h"
#include "oci/spec/runtime_spec_linux.h"

#include <map>
#include <string>
#include <vector>

namespace dhow::oci {

// Names and namespace alone, for validate().
Status check_net_devices(const Linux& linux_part);
// dev_valid_name() of the kernel; "%d" asks for a number.
bool is_device_name(const std::string& name);
// Permanent and of global scope: what the specification has moved along.
bool moves_along(const LinkAddress& address);

// Devices on loan until keep(): a container that does not come to be gives them back, named,
// addressed and up as they were. Their routes are lost.
class MovedDevices {
  public:
    MovedDevices() = default;
    ~MovedDevices();

    MovedDevices(MovedDevices&& other) noexcept { *this = std::move(other); }

    MovedDevices& operator=(MovedDevices&& other) noexcept;
    MovedDevices(const MovedDevices&) = delete;
    MovedDevices& operator=(const MovedDevices&) = delete;

    static Result<MovedDevices> move(const std::map<std::string, NetDevice>& devices,
                                     UniqueFd netns);

    void keep() { moved_.clear(); }

  private:
    struct Moved {
        Link before;
        std::vector<LinkAddress> addresses;
        int index = 0;  // there
    };

    Status move_one(Netlink& host,
                    Netlink& inside,
                    const std::string& name,
                    const NetDevice& wanted);
    Status give_back(Netlink& host, Netlink& inside, const Moved& device) const;

    UniqueFd own_;
    UniqueFd target_;
    std::vector<Moved> moved_;
};

}  // namespace dhow::oci
