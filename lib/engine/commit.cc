// SPDX-License-Identifier: Apache-2.0
// commit, export, import: images out of containers and tars, and containers as tars.
#include "base/text.h"
#include "engine/config_changes.h"
#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/reconcile.h"
#include "engine/transfers.h"
#include "oci/spec/descriptor.h"
#include "store/image_store.h"
#include "store/layer_store.h"
#include "store/mounted_tree.h"
#include "store/transfer_client.h"

#include <algorithm>
#include <array>

namespace dhow::engine {

namespace {

// What create put in by itself, and the next create will again.
bool is_own_variable(const std::string& entry) {
    constexpr std::array<std::string_view, 3> kOwn = {"container=", "HOSTNAME=", "TERM="};
    return std::any_of(
        kOwn.begin(), kOwn.end(), [&](std::string_view name) { return entry.starts_with(name); });
}

std::vector<std::string> kept_env(const ContainerConfig& container,
                                  const std::vector<std::string>& of_image) {
    std::vector<std::string> env;
    for (const std::string& entry : container.options.env) {
        const bool from_image =
            std::find(of_image.begin(), of_image.end(), entry) != of_image.end();
        if (from_image || !is_own_variable(entry)) env.push_back(entry);
    }
    return env;
}

// The image's config, as this container was run.
Status take_over(const ContainerConfig& container, json::Object& config) {
    const auto of_image = TRY(json::get_strings(config, "Env"));
    config["Env"] = json::to_array(kept_env(container, of_image));
    config["Cmd"] = json::to_array(container.options.command);
    config["Entrypoint"] = json::to_array(container.entrypoint);
    config["User"] = container.options.user;
    config["WorkingDir"] = container.options.working_dir;
    const json::Object* old_labels = TRY(json::get_object(config, "Labels"));
    json::Object labels = old_labels == nullptr ? json::Object() : *old_labels;
    for (const auto& [name, value] : container.options.labels) labels[name] = value;
    if (!labels.empty()) config["Labels"] = std::move(labels);
    const json::Object* old_ports = TRY(json::get_object(config, "ExposedPorts"));
    json::Object ports = old_ports == nullptr ? json::Object() : *old_ports;
    for (const PortMapping& port : container.options.ports) {
        ports[std::to_string(port.container_port) + "/" +
              std::string(protocol_name(port.protocol))] = json::Object();
    }
    if (!ports.empty()) config["ExposedPorts"] = std::move(ports);
    return {};
}

struct NewConfig {
    std::string config;
    std::string history;
};

// The members around "config", and the entry of history that goes with the layer.
Result<NewConfig> finish_config(json::Object document,
                                json::Object config,
                                const ImageChanges& changes,
                                const std::string& created_by) {
    for (const std::string& change : changes.changes) TRY(apply_change(config, change));
    const std::string now = format_rfc3339(now_unix_nanos());
    document["config"] = std::move(config);
    document["created"] = now;
    document.erase("container");
    document.erase("container_config");
    json::Object history{{"created", now}, {"created_by", created_by}};
    if (!changes.author.empty()) {
        document["author"] = changes.author;
        history["author"] = changes.author;
    }
    if (!changes.message.empty()) history["comment"] = changes.message;
    return NewConfig{json::compact(document), json::compact(history)};
}

Result<std::string> image_name(const std::string& text) {
    if (text.empty()) return text;
    const bool one_component = text.find('/') == std::string::npos;
    const auto reference = TRY(store::ImageRef::parse(one_component ? "localhost/" + text : text));
    if (!reference.digest()) return reference.full();
    return make_error(ErrorKind::InvalidArgument,
                      "image name '" + printable(text) + "' has a digest, which no name may have");
}

Result<std::string> add_image(Context& context,
                              store::TransferRequest transfer,
                              int fd,
                              const ProgressSink& sink) {
    const auto images =
        TRY(store::fetch_images(context.store, std::move(transfer), fd, forward_progress(sink)));
    if (images.empty()) return make_error(ErrorKind::Internal, "no image was made");
    return images.front().id;
}

// "docker" is what Docker and Podman call schema 2 here.
std::string manifest_format(const std::string& format) {
    return format == "docker" ? "v2s2" : format;
}

}  // namespace

Result<std::string> commit_container(Engine& engine,
                                     const CommitRequest& request,
                                     const ProgressSink& sink) {
    Context& context = engine.context();
    const std::string name = TRY(image_name(request.image));
    TRY(context.enter());
    TRY(reconcile(context));
    const auto row = TRY(find_container(context, request.container));
    const auto image = TRY(store::ImageStore(context.store).find(row.config.image_id));
    auto document = TRY(json::parse_object(image.config, "image config"));
    const json::Object* old = TRY(json::get_object(document, "config"));
    json::Object config = old == nullptr ? json::Object() : *old;
    TRY(take_over(row.config, config));
    auto made = TRY(finish_config(
        std::move(document), std::move(config), request.changes, join(row.config.argv(), " ")));
    store::OutgoingImage base;
    base.config = std::move(made.config);
    for (const std::string& layer : row.config.layers) base.layers.push_back({.diff_id = layer});
    if (!name.empty()) base.names.push_back(name);
    store::TransferRequest transfer;
    transfer.verb = store::TransferVerb::Commit;
    transfer.form.format = manifest_format(request.changes.format);
    transfer.history = std::move(made.history);
    transfer.source_dir = context.container_state_dir(row.id) + "/upper";
    transfer.images.push_back(std::move(base));
    return add_image(context, std::move(transfer), -1, sink);
}

Result<std::string> import_image(Engine& engine,
                                 const ImportRequest& request,
                                 int tar,
                                 const ProgressSink& sink) {
    Context& context = engine.context();
    const std::string name = TRY(image_name(request.image));
    const auto platform = request.platform.empty() ? oci::host_platform()
                                                   : TRY(oci::parse_platform(request.platform));
    TRY(context.enter());
    TRY(reconcile(context));
    json::Object document{{"architecture", platform.architecture}, {"os", platform.os}};
    if (!platform.variant.empty()) document["variant"] = platform.variant;
    auto made = TRY(finish_config(
        std::move(document), json::Object(), request.changes, "imported from " + request.source));
    store::OutgoingImage base;
    base.config = std::move(made.config);
    if (!name.empty()) base.names.push_back(name);
    store::TransferRequest transfer;
    transfer.verb = store::TransferVerb::Import;
    transfer.history = std::move(made.history);
    transfer.images.push_back(std::move(base));
    return add_image(context, std::move(transfer), tar, sink);
}

// The layers and the writable folder as one tree, mounted where nobody else sees it.
Status export_container(Engine& engine, const std::string& container, int output) {
    Context& context = engine.context();
    TRY(context.enter());
    const auto row = TRY(find_container(context, container));
    const store::LayerStore layers(context.store);
    std::vector<std::string> folders = {context.container_state_dir(row.id) + "/upper"};
    for (auto layer = row.config.layers.rbegin(); layer != row.config.layers.rend(); ++layer) {
        folders.push_back(layers.path_of(*layer));
    }
    const auto tree = TRY(store::MountedTree::mount(context.store, folders));
    store::TransferRequest transfer;
    transfer.verb = store::TransferVerb::Export;
    transfer.source_dir = tree.path();
    TRY(store::run_transfer(transfer, output, {}));
    return {};
}

}  // namespace dhow::engine
