// SPDX-License-Identifier: Apache-2.0
// The three files of names every container gets: /etc/resolv.conf, /etc/hosts, /etc/hostname. Text
// in, text out; runs in the engine. Values that would add a line of their own are refused.
#pragma once

#include "base/result.h"
#include "engine/network/network.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::engine::network {

struct NamesInput {
    NetworkKind kind = NetworkKind::None;
    std::string hostname;
    std::vector<std::string> aliases;  // the container's name, its short id
    std::string host_resolv_conf;  // the host's texts; resolv.conf of systemd-resolved's upstream
    std::string host_hosts;        // used for the host's network alone
};

struct NameFiles {
    std::string resolv_conf;
    std::string hosts;
    std::string hostname;
};

Result<NameFiles> build_name_files(const NamesInput& input, const Plan& plan);

// Reads the host's texts: behind systemd-resolved's local server, the servers it asks itself.
void read_host_names(NamesInput& input);

// As `resolv.conf`, `hosts`, `hostname` in the folder, 0644.
Status write_name_files(int folder, const NameFiles& files);

}  // namespace dhow::engine::network
