// SPDX-License-Identifier: Apache-2.0
// --tls-verify, --cert-dir, --authfile and --creds, of whichever command has them. Pure.
#pragma once

#include "cmd/dhow/args.h"
#include "engine/image_requests.h"

namespace dhow::cli {

engine::RegistryAccess registry_access(const Args& args);

}  // namespace dhow::cli
