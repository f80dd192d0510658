// SPDX-License-Identifier: Apache-2.0
#include "store/auth_file.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

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

// Docker's helpers know docker.io by its URL of old.
std::string server_of(const std::string& key) {
    return key == "docker.io" ? "https://index.docker.io/v1/" : key;
}

CredentialHelper helper_named(const std::string& name) {
    return {.name = name, .path_list = environment("PATH")};
}

bool covers(std::string_view key, std::string_view repository) {
    return repository == key || (repository.starts_with(key) && repository[key.size()] == '/');
}

std::string host_of(std::string_view repository) {
    return std::string(repository.substr(0, repository.find('/')));
}

Result<Credentials> decode_entry(const json::Object& entry, const std::string& path) {
    const auto token = TRY(json::get_string(entry, "identitytoken")).value_or("");
    if (!token.empty()) return Credentials{.username = {}, .password = {}, .identity_token = token};
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

// The member with the longest key that covers the repository; nullptr: none.
const json::Object::value_type* longest(const json::Object* members, std::string_view repository) {
    const json::Object::value_type* best = nullptr;
    size_t best_length = 0;
    if (members == nullptr) return nullptr;
    for (const auto& member : *members) {
        const std::string key = canonical_key(member.key());
        if (!covers(key, repository) || key.size() < best_length) continue;
        best = &member;
        best_length = key.size();
    }
    return best;
}

// The helper that the file names for this repository, and what it is to be asked for.
struct HelperInCharge {
    std::string name;
    std::string server;
};

Result<std::optional<HelperInCharge>> helper_for(const json::Object& document,
                                                 std::string_view repository) {
    const auto* found = longest(TRY(json::get_object(document, "credHelpers")), repository);
    if (found == nullptr || !found->value().is_string()) return std::optional<HelperInCharge>();
    const std::string key = canonical_key(found->key());
    return std::optional(
        HelperInCharge{.name = std::string(found->value().get_string()), .server = server_of(key)});
}

Result<std::optional<HelperInCharge>> helper_for_all(const json::Object& document,
                                                     std::string_view repository) {
    auto name = TRY(json::get_string(document, "credsStore"));
    if (!name || name->empty()) return std::optional<HelperInCharge>();
    return std::optional(
        HelperInCharge{.name = std::move(*name), .server = server_of(host_of(repository))});
}

Result<std::optional<Credentials>> find_in(const std::string& path, std::string_view repository) {
    const auto document = TRY(read_document(path));
    if (const auto helper = TRY(helper_for(document, repository))) {
        auto found = TRY(ask_helper(helper_named(helper->name), helper->server));
        if (found) return found;
    }
    const bool old = path.ends_with("/.dockercfg");
    const json::Object* auths = old ? &document : TRY(json::get_object(document, "auths"));
    const auto* best = longest(auths, repository);
    if (best != nullptr && best->value().is_object()) {
        const json::Object& entry = best->value().get_object();
        if (entry.contains("auth") || entry.contains("identitytoken")) {
            return std::optional(TRY(decode_entry(entry, path)));
        }
    }
    // Docker leaves an empty entry behind for what its store keeps.
    const auto store = TRY(helper_for_all(document, repository));
    if (!store) return std::optional<Credentials>();
    auto found = ask_helper(helper_named(store->name), store->server);
    // A file copied from another machine: whoever needs no login shall not need its programs.
    if (!found && found.error().kind == ErrorKind::NotFound) return std::optional<Credentials>();
    return found;
}

// Where login and logout leave the registry's password, if the file says so.
Result<std::optional<HelperInCharge>> keeper_of(const json::Object& document,
                                                const std::string& registry) {
    auto helper = TRY(helper_for(document, registry));
    if (helper) return helper;
    return helper_for_all(document, registry);
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
    const std::string run = environment("XDG_RUNTIME_DIR");
    const std::string config = environment("XDG_CONFIG_HOME");
    const std::string of_uid = "/run/containers/" + std::to_string(::getuid()) + "/auth.json";
    if (!run.empty()) {
        files.push_back(run + "/containers/auth.json");
    } else if (exists_at(AT_FDCWD, of_uid)) {
        files.push_back(of_uid);
    }
    files.push_back((config.empty() ? home + "/.config" : config) + "/containers/auth.json");
    if (const auto docker = environment("DOCKER_CONFIG"); !docker.empty()) {
        files.push_back(docker + "/config.json");
    }
    files.push_back(home + "/.docker/config.json");
    files.push_back(home + "/.dockercfg");
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

Result<std::optional<Credentials>> find_credentials_by(const std::string& helper,
                                                       std::string_view repository) {
    return ask_helper(helper_named(helper), server_of(host_of(repository)));
}

Status save_credentials(const std::string& explicit_path,
                        const std::string& registry,
                        const Credentials& credentials) {
    const std::string path = writable_file(explicit_path);
    auto document = TRY(read_document(path));
    if (const auto keeper = TRY(keeper_of(document, registry))) {
        return tell_helper(helper_named(keeper->name), keeper->server, credentials);
    }
    const std::string secret = credentials.username + ":" + credentials.password;
    auths_of(document)[registry] = json::Object{{"auth", encode_base64(secret)}};
    return write_document(path, document);
}

Status remove_credentials(const std::string& explicit_path, const std::string& registry) {
    const std::string path = writable_file(explicit_path);
    auto document = TRY(read_document(path));
    if (const auto keeper = TRY(keeper_of(document, registry))) {
        return make_helper_forget(helper_named(keeper->name), keeper->server);
    }
    if (auths_of(document).erase(registry) == 0) {
        return make_error(ErrorKind::NotFound, "not logged in to '" + printable(registry) + "'");
    }
    return write_document(path, document);
}

}  // namespace dhow::store
