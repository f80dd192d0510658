// SPDX-License-Identifier: Apache-2.0
#include "store/registries_config.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <cstdlib>

#include <fcntl.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace dhow::store {

namespace {

constexpr size_t kFileLimit = 4U << 20U;
constexpr std::string_view kAnySubdomain = "*.";

std::string environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread
    return value == nullptr ? std::string() : std::string(value);
}

// --- one file -----------------------------------------------------------------------------------

// Members of one table. A member of another type is an error: "blocked" in quotes must not pass for
// "not blocked".
class Table {
  public:
    Table(const toml::table& table, const std::string& path) : table_(table), path_(path) {}

    [[nodiscard]] bool has(std::string_view name) const { return table_.contains(name); }

    [[nodiscard]] Result<std::string> text(std::string_view name) const {
        return read<std::string>(name, "a string");
    }

    [[nodiscard]] Result<bool> flag(std::string_view name) const {
        return read<bool>(name, "true or false");
    }

    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view name) const {
        std::vector<std::string> all;
        if (!has(name)) return all;
        const toml::array* list = table_[name].as_array();
        if (list == nullptr) return wrong(name, "a list of strings");
        for (const toml::node& node : *list) {
            const auto text = node.value_exact<std::string>();
            if (!text) return wrong(name, "a list of strings");
            all.push_back(*text);
        }
        return all;
    }

    // The tables of [[name]].
    [[nodiscard]] Result<std::vector<Table>> tables(std::string_view name) const {
        std::vector<Table> all;
        if (!has(name)) return all;
        const toml::array* list = table_[name].as_array();
        if (list == nullptr) return wrong(name, "a list of tables");
        for (const toml::node& node : *list) {
            if (!node.is_table()) return wrong(name, "a list of tables");
            all.emplace_back(*node.as_table(), path_);
        }
        return all;
    }

    [[nodiscard]] Error wrong(std::string_view name, std::string_view wanted) const {
        return make_error(
            ErrorKind::InvalidArgument,
            "'" + path_ + "': '" + std::string(name) + "' is not " + std::string(wanted));
    }

    [[nodiscard]] const toml::table& raw() const { return table_; }

  private:
    template <class T>
    [[nodiscard]] Result<T> read(std::string_view name, std::string_view wanted) const {
        if (!has(name)) return T{};
        auto value = table_[name].value_exact<T>();
        if (!value) return wrong(name, wanted);
        return std::move(*value);
    }

    const toml::table& table_;
    const std::string& path_;
};

// "https://host/" is what people write; the man page has hosts.
Result<std::string> read_location(const Table& table, std::string_view name) {
    auto location = TRY(table.text(name));
    while (location.ends_with('/')) location.pop_back();
    if (location.find("://") == std::string::npos) return location;
    return table.wrong(name, "a host without a scheme");
}

Result<MirrorRule> read_mirror(const Table& table, bool digest_only) {
    MirrorRule mirror;
    mirror.location = TRY(read_location(table, "location"));
    mirror.insecure = TRY(table.flag("insecure"));
    if (mirror.location.empty()) return table.wrong("location", "given for a mirror");
    const auto use = TRY(table.text("pull-from-mirror"));
    if (digest_only && !use.empty()) {
        return table.wrong("pull-from-mirror", "allowed beside mirror-by-digest-only");
    }
    if (digest_only || use == "digest-only") mirror.use = MirrorRule::Use::ByDigest;
    if (use == "tag-only") mirror.use = MirrorRule::Use::ByTag;
    const bool known = use.empty() || use == "all" || use == "digest-only" || use == "tag-only";
    if (!known) return table.wrong("pull-from-mirror", "one of all, digest-only and tag-only");
    return mirror;
}

Result<RegistryRule> read_rule(const Table& table) {
    RegistryRule rule;
    rule.location = TRY(read_location(table, "location"));
    rule.prefix = TRY(read_location(table, "prefix"));
    if (rule.prefix.empty()) rule.prefix = rule.location;
    if (rule.prefix.empty()) return table.wrong("prefix", "given for a registry");
    const bool starred = rule.prefix.starts_with(kAnySubdomain);
    // A mere star elsewhere would match nothing, silently.
    if (rule.prefix.find('*', starred ? 1 : 0) != std::string::npos) {
        return table.wrong("prefix", "a name, or '*.' and a name");
    }
    if (rule.location.empty() && !starred) rule.location = rule.prefix;
    rule.insecure = TRY(table.flag("insecure"));
    rule.blocked = TRY(table.flag("blocked"));
    const bool digest_only = TRY(table.flag("mirror-by-digest-only"));
    for (const Table& mirror : TRY(table.tables("mirror"))) {
        rule.mirrors.push_back(TRY(read_mirror(mirror, digest_only)));
    }
    return rule;
}

void add_rule(RegistriesConfig& config, RegistryRule rule) {
    std::erase_if(config.rules, [&](const auto& other) { return other.prefix == rule.prefix; });
    config.rules.push_back(std::move(rule));
}

