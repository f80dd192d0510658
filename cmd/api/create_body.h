// SPDX-License-Identifier: Apache-2.0
// The body of POST /containers/create, turned into the engine's request. Pure. What is asked for
// and cannot be had is an error that names the member, never a container without it; members nobody
// knows are ignored, as Docker does, and can therefore grant nothing.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "engine/requests.h"

#include <string>
#include <string_view>

namespace dhow::api {

// The image is never pulled by create: clients pull by themselves when they are told 404.
Result<engine::CreateRequest> parse_create_body(const json::Object& body, const std::string& name);

// "80/tcp", "53/udp", "80": a port number and its protocol.
Result<engine::PortMapping> parse_container_port(std::string_view text);
// "SRC:DST[:opt,opt]" or "DST" (an anonymous volume).
Result<engine::MountSpec> parse_bind(std::string_view text);

}  // namespace dhow::api
