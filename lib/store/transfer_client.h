// SPDX-License-Identifier: Apache-2.0
// Runs dhow-transfer and makes what it brought visible. The child works inside whatever namespaces
// the caller is in, dies with the caller, and has no way to the database.
#pragma once

#include "base/result.h"
#include "store/store.h"
#include "store/transfer_protocol.h"

#include <functional>
#include <string>
#include <vector>

namespace dhow::store {

using TransferSink = std::function<void(const TransferEvent&)>;

// `archive_fd` is handed over as fd 3 for Load; -1 otherwise. The Error of a failed transfer is
// returned as dhow-transfer gave it.
Result<TransferResult> run_transfer(const TransferRequest& request,
                                    int archive_fd,
                                    const TransferSink& sink);
// The same with another program in the place of the installed dhow-transfer.
Result<TransferResult> run_transfer_program(const std::string& program,
                                            const TransferRequest& request,
                                            int archive_fd,
                                            const TransferSink& sink);

// The digest of the manifest that the registry has now. `request` holds the reference, the login
// and the form; rows and folders are filled in here.
Result<std::string> push_stored_image(Store& store,
                                      TransferRequest request,
                                      const std::string& id,
                                      const TransferSink& sink);

struct SavedImage {
    std::string id;
    std::vector<std::string> names;  // full names it gets in the archive
};

// To `output`: a file or pipe, or an open folder for the formats that are folders.
Status save_stored_images(Store& store,
                          TransferRequest request,
                          const std::vector<SavedImage>& images,
                          int output,
                          const TransferSink& sink);

struct FetchedImage {
    std::string id;                  // 64 hex digits
    std::vector<std::string> names;  // full names that point to it now
};

// Pull or Load from staging to committed rows: fills in the request's folders, runs the transfer,
// syncs, adds each image, and starts over when a layer that was present has been removed meanwhile
// (Pull alone: an archive's bytes are gone).
Result<std::vector<FetchedImage>> fetch_images(Store& store,
                                               TransferRequest request,
                                               int archive_fd,
                                               const TransferSink& sink);

}  // namespace dhow::store
