// SPDX-License-Identifier: Apache-2.0
// Between a container's config and engine/network: addresses leased, ports chosen, the three files
// of names written.
#pragma once

#include "base/result.h"
#include "engine/container_config.h"
#include "engine/network/network.h"

namespace dhow::engine {

struct Context;

// At create: host ports of 0 get a number.
Status choose_ports(ContainerConfig& config);
// At start, in the entered namespaces.
Result<network::Plan> set_up_network(Context& context, const ContainerConfig& config);
// /etc/hosts, /etc/resolv.conf and /etc/hostname, in the run folder.
Status write_resolver_files(Context& context,
                            const ContainerConfig& config,
                            const network::Plan& plan);
// At the end; missing parts are fine.
Status tear_down_network(Context& context, const ContainerConfig& config);

}  // namespace dhow::engine
