// SPDX-License-Identifier: Apache-2.0
// dhow save: images to an archive or a folder. What fails half-way leaves nothing under the name
// asked for.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output_file.h"
#include "cmd/dhow/progress.h"

namespace dhow::cli::verbs {

namespace {

Result<OutputFile> open_output(Invocation& call, const std::string& format) {
    const std::string& path = call.args().text("output");
    const bool folder = format == "oci-dir" || format == "docker-dir";
    if (folder && path.empty()) {
        return call.usage_error("--format " + format + " needs --output FOLDER");
    }
    if (folder) return OutputFile::empty_folder(path);
    return OutputFile::as_asked(call, "save");
}

}  // namespace

Result<int> save(Invocation& call) {
    const Args& args = call.args();
    engine::SaveRequest request;
    request.images = args.operands();
    if (args.given("format")) request.format = args.text("format");
    OutputFile output = TRY(open_output(call, request.format));
    const auto run = [&]() -> Status {
        engine::Engine* const engine = TRY(call.engine());
        ProgressView view = ProgressView::for_stderr(args.flag("quiet"));
        auto saved = engine::save_images(
            *engine, request, output.fd(), [&](const engine::ProgressEvent& event) {
                view.show(event);
            });
        view.finish();
        return saved;
    };
    TRY(output.settle(run()));
    return 0;
}

}  // namespace dhow::cli::verbs
