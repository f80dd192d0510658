// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/pull.h"

#include "base/text.h"
#include "store/image_ref.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace dhow::store {

namespace {

// Inflating and unpacking are the work, not the network: more threads than cores only wait.
constexpr unsigned kMaxWorkers = 4;

Result<std::optional<Credentials>> credentials_for(const TransferRequest& request,
                                                   const std::string& repository) {
    if (request.credentials.empty()) {
        return find_credentials(auth_files(request.auth_file), repository);
    }
    const auto [user, password] = split_once(request.credentials, ':');
    return std::optional(
        Credentials{.username = std::string(user), .password = std::string(password.value_or(""))});
}

Result<RegistryOptions> options_for(const TransferRequest& request, const ImageRef& reference) {
    auto credentials =
        TRY(credentials_for(request, reference.registry() + "/" + reference.repository()));
    return RegistryOptions{
        .registry = reference.registry(),
        .repository = reference.repository(),
        .tls_verify = request.tls_verify,
        .ca_dir = request.ca_dir,
        .credentials = std::move(credentials),
    };
}

struct ChosenManifest {
    FetchedManifest manifest;
    std::string pulled_digest;
};

// Follows an index to the manifest for the platform; the digest of what was named is remembered.
Result<ChosenManifest> choose(RegistryClient& client,
                              const ImageRef& reference,
                              const std::string& platform) {
    auto fetched =
        TRY(client.manifest(reference.digest().value_or(reference.tag().value_or("latest"))));
    ChosenManifest chosen{.manifest = {}, .pulled_digest = fetched.digest};
    if (oci::is_index_type(fetched.media_type)) {
        const auto wanted =
            platform.empty() ? oci::host_platform() : TRY(oci::parse_platform(platform));
        const auto index = TRY(oci::parse_index(fetched.bytes, fetched.media_type));
        const auto descriptor = TRY(oci::choose_manifest(index, wanted));
        fetched = TRY(client.manifest(descriptor.digest.text()));
        fetched.media_type = descriptor.media_type;
    }
    if (!oci::is_manifest_type(fetched.media_type)) {
        return make_error(
            ErrorKind::Unsupported,
            "manifest of media type '" + printable(fetched.media_type) + "' is not supported");
    }
    chosen.manifest = std::move(fetched);
    return chosen;
}

// Takes layers from a shared counter until there are none left, or one has failed.
class LayerWorkers {
  public:
    LayerWorkers(const TransferContext& context,
                 const RegistryOptions& options,
                 const oci::Manifest& manifest,
                 const oci::ImageConfig& config)
        : context_(context),
          options_(options),
          manifest_(manifest),
          config_(config),
          results_(manifest.layers.size()) {}

    Result<std::vector<TransferredLayer>> run(RegistryClient& first_client) {
        std::vector<std::jthread> threads;
        const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
        const size_t workers = std::min<size_t>({kMaxWorkers, cores, manifest_.layers.size()});
        for (size_t i = 1; i < workers; ++i) {
            threads.emplace_back([this] {
                auto client = RegistryClient::connect(options_);
                if (client) {
                    work(*client);
                } else {
                    fail(client.error());
                }
            });
        }
        work(first_client);
        threads.clear();  // joins
        if (failure_) return *failure_;
        std::vector<TransferredLayer> layers;
        for (auto& layer : results_) layers.push_back(std::move(layer));
        return layers;
    }

  private:
    void fail(const Error& error) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = error;
        failed_ = true;
    }

    // A layer named twice is fetched by whoever comes first.
    bool is_repetition(size_t index) const {
        const auto& ids = config_.rootfs.diff_ids;
        return std::find(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(index), ids[index]) !=
               ids.begin() + static_cast<ptrdiff_t>(index);
    }

    void work(RegistryClient& client) {
        while (!failed_) {
            const size_t index = next_++;
            if (index >= manifest_.layers.size()) return;
            auto layer = take(client, index);
            if (!layer) {
                const std::string digest = manifest_.layers[index].digest.text();
                return fail(std::move(layer).error().context("layer " + digest));
            }
            results_[index] = layer.take();
        }
    }

    Result<TransferredLayer> take(RegistryClient& client, size_t index) {
        const oci::Descriptor& descriptor = manifest_.layers[index];
        const oci::DiffId& diff_id = config_.rootfs.diff_ids[index];
        if (is_repetition(index)) {
            return TransferredLayer{.diff_id = diff_id.text(), .folder = {}, .size = 0};
        }
        TRY(oci::layer_compression(descriptor.media_type));
        const LayerExpectation expected{
            .digest = descriptor.digest, .size = descriptor.size, .diff_id = diff_id};
        return take_layer(context_, expected, descriptor.digest.text(), [&](const ByteSink& sink) {
            return client.blob(descriptor, sink);
        });
    }

    const TransferContext& context_;
    const RegistryOptions& options_;
    const oci::Manifest& manifest_;
    const oci::ImageConfig& config_;
    std::vector<TransferredLayer> results_;
    std::atomic<size_t> next_ = 0;
    std::atomic<bool> failed_ = false;
    std::mutex mutex_;
    std::optional<Error> failure_;
};

}  // namespace

static void report_done(const TransferContext& context,
                        const oci::Manifest& manifest,
                        const TransferredImage& image) {
    TransferEvent done{.kind = TransferEvent::Kind::ConfigDone};
    done.digest = manifest.config.digest.text();
    context.report(done);
    done.kind = TransferEvent::Kind::ManifestDone;
    done.digest = image.manifest_digest;
    context.report(done);
}

static Result<TransferredImage> pull(const TransferContext& context, const ImageRef& reference) {
    const auto options = TRY(options_for(context.request, reference));
    auto client = TRY(RegistryClient::connect(options));
    const auto chosen = TRY(choose(client, reference, context.request.platform));
    const FetchedManifest& fetched = chosen.manifest;
    const auto manifest = TRY(oci::parse_manifest(fetched.bytes, fetched.media_type));
    const auto config_text = TRY(client.small_blob(manifest.config, oci::kMaxConfigBytes));
    const auto config = TRY(oci::parse_image_config(config_text));
    TRY(check_layer_count(manifest, config));
    auto image = TRY(begin_image({.manifest = fetched.bytes,
                                  .manifest_media_type = fetched.media_type,
                                  .config = config_text}));
    image.pulled_digest = chosen.pulled_digest;
    LayerWorkers workers(context, options, manifest, config);
    image.layers = TRY(workers.run(client));
    report_done(context, manifest, image);
    return image;
}

Result<TransferredImage> pull_image(const TransferContext& context) {
    const auto reference = TRY(ImageRef::parse(context.request.reference));
    auto image = pull(context, reference);
    if (!image) return std::move(image).error().context("pull '" + reference.full() + "'");
    return image;
}

Status check_registry_login(const TransferContext& context) {
    const TransferRequest& request = context.request;
    auto credentials = TRY(credentials_for(request, request.reference));
    const RegistryOptions options{.registry = request.reference,
                                  .repository = {},
                                  .tls_verify = request.tls_verify,
                                  .ca_dir = request.ca_dir,
                                  .credentials = std::move(credentials)};
    auto client = TRY(RegistryClient::connect(options));
    return client.check_login();
}

}  // namespace dhow::store
