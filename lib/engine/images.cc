// SPDX-License-Identifier: Apache-2.0
// The image verbs: names and rows by the image store, bytes by dhow-transfer.
#include "base/text.h"
#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/reconcile.h"
#include "engine/transfers.h"
#include "oci/spec/image_config.h"
#include "store/auth_file.h"
#include "store/gc.h"
#include "store/image_store.h"
#include "store/registries_config.h"
#include "store/reserve.h"
#include "store/transfer_client.h"

namespace dhow::engine {

namespace {

ImageSummary summarize(store::Image image) {
    ImageSummary summary;
    summary.id = std::move(image.id);
    summary.names = std::move(image.names);
    summary.digests = std::move(image.digests);
    summary.created_at = image.created_at;
    summary.size = image.size;
    summary.containers = image.containers;
    if (const auto config = oci::parse_image_config(image.config)) {
        summary.labels = config->config.labels;
    }
    return summary;
}

}  // namespace

// A full name is itself: no file is read for it.
static Result<store::ShortNameChoice> places_of(const std::string& image) {
    const auto reference = TRY(store::ImageRef::parse(image));
    if (!reference.short_name()) return store::resolve_short_name({}, image);
    return store::resolve_short_name(TRY(store::load_registries_config()), image);
}

static Result<std::string> pull_one(Context& context,
                                    const store::ImageRef& reference,
                                    const PullRequest& request,
                                    const ProgressSink& sink) {
    auto transfer = transfer_by(request);
    transfer.verb = store::TransferVerb::Pull;
    transfer.reference = reference.full();
    transfer.platform = request.platform;
    if (sink) sink(ProgressEvent{.text = "Trying to pull " + reference.full() + "..."});
    const auto images =
        TRY(store::fetch_images(context.store, transfer, -1, forward_progress(sink)));
    if (images.empty()) return make_error(ErrorKind::Internal, "a pull brought no image");
    return images.front().id;
}

// A short name is looked for in each registry that registries.conf names, in order.
static Result<std::string> pull_first(Context& context,
                                      const store::ShortNameChoice& choice,
                                      const PullRequest& request,
                                      const ProgressSink& sink) {
    std::string failures;
    for (const store::ImageRef& reference : choice.candidates) {
        auto id = pull_one(context, reference, request, sink);
        if (id || choice.candidates.size() == 1) return id;
        failures += (failures.empty() ? "" : "; ") + id.error().message;
    }
    return make_error(ErrorKind::NotFound,
                      "pull '" + printable(request.image) + "': " + failures,
                      "write the full name: REGISTRY/NAME");
}

Result<std::string> pull_image(Engine& engine,
                               const PullRequest& request,
                               const ProgressSink& sink) {
    Context& context = engine.context();
    const auto choice = TRY(places_of(request.image));
    TRY(context.enter());
    TRY(reconcile(context));
    if (sink && !choice.origin.empty()) {
        sink(ProgressEvent{.text = "Resolved \"" + request.image + "\" " + choice.origin});
    }
    auto id = pull_first(context, choice, request, sink);
    if (!id && !choice.passed_over.empty()) {
        id.error().fix = "short-name-mode is enforcing, so " + join(choice.passed_over, ", ") +
                         " was not asked: write the full name";
    }
    return id;
}

Result<std::vector<std::string>> load_images(Engine& engine, int fd, const ProgressSink& sink) {
    Context& context = engine.context();
    TRY(context.enter());
    TRY(reconcile(context));
    store::TransferRequest transfer;
    transfer.verb = store::TransferVerb::Load;
    const auto images =
        TRY(store::fetch_images(context.store, transfer, fd, forward_progress(sink)));
    std::vector<std::string> names;
    for (const auto& image : images) {
        if (image.names.empty()) names.push_back("sha256:" + image.id);
        names.insert(names.end(), image.names.begin(), image.names.end());
    }
    return names;
}

Result<std::vector<ImageSummary>> list_images(Engine& engine) {
    auto images = TRY(store::ImageStore(engine.context().store).list());
    std::vector<ImageSummary> summaries;
    for (auto& image : images) summaries.push_back(summarize(std::move(image)));
    return summaries;
}

Result<json::Object> inspect_image(Engine& engine, const std::string& name) {
    store::ImageStore images(engine.context().store);
    const auto image = TRY(images.find(name));
    const auto config = TRY(oci::parse_image_config(image.config));
    const auto document = TRY(json::parse_object(image.config, "image config"));
    const auto layers = TRY(images.diff_ids(image.id));
    json::Object object{{"Id", image.id},
                        {"Digest", image.manifest_digest},
                        {"RepoTags", json::to_array(image.names)},
                        {"RepoDigests", json::to_array(image.digests)},
                        {"Parent", ""},
                        {"Comment", ""},
                        {"Created", format_rfc3339(image.created_at)}};
    const json::Object* settings = TRY(json::get_object(document, "config"));
    object["Config"] = settings == nullptr ? json::Object() : *settings;
    object["Version"] = "";
    object["Author"] = TRY(json::get_string(document, "author")).value_or("");
    object["Architecture"] = config.architecture;
    object["Os"] = config.os;
    object["Size"] = image.size;
    object["VirtualSize"] = image.size;
    object["GraphDriver"] = json::Object{{"Name", "overlay"}, {"Data", json::Object()}};
    object["RootFS"] = json::Object{{"Type", "layers"}, {"Layers", json::to_array(layers)}};
    object["Labels"] = json::to_object(config.config.labels);
    object["Annotations"] = json::Object();
    object["ManifestType"] = image.manifest_media_type;
    object["User"] = config.config.user;
    const json::Array* history = TRY(json::get_array(document, "history"));
    object["History"] = history == nullptr ? json::Array() : *history;
    object["NamesHistory"] = json::to_array(image.names);
    return object;
}

Result<void> tag_image(Engine& engine, const std::string& source, const std::string& target) {
    return store::ImageStore(engine.context().store).tag(source, target);
}

Status untag_image(Engine& engine,
                   const std::string& image,
                   const std::vector<std::string>& names) {
    TRY(store::ImageStore(engine.context().store).untag(image, names));
    return {};
}

// What --force is for: containers of the image go with it (as Podman).
static Status remove_users(Engine& engine, const std::string& image) {
    Context& context = engine.context();
    const std::string id = TRY(store::ImageStore(context.store).find_id(image));
    for (const ContainerRow& row : TRY(list_container_rows(context))) {
        if (row.config.image_id != id) continue;
        TRY(remove_container(engine, RemoveRequest{.container = row.id, .force = true}));
    }
    return {};
}

Result<RemovedImage> remove_image(Engine& engine, const std::string& name, bool force) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    TRY(context.enter());
    TRY(reconcile(context));
    store::ImageStore images(context.store);
    auto removed = images.remove(name, force);
    if (!removed && force && removed.error().kind == ErrorKind::Conflict) {
        TRY(remove_users(engine, name));
        removed = images.remove(name, force);
    }
    if (!removed) return std::move(removed).error();
    return RemovedImage{.untagged = std::move(removed->untagged),
                        .deleted = std::move(removed->deleted)};
}

}  // namespace dhow::engine
