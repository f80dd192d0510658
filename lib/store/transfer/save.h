// SPDX-License-Identifier: Apache-2.0
// `save`: images to an archive or a folder, in the forms that Podman and Docker read. Layers go out
// uncompressed, so that they stream with sizes known in advance and keep the digests that the image
// config names. Runs in dhow-transfer alone.
//
//   docker-archive  <hex of DiffID>.tar, <hex of config>.json, manifest.json, in a tar
//   oci-archive     an OCI image layout (image-spec, image-layout.md) in a tar
//   oci-dir         the same in a folder
//   docker-dir      one image: manifest.json, version, and a file a blob
#pragma once

#include "store/transfer/output.h"

namespace dhow::store {

// `output`: a file or pipe for the archives, an open empty folder for the other two.
Status save_images(const TransferContext& context, int output);

}  // namespace dhow::store
