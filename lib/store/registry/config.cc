// SPDX-License-Identifier: Apache-2.0
#include "store/registry/config.h"

#include <algorithm>
#include <cstdlib>

#include <fcntl.h>

#define TOML_EXCEPTIONS 0
#include "base/file.h"
#include "base/text.h"

#include <toml++/toml.h>

namespace dhow::store {

namespace {

constexpr size_t kFileLimit = 1U << 20U;

std::string environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread
    return value == nullptr ? std::string() : std::string(value);
}

// Whole host names, ports and components: "a/b" is no prefix of "a/bc".
bool begins_with(std::string_view repository, std::string_view prefix) {
    if (prefix.empty() || !repository.starts_with(prefix)) return false;
    const std::string_view rest = repository.substr(prefix.size());
    return rest.empty() || rest.front() == '/' || rest.front() == ':';
}

// "*.example.com" stands for any subdomain.
bool covers(std::string_view prefix, std::string_view repository) {
    if (!prefix.starts_with("*.")) return begins_with(repository, prefix);
    const std::string_view domain = prefix.substr(1);
    const size_t host_end = std::min(repository.find('/'), repository.size());
    for (size_t at = repository.find('.'); at < host_end; at = repository.find('.', at + 1)) {
        if (begins_with(repository.substr(at), domain)) return true;
    }
    return false;
}

std::string main_config_file() {
    if (auto path = environment("CONTAINERS_REGISTRIES_CONF"); !path.empty()) return path;
    const std::string own = environment("HOME") + "/.config/containers/registries.conf";
    return exists_at(AT_FDCWD, own) ? own : "/etc/containers/registries.conf";
}

std::vector<std::string> config_files() {
    std::vector<std::string> files = {main_config_file()};
    const std::string folder = files.front() + ".d";
    auto names = list_dir_at(AT_FDCWD, folder);
    if (!names) return files;
    std::sort(names->begin(), names->end());
    for (const std::string& name : *names) {
        if (name.ends_with(".conf")) files.push_back(folder + "/" + name);
    }
    return files;
}

std::vector<std::string> certificate_folders(const std::string& host, const std::string& ca_dir) {
    if (!ca_dir.empty()) return {ca_dir};
    return {environment("HOME") + "/.config/containers/certs.d/" + host,
            "/etc/containers/certs.d/" + host,
            "/etc/docker/certs.d/" + host};
}

Result<std::string> read_certificates(const std::string& folder) {
    std::string all;
    auto names = list_dir_at(AT_FDCWD, folder);
    if (!names) return all;
    std::sort(names->begin(), names->end());
    for (const std::string& name : *names) {
        if (!name.ends_with(".crt")) continue;
        all += TRY(read_file_at(AT_FDCWD, folder + "/" + name, kFileLimit)) + "\n";
    }
    return all;
}

}  // namespace

Status apply_registries_conf(std::string_view text,
                             const std::string& path,
                             std::string_view repository,
                             RegistrySettings& settings) {
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        return make_error(ErrorKind::InvalidArgument,
                          "parse '" + path + "': " + std::string(parsed.error().description()));
    }
    const auto* registries = parsed.table()["registry"].as_array();
    if (registries == nullptr) return {};
    for (const auto& element : *registries) {
        const auto* table = element.as_table();
        if (table == nullptr) continue;
        const auto location = (*table)["location"].value_or(std::string());
        const auto prefix = (*table)["prefix"].value_or(location);
        if (!covers(prefix, repository) || prefix.size() < settings.matched) continue;
        settings.matched = prefix.size();
        settings.insecure = (*table)["insecure"].value_or(false);
        settings.blocked = (*table)["blocked"].value_or(false);
    }
    return {};
}

Result<RegistrySettings> find_registry_settings(std::string_view repository,
                                                const std::string& ca_dir) {
    RegistrySettings settings;
    for (const std::string& path : config_files()) {
        const auto text = read_file_at(AT_FDCWD, path, kFileLimit);
        if (!text) continue;
        TRY(apply_registries_conf(*text, path, repository, settings));
    }
    const std::string host(repository.substr(0, repository.find('/')));
    for (const std::string& folder : certificate_folders(host, ca_dir)) {
        settings.extra_ca += TRY(read_certificates(folder));
    }
    return settings;
}

}  // namespace dhow::store
