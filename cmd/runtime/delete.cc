// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "cmd/runtime/verb.h"

#include <array>
#include <string>
#include <vector>

#include <regex.h>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 2> kOptions = {
    {{"force", 'f', false, "kill it if it still runs; a missing one is no error"},
     {"regex", 0, false, "every container whose id the extended regular expression matches"}}};

// A run of the runtime that was killed half-way leaves a folder without a state.
static Result<int> delete_remains(const Context& context, const std::string& id) {
    auto folder = oci::StateFolder::open(context.root, id);
    if (!folder) return 0;
    if (const std::string path = folder->noted_cgroup(); !path.empty()) {
        const auto layout = TRY(detect_cgroups());
        TRY(oci::remove_idle_cgroup(layout, path));
    }
    TRY(folder->remove());
    return 0;
}

static Result<int> delete_one(const Context& context, const std::string& id, bool force) {
    TRY(oci::check_id(id));
    auto container = open_container(context, id);
    if (!container && force && container.error().kind == ErrorKind::NotFound) {
        return delete_remains(context, id);
    }
    if (!container) return std::move(container).error();
    const bool ended = container->status == oci::ContainerStatus::Stopped ||
                       container->status == oci::ContainerStatus::Created;
    if (!ended && !force) {
        return make_error(ErrorKind::Conflict,
                          "cannot delete container " + id + " that is not stopped: " +
                              std::string(oci::status_name(container->status)),
                          "stop it, or use --force");
    }
    TRY(destroy_container(*container));
    return 0;
}

// Ids below the state's root that the expression matches (regex(7), as crun's option of this name).
static Result<std::vector<std::string>> matching_ids(const std::string& root,
                                                     const std::string& expression) {
    regex_t compiled{};
    if (::regcomp(&compiled, expression.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid regular expression '" + printable(expression) + "'");
    }
    auto ids = oci::StateFolder::list(root);
    if (ids) {
        std::erase_if(*ids, [&](const std::string& id) {
            return ::regexec(&compiled, id.c_str(), 0, nullptr, 0) != 0;
        });
    }
    ::regfree(&compiled);
    return ids;
}

// As many as can be; the first failure is the one that is told.
static Result<int> delete_container(const Context& context, const Parsed& parsed) {
    const bool force = parsed.options.flag("force");
    if (!parsed.options.flag("regex")) return delete_one(context, parsed.rest[0], force);
    const auto ids = TRY(matching_ids(context.root, parsed.rest[0]));
    Result<int> first = 0;
    for (const std::string& id : ids) {
        auto deleted = delete_one(context, id, force);
        if (!deleted && first) first = std::move(deleted);
    }
    return first;
}

const Verb kDelete{.name = "delete",
                   .arguments = "CONTAINER",
                   .help = "remove what is held for a container",
                   .options = kOptions,
                   .least_arguments = 1,
                   .most_arguments = 1,
                   .run = delete_container};

}  // namespace dhow::runtime_cli