Status read_aliases(const Table& table, const std::string& path, RegistriesConfig& config) {
    if (!table.has("aliases")) return {};
    const toml::table* aliases = table.raw()["aliases"].as_table();
    if (aliases == nullptr) return table.wrong("aliases", "a table");
    for (const auto& [key, node] : *aliases) {
        const auto target = node.value_exact<std::string>();
        const std::string name(key.str());
        if (!target) return table.wrong(name, "a string");
        config.aliases.erase(name);
        if (target->empty()) continue;
        const auto reference = ImageRef::parse(*target);
        const bool full = reference && !reference->short_name() && !reference->digest() &&
                          target->find(':', target->find('/')) == std::string::npos;
        if (!full) return table.wrong(name, "an alias of a full name without a tag");
        config.aliases[name] = {.name = *target, .file = path};
    }
    return {};
}

Status read_mode(const Table& table, RegistriesConfig& config) {
    const auto mode = TRY(table.text("short-name-mode"));
    if (mode == "enforcing") config.mode = ShortNameMode::Enforcing;
    if (mode == "permissive") config.mode = ShortNameMode::Permissive;
    if (mode == "disabled") config.mode = ShortNameMode::Disabled;
    const bool known =
        mode.empty() || mode == "enforcing" || mode == "permissive" || mode == "disabled";
    if (known) return {};
    return table.wrong("short-name-mode", "one of enforcing, permissive and disabled");
}

// Version 1 would be read as nothing at all: what it blocks would be open.
Status refuse_version_1(const Table& table, const std::string& path) {
    if (!table.has("registries")) return {};
    return make_error(ErrorKind::Unsupported,
                      "'" + path + "' has the format of version 1 ([registries.search])",
                      "write it as containers-registries.conf(5) has version 2");
}

// --- which files --------------------------------------------------------------------------------

std::string user_folder() {
    const std::string xdg = environment("XDG_CONFIG_HOME");
    return (xdg.empty() ? environment("HOME") + "/.config" : xdg) + "/containers/";
}

std::string user_cache_folder() {
    const std::string xdg = environment("XDG_CACHE_HOME");
    return (xdg.empty() ? environment("HOME") + "/.cache" : xdg) + "/containers/";
}

// Drop-ins by file name; one of a later folder hides its namesakes in the earlier ones.
void add_drop_ins(const std::vector<std::string>& folders, std::vector<std::string>& files) {
    std::map<std::string, std::string> found;
    for (const std::string& folder : folders) {
        auto names = list_dir_at(AT_FDCWD, folder);
        if (!names) continue;
        for (const std::string& name : *names) {
            if (name.ends_with(".conf")) found[name] = folder + "/" + name;
        }
    }
    for (auto& [name, path] : found) files.push_back(path);
}

std::vector<std::string> config_files() {
    constexpr const char* kName = "registries.conf";
    if (auto path = environment("CONTAINERS_REGISTRIES_CONF"); !path.empty()) {
        std::vector<std::string> files = {path};
        add_drop_ins({path + ".d"}, files);
        return files;
    }
    const std::string folders[] = {user_folder(), "/etc/containers/", "/usr/share/containers/"};
    std::vector<std::string> files;
    for (const std::string& folder : folders) {
        if (!files.empty() || !exists_at(AT_FDCWD, folder + kName)) continue;
        files.push_back(folder + kName);
    }
    const std::string drop_ins = std::string(kName) + ".d";
    add_drop_ins({folders[2] + drop_ins, folders[1] + drop_ins, folders[0] + drop_ins}, files);
    return files;
}

// What Podman remembers of answers to its questions: root's, then the user's.
std::vector<std::string> remembered_files() {
    if (!environment("CONTAINERS_REGISTRIES_CONF").empty()) return {};
    constexpr const char* kName = "short-name-aliases.conf";
    return {std::string("/var/cache/containers/") + kName, user_cache_folder() + kName};
}

// --- names --------------------------------------------------------------------------------------

// Whole host names, ports and components: "a/b" is no prefix of "a/bc".
bool ends_at_border(std::string_view name, size_t length) {
    return name.size() == length ||
           (name.size() > length &&
            std::string_view(":/@").find(name[length]) != std::string_view::npos);
}

// How much of `name` the prefix stands for; 0: it does not match.
size_t matched_length(std::string_view prefix, std::string_view name) {
    if (!prefix.starts_with(kAnySubdomain)) {
        return name.starts_with(prefix) && ends_at_border(name, prefix.size()) ? prefix.size() : 0;
    }
    const std::string_view domain = prefix.substr(1);
    const size_t host_end = std::min(name.find('/'), name.size());
    for (size_t at = name.find('.', 1); at < host_end; at = name.find('.', at + 1)) {
        const size_t length = at + domain.size();
        if (name.substr(at).starts_with(domain) && ends_at_border(name, length)) return length;
    }
    return 0;
}

Result<ImageRef> move_to(std::string_view location, std::string_view name, size_t matched) {
    const std::string moved = std::string(location) + std::string(name.substr(matched));
    auto reference = TRY_CONTEXT(ImageRef::parse(moved), "follow registries.conf");
    if (!reference.short_name()) return reference;
    return make_error(ErrorKind::InvalidArgument,
                      "follow registries.conf: '" + printable(location) + "' is no registry",
                      "write a location as HOST[:PORT][/PATH]");
}

