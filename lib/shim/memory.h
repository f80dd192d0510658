// SPDX-License-Identifier: Apache-2.0
// Gives memory back while a shim has nothing to do, which is nearly always: code and constants are
// in the page cache anyway, and come back with the next event.
#pragma once

namespace dhow::shim {

void trim_memory();

}  // namespace dhow::shim
