// SPDX-License-Identifier: Apache-2.0
// dhow inspect, dhow container inspect, dhow image inspect: one array of all that was found; each
// name that was not is an error line, and the exit code 125.
#include "base/text.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/output.h"

namespace dhow::cli::verbs {

namespace {

constexpr int kJsonIndent = 5;

enum class Type { All, Container, Image };

Result<Type> wanted_type(Invocation& call) {
    if (call.group() != nullptr)
        return call.group()->name == "image" ? Type::Image : Type::Container;
    const std::string& text = call.args().text("type");
    if (text.empty() || text == "all") return Type::All;
    if (text == "container") return Type::Container;
    if (text == "image") return Type::Image;
    return call.usage_error("invalid type '" + printable(text) +
                            "': choose all, container or image");
}

Result<json::Object> find(engine::Engine& engine, const std::string& name, Type type) {
    if (type == Type::Container) return engine::inspect_container_json(engine, name);
    if (type == Type::Image) return engine::inspect_image(engine, name);
    Result<json::Object> container = engine::inspect_container_json(engine, name);
    if (container || container.error().kind != ErrorKind::NotFound) return container;
    Result<json::Object> image = engine::inspect_image(engine, name);
    if (image || image.error().kind != ErrorKind::NotFound) return image;
    return make_error(ErrorKind::NotFound,
                      "no such object: '" + printable(name) + "'",
                      "'dhow ps -a' lists containers, 'dhow images' lists images");
}

}  // namespace

Result<int> inspect(Invocation& call) {
    const Type type = TRY(wanted_type(call));
    const std::string& format = call.args().text("format");
    if (!format.empty() && !is_json_format(format)) {
        TRY(tmpl::Template::parse(unescaped(format), "inspect"));
    }
    engine::Engine* const engine = TRY(call.engine());
    json::Array found;
    std::string formatted;
    const bool as_array = format.empty() || is_json_format(format);
    const int code =
        for_each_operand(call.args().operands(), [&](const std::string& name) -> Status {
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
