// SPDX-License-Identifier: Apache-2.0
#include "engine/network/network.h"

#include "engine/network/addresses.h"
#include "engine/network/bridge.h"
#include "engine/network/firewall.h"
#include "engine/network/forward.h"
#include "engine/network/shared_pasta.h"
#include "engine/network/user_mode.h"
#include "rootless/enter.h"
#include "rootless/netns.h"

namespace dhow::engine::network {

namespace {

std::string netns_path(const Request& request) {
    return request.run_dir + "/netns";
}

// --- pasta
// ----------------------------------------------------------------------------------------

shim::Sidecar slirp_sidecar(const std::string& slirp, const UserModeCall& call) {
    return {.argv = slirp_arguments(slirp, call)};
}

Result<Plan> prepare_user_mode(const Request& request) {
    if (!request.rootless) {
        return make_error(ErrorKind::Unsupported,
                          "network 'pasta' is for ordinary users",
                          "use --network bridge, or run dhow as that user");
    }
    const auto programs = TRY(find_user_mode_programs(kProgramFolders));
    TRY(check_ports_free(request.ports));
    const auto netns = TRY(rootless::create_netns({}));
    TRY(rootless::bind_netns(netns.get(), netns_path(request)));
    Plan plan{.netns_path = netns_path(request),
              .ip = kUserIp,
              .gateway = kUserGateway,
              .host_ip = host_address(),
              .nameservers = {kUserNameserver}};
    const UserModeCall call{.netns_path = plan.netns_path,
                            .pid_file = request.run_dir + "/pasta.pid",
                            .ports = request.ports};
    if (!programs.pasta.empty()) {
        plan.sidecars.push_back({.argv = pasta_arguments(programs.pasta, call),
                                 .daemonizes = true,
                                 .pid_file = call.pid_file});
        std::vector<PortMapping> others;
        for (const PortMapping& port : request.ports) {
            if (!pasta_can_carry(port)) others.push_back(port);
        }
        if (!others.empty()) {
            plan.sidecars.push_back(TRY(forward_sidecar(request, others, kUserIp, "")));
        }
        return plan;
    }
    plan.sidecars.push_back(slirp_sidecar(programs.slirp4netns, call));
    // Also without ports: it waits until slirp4netns has made the interface.
    plan.sidecars.push_back(TRY(forward_sidecar(request, request.ports, kUserIp, "eth0")));
    return plan;
}

// --- bridge
// ---------------------------------------------------------------------------------------

Plan bridge_plan(const Request& request) {
    return {.netns_path = netns_path(request),
            .ip = request.ip,
            .gateway = gateway_of(request.ip),
            .mac = mac_of(request.ip)};
}

Result<Plan> prepare_root_bridge(const Request& request) {
    TRY(check_ports_free(request.ports));
    TRY(ensure_bridge());
    const auto host = TRY(rootless::open_own_netns());
    const auto netns = TRY(create_bridged_netns(host.get(), request.id, request.ip));
    TRY(rootless::bind_netns(netns.get(), netns_path(request)));
    if (auto published = publish_ports(request.ip, request.ports); !published) {
        ignore(rootless::unbind_netns(netns_path(request)), "the first error says more");
        return std::move(published).error();
    }
    Plan plan = bridge_plan(request);
    plan.host_ip = plan.gateway;
    plan.needs_teardown = !request.ports.empty();
    return plan;
}

Result<Plan> connect_rootless_bridge(const Request& request, int held) {
    TRY(rootless::run_in_netns(held, ensure_bridge));
    const auto netns = TRY(create_bridged_netns(held, request.id, request.ip));
    TRY(rootless::bind_netns(netns.get(), netns_path(request)));
    Plan plan = bridge_plan(request);
    plan.host_ip = host_address();
    plan.nameservers = {kUserNameserver};
    plan.needs_teardown = true;
    if (!request.ports.empty()) {
        plan.sidecars.push_back(TRY(forward_sidecar(request, request.ports, request.ip, "")));
    }
    return plan;
}

Result<Plan> prepare_rootless_bridge(const Request& request) {
    TRY(check_ports_free(request.ports));
    const auto held = TRY(rootless::open_hold_netns(request.run_root));
    TRY(join_shared_pasta(request.run_root, request.id, held.get()));
    auto plan = connect_rootless_bridge(request, held.get());
    if (!plan) {
        ignore(rootless::unbind_netns(netns_path(request)), "the first error says more");
        ignore(leave_shared_pasta(request.run_root, request.id), "the first error says more");
    }
    return plan;
}

}  // namespace

Result<Plan> prepare(const Request& request) {
    switch (request.kind) {
        case NetworkKind::None:
        case NetworkKind::Host:
        case NetworkKind::Container:
            return Plan{};
        case NetworkKind::Pasta:
            return prepare_user_mode(request);
        case NetworkKind::Bridge:
            return request.rootless ? prepare_rootless_bridge(request)
                                    : prepare_root_bridge(request);
        case NetworkKind::Default:
            break;
    }
    return make_error(ErrorKind::Internal, "a container's network was never resolved");
}

Status teardown(const Request& request) {
    if (request.kind == NetworkKind::Pasta || request.kind == NetworkKind::Bridge) {
        TRY(rootless::unbind_netns(netns_path(request)));
    }
    if (request.kind != NetworkKind::Bridge) return {};
    if (request.rootless) return leave_shared_pasta(request.run_root, request.id);
    return withdraw_ports(request.ip, request.ports);
}

}  // namespace dhow::engine::network
