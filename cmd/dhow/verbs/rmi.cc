// SPDX-License-Identifier: Apache-2.0
// dhow rmi: exit code 1 when there is no such image, 2 when a container uses it.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"

namespace dhow::cli::verbs {

namespace {

Result<std::vector<std::string>> find_images(Invocation& call, engine::Engine& engine) {
    const Args& args = call.args();
    if (args.flag("all")) {
        if (!args.operands().empty())
            return call.usage_error("when using --all, no images may be named");
        std::vector<std::string> ids;
        for (const engine::ImageSummary& image : TRY(engine::list_images(engine)))
            ids.push_back(image.id);
        return ids;
    }
    if (args.operands().empty()) return call.usage_error("image name or ID must be specified");
    return args.operands();
}

}  // namespace

Result<int> rmi(Invocation& call) {
    const Args& args = call.args();
    engine::Engine* const engine = TRY(call.engine());
    const std::vector<std::string> images = TRY(find_images(call, *engine));
    const bool ignore_missing = args.flag("ignore");
    // An id with several names goes only by force; --all means all of them.
    const bool force = args.flag("force") || args.flag("all");
    return for_each_operand(
        images,
        [&](const std::string& image) -> Status {
            const Result<engine::RemovedImage> removed =
                engine::remove_image(*engine, image, force);
            if (!removed && ignore_missing && removed.error().kind == ErrorKind::NotFound)
                return {};
            if (!removed) return removed.error();
            std::string out;
            for (const std::string& name : removed->untagged) out += "Untagged: " + name + "\n";
            for (const std::string& id : removed->deleted) out += "Deleted: " + id + "\n";
            return print(out);
        },
        CodeStyle::Removal);
}

}  // namespace dhow::cli::verbs
