// SPDX-License-Identifier: Apache-2.0
// login and logout: the registry is asked first, then the credentials are kept where Podman keeps
// them.
#include "engine/engine.h"
#include "engine/transfers.h"
#include "store/auth_file.h"
#include "store/transfer_client.h"

namespace dhow::engine {

Result<void> login(Engine& /*engine*/, const LoginRequest& request) {
    if (request.username.empty() || request.username.find(':') != std::string::npos) {
        return make_error(ErrorKind::InvalidArgument,
                          "log in to '" + request.registry + "': invalid username",
                          "give --username without a colon");
    }
    auto transfer = transfer_by(request);
    transfer.verb = store::TransferVerb::Login;
    transfer.reference = request.registry;
    transfer.credentials = request.username + ":" + request.password;
    TRY(store::run_transfer(transfer, -1, [](const store::TransferEvent&) {}));
    if (!request.keep) return {};
    return store::save_credentials(
        request.auth_file,
        request.registry,
        store::Credentials{.username = request.username, .password = request.password});
}

Result<void> logout(Engine& /*engine*/, const std::string& registry, const std::string& auth_file) {
    return store::remove_credentials(auth_file, registry);
}

}  // namespace dhow::engine
