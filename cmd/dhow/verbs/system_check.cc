// SPDX-License-Identifier: Apache-2.0
// dhow system check: what is wrong, a line each. Exit code 0 when nothing is, or all was repaired.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"
#include "engine/check.h"

namespace dhow::cli::verbs {

namespace {

std::string line_of(const engine::Finding& finding) {
    std::string line = finding.object + ": " + on_one_line(finding.problem);
    if (!finding.images.empty()) {
        line += "; of image";
        for (const std::string& id : finding.images) line += " " + short_id(id);
    }
    return line + (finding.repaired ? "; repaired\n" : "\n");
}

std::string summary_of(const engine::CheckReport& report) {
    return std::to_string(report.images) + " images, " + std::to_string(report.layers) +
           " layers, " + std::to_string(report.blobs) + " blobs, " +
           std::to_string(report.volumes) + " volumes, " + std::to_string(report.containers) +
           " containers: ";
}

}  // namespace

Result<int> system_check(Invocation& call) {
    const Args& args = call.args();
    engine::CheckRequest request;
    request.quick = args.flag("quick");
    request.force = args.flag("force");
    request.repair = args.flag("repair") || request.force;
    engine::Engine* const engine = TRY(call.engine());
    ProgressView view = ProgressView::for_stderr(false);
    const auto report =
        engine::check_system(*engine, request, [&](const engine::ProgressEvent& event) {
            if (event.kind == engine::ProgressEvent::Kind::BlobProgress) view.show(event);
        });
    view.finish();
    TRY(report);
    std::string out;
    size_t left = 0;
    for (const engine::Finding& finding : report->findings) {
        out += line_of(finding);
        if (!finding.repaired) ++left;
    }
    out +=
        summary_of(*report) + (left == 0 ? "all is well\n" : std::to_string(left) + " damaged\n");
    TRY(print(out));
    return left == 0 ? 0 : kEngineFailure;
}

}  // namespace dhow::cli::verbs
