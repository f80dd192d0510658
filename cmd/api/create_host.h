// SPDX-License-Identifier: Apache-2.0
// The HostConfig half of a create body: mounts, ports, limits, privileges. Pure; part of
// create_body.h, which says the rules.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "engine/requests.h"

namespace dhow::api {

Result<void> read_host_config(const json::Object& host, engine::CreateRequest& request);

// The parts, each in a file of its own.
Result<void> read_mounts(const json::Object& host, engine::CreateRequest& request);
Result<void> read_ports(const json::Object& host, engine::CreateRequest& request);
// ExposedPorts of the body itself say what could be published: they are checked and change nothing.
Result<void> check_exposed_ports(const json::Object& body);
Result<void> read_resources(const json::Object& host, engine::CreateRequest& request);
// Members whose effect dhow does not have: any value but the neutral one is an error.
Result<void> refuse_unsupported(const json::Object& host);

}  // namespace dhow::api
