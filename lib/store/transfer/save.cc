// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/save.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "oci/spec/manifest.h"
#include "store/transfer/outgoing_manifest.h"
#include "store/transfer/sha256.h"
#include "store/transfer/tar_writer.h"

#include <memory>
#include <set>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::store {

namespace {

using Content = std::function<Status(const ByteSink& sink)>;

// Where the files of an archive go.
class Target {
  public:
    virtual ~Target() = default;
    virtual Status add(const std::string& name, uint64_t size, const Content& content) = 0;
    virtual Status finish() = 0;

    Status add_text(const std::string& name, const std::string& text) {
        return add(name, text.size(), [&](const ByteSink& sink) { return sink(text); });
    }
};

class TarTarget : public Target {
  public:
    explicit TarTarget(int fd) : fd_(fd) {}

    Status add(const std::string& name, uint64_t size, const Content& content) override {
        TarEntry entry;
        entry.path = name;
        entry.mode = 0444;
        entry.size = size;
        TRY(write(tar_header(entry)));
        TRY(content([this](std::string_view bytes) { return write(bytes); }));
        return write(tar_padding(size));
    }

    Status finish() override { return write(tar_end()); }

  private:
    Status write(std::string_view bytes) const {
        auto written = write_all(fd_, bytes);
        return written ? Status() : std::move(written).error().context("write the archive");
    }

    int fd_;
};

class FolderTarget : public Target {
  public:
    explicit FolderTarget(int folder) : folder_(folder) {}

    Status add(const std::string& name, uint64_t /*size*/, const Content& content) override {
        if (const size_t slash = name.rfind('/'); slash != std::string::npos) {
            const RootDir root(TRY(open_at(folder_, ".", O_PATH | O_DIRECTORY)));
            const auto made = TRY(root.make_dirs(name.substr(0, slash)));
        }
        constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
        const auto file = TRY(open_at(folder_, name, kFlags, 0644));
        return content([&](std::string_view bytes) { return write_all(file.get(), bytes); });
    }

    Status finish() override { return {}; }

  private:
    int folder_;
};

// One save under way.
class Save {
  public:
    Save(const TransferContext& context, Target& target) : context_(context), target_(target) {}

    Status docker_archive();
    Status oci_layout();
    Status docker_folder();

  private:
    Status add_once(const std::string& name, const std::string& text);
    Result<uint64_t> add_layer(const oci::DiffId& diff_id, const std::string& name);
    Result<std::vector<oci::Descriptor>> add_layers(const OutgoingImage& image,
                                                    ManifestFormat format,
                                                    const std::string& folder);

