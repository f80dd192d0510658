// SPDX-License-Identifier: Apache-2.0
// The options of run and create as the request the engine takes. Reads the files options name
// (--env-file, --label-file) and the caller's environment where an option asks for it; nothing
// else.
#pragma once

#include "base/result.h"
#include "cmd/dhow/args.h"
#include "engine/requests.h"

namespace dhow::cli {

Result<engine::CreateRequest> make_create_request(const Args& args);

}  // namespace dhow::cli
