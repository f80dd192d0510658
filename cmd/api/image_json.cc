// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/image_json.h"

#include "base/clock.h"
#include "base/text.h"

#include <algorithm>

namespace dhow::api {

std::string familiar_name(std::string_view full) {
    for (const std::string_view prefix : {"docker.io/library/", "docker.io/"}) {
        if (full.starts_with(prefix)) return std::string(full.substr(prefix.size()));
    }
    return std::string(full);
}

std::string canonical_name(std::string_view name) {
    const auto [first, rest] = split_once(name, '/');
    if (!rest) return "docker.io/library/" + std::string(name);
    const bool host = first.find_first_of(".:") != std::string_view::npos || first == "localhost";
    return host ? std::string(name) : "docker.io/" + std::string(name);
}

static std::string with_algorithm(std::string_view id) {
    return id.empty() || id.starts_with("sha256:") ? std::string(id) : "sha256:" + std::string(id);
}

static json::Array familiar_names(const std::vector<std::string>& names) {
    json::Array list;
    for (const std::string& name : names) list.emplace_back(familiar_name(name));
    return list;
}

json::Object image_summary(const engine::ImageSummary& image) {
    return {
        {"Id", with_algorithm(image.id)},
        {"ParentId", ""},
        {"RepoTags", familiar_names(image.names)},
        {"RepoDigests", familiar_names(image.digests)},
        {"Created", image.created_at / 1000000000},
        {"Size", image.size},
        {"VirtualSize", image.size},
        {"SharedSize", -1},
        {"Labels", json::to_object(image.labels)},
        {"Containers", image.containers},
    };
}

static void make_familiar(json::Object& object, std::string_view member) {
    json::Value* value = object.if_contains(member);
    json::Array* list = value == nullptr ? nullptr : value->if_array();
    if (list == nullptr) {
        object[member] = json::Array();
        return;
    }
    for (json::Value& name : *list) {
        if (name.is_string()) name = familiar_name(name.get_string());
    }
}

json::Object image_document(const json::Object& inspected) {
    json::Object object = inspected;
    // Podman's members that Docker's document does not have.
    for (const std::string_view extra :
         {"History", "NamesHistory", "ManifestType", "Digest", "Labels", "Annotations", "User"}) {
        object.erase(extra);
    }
    if (json::Value* id = object.if_contains("Id"); id != nullptr && id->is_string()) {
        *id = with_algorithm(std::string_view(id->get_string()));
    }
    make_familiar(object, "RepoTags");
    make_familiar(object, "RepoDigests");
    if (!object.contains("Metadata")) {
        object["Metadata"] = json::Object{{"LastTagTime", "0001-01-01T00:00:00Z"}};
    }
    return object;
}

json::Array image_history(const json::Object& inspected) {
    json::Array list;
    const json::Value* history = inspected.if_contains("History");
    if (history == nullptr || !history->is_array()) return list;
    for (const json::Value& element : history->get_array()) {
        const json::Object* step = element.if_object();
        if (step == nullptr) continue;
        const auto text = [&](std::string_view member) {
            auto value = json::get_string(*step, member);
            return value ? value->value_or("") : std::string();
        };
        const auto created = parse_rfc3339(text("created"));
        list.emplace_back(json::Object{{"Id", "<missing>"},
                                       {"Created", created ? *created / 1000000000 : 0},
                                       {"CreatedBy", text("created_by")},
                                       {"Tags", nullptr},
                                       {"Size", 0},
                                       {"Comment", text("comment")}});
    }
    std::reverse(list.begin(), list.end());
    const json::Value* id = inspected.if_contains("Id");
    if (!list.empty() && id != nullptr && id->is_string()) {
        list.front().get_object()["Id"] = with_algorithm(std::string_view(id->get_string()));
    }
    return list;
}

json::Array removed_image(const engine::RemovedImage& removed) {
    json::Array list;
    for (const std::string& name : removed.untagged) {
        list.emplace_back(json::Object{{"Untagged", familiar_name(name)}});
    }
    for (const std::string& id : removed.deleted) {
        list.emplace_back(json::Object{{"Deleted", with_algorithm(id)}});
    }
    return list;
}

}  // namespace dhow::api
