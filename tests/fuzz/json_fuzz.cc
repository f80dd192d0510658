// SPDX-License-Identifier: Apache-2.0
// JSON from images, registries and API clients: whatever is accepted is written and read again as
// the same, and its members can be asked for.
#include "base/json.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace dhow;

void require(bool promise) {
    if (!promise) std::abort();
}

void ask(const json::Object& object) {
    for (const auto& member : object) {
        const std::string_view name = member.key();
        ignore(json::get_string(object, name), "no promise but to return");
        ignore(json::get_int(object, name), "no promise but to return");
        ignore(json::get_bool(object, name), "no promise but to return");
        ignore(json::get_strings(object, name), "no promise but to return");
        ignore(json::get_string_map(object, name), "no promise but to return");
    }
}

// Boost.JSON 1.81 reads fractions and numbers beyond 64 bits to the nearest double or its
// neighbour.
bool is_exact(const json::Value& value) {
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            if (!is_exact(member.value())) return false;
        }
    } else if (const auto* array = value.if_array()) {
        for (const auto& element : *array) {
            if (!is_exact(element)) return false;
        }
    }
    return !value.is_double();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto value = json::parse(text, "document");
    if (!value) {
        require(value.error().kind == ErrorKind::InvalidArgument);
        return 0;
    }
    const std::string compact = json::compact(*value);
    const auto again = json::parse(compact, "document");
    require(again.has_value());
    const auto pretty = json::parse(json::pretty(*value), "document");
    require(pretty.has_value());
    if (is_exact(*value)) {
        require(json::compact(*again) == compact);
        require(json::compact(*pretty) == compact);
    }
    if (const auto* object = value->if_object()) ask(*object);
    return 0;
}
