// SPDX-License-Identifier: Apache-2.0
// The text of a systemd service for one container (systemd.service(5)). Pure. Names, commands and
// options are the user's and go into a file that systemd reads: every word is quoted, every '%' and
// '$' doubled.
#pragma once

#include "base/result.h"
#include "engine/container_config.h"
#include "engine/requests.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::engine {

struct UnitInput {
    const ContainerConfig& config;  // with the container's present name
    const GenerateSystemdRequest& request;
    std::vector<std::string> dhow;  // absolute path and the global options that find this state
    bool rootless = true;
};

Result<std::string> build_systemd_unit(const UnitInput& input);

// One word of ExecStart=, such that systemd hands on exactly `word`.
std::string quote_unit_word(std::string_view word);
// The arguments of `dhow run` that make this container anew; the image and its command last.
std::vector<std::string> run_arguments(const ContainerConfig& config);

}  // namespace dhow::engine
