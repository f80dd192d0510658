// SPDX-License-Identifier: Apache-2.0
#include "engine/network_setup.h"

#include "base/file.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/leases.h"
#include "engine/network/resolver_files.h"
#include "engine/siblings.h"
#include "rootless/netns.h"

#include <fcntl.h>

namespace dhow::engine {

namespace {

constexpr size_t kShortId = 12;

Result<network::Request> request_for(Context& context, const ContainerConfig& config) {
    network::Request request;
    request.id = config.id;
    request.kind = config.options.network;
    request.ports = config.options.ports;
    request.rootless = context.rootless;
    request.run_root = context.run_root_path;
    request.run_dir = context.container_run_dir(config.id);
    const bool user_mode =
        request.kind == NetworkKind::Pasta || request.kind == NetworkKind::Bridge;
    if (context.rootless && user_mode) {
        request.forward_path = TRY(find_sibling("dhow-forward"));
    }
    return request;
}

// The network of a container that runs, held by a mount of our own: it outlives its first owner.
Result<network::Plan> share_network(Context& context, const ContainerConfig& config) {
    const auto row = TRY(find_container(context, config.options.network_container));
    const auto state = TRY(read_container_state(context, row.id));
    const std::string what = "share the network of container '" + row.name + "'";
    if (state.status != ContainerStatus::Running || state.pid() == 0) {
        return make_error(ErrorKind::Conflict,
                          what + ": it is " + std::string(status_name(state.status)),
                          "start it with: dhow start " + row.name);
    }
    const std::string theirs = "/proc/" + std::to_string(state.pid()) + "/ns/net";
    const auto netns = TRY_CONTEXT(open_at(AT_FDCWD, theirs, O_RDONLY), what);
    network::Plan plan{.netns_path = context.container_run_dir(config.id) + "/netns"};
    TRY_CONTEXT(rootless::bind_netns(netns.get(), plan.netns_path), what);
    return plan;
}

// Addresses and name servers are those of the network; the host name stays the container's own.
Status share_names(Context& context, const ContainerConfig& config, network::NameFiles& files) {
    const auto row = TRY(find_container(context, config.options.network_container));
    const auto theirs = TRY(open_run_dir(context, row.id));
    constexpr size_t kLimit = 1U << 20U;
    files.hosts = TRY(read_file_at(theirs.get(), "hosts", kLimit));
    files.resolv_conf = TRY(read_file_at(theirs.get(), "resolv.conf", kLimit));
    return {};
}

}  // namespace

Status choose_ports(ContainerConfig& config) {
    config.options.ports = TRY(network::choose_host_ports(std::move(config.options.ports)));
    return {};
}

Result<network::Plan> set_up_network(Context& context, const ContainerConfig& config) {
    if (config.options.network == NetworkKind::Container) return share_network(context, config);
    auto request = TRY(request_for(context, config));
    TRY(network::check_ports_free(request.ports));
    if (request.kind == NetworkKind::Bridge) {
        request.ip = TRY(lease_address(context, config.id));
    }
    return network::prepare(request);
}

Status write_resolver_files(Context& context,
                            const ContainerConfig& config,
                            const network::Plan& plan) {
    network::NamesInput input;
    input.kind = config.options.network;
    input.hostname = config.options.hostname;
    input.aliases = {config.name, config.id.substr(0, kShortId)};
    network::read_host_names(input);
    auto files = TRY(network::build_name_files(input, plan));
    if (input.kind == NetworkKind::Container) TRY(share_names(context, config, files));
    const auto run_dir = TRY(open_run_dir(context, config.id));
    return network::write_name_files(run_dir.get(), files);
}

Status tear_down_network(Context& context, const ContainerConfig& config) {
    if (config.options.network != NetworkKind::Bridge) return {};
    auto request = TRY(request_for(context, config));
    const auto lease = TRY(find_lease(context, config.id));
    if (!lease) return {};
    request.ip = *lease;
    return network::teardown(request);
}

}  // namespace dhow::engine
