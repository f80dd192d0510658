// SPDX-License-Identifier: Apache-2.0
// The question before something goes that cannot be had back.
#pragma once

#include "base/result.h"

#include <string_view>

namespace dhow::cli {

// "WARNING! <warning>\nAre you sure you want to continue? [y/N] " on stdout; whether a line of
// stdin says "y" or "yes". No answer is no.
Result<bool> confirmed(std::string_view warning);

}  // namespace dhow::cli
