// SPDX-License-Identifier: Apache-2.0
#include "store/transfer_client.h"

#include "base/file.h"
#include "base/process.h"
#include "store/content_store.h"
#include "store/gc.h"
#include "store/image_ref.h"
#include "store/image_store.h"
#include "store/reserve.h"

#include <array>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr const char* kProgram = "dhow-transfer";
// A result holds configs and manifests of at most 4 MiB each, escaped; an archive several of them.
constexpr size_t kMaxLine = 256U << 20U;
constexpr int kMaxAttempts = 3;

// A file instead of a pipe: a child that ends before it has read everything raises no SIGPIPE here.
Result<UniqueFd> request_file(const TransferRequest& request) {
    UniqueFd fd(::memfd_create("transfer-request", MFD_CLOEXEC));
    if (!fd) return system_error("create the transfer request");
    TRY(write_all(fd.get(), encode_request(request)));
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) return system_error("rewind the transfer request");
    return fd;
}

// Splits what the child writes into lines and hands on the events.
class Conversation {
  public:
    Conversation(UniqueFd out, const TransferSink& sink) : out_(std::move(out)), sink_(sink) {}

    // Up to the end of the child's output. nullopt: it ended without an answer.
    Result<std::optional<TransferResult>> run() {
        char buffer[65536];
        while (true) {
            const ssize_t got = ::read(out_.get(), buffer, sizeof buffer);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return system_error("read from dhow-transfer");
            if (got == 0) return std::move(result_);
            pending_.append(buffer, static_cast<size_t>(got));
            TRY(take_lines());
            if (pending_.size() > kMaxLine) {
                return make_error(ErrorKind::Corrupt, "a message from dhow-transfer is too long");
            }
        }
    }

  private:
    Status take_lines() {
        size_t begin = 0;
        size_t end = 0;
        while ((end = pending_.find('\n', begin)) != std::string::npos) {
            TRY(take_line(std::string_view(pending_).substr(begin, end - begin)));
            begin = end + 1;
        }
        pending_.erase(0, begin);
        return {};
    }

    Status take_line(std::string_view line) {
        auto message = TRY(decode_message(line));
        if (auto* error = std::get_if<Error>(&message)) return std::move(*error);
        if (auto* result = std::get_if<TransferResult>(&message)) result_ = std::move(*result);
        if (const auto* event = std::get_if<TransferEvent>(&message); event != nullptr && sink_) {
            sink_(*event);
        }
        return {};
    }

    UniqueFd out_;
    const TransferSink& sink_;
    std::string pending_;
    std::optional<TransferResult> result_;
};

Error ended_early(const WaitStatus& status) {
    const std::string how = status.kind == WaitStatus::Kind::Signaled
                                ? "was killed by signal " + std::to_string(status.value)
                                : "exited with code " + std::to_string(status.exit_code());
    return make_error(ErrorKind::Internal, "dhow-transfer gave no answer and " + how);
}

// --- from staging to rows -----------------------------------------------------------------------

NewImage new_image(const TransferRequest& request, TransferredImage&& image) {
    NewImage added;
    added.config_digest = std::move(image.config_digest);
    added.config = std::move(image.config);
    added.manifest_digest = std::move(image.manifest_digest);
    added.manifest_media_type = std::move(image.manifest_media_type);
    added.manifest = std::move(image.manifest);
    added.pulled_digest = std::move(image.pulled_digest);
    added.created_at = image.created_at;
    for (TransferredLayer& layer : image.layers) {
        added.layers.push_back(
            {std::move(layer.diff_id), std::move(layer.folder), layer.size, std::move(layer.blob)});
    }
    added.names = std::move(image.names);
    if (request.verb != TransferVerb::Pull) return added;
    // The user's reference, not the registry's word, says what the image is called here.
    const auto ref = ImageRef::parse(request.reference);
    if (!ref) return added;
    added.repository = ref->name();
    for (StagedLayer& layer : added.layers) layer.blob.repository = added.repository;
    added.names.clear();
    if (!ref->digest()) added.names.push_back(ref->full());
    return added;
}

Result<std::vector<FetchedImage>> fetch_once(Store& store,
                                             TransferRequest& request,
                                             int archive_fd,
                                             const TransferSink& sink) {
    const auto session = TRY(StagingSession::create(store));
    request.staging_dir = session.path();
    request.layers_dir = store.path_of("layers");
    request.rootless = store.rootless();
    auto result = TRY(run_transfer(request, archive_fd, sink));
    ImageStore images(store);
    std::vector<FetchedImage> fetched;
    for (TransferredImage& image : result.images) {
        const NewImage added = new_image(request, std::move(image));
        FetchedImage one{.id = TRY(images.add(session, added)), .names = added.names};
        fetched.push_back(std::move(one));
    }
    return fetched;
}

