// SPDX-License-Identifier: Apache-2.0
#include "engine/transfers.h"

namespace dhow::engine {

static ProgressEvent to_progress(const store::TransferEvent& event) {
    return ProgressEvent{.kind = static_cast<ProgressEvent::Kind>(event.kind),
                         .text = event.text,
                         .digest = event.digest,
                         .current = event.current,
                         .total = event.total};
}

store::TransferRequest transfer_by(const RegistryAccess& access) {
    store::TransferRequest transfer;
    transfer.tls_verify = access.tls_verify;
    transfer.ca_dir = access.ca_dir;
    transfer.auth_file = access.auth_file;
    transfer.credentials = access.credentials;
    return transfer;
}

store::TransferSink forward_progress(const ProgressSink& sink) {
    return [&sink](const store::TransferEvent& event) {
        if (sink) sink(to_progress(event));
    };
}

}  // namespace dhow::engine
