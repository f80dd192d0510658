// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/targets.h"

#include "base/file.h"
#include "base/text.h"
#include "cmd/dhow/output.h"
#include "engine/volumes.h"

#include <fcntl.h>

namespace dhow::cli {

namespace {

constexpr size_t kIdFileLimit = 4096;

Status add_id_files(const Args& args, std::vector<Target>& targets) {
    for (const std::string& path : args.list("cidfile")) {
        const std::string content =
            TRY_CONTEXT(read_file_at(AT_FDCWD, path, kIdFileLimit), "read --cidfile");
        const std::string id(trim(content.substr(0, content.find('\n'))));
        if (id.empty()) {
            return make_error(ErrorKind::InvalidArgument,
                              "read --cidfile '" + path + "': it holds no id");
        }
        targets.push_back({id, id});
    }
    return {};
}

}  // namespace

bool is_running(const engine::ContainerSummary& container) {
    using engine::ContainerStatus;
    return container.status == ContainerStatus::Running ||
           container.status == ContainerStatus::Paused ||
           container.status == ContainerStatus::Restarting ||
           container.status == ContainerStatus::Stopping;
}

Result<std::vector<Target>> find_targets(Invocation& call, const Wanted& wanted) {
    const Args& args = call.args();
    std::vector<Target> targets;
    for (const std::string& operand : args.operands()) targets.push_back({operand, operand});
    TRY(add_id_files(args, targets));
    const bool all = args.flag("all");
    if (all && !targets.empty()) return call.usage_error("no arguments are needed with --all");
    if (all || args.flag("running")) {
        engine::ListRequest request;
        request.all = true;
        engine::Engine* const engine = TRY(call.engine());
        for (const engine::ContainerSummary& each :
             TRY(engine::list_containers(*engine, request))) {
            if (wanted(each)) targets.push_back({each.id, each.id});
        }
        return targets;
    }
    if (targets.empty() && !args.given("cidfile")) {
        return call.usage_error("you must provide at least one name or id");
    }
    return targets;
}

Result<std::vector<std::string>> find_volume_names(Invocation& call) {
    const Args& args = call.args();
    if (!args.flag("all")) {
        if (!args.operands().empty()) return args.operands();
        return call.usage_error("you must provide at least one volume, or --all");
    }
    if (!args.operands().empty()) return call.usage_error("no arguments are needed with --all");
    engine::Engine* const engine = TRY(call.engine());
    std::vector<std::string> names;
    for (const auto& volume : TRY(engine::list_volumes(*engine))) names.push_back(volume.name);
    return names;
}

int for_each_target(const std::vector<Target>& targets,
                    bool ignore_missing,
                    const std::function<Status(const Target&)>& action,
                    CodeStyle style) {
    int code = 0;
    for (const Target& target : targets) {
        const Status done = action(target);
        if (done) {
            ignore(print_line(target.spelled), "the action itself succeeded");
            continue;
        }
        if (ignore_missing && done.error().kind == ErrorKind::NotFound) continue;
        print_error(done.error());
        code = exit_code(done.error().kind, style);
    }
    return code;
}

}  // namespace dhow::cli