    const TransferContext& context_;
    Target& target_;
    std::set<std::string> added_;
    std::map<std::string, uint64_t> sizes_;
};

Status Save::add_once(const std::string& name, const std::string& text) {
    if (!added_.insert(name).second) return {};
    return target_.add_text(name, text);
}

Result<uint64_t> Save::add_layer(const oci::DiffId& diff_id, const std::string& name) {
    if (!added_.insert(name).second) return sizes_[name];
    const auto layer = TRY(OutgoingLayerStream::open(context_, diff_id));
    TRY(target_.add(
        name, layer.size(), [&](const ByteSink& sink) { return layer.write_to(sink); }));
    TransferEvent done;
    done.kind = TransferEvent::Kind::BlobDone;
    done.digest = diff_id.text();
    context_.report(done);
    sizes_[name] = layer.size();
    return layer.size();
}

Result<std::vector<oci::Descriptor>> Save::add_layers(const OutgoingImage& image,
                                                      ManifestFormat format,
                                                      const std::string& folder) {
    std::vector<oci::Descriptor> descriptors;
    for (const OutgoingLayer& layer : image.layers) {
        const auto diff_id = TRY(oci::DiffId::parse(layer.diff_id));
        const uint64_t size = TRY(add_layer(diff_id, folder + diff_id.hex()));
        descriptors.push_back({.media_type = TRY(layer_media_type(format, oci::Compression::None)),
                               .digest = TRY(oci::Digest::parse(layer.diff_id)),
                               .size = size,
                               .platform = {},
                               .annotations = {}});
    }
    return descriptors;
}

// As Docker names them: without the registry that is the default.
std::string docker_name(const std::string& name) {
    for (const std::string_view prefix : {"docker.io/library/", "docker.io/"}) {
        if (name.starts_with(prefix)) return name.substr(prefix.size());
    }
    return name;
}

Status Save::docker_archive() {
    json::Array manifest;
    for (const OutgoingImage& image : context_.request.images) {
        std::vector<std::string> layers;
        for (const OutgoingLayer& layer : image.layers) {
            const auto diff_id = TRY(oci::DiffId::parse(layer.diff_id));
            layers.push_back(diff_id.hex() + ".tar");
            TRY(add_layer(diff_id, layers.back()));
        }
        const std::string config = sha256_hex(image.config) + ".json";
        TRY(add_once(config, image.config));
        std::vector<std::string> names;
        for (const std::string& name : image.names) names.push_back(docker_name(name));
        manifest.push_back(json::Object{{"Config", config},
                                        {"RepoTags", json::to_array(names)},
                                        {"Layers", json::to_array(layers)}});
    }
    TRY(target_.add_text("manifest.json", json::compact(manifest)));
    return target_.finish();
}

json::Object index_entry(const ComposedManifest& manifest, const std::string& name) {
    json::Object entry{{"mediaType", manifest.media_type},
                       {"digest", manifest.digest},
                       {"size", manifest.bytes.size()}};
    if (!name.empty()) {
        entry["annotations"] = json::Object{{"org.opencontainers.image.ref.name", name}};
    }
    return entry;
}

Status Save::oci_layout() {
    const std::string blobs = "blobs/sha256/";
    json::Array manifests;
    TRY(target_.add_text("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    for (const OutgoingImage& image : context_.request.images) {
        const auto layers = TRY(add_layers(image, ManifestFormat::Oci, blobs));
        TRY(add_once(blobs + sha256_hex(image.config), image.config));
        const auto manifest = TRY(compose_manifest(image, ManifestFormat::Oci, layers));
        TRY(add_once(blobs + manifest.digest.substr(std::string("sha256:").size()),
                     manifest.bytes));
        for (const std::string& name : image.names)
            manifests.push_back(index_entry(manifest, name));
        if (image.names.empty()) manifests.push_back(index_entry(manifest, ""));
    }
    const json::Object index{
        {"schemaVersion", 2}, {"mediaType", oci::kOciIndex}, {"manifests", std::move(manifests)}};
    TRY(target_.add_text("index.json", json::compact(index)));
    return target_.finish();
}

Status Save::docker_folder() {
    const OutgoingImage& image = context_.request.images.front();
    const auto layers = TRY(add_layers(image, ManifestFormat::DockerSchema2, ""));
    TRY(add_once(sha256_hex(image.config), image.config));
    const auto manifest = TRY(compose_manifest(image, ManifestFormat::DockerSchema2, layers));
    TRY(target_.add_text("manifest.json", manifest.bytes));
    TRY(target_.add_text("version", "Directory Transport Version: 1.1\n"));
    return target_.finish();
}

}  // namespace

Status save_images(const TransferContext& context, int output) {
    const std::string& format = context.request.form.format;
    TarTarget tar(output);
    FolderTarget folder(output);
    if (format == "docker-archive") return Save(context, tar).docker_archive();
    if (format == "oci-archive") return Save(context, tar).oci_layout();
    if (format == "oci-dir") return Save(context, folder).oci_layout();
    if (format == "docker-dir" && context.request.images.size() == 1) {
        return Save(context, folder).docker_folder();
    }
    return make_error(
        ErrorKind::InvalidArgument,
        "save in format '" + printable(format) + "': unknown, or not for several images",
        "use docker-archive, oci-archive, oci-dir, or docker-dir for one image");
}

}  // namespace dhow::store
