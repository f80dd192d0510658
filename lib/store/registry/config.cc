// SPDX-License-Identifier: Apache-2.0
#include "store/registry/config.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <cstdlib>

#include <fcntl.h>

namespace dhow::store {

namespace {

constexpr size_t kFileLimit = 1U << 20U;

std::string environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread
    return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> certificate_folders(const std::string& host, const std::string& ca_dir) {
    if (!ca_dir.empty()) return {ca_dir};
    const std::string xdg = environment("XDG_CONFIG_HOME");
    const std::string own = xdg.empty() ? environment("HOME") + "/.config" : xdg;
    return {own + "/containers/certs.d/" + host,
            "/etc/containers/certs.d/" + host,
            "/etc/docker/certs.d/" + host};
}

Status add_client(const std::string& folder, const std::string& name, TlsFiles& files) {
    const std::string key = name.substr(0, name.rfind('.')) + ".key";
    auto bytes = read_file_at(AT_FDCWD, folder + "/" + key, kFileLimit);
    if (!bytes && bytes.error().kind == ErrorKind::NotFound) {
        return make_error(
            ErrorKind::InvalidArgument,
            "client certificate '" + folder + "/" + name + "' has no key '" + key + "'",
            "put it beside the certificate");
    }
    files.client_key = TRY(std::move(bytes));
    files.client_certificate = TRY(read_file_at(AT_FDCWD, folder + "/" + name, kFileLimit));
    return {};
}

Status add_folder(const std::string& folder, TlsFiles& files) {
    auto names = list_dir_at(AT_FDCWD, folder);
    if (!names) return {};
    std::sort(names->begin(), names->end());
    for (const std::string& name : *names) {
        if (name.ends_with(".crt")) {
            files.extra_ca += TRY(read_file_at(AT_FDCWD, folder + "/" + name, kFileLimit)) + "\n";
        }
        if (name.ends_with(".cert") && files.client_certificate.empty()) {
            TRY(add_client(folder, name, files));
        }
        const std::string certificate = name.substr(0, name.rfind('.')) + ".cert";
        const bool lonely = name.ends_with(".key") &&
                            std::find(names->begin(), names->end(), certificate) == names->end();
        if (!lonely) continue;
        return make_error(
            ErrorKind::InvalidArgument,
            "client key '" + folder + "/" + name + "' has no certificate '" + certificate + "'",
            "a client's certificate ends in .cert; .crt is a CA's");
    }
    return {};
}

}  // namespace

std::vector<std::string> trusted_token_servers() {
    const std::string list = environment("DHOW_TOKEN_SERVERS");
    return list.empty() ? std::vector<std::string>() : split(list, ',');
}

Result<TlsFiles> find_tls_files(const std::string& host, const std::string& ca_dir) {
    TlsFiles files;
    for (const std::string& folder : certificate_folders(host, ca_dir)) {
        TRY(add_folder(folder, files));
    }
    return files;
}

}  // namespace dhow::store
