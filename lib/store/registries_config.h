// SPDX-License-Identifier: Apache-2.0
// registries.conf, version 2 (containers-registries.conf(5)): where a name's images really are,
// which mirrors are asked first, what is blocked, and what short names stand for. Read by the
// engine for short names and by dhow-transfer for the rest; nothing in it comes from the network.
#pragma once

#include "base/result.h"
#include "store/image_ref.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

struct MirrorRule {
    enum class Use { Always, ByDigest, ByTag };
    std::string location;  // "host[:port][/namespace]": takes the prefix's place
    bool insecure = false;
    Use use = Use::Always;
};

// One [[registry]].
struct RegistryRule {
    std::string prefix;     // "host[:port][/path]" or "*.domain[/path]"
    std::string location;   // empty, with "*.domain" alone: names stay as they are
    bool insecure = false;  // plain HTTP, or TLS nobody vouches for, is acceptable
    bool blocked = false;
    std::vector<MirrorRule> mirrors;  // in the order they are asked
};

enum class ShortNameMode { Enforcing, Permissive, Disabled };

struct ShortNameAlias {
    std::string name;  // "registry.example/path", no tag
    std::string file;  // that says so
};

struct RegistriesConfig {
    std::optional<std::vector<std::string>> search;  // nullopt: no file says
    ShortNameMode mode = ShortNameMode::Permissive;
    std::map<std::string, ShortNameAlias, std::less<>> aliases;
    std::vector<RegistryRule> rules;
    std::optional<std::vector<std::string>> credential_helpers;
};

// Adds one file's text: a rule takes the place of an earlier one for the same prefix, an alias that
// of an earlier one (an empty one removes it), lists replace lists. InvalidArgument names the file.
Status read_registries_config(std::string_view text,
                              const std::string& path,
                              RegistriesConfig& config);

// $CONTAINERS_REGISTRIES_CONF and its .d, or the first of ~/.config, /etc and
// /usr/share/containers/registries.conf with the registries.conf.d of all three, by file name; and
// the short-name-aliases.conf that Podman writes.
Result<RegistriesConfig> load_registries_config();

// The rule with the longest prefix of "host[:port]/path[:tag|@digest]"; nullptr: none.
const RegistryRule* find_registry_rule(const RegistriesConfig& config, std::string_view name);

// One place to ask for an image.
struct PullLocation {
    ImageRef reference;
    bool insecure = false;
};

// In the order they are asked: mirrors, then the registry itself. Permission when it is blocked.
Result<std::vector<PullLocation>> pull_locations(const RegistriesConfig& config,
                                                 const ImageRef& reference);

struct ShortNameChoice {
    std::vector<ImageRef> candidates;      // in order; one for a full name
    std::string origin;                    // in words, for the user; empty for a full name
    std::vector<std::string> passed_over;  // registries that `short-name-mode = enforcing` skips
};

// `text` as the user wrote it. Without any setting: docker.io, as Docker.
Result<ShortNameChoice> resolve_short_name(const RegistriesConfig& config, std::string_view text);

}  // namespace dhow::store
