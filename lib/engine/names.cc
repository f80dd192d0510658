// SPDX-License-Identifier: Apache-2.0
#include "engine/names.h"

#include "base/random.h"
#include "base/text.h"

#include <algorithm>

namespace dhow::engine {

namespace {

constexpr std::string_view kAdjectives[] = {
    "able",   "amber",  "ample",  "azure",  "bold",   "brave",   "breezy", "bright", "brisk",
    "calm",   "clear",  "clever", "coral",  "crisp",  "deep",    "eager",  "early",  "even",
    "fair",   "fast",   "fine",   "firm",   "fleet",  "fond",    "free",   "fresh",  "gentle",
    "glad",   "golden", "grand",  "great",  "hardy",  "hazel",   "honest", "humble", "ivory",
    "jolly",  "keen",   "kind",   "lively", "loyal",  "lucid",   "lucky",  "mellow", "merry",
    "mild",   "misty",  "neat",   "noble",  "opal",   "patient", "placid", "plucky", "polite",
    "prompt", "proud",  "pure",   "quick",  "quiet",  "rapid",   "ready",  "rosy",   "sage",
    "salty",  "serene", "sharp",  "silent", "silver", "simple",  "sleek",  "smooth", "snug",
    "solid",  "spry",   "stable", "steady", "stout",  "sunny",   "sure",   "swift",  "tidy",
    "trim",   "true",   "vivid",  "warm",   "wide",   "windy",   "wise",   "witty",  "zesty",
};

constexpr std::string_view kNouns[] = {
    "anchor",  "atoll",  "bay",      "beacon",    "boom",    "bosun",   "bow",       "breaker",
    "brig",    "buoy",   "cape",     "capstan",   "channel", "chart",   "clipper",   "coast",
    "compass", "cove",   "coxswain", "current",   "cutter",  "deck",    "delta",     "dinghy",
    "dock",    "dory",   "estuary",  "ferry",     "fjord",   "fleet",   "galley",    "gull",
    "halyard", "harbor", "haven",    "helm",      "hull",    "inlet",   "island",    "jetty",
    "jib",     "kayak",  "keel",     "ketch",     "lagoon",  "lantern", "lateen",    "ledger",
    "lighter", "log",    "lugger",   "mainsail",  "mariner", "marlin",  "mast",      "monsoon",
    "moorage", "oar",    "ocean",    "outrigger", "petrel",  "pier",    "pilot",     "port",
    "prow",    "quay",   "reef",     "rigging",   "rudder",  "sail",    "sampan",    "schooner",
    "sextant", "shoal",  "skiff",    "sloop",     "spar",    "squall",  "starboard", "stern",
    "strait",  "surf",   "tern",     "tide",      "tiller",  "topsail", "trawler",   "voyage",
    "wake",    "wave",   "wharf",    "xebec",     "yacht",   "yawl",
};

template <size_t N>
std::string_view pick(const std::string_view (&words)[N]) {
    return words[random_below(N)];
}

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string new_container_id() {
    while (true) {
        std::string id = random_hex(32);
        // A short id of digits alone would read as a number in scripts and YAML.
        if (!std::all_of(id.begin(), id.begin() + 12, [](char c) { return c <= '9'; })) return id;
    }
}

std::string random_container_name() {
    return std::string(pick(kAdjectives)) + "_" + std::string(pick(kNouns));
}

Status check_container_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= 128 && is_alphanumeric(name.front()) &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                          return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
                      });
    if (good) return {};
    return make_error(ErrorKind::InvalidArgument,
                      "container name '" + printable(name) + "' is invalid",
                      "use letters, digits, '_', '.' and '-', the first a letter or digit");
}

}  // namespace dhow::engine
