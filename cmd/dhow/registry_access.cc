// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/registry_access.h"

namespace dhow::cli {

engine::RegistryAccess registry_access(const Args& args) {
    engine::RegistryAccess access;
    if (args.given("tls-verify")) access.tls_verify = args.flag("tls-verify");
    access.ca_dir = args.text("cert-dir");
    access.auth_file = args.text("authfile");
    access.credentials = args.text("creds");
    return access;
}

}  // namespace dhow::cli
