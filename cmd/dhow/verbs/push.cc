// SPDX-License-Identifier: Apache-2.0
// dhow push: progress on stderr, nothing on stdout (as Podman).
#include "base/file.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"
#include "cmd/dhow/registry_access.h"

#include <fcntl.h>

namespace dhow::cli::verbs {

static engine::PushRequest request_of(const Args& args) {
    engine::PushRequest request;
    request.image = args.operands()[0];
    if (args.operands().size() > 1) request.destination = args.operands()[1];
    static_cast<engine::RegistryAccess&>(request) = registry_access(args);
    request.format = args.text("format");
    request.compression = args.text("compression-format");
    request.compression_level = args.integer("compression-level");
    request.force_compression = args.flag("force-compression");
    return request;
}

Result<int> push(Invocation& call) {
    const Args& args = call.args();
    const engine::PushRequest request = request_of(args);
    engine::Engine* const engine = TRY(call.engine());
    ProgressView view = ProgressView::for_stderr(args.flag("quiet"));
    Result<std::string> digest = engine::push_image(
        *engine, request, [&](const engine::ProgressEvent& event) { view.show(event); });
    view.finish();
    if (!digest) return std::move(digest).error();
    const std::string& file = args.text("digestfile");
    if (!file.empty()) {
        TRY_CONTEXT(replace_file_at(AT_FDCWD, file, *digest, 0644, Durability::None),
                    "write the digest");
    }
    return 0;
}

}  // namespace dhow::cli::verbs
