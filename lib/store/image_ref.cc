// SPDX-License-Identifier: Apache-2.0
#include "store/image_ref.h"

#include "base/text.h"

#include <algorithm>

namespace dhow::store {

namespace {

constexpr std::string_view kDefaultRegistry = "docker.io";
constexpr std::string_view kOldDefaultRegistry = "index.docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::string_view kDefaultTag = "latest";
constexpr size_t kMaxName = 255;
constexpr size_t kMaxTag = 128;

bool is_lower_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_alnum(char c) {
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

bool has_upper(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Between two alphanumeric runs: one '.', one or two '_', any number of '-'.
bool is_separator(std::string_view text) {
    return text == "." || text == "_" || text == "__" ||
           std::all_of(text.begin(), text.end(), [](char c) { return c == '-'; });
}

bool is_path_component(std::string_view text) {
    if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
    for (size_t at = 0; at < text.size();) {
        const size_t begin = at;
        if (is_lower_alnum(text[at])) {
            ++at;
            continue;
        }
        while (at < text.size() && !is_lower_alnum(text[at])) ++at;
        if (!is_separator(text.substr(begin, at - begin))) return false;
    }
    return true;
}

bool is_path(std::string_view text) {
    const auto components = split(text, '/');
    return std::all_of(components.begin(), components.end(), [](const std::string& component) {
        return is_path_component(component);
    });
}

bool is_host_label(std::string_view text) {
    return !text.empty() && is_alnum(text.front()) && is_alnum(text.back()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_ipv6(std::string_view text) {
    return text.size() >= 2 && std::all_of(text.begin(), text.end(), [](char c) {
               return c == ':' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                      (c >= 'A' && c <= 'F');
           });
}

bool is_port(std::string_view text) {
    const auto number = parse_int<uint16_t>(text);
    return is_digits(text) && number && *number != 0;
}

bool is_bracketed_host(std::string_view text) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) return false;
    const std::string_view rest = text.substr(end + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

bool is_registry(std::string_view text) {
    if (text.starts_with('[')) return is_bracketed_host(text);
    const auto [host, port] = split_once(text, ':');
    if (port && !is_port(*port)) return false;
    const auto labels = split(host, '.');
    return std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
        return is_host_label(label);
    });
}

bool is_tag(std::string_view text) {
    if (text.empty() || text.size() > kMaxTag) return false;
    if (!is_alnum(text.front()) && text.front() != '_') return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_alnum(c) || c == '_' || c == '.' || c == '-';
    });
}

bool is_digest(std::string_view text) {
    const auto [algorithm, hex] = split_once(text, ':');
    if (!hex || !is_hex(*hex)) return false;
    return (algorithm == "sha256" && hex->size() == 64) ||
           (algorithm == "sha512" && hex->size() == 128);
}

// What tells "quay.io/x", "host:5000/x" and "localhost/x" from "user/x".
bool names_registry(std::string_view first) {
    return first.find_first_of(".:[") != std::string_view::npos || first == "localhost" ||
           has_upper(first);
}

Error malformed(std::string_view text, std::string_view why) {
    return make_error(ErrorKind::InvalidArgument,
                      "image name '" + printable(text) + "': " + std::string(why),
                      "write it as [REGISTRY/]NAME[:TAG][@sha256:DIGEST], in lower case");
}

}  // namespace

Result<ImageRef> ImageRef::parse(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with("docker://")) rest.remove_prefix(9);
    if (rest.empty()) return malformed(text, "it is empty");
    if (rest.size() == 64 && is_hex(rest)) return malformed(text, "64 hex digits are an image id");

    ImageRef ref;
    if (const size_t at = rest.find('@'); at != std::string_view::npos) {
        ref.digest_ = std::string(rest.substr(at + 1));
        if (!is_digest(*ref.digest_)) return malformed(text, "the digest is malformed");
        rest = rest.substr(0, at);
    }
    const size_t slash = rest.find('/');
    const std::string_view first = rest.substr(0, slash);
    if (slash != std::string_view::npos && names_registry(first)) {
        if (!is_registry(first)) return malformed(text, "the registry is malformed");
        ref.registry_ = first == kOldDefaultRegistry ? kDefaultRegistry : first;
        rest = rest.substr(slash + 1);
    } else {
        ref.registry_ = kDefaultRegistry;
        ref.short_name_ = true;
    }
    if (const size_t colon = rest.find(':'); colon != std::string_view::npos) {
        ref.tag_ = std::string(rest.substr(colon + 1));
        if (!is_tag(*ref.tag_)) return malformed(text, "the tag is malformed");
        rest = rest.substr(0, colon);
    }
    if (has_upper(rest)) return malformed(text, "the repository must be lower case");
    if (!is_path(rest)) return malformed(text, "the repository is malformed");
    const bool official =
        ref.registry_ == kDefaultRegistry && rest.find('/') == std::string_view::npos;
    ref.repository_ = (official ? std::string(kOfficial) : std::string()) + std::string(rest);
    if (ref.name().size() > kMaxName) return malformed(text, "it is longer than 255 bytes");
    if (!ref.tag_ && !ref.digest_) ref.tag_ = kDefaultTag;
    return ref;
}

static std::string suffix_of(const ImageRef& ref) {
    std::string suffix;
    if (ref.tag()) suffix += ":" + *ref.tag();
    if (ref.digest()) suffix += "@" + *ref.digest();
    return suffix;
}

std::string ImageRef::name() const {
    return registry_ + "/" + repository_;
}

std::string ImageRef::full() const {
    return name() + suffix_of(*this);
}

std::string ImageRef::familiar() const {
    if (registry_ != kDefaultRegistry) return full();
    std::string_view repository = repository_;
    const bool official = repository.starts_with(kOfficial) &&
                          repository.find('/', kOfficial.size()) == std::string_view::npos;
    if (official) repository.remove_prefix(kOfficial.size());
    return std::string(repository) + suffix_of(*this);
}

}  // namespace dhow::store