// --- from rows to the request -------------------------------------------------------------------

Result<OutgoingImage> outgoing_image(Store& store, const std::string& id) {
    ImageStore images(store);
    LayerStore layers(store);
    const auto image = TRY(images.find(id));
    OutgoingImage outgoing;
    outgoing.config = image.config;
    outgoing.manifest_media_type = image.manifest_media_type;
    outgoing.manifest = TRY(ContentStore(store).get(image.manifest_digest));
    for (const std::string& diff_id : TRY(images.diff_ids(id))) {
        outgoing.layers.push_back({.diff_id = diff_id, .blobs = TRY(layers.known_blobs(diff_id))});
    }
    return outgoing;
}

// What the registry has now is what the next push finds there.
Status remember_pushed(Store& store,
                       const std::string& id,
                       const std::string& repository,
                       const TransferredImage& pushed) {
    auto transaction = TRY(Transaction::begin(store.database(), Durability::None));
    LayerStore layers(store);
    for (const TransferredLayer& layer : pushed.layers) {
        TRY(layers.remember_blob(layer.diff_id, layer.blob));
    }
    TRY(ImageStore(store).remember_digest(repository, pushed.manifest_digest, id));
    return transaction.commit();
}

}  // namespace

Result<std::string> push_stored_image(Store& store,
                                      TransferRequest request,
                                      const std::string& id,
                                      const TransferSink& sink) {
    const auto reference = TRY(ImageRef::parse(request.reference));
    request.verb = TransferVerb::Push;
    request.layers_dir = store.path_of("layers");
    request.skeletons_dir = store.path_of("skeletons");
    request.images.push_back(TRY(outgoing_image(store, id)));
    const auto result = TRY(run_transfer(request, -1, sink));
    if (result.images.size() != 1) return make_error(ErrorKind::Internal, "a push without result");
    const TransferredImage& pushed = result.images.front();
    // An image removed meanwhile has nothing to remember.
    ignore(remember_pushed(store, id, reference.name(), pushed), "the next push is slower");
    return pushed.manifest_digest;
}

Status save_stored_images(Store& store,
                          TransferRequest request,
                          const std::vector<SavedImage>& images,
                          int output,
                          const TransferSink& sink) {
    request.verb = TransferVerb::Save;
    request.layers_dir = store.path_of("layers");
    request.skeletons_dir = store.path_of("skeletons");
    for (const SavedImage& image : images) {
        auto outgoing = TRY(outgoing_image(store, image.id));
        outgoing.names = image.names;
        request.images.push_back(std::move(outgoing));
    }
    TRY(run_transfer(request, output, sink));
    return {};
}

Result<TransferResult> run_transfer_program(const std::string& program,
                                            const TransferRequest& request,
                                            int archive_fd,
                                            const TransferSink& sink) {
    const auto request_fd = TRY(request_file(request));
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("create pipe");
    UniqueFd out(ends[0]);
    UniqueFd child_out(ends[1]);

    SpawnOptions options;
    options.program = program;
    options.argv = {kProgram};
    options.fds = {{request_fd.get(), 0}, {child_out.get(), 1}};
    if (archive_fd >= 0) options.fds.emplace_back(archive_fd, kArchiveFd);
    options.death_signal = SIGKILL;
    auto child = TRY_CONTEXT(spawn(options), "start the transfer");
    child_out.reset();

    Conversation conversation(std::move(out), sink);
    auto result = TRY(conversation.run());  // an error kills the child on the way out
    const WaitStatus status = TRY(child.wait());
    if (!result) return ended_early(status);
    return std::move(*result);
}

Result<TransferResult> run_transfer(const TransferRequest& request,
                                    int archive_fd,
                                    const TransferSink& sink) {
    const std::string program = TRY(find_helper(kProgram));
    return run_transfer_program(program, request, archive_fd, sink);
}

Result<std::vector<FetchedImage>> fetch_images(Store& store,
                                               TransferRequest request,
                                               int archive_fd,
                                               const TransferSink& sink) {
    // While there still is room: images are what fills a disk.
    keep_reserve(store.root_fd());
    // What a killed pull left would otherwise pass for a layer that is present.
    if (TRY(leftovers_exist(store))) TRY(sweep(store));
    for (int attempt = 1;; ++attempt) {
        auto fetched = fetch_once(store, request, archive_fd, sink);
        if (fetched || fetched.error().kind != ErrorKind::Conflict) return fetched;
        if (request.verb != TransferVerb::Pull || attempt == kMaxAttempts) return fetched;
    }
}

}  // namespace dhow::store
