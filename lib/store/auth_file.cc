// SPDX-License-Identifier: Apache-2.0
#include "store/auth_file.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <cstdlib>

#include <fcntl.h>

namespace dhow::store {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread
    return value == nullptr ? std::string() : std::string(value);
}

Result<json::Object> read_document(const std::string& path) {
    constexpr size_t kLimit = 1U << 20U;
    auto text = read_file_at(AT_FDCWD, path, kLimit);
    if (!text) {
        if (text.error().kind == ErrorKind::NotFound || text.error().sys_errno == ENOTDIR) {
            return json::Object();
        }
        return text.error();
    }
    if (trim(*text).empty()) return json::Object();
    return json::parse_object(*text, "credentials in '" + path + "'");
}

// Docker writes URLs, "https://index.docker.io/v1/" for docker.io; Podman writes hosts, and
// namespaces, which may well be called "v2".
std::string canonical_key(std::string_view key) {
    constexpr std::string_view kHub = "index.docker.io";
    bool url = key.starts_with(kHub);
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!key.starts_with(scheme)) continue;
        key.remove_prefix(scheme.size());
        url = true;
    }
    if (key.ends_with('/')) key.remove_suffix(1);
    if (url && (key.ends_with("/v1") || key.ends_with("/v2"))) key.remove_suffix(3);
    return key == kHub ? "docker.io" : std::string(key);
}

Result<Credentials> decode_entry(const json::Object& entry, const std::string& path) {
    const auto text = TRY(json::get_string(entry, "auth")).value_or("");
    const auto decoded = decode_base64(text);
    const size_t colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) {
        return make_error(
            ErrorKind::Corrupt, "credentials in '" + path + "' are damaged", "log in again");
    }
    return Credentials{.username = decoded->substr(0, colon),
                       .password = decoded->substr(colon + 1)};
}

Result<std::optional<Credentials>> find_in(const std::string& path, std::string_view repository) {
    const auto document = TRY(read_document(path));
    const json::Object* auths = TRY(json::get_object(document, "auths"));
    if (auths == nullptr) return std::optional<Credentials>();
    const json::Object* best = nullptr;
    size_t best_length = 0;
    for (const auto& member : *auths) {
        const std::string key = canonical_key(member.key());
        const bool covers = repository == key || repository.starts_with(key + "/");
        if (!covers || !member.value().is_object() || key.size() < best_length) continue;
        best = &member.value().get_object();
        best_length = key.size();
    }
    if (best == nullptr || !best->contains("auth")) return std::optional<Credentials>();
    return std::optional(TRY(decode_entry(*best, path)));
}

// The file that login and logout change: the first of auth_files().
std::string writable_file(const std::string& explicit_path) {
    return auth_files(explicit_path).front();
}

Status write_document(const std::string& path, const json::Object& document) {
    const size_t slash = path.rfind('/');
    if (slash != std::string::npos && slash > 0) TRY(make_dirs(path.substr(0, slash)));
    return replace_file_at(AT_FDCWD, path, json::pretty(document, 4) + "\n", 0600);
}

json::Object& auths_of(json::Object& document) {
    json::Value& auths = document["auths"];
    if (!auths.is_object()) auths = json::Object();
    return auths.get_object();
}

}  // namespace

std::vector<std::string> auth_files(const std::string& explicit_path) {
    if (!explicit_path.empty()) return {explicit_path};
    if (const auto path = environment("REGISTRY_AUTH_FILE"); !path.empty()) return {path};
    std::vector<std::string> files;
    const std::string home = environment("HOME");
    if (const auto run = environment("XDG_RUNTIME_DIR"); !run.empty()) {
        files.push_back(run + "/containers/auth.json");
    }
    files.push_back(home + "/.config/containers/auth.json");
    if (const auto docker = environment("DOCKER_CONFIG"); !docker.empty()) {
        files.push_back(docker + "/config.json");
    }
    files.push_back(home + "/.docker/config.json");
    return files;
}

Result<std::optional<Credentials>> find_credentials(const std::vector<std::string>& files,
                                                    std::string_view repository) {
    for (const std::string& path : files) {
        auto found = TRY(find_in(path, repository));
        if (found) return found;
    }
    return std::optional<Credentials>();
}

Status save_credentials(const std::string& explicit_path,
                        const std::string& registry,
                        const Credentials& credentials) {
    const std::string path = writable_file(explicit_path);
    auto document = TRY(read_document(path));
    const std::string secret = credentials.username + ":" + credentials.password;
    auths_of(document)[registry] = json::Object{{"auth", encode_base64(secret)}};
    return write_document(path, document);
}

Status remove_credentials(const std::string& explicit_path, const std::string& registry) {
    const std::string path = writable_file(explicit_path);
    auto document = TRY(read_document(path));
    if (auths_of(document).erase(registry) == 0) {
        return make_error(ErrorKind::NotFound, "not logged in to '" + printable(registry) + "'");
    }
    return write_document(path, document);
}

}  // namespace dhow::store
