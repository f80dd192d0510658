// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/registry_options.h"

#include "base/text.h"

namespace dhow::store {

namespace {

Result<std::optional<Credentials>> credentials_for(const TransferRequest& request,
                                                   const std::string& repository) {
    if (request.credentials.empty()) {
        return find_credentials(auth_files(request.auth_file), repository);
    }
    const auto [user, password] = split_once(request.credentials, ':');
    return std::optional(
        Credentials{.username = std::string(user), .password = std::string(password.value_or(""))});
}

}  // namespace

Result<RegistryOptions> registry_options(const TransferRequest& request,
                                         const ImageRef& reference) {
    auto credentials =
        TRY(credentials_for(request, reference.registry() + "/" + reference.repository()));
    return RegistryOptions{
        .registry = reference.registry(),
        .repository = reference.repository(),
        .tls_verify = request.tls_verify,
        .ca_dir = request.ca_dir,
        .credentials = std::move(credentials),
    };
}

Result<RegistryOptions> login_options(const TransferRequest& request) {
    auto credentials = TRY(credentials_for(request, request.reference));
    return RegistryOptions{.registry = request.reference,
                           .repository = {},
                           .tls_verify = request.tls_verify,
                           .ca_dir = request.ca_dir,
                           .credentials = std::move(credentials)};
}

}  // namespace dhow::store