bool is_used(const MirrorRule& mirror, const ImageRef& reference) {
    const bool by_digest = reference.digest().has_value();
    return mirror.use == MirrorRule::Use::Always ||
           (mirror.use == MirrorRule::Use::ByDigest) == by_digest;
}

Error blocked_by(const RegistryRule& rule, const ImageRef& reference) {
    return make_error(ErrorKind::Permission,
                      "registry '" + reference.registry() + "' is blocked in registries.conf ('" +
                          printable(rule.prefix) + "')");
}

}  // namespace

Status read_registries_config(std::string_view text,
                              const std::string& path,
                              RegistriesConfig& config) {
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        return make_error(ErrorKind::InvalidArgument,
                          "parse '" + path + "': " + std::string(parsed.error().description()));
    }
    const Table table(parsed.table(), path);
    TRY(refuse_version_1(table, path));
    if (table.has("unqualified-search-registries")) {
        config.search = TRY(table.texts("unqualified-search-registries"));
    }
    if (table.has("credential-helpers")) {
        config.credential_helpers = TRY(table.texts("credential-helpers"));
    }
    TRY(read_mode(table, config));
    TRY(read_aliases(table, path, config));
    for (const Table& registry : TRY(table.tables("registry"))) {
        add_rule(config, TRY(read_rule(registry)));
    }
    return {};
}

Result<RegistriesConfig> load_registries_config() {
    RegistriesConfig config;
    for (const std::string& path : config_files()) {
        const auto text = read_file_at(AT_FDCWD, path, kFileLimit);
        if (text) {
            TRY(read_registries_config(*text, path, config));
        } else if (text.error().kind != ErrorKind::NotFound && text.error().sys_errno != ENOTDIR) {
            return text.error();
        }
    }
    // Caches: what cannot be read, root's by anybody else, is none.
    for (const std::string& path : remembered_files()) {
        const auto text = read_file_at(AT_FDCWD, path, kFileLimit);
        if (text) TRY(read_registries_config(*text, path, config));
    }
    return config;
}

const RegistryRule* find_registry_rule(const RegistriesConfig& config, std::string_view name) {
    const RegistryRule* best = nullptr;
    for (const RegistryRule& rule : config.rules) {
        if (matched_length(rule.prefix, name) == 0) continue;
        if (best == nullptr || rule.prefix.size() > best->prefix.size()) best = &rule;
    }
    return best;
}

Result<std::vector<PullLocation>> pull_locations(const RegistriesConfig& config,
                                                 const ImageRef& reference) {
    const std::string name = reference.full();
    const RegistryRule* rule = find_registry_rule(config, name);
    std::vector<PullLocation> locations;
    if (rule == nullptr) return std::vector<PullLocation>{{.reference = reference}};
    if (rule->blocked) return blocked_by(*rule, reference);
    const size_t matched = matched_length(rule->prefix, name);
    for (const MirrorRule& mirror : rule->mirrors) {
        if (!is_used(mirror, reference)) continue;
        auto moved = TRY(move_to(mirror.location, name, matched));
        locations.push_back({.reference = std::move(moved), .insecure = mirror.insecure});
    }
    auto own = rule->location.empty() ? reference : TRY(move_to(rule->location, name, matched));
    locations.push_back({.reference = std::move(own), .insecure = rule->insecure});
    return locations;
}

Result<ShortNameChoice> resolve_short_name(const RegistriesConfig& config, std::string_view text) {
    ShortNameChoice choice;
    auto reference = TRY(ImageRef::parse(text));
    if (!reference.short_name()) {
        choice.candidates.push_back(std::move(reference));
        return choice;
    }
    if (text.starts_with("docker://")) text.remove_prefix(9);
    const size_t end = std::min(text.find_first_of(":@"), text.size());
    const std::string_view suffix = text.substr(end);
    if (const auto alias = config.aliases.find(text.substr(0, end));
        alias != config.aliases.end()) {
        choice.candidates.push_back(TRY(ImageRef::parse(alias->second.name + std::string(suffix))));
        choice.origin = "as an alias (" + alias->second.file + ")";
        return choice;
    }
    for (const std::string& registry :
         config.search.value_or(std::vector<std::string>{"docker.io"})) {
        // Somebody else's image of that name, in a registry further down, must not stand in.
        if (config.mode == ShortNameMode::Enforcing && !choice.candidates.empty()) {
            choice.passed_over.push_back(registry);
            continue;
        }
        choice.candidates.push_back(TRY_CONTEXT(ImageRef::parse(registry + "/" + std::string(text)),
                                                "follow unqualified-search-registries"));
    }
    if (config.search) choice.origin = "using unqualified-search registries (registries.conf)";
    if (!choice.candidates.empty()) return choice;
    return make_error(ErrorKind::InvalidArgument,
                      "short name '" + printable(text) +
                          "' is no alias, and registries.conf names no registry to search",
                      "write the full name: REGISTRY/NAME");
}

}  // namespace dhow::store
