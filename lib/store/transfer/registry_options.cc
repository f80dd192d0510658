// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/registry_options.h"

#include "base/text.h"
#include "store/image_ref.h"
#include "store/registries_config.h"

namespace dhow::store {

namespace {

constexpr std::string_view kFilesHelper = "containers-auth.json";  // stands for the files

// registries.conf's credential-helpers, in their order; the files alone where it names none.
Result<std::optional<Credentials>> stored_credentials(const TransferRequest& request,
                                                      const RegistriesConfig& config,
                                                      const std::string& name) {
    const auto files = auth_files(request.auth_file);
    if (!config.credential_helpers || !request.auth_file.empty()) {
        return find_credentials(files, name);
    }
    for (const std::string& helper : *config.credential_helpers) {
        auto found = TRY(helper == kFilesHelper ? find_credentials(files, name)
                                                : find_credentials_by(helper, name));
        if (found) return found;
    }
    return std::optional<Credentials>();
}

// `named`: the registry that the user meant. Credentials of the command line are for it alone,
// never for its mirrors.
Result<std::optional<Credentials>> credentials_for(const TransferRequest& request,
                                                   const RegistriesConfig& config,
                                                   const RegistryOptions& options,
                                                   const std::string& named) {
    if (request.credentials.empty()) {
        const std::string path = options.repository.empty() ? "" : "/" + options.repository;
        return stored_credentials(request, config, options.registry + path);
    }
    if (options.registry != named) return std::optional<Credentials>();
    const auto [user, password] = split_once(request.credentials, ':');
    return std::optional(
        Credentials{.username = std::string(user), .password = std::string(password.value_or(""))});
}

Result<RegistryOptions> complete(RegistryOptions options,
                                 const TransferRequest& request,
                                 const RegistriesConfig& config,
                                 const std::string& named) {
    if (request.tls_verify) options.insecure = !*request.tls_verify;
    options.tls = TRY(find_tls_files(options.registry, request.ca_dir));
    options.credentials = TRY(credentials_for(request, config, options, named));
    options.token_servers = trusted_token_servers();
    return options;
}

Result<std::vector<RegistryOptions>> plan_pull(const TransferRequest& request) {
    const auto reference = TRY(ImageRef::parse(request.reference));
    const auto config = TRY(load_registries_config());
    std::vector<RegistryOptions> plan;
    for (const PullLocation& location : TRY(pull_locations(config, reference))) {
        plan.push_back(TRY(complete({.registry = location.reference.registry(),
                                     .repository = location.reference.repository(),
                                     .insecure = location.insecure},
                                    request,
                                    config,
                                    reference.registry())));
    }
    return plan;
}

// Where somebody writes to is the registry that was named: no mirror, no other location.
Result<std::vector<RegistryOptions>> plan_direct(const TransferRequest& request,
                                                 RegistryOptions options) {
    const auto config = TRY(load_registries_config());
    const std::string name =
        options.repository.empty() ? options.registry : options.registry + "/" + options.repository;
    const RegistryRule* rule = find_registry_rule(config, name);
    if (rule != nullptr && rule->blocked) {
        return make_error(ErrorKind::Permission,
                          "registry '" + options.registry + "' is blocked in registries.conf ('" +
                              printable(rule->prefix) + "')");
    }
    options.insecure = rule != nullptr && rule->insecure;
    const std::string named = options.registry;
    return std::vector<RegistryOptions>{TRY(complete(std::move(options), request, config, named))};
}

}  // namespace

static Result<std::vector<RegistryOptions>> plan(const TransferRequest& request) {
    switch (request.verb) {
        case TransferVerb::Pull:
            return plan_pull(request);
        case TransferVerb::Push: {
            const auto reference = TRY(ImageRef::parse(request.reference));
            return plan_direct(request,
                               {.registry = reference.registry(),
                                .repository = reference.repository(),
                                .push = true});
        }
        case TransferVerb::Login:
            return plan_direct(request, {.registry = request.reference, .repository = {}});
        default:
            return std::vector<RegistryOptions>();
    }
}

Result<std::vector<RegistryOptions>> plan_registry(const TransferRequest& request) {
    return TRY_CONTEXT(plan(request), "reach '" + printable(request.reference) + "'");
}

}  // namespace dhow::store
