// SPDX-License-Identifier: Apache-2.0
// Changes to an image's config as `commit --change` and `import --change` have them: instructions
// of a Containerfile (CMD ENTRYPOINT ENV EXPOSE LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR), each
// "NAME VALUE" or "NAME=VALUE". Pure.
#pragma once

#include "base/json.h"
#include "base/result.h"

#include <string>

namespace dhow::engine {

// `config`: the "config" member of an image config (image-spec, config.md). InvalidArgument names
// the instruction and says what is wrong with it.
Status apply_change(json::Object& config, const std::string& change);

}  // namespace dhow::engine
