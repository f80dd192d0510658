// SPDX-License-Identifier: Apache-2.0
#include "engine/network/forward.h"

#include "engine/network/port_text.h"

namespace dhow::engine::network {

Result<shim::Sidecar> forward_sidecar(const Request& request,
                                      const std::vector<PortMapping>& ports,
                                      const std::string& ip,
                                      const std::string& interface) {
    if (request.forward_path.empty()) {
        return make_error(
            ErrorKind::NotFound, "helper 'dhow-forward' is missing", "reinstall dhow");
    }
    shim::Sidecar sidecar{.argv = {request.forward_path, "--netns", request.run_dir + "/netns"},
                          .daemonizes = true,
                          .pid_file = request.run_dir + "/forward.pid"};
    sidecar.argv.insert(sidecar.argv.end(), {"--pid-file", sidecar.pid_file});
    if (!interface.empty()) sidecar.argv.insert(sidecar.argv.end(), {"--wait-for", interface});
    for (const PortMapping& port : ports) {
        // "tcp,0.0.0.0,8080,10.88.0.2,80"
        sidecar.argv.push_back(
            protocol_name(port) + "," + (port.host_ip.empty() ? "*" : port.host_ip) + "," +
            std::to_string(port.host_port) + "," + ip + "," + std::to_string(port.container_port));
    }
    return sidecar;
}

}  // namespace dhow::engine::network
