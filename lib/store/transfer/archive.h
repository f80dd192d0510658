// SPDX-License-Identifier: Apache-2.0
// `load`: images from a docker-archive (`docker save`) or an OCI archive (a tar of an OCI image
// layout), plain, gzip or zstd, from a file or a pipe; or from the same as a folder, and skopeo's
// "dir:" (docker-dir). Member names are looked up in an index of
// the tar; nothing outside the archive can be reached. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"
#include "store/transfer/output.h"

#include <vector>

namespace dhow::store {

Result<std::vector<TransferredImage>> load_archive(const TransferContext& context, int fd);

}  // namespace dhow::store
