// SPDX-License-Identifier: Apache-2.0
// create: pull if asked, resolve, insert the intent, make the folders, settle it.
#include "engine/create.h"

#include "base/file.h"
#include "base/text.h"
#include "engine/cgroup_choice.h"
#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/mount_sources.h"
#include "engine/names.h"
#include "engine/network_setup.h"
#include "engine/reconcile.h"
#include "engine/resolve_config.h"
#include "engine/siblings.h"
#include "oci/spec/descriptor.h"
#include "store/image_store.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::engine {

namespace {

// What is here for another platform than the one asked for does not count.
Result<store::RunnableImage> find_for_platform(store::ImageStore& images,
                                               const CreateRequest& request) {
    auto found = TRY(images.find_runnable(request.image));
    if (request.pull_options.platform.empty()) return found;
    const auto wanted = TRY(oci::parse_platform(request.pull_options.platform));
    const auto config = TRY(oci::parse_image_config(found.config));
    const oci::Platform offered{
        .architecture = config.architecture, .os = config.os, .variant = config.variant};
    if (oci::matches(offered, wanted)) return found;
    return make_error(ErrorKind::NotFound,
                      "image '" + request.image + "' is for " + oci::to_string(offered));
}

std::string for_platform(const CreateRequest& request) {
    const std::string& platform = request.pull_options.platform;
    return platform.empty() ? "" : " for platform '" + printable(platform) + "'";
}

// The image the request names, pulled first when its policy says so.
Result<store::RunnableImage> obtain_image(Engine& engine,
                                          const CreateRequest& request,
                                          const ProgressSink& sink) {
    store::ImageStore images(engine.context().store);
    if (request.pull == PullPolicy::Missing || request.pull == PullPolicy::Never) {
        auto found = find_for_platform(images, request);
        if (found || found.error().kind != ErrorKind::NotFound) return found;
        if (request.pull == PullPolicy::Never) {
            return make_error(ErrorKind::NotFound,
                              "image '" + request.image + "' is not here" + for_platform(request),
                              "pull it with: dhow pull " + request.image);
        }
    }
    PullRequest pull = request.pull_options;
    pull.image = request.image;
    const auto id = TRY(pull_image(engine, pull, sink));
    // By the name it got, where the request's leads there: a short name may stand for another.
    auto by_name = images.find_runnable(request.image);
    if (by_name && by_name->id == id) return by_name;
    auto pulled = TRY(images.find_runnable(id));
    const auto reference = TRY(store::ImageRef::parse(request.image));
    pulled.name = reference.full();
    return pulled;
}

std::string host_name() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

Result<Resolved> resolve(Context& context,
                         const CreateRequest& request,
                         const store::RunnableImage& image) {
    const auto image_config = TRY(oci::parse_image_config(image.config));
    ResolveInput input;
    input.id = new_container_id();
    input.name = request.name.empty() ? random_container_name() : request.name;
    input.image = image.name;
    input.image_id = image.id;
    for (const auto& layer : image_config.rootfs.diff_ids) input.layers.push_back(layer.text());
    input.now = now_unix_nanos();
    input.host = HostFacts{.rootless = context.rootless, .hostname = host_name()};
    auto resolved = TRY(resolve_config(input, request, image_config));
    std::string& runtime = resolved.config.options.runtime;
    if (runtime.empty()) runtime = context.default_runtime;
    TRY(find_runtime(runtime));
    TRY(settle_limits(context, resolved.config));
    TRY(choose_ports(resolved.config));
    return resolved;
}

// A made-up name may be taken; one that was asked for may not.
Status insert_with_free_name(Context& context, ContainerConfig& config, bool name_given) {
    constexpr int kAttempts = 10;
    for (int attempt = 0;; ++attempt) {
        auto inserted = insert_creating(context, config);
        const bool retry = !inserted && !name_given && attempt < kAttempts &&
                           inserted.error().kind == ErrorKind::AlreadyExists;
        if (!retry) return inserted;
        config.name = random_container_name() + std::to_string(attempt + 1);
        config.options.name = config.name;
    }
}

Status make_folders(Context& context, const std::string& id) {
    const auto folder = TRY(make_dir_at(context.store.root_fd(), "containers/" + id));
    // The container's root folder takes its mode from the upper one.
    const auto upper = TRY(make_dir_at(folder.get(), "upper", 0755));
    const auto work = TRY(make_dir_at(folder.get(), "work"));
    return {};
}

Status write_id_file(const std::string& path, const std::string& id) {
    if (path.empty()) return {};
    const auto file = TRY(open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0644));
    return write_all(file.get(), id);
}

Status check_id_file(const std::string& path) {
    if (path.empty() || !exists_at(AT_FDCWD, path)) return {};
    return make_error(ErrorKind::AlreadyExists,
                      "container id file '" + path + "' exists",
                      "make sure its container is gone, then remove it");
}

}  // namespace

Result<Prepared> prepare_container(Engine& engine,
                                   const CreateRequest& request,
                                   const ProgressSink& sink) {
    Context& context = engine.context();
    if (!request.name.empty()) TRY(check_container_name(request.name));
    TRY(check_id_file(request.id_file));
    TRY(context.enter());
    TRY(reconcile(context));
    const auto image = TRY(obtain_image(engine, request, sink));
    auto resolved = TRY(resolve(context, request, image));
    TRY(create_volumes(context, resolved.config));
    TRY(insert_with_free_name(context, resolved.config, !request.name.empty()));
    auto made = make_folders(context, resolved.config.id);
    if (made) made = write_id_file(request.id_file, resolved.config.id);
    if (!made) {
        ignore(discard_container(context, resolved.config), "the first error says more");
        return made.error();
    }
    return Prepared{.config = std::move(resolved.config), .warnings = std::move(resolved.warnings)};
}

Result<Created> create_container(Engine& engine,
                                 const CreateRequest& request,
                                 const ProgressSink& sink) {
    auto prepared = TRY(prepare_container(engine, request, sink));
    TRY(mark_created(engine.context(), prepared.config.id));
    return Created{.id = prepared.config.id, .warnings = std::move(prepared.warnings)};
}

}  // namespace dhow::engine
