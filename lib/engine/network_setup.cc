// SPDX-License-Identifier: Apache-2.0
#include "engine/network_setup.h"

#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/leases.h"
#include "engine/network/resolver_files.h"
#include "engine/siblings.h"

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

}  // namespace

Status choose_ports(ContainerConfig& config) {
    config.options.ports = TRY(network::choose_host_ports(std::move(config.options.ports)));
    return {};
}

Result<network::Plan> set_up_network(Context& context, const ContainerConfig& config) {
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
    const auto files = TRY(network::build_name_files(input, plan));
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
