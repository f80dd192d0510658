// SPDX-License-Identifier: Apache-2.0
// Names and ids of containers: 64 random hexadecimal digits; names either given and checked, or
// made up.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace dhow::engine {

std::string new_container_id();
// "quiet_harbor": an adjective and a word of the sea.
std::string random_container_name();
// Docker's and Podman's rule: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 128 bytes.
Status check_container_name(std::string_view name);

}  // namespace dhow::engine
