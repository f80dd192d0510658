// SPDX-License-Identifier: Apache-2.0
// dhow system prune: containers, then the images they held, then volumes.
#include "cmd/dhow/confirm.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/prune_filter.h"

namespace dhow::cli::verbs {

namespace {

std::string warning_of(const Args& args) {
    std::string text = "This command removes:\n\t- all stopped containers\n";
    if (args.flag("volumes")) {
        text += "\t- all anonymous volumes not used by at least one container\n";
    }
    text += args.flag("all")
                ? "\t- all images without at least one container associated with them\n"
                : "\t- all dangling images\n";
    return text;
}

void add(std::string_view title,
         const engine::Pruned& pruned,
         std::string& report,
         uint64_t& reclaimed) {
    reclaimed += pruned.reclaimed;
    if (!pruned.removed.empty()) report += std::string(title) + "\n" + removed_lines(pruned);
}

}  // namespace

Result<int> system_prune(Invocation& call) {
    const Args& args = call.args();
    const engine::PruneFilter filter =
        TRY(parse_prune_filter(args.list("filter"), now_unix_nanos()));
    if (!args.flag("force") && !TRY(confirmed(warning_of(args)))) return 0;
    engine::Engine* const engine = TRY(call.engine());
    std::string report;
    uint64_t reclaimed = 0;
    add("Deleted Containers", TRY(engine::prune_containers(*engine, filter)), report, reclaimed);
    if (args.flag("volumes")) {
        const engine::VolumePruneRequest volumes{.filter = filter};
        add("Deleted Volumes", TRY(engine::prune_volumes(*engine, volumes)), report, reclaimed);
    }
    const engine::ImagePruneRequest images{.all = args.flag("all"), .filter = filter};
    add("Deleted Images", TRY(engine::prune_images(*engine, images)), report, reclaimed);
    TRY(print(report + "Total reclaimed space: " + human_size(reclaimed) + "\n"));
    return 0;
}

}  // namespace dhow::cli::verbs
