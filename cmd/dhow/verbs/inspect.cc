// SPDX-License-Identifier: Apache-2.0
// dhow inspect, dhow container inspect, dhow image inspect, dhow volume inspect: one array of all
// that was found; each name that was not is an error line, and the exit code 125.
#include "base/text.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/targets.h"
#include "cmd/dhow/volume_view.h"

namespace dhow::cli::verbs {

namespace {

constexpr int kJsonIndent = 5;

enum class Type { All, Container, Image, Volume };

Result<Type> wanted_type(Invocation& call) {
    const std::string text =
        call.group() == nullptr ? call.args().text("type") : std::string(call.group()->name);
    if (text.empty() || text == "all") return Type::All;
    if (text == "container") return Type::Container;
    if (text == "image") return Type::Image;
    if (text == "volume") return Type::Volume;
    return call.usage_error("invalid type '" + printable(text) +
                            "': choose all, container, image or volume");
}

Result<json::Object> find_volume(engine::Engine& engine, const std::string& name) {
    return volume_json(TRY(engine::inspect_volume(engine, name)));
}

// The first kind that has an object of this name, with a kind's own error when it is not NotFound.
Result<json::Object> find(engine::Engine& engine, const std::string& name, Type type) {
    if (type == Type::Container) return engine::inspect_container_json(engine, name);
    if (type == Type::Image) return engine::inspect_image(engine, name);
    if (type == Type::Volume) return find_volume(engine, name);
    for (const auto& look : {engine::inspect_container_json, engine::inspect_image, find_volume}) {
        Result<json::Object> found = look(engine, name);
        if (found || found.error().kind != ErrorKind::NotFound) return found;
    }
    return make_error(
        ErrorKind::NotFound,
        "no such object: '" + printable(name) + "'",
        "'dhow ps -a' lists containers, 'dhow images' images, 'dhow volume ls' volumes");
}

}  // namespace

Result<int> inspect(Invocation& call) {
    const Type type = TRY(wanted_type(call));
    const std::string& format = call.args().text("format");
    if (!format.empty() && !is_json_format(format)) {
        TRY(tmpl::Template::parse(unescaped(format), "inspect"));
    }
    engine::Engine* const engine = TRY(call.engine());
    const std::vector<std::string> names =
        type == Type::Volume ? TRY(find_volume_names(call)) : call.args().operands();
    json::Array found;
    std::string formatted;
    const bool as_array = format.empty() || is_json_format(format);
    const int code = for_each_operand(names, [&](const std::string& name) -> Status {
        json::Object document = TRY(find(*engine, name, type));
        if (as_array) {
            found.emplace_back(std::move(document));
        } else {
            formatted += TRY(format_document(document, format, "inspect"));
        }
        return {};
    });
    TRY(print(as_array ? json::pretty(found, kJsonIndent) + "\n" : formatted));
    return code;
}

}  // namespace dhow::cli::verbs
