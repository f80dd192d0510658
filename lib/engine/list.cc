// SPDX-License-Identifier: Apache-2.0
// ps: every row with what its shim says. Joins no namespace and takes no lock, unless a killed
// command has left something to settle.
#include "base/text.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/details.h"
#include "engine/engine.h"
#include "engine/filters.h"
#include "engine/reconcile.h"

#include <algorithm>

namespace dhow::engine {

namespace {

bool exited_matches(const ContainerSummary& container, const std::string& code) {
    return container.status == ContainerStatus::Exited &&
           parse_int<int>(code) == container.exit_code;
}

bool ancestor_matches(const ContainerSummary& container, const std::string& wanted) {
    return container.image_id.starts_with(wanted) || container.image == wanted ||
           container.image.ends_with("/" + wanted) ||
           container.image.ends_with("/" + wanted + ":latest");
}

bool volume_matches(const ContainerSummary& container, const std::string& wanted) {
    return std::any_of(container.mounts.begin(), container.mounts.end(), [&](const MountSpec& m) {
        return m.source == wanted || m.destination == wanted;
    });
}

using Predicate = bool (*)(const ContainerSummary&, const std::string&);

struct Filter {
    std::string_view name;
    Predicate matches;
};

constexpr Filter kFilters[] = {
    {"id", [](const ContainerSummary& c, const std::string& v) { return c.id.starts_with(v); }},
    {"name",
     [](const ContainerSummary& c, const std::string& v) {
         const std::string_view wanted(v);
         const bool anchored = wanted.starts_with('^');
         std::string_view body = anchored ? wanted.substr(1) : wanted;
         const bool whole = body.ends_with('$');
         if (whole) body.remove_suffix(1);
         if (body.starts_with('/')) body.remove_prefix(1);  // Docker's names start with a slash
         if (anchored && whole) return c.name == body;
         if (anchored) return c.name.starts_with(body);
         return whole ? c.name.ends_with(body) : c.name.find(body) != std::string::npos;
     }},
    {"label",
     [](const ContainerSummary& c, const std::string& v) { return has_label(c.labels, v); }},
    {"status",
     [](const ContainerSummary& c, const std::string& v) { return status_name(c.status) == v; }},
    {"exited", exited_matches},
    {"ancestor", ancestor_matches},
    {"volume", volume_matches},
    {"network",
     [](const ContainerSummary& c, const std::string& v) { return c.network_mode == v; }},
};

Result<Predicate> find_filter(const std::string& name) {
    for (const Filter& filter : kFilters) {
        if (filter.name == name) return filter.matches;
    }
    return make_error(ErrorKind::InvalidArgument,
                      "filter '" + printable(name) + "' is unknown",
                      "use id, name, label, status, exited, ancestor, volume or network");
}

// Values of one filter are alternatives, except labels, of which all must match (as Docker).
Result<bool> passes(const ContainerSummary& container, const ListRequest& request) {
    for (const auto& [name, values] : request.filters) {
        const Predicate matches = TRY(find_filter(name));
        const auto one = [&](const std::string& value) { return matches(container, value); };
        const bool ok = name == "label" ? std::all_of(values.begin(), values.end(), one)
                                        : std::any_of(values.begin(), values.end(), one);
        if (!ok) return false;
    }
    return true;
}

bool shows_stopped(const ListRequest& request) {
    return request.all || request.last || request.filters.contains("status") ||
           request.filters.contains("exited");
}

bool is_up(ContainerStatus status) {
    return status == ContainerStatus::Running || status == ContainerStatus::Paused ||
           status == ContainerStatus::Restarting;
}

}  // namespace

Result<std::vector<ContainerSummary>> list_containers(Engine& engine, const ListRequest& request) {
    Context& context = engine.context();
    for (const auto& [name, values] : request.filters) TRY(find_filter(name));
    // A killed command's intent is settled by whoever comes next, this reader too.
    if (TRY(needs_reconciling(context))) {
        TRY(context.enter());
        TRY(reconcile(context));
    }
    std::vector<ContainerSummary> containers;
    auto rows = TRY(list_container_rows(context));
    for (const ContainerRow& row : rows) {
        if (row.state == RowState::Creating) continue;
        const auto state = TRY(read_container_state(context, row.id));
        auto summary = summarize(row, state);
        if (!shows_stopped(request) && !is_up(summary.status)) continue;
        if (TRY(passes(summary, request))) containers.push_back(std::move(summary));
    }
    std::stable_sort(containers.begin(), containers.end(), [](const auto& a, const auto& b) {
        return a.created_at > b.created_at;
    });
    if (request.last && *request.last >= 0 &&
        containers.size() > static_cast<size_t>(*request.last)) {
        containers.resize(static_cast<size_t>(*request.last));
    }
    return containers;
}

}  // namespace dhow::engine
