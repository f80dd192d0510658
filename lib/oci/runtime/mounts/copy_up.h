// SPDX-License-Identifier: Apache-2.0
// tmpcopyup: a tmpfs begins with the content of the image's folder it covers. Child half.
#pragma once

#include "base/result.h"

namespace dhow::oci {

// Folders, regular files and symbolic links with owner and mode; `from` may be O_PATH.
Status copy_up(int from, int to);

}  // namespace dhow::oci
