// SPDX-License-Identifier: Apache-2.0
#include "store/transfer_protocol.h"

#include "base/json.h"
#include "base/text.h"

#include <array>
#include <utility>

namespace dhow::store {

namespace {

using Kind = TransferEvent::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 9> kEventNames = {{
    {Kind::Message, "message"},
    {Kind::BlobStarted, "blob-started"},
    {Kind::BlobProgress, "blob-progress"},
    {Kind::BlobDone, "blob-done"},
    {Kind::BlobExists, "blob-exists"},
    {Kind::ConfigDone, "config-done"},
    {Kind::ManifestDone, "manifest-done"},
    {Kind::LayerDamaged, "layer-damaged"},
    {Kind::BlobDamaged, "blob-damaged"},
}};

constexpr std::array<std::pair<TransferVerb, std::string_view>, 10> kVerbNames = {{
    {TransferVerb::Pull, "pull"},
    {TransferVerb::Load, "load"},
    {TransferVerb::Login, "login"},
    {TransferVerb::Push, "push"},
    {TransferVerb::Save, "save"},
    {TransferVerb::Commit, "commit"},
    {TransferVerb::Import, "import"},
    {TransferVerb::Export, "export"},
    {TransferVerb::Unpack, "unpack"},
    {TransferVerb::Verify, "verify"},
}};

constexpr ErrorKind kLastErrorKind = ErrorKind::Internal;

template <class Table, class Enum>
std::string_view name_in(const Table& table, Enum value) {
    for (const auto& [candidate, name] : table) {
        if (candidate == value) return name;
    }
    return {};
}

template <class Enum, size_t Size>
Result<Enum> value_in(const std::array<std::pair<Enum, std::string_view>, Size>& table,
                      const std::string& name) {
    for (const auto& [value, candidate] : table) {
        if (candidate == name) return value;
    }
    return make_error(ErrorKind::InvalidArgument, "unknown word '" + name + "' in the transfer");
}

Result<std::string> text_of(const json::Object& object, std::string_view name) {
    auto text = TRY(json::get_string(object, name));
    return std::move(text).value_or(std::string());
}

Result<int64_t> number_of(const json::Object& object, std::string_view name) {
    const auto number = TRY(json::get_int(object, name));
    return number.value_or(0);
}

Result<uint64_t> size_of(const json::Object& object, std::string_view name) {
    const int64_t number = TRY(number_of(object, name));
    if (number < 0) {
        return make_error(ErrorKind::InvalidArgument, "negative '" + std::string(name) + "'");
    }
    return static_cast<uint64_t>(number);
}

json::Object blob_object(const LayerBlob& blob) {
    return {{"digest", blob.digest},
            {"size", static_cast<int64_t>(blob.size)},
            {"mediaType", blob.media_type},
            {"repository", blob.repository}};
}

json::Object layer_object(const TransferredLayer& layer) {
    json::Object object{{"diffId", layer.diff_id},
                        {"folder", layer.folder},
                        {"size", static_cast<int64_t>(layer.size)}};
    if (!layer.blob.digest.empty()) object["blob"] = blob_object(layer.blob);
    return object;
}

json::Object outgoing_object(const OutgoingImage& image) {
    json::Array layers;
    for (const OutgoingLayer& layer : image.layers) {
        json::Array blobs;
        for (const LayerBlob& blob : layer.blobs) blobs.push_back(blob_object(blob));
        layers.push_back(json::Object{{"diffId", layer.diff_id}, {"blobs", std::move(blobs)}});
    }
    return {{"config", image.config},
            {"manifest", image.manifest},
            {"manifestMediaType", image.manifest_media_type},
            {"layers", std::move(layers)},
            {"names", json::to_array(image.names)}};
}

json::Object image_object(const TransferredImage& image) {
    json::Array layers;
    for (const TransferredLayer& layer : image.layers) layers.push_back(layer_object(layer));
    return {{"configDigest", image.config_digest},
            {"config", image.config},
            {"manifestDigest", image.manifest_digest},
            {"manifestMediaType", image.manifest_media_type},
            {"manifest", image.manifest},
            {"pulledDigest", image.pulled_digest},
            {"createdAt", image.created_at},
            {"layers", std::move(layers)},
            {"names", json::to_array(image.names)}};
}

Result<const json::Object*> as_object(const json::Value& value, std::string_view what) {
    if (value.is_object()) return &value.get_object();
    return make_error(ErrorKind::InvalidArgument, std::string(what) + " is not an object");
}

// Each object of the list `name`, read by `read`.
template <class Item>
Result<std::vector<Item>> read_list(const json::Object& object,
                                    std::string_view name,
                                    Result<Item> (*read)(const json::Object&)) {
    std::vector<Item> items;
    const json::Array* list = TRY(json::get_array(object, name));
    if (list == nullptr) return items;
    for (const json::Value& value : *list) {
        const json::Object* item = TRY(as_object(value, name));
        items.push_back(TRY(read(*item)));
    }
    return items;
}

Result<LayerBlob> read_blob(const json::Object& object) {
    LayerBlob blob;
    blob.digest = TRY(text_of(object, "digest"));
    blob.size = TRY(size_of(object, "size"));
    blob.media_type = TRY(text_of(object, "mediaType"));
    blob.repository = TRY(text_of(object, "repository"));
    return blob;
}

Result<OutgoingLayer> read_outgoing_layer(const json::Object& object) {
    OutgoingLayer layer;
    layer.diff_id = TRY(text_of(object, "diffId"));
    layer.blobs = TRY(read_list(object, "blobs", read_blob));
    return layer;
}

Result<OutgoingImage> read_outgoing(const json::Object& object) {
    OutgoingImage image;
    image.config = TRY(text_of(object, "config"));
    image.manifest = TRY(text_of(object, "manifest"));
    image.manifest_media_type = TRY(text_of(object, "manifestMediaType"));
    image.layers = TRY(read_list(object, "layers", read_outgoing_layer));
    image.names = TRY(json::get_strings(object, "names"));
    return image;
}

Result<TransferredLayer> read_layer(const json::Object& object) {
    TransferredLayer layer;
    layer.diff_id = TRY(text_of(object, "diffId"));
    layer.folder = TRY(text_of(object, "folder"));
    layer.size = TRY(size_of(object, "size"));
    const json::Object* blob = TRY(json::get_object(object, "blob"));
    if (blob != nullptr) layer.blob = TRY(read_blob(*blob));
    return layer;
}

Result<TransferredImage> read_image(const json::Object& object) {
    TransferredImage image;
    image.config_digest = TRY(text_of(object, "configDigest"));
    image.config = TRY(text_of(object, "config"));
    image.manifest_digest = TRY(text_of(object, "manifestDigest"));
    image.manifest_media_type = TRY(text_of(object, "manifestMediaType"));
    image.manifest = TRY(text_of(object, "manifest"));
    image.pulled_digest = TRY(text_of(object, "pulledDigest"));
    image.created_at = TRY(number_of(object, "createdAt"));
    image.names = TRY(json::get_strings(object, "names"));
    image.layers = TRY(read_list(object, "layers", read_layer));
    return image;
}

Result<TransferResult> read_result(const json::Object& object) {
    TransferResult result;
    result.images = TRY(read_list(object, "images", read_image));
    return result;
}

Result<TransferEvent> read_event(const json::Object& object) {
    TransferEvent event;
    const std::string kind = TRY(text_of(object, "kind"));
    event.kind = TRY(value_in(kEventNames, kind));
    event.text = TRY(text_of(object, "text"));
    event.digest = TRY(text_of(object, "digest"));
    event.current = TRY(size_of(object, "current"));
    event.total = TRY(size_of(object, "total"));
    return event;
}

// An unknown kind, from another version of dhow-transfer, stays Internal.
Error read_error(const json::Object& object) {
    const auto text = [&object](std::string_view name) {
        return text_of(object, name).value_or(std::string());
    };
    Error error = make_error(ErrorKind::Internal, text("message"), text("fix"));
    const std::string kind = text("kind");
    for (int index = 0; index <= static_cast<int>(kLastErrorKind); ++index) {
        const auto candidate = static_cast<ErrorKind>(index);
        if (kind_name(candidate) == kind) error.kind = candidate;
    }
    error.sys_errno = static_cast<int>(number_of(object, "errno").value_or(0));
    return error;
}

std::string line_of(std::string_view member, json::Object content) {
    json::Object line;
    line[member] = std::move(content);
    return json::compact(line) + "\n";
}

}  // namespace

std::string encode_request(const TransferRequest& request) {
    json::Object object{{"verb", name_in(kVerbNames, request.verb)},
                        {"reference", request.reference},
                        {"platform", request.platform},
                        {"caDir", request.ca_dir},
                        {"authFile", request.auth_file},
                        {"credentials", request.credentials},
                        {"stagingDir", request.staging_dir},
                        {"layersDir", request.layers_dir},
                        {"skeletonsDir", request.skeletons_dir},
                        {"rootless", request.rootless},
                        {"sourceDir", request.source_dir},
                        {"history", request.history},
                        {"format", request.form.format},
                        {"compression", request.form.compression},
                        {"forceCompression", request.form.force_compression}};
    if (request.tls_verify) object["tlsVerify"] = *request.tls_verify;
    if (request.form.level) object["level"] = *request.form.level;
    json::Array images;
    for (const OutgoingImage& image : request.images) images.push_back(outgoing_object(image));
    object["images"] = std::move(images);
    return json::compact(object);
}

Result<TransferRequest> decode_request(std::string_view bytes) {
    const json::Object object = TRY(json::parse_object(bytes, "transfer request"));
    TransferRequest request;
    const std::string verb = TRY(text_of(object, "verb"));
    request.verb = TRY(value_in(kVerbNames, verb));
    request.reference = TRY(text_of(object, "reference"));
    request.platform = TRY(text_of(object, "platform"));
    request.tls_verify = TRY(json::get_bool(object, "tlsVerify"));
    request.ca_dir = TRY(text_of(object, "caDir"));
    request.auth_file = TRY(text_of(object, "authFile"));
    request.credentials = TRY(text_of(object, "credentials"));
    request.staging_dir = TRY(text_of(object, "stagingDir"));
    request.layers_dir = TRY(text_of(object, "layersDir"));
    request.source_dir = TRY(text_of(object, "sourceDir"));
    request.history = TRY(text_of(object, "history"));
    request.skeletons_dir = TRY(text_of(object, "skeletonsDir"));
    request.images = TRY(read_list(object, "images", read_outgoing));
    request.form.format = TRY(text_of(object, "format"));
    request.form.compression = TRY(text_of(object, "compression"));
    request.form.level = TRY(json::get_int(object, "level"));
    const auto force = TRY(json::get_bool(object, "forceCompression"));
    request.form.force_compression = force.value_or(false);
    const auto rootless = TRY(json::get_bool(object, "rootless"));
    request.rootless = rootless.value_or(false);
    return request;
}

std::string encode_event(const TransferEvent& event) {
    json::Object object{{"kind", name_in(kEventNames, event.kind)}};
    if (!event.text.empty()) object["text"] = event.text;
    if (!event.digest.empty()) object["digest"] = event.digest;
    if (event.current != 0) object["current"] = static_cast<int64_t>(event.current);
    if (event.total != 0) object["total"] = static_cast<int64_t>(event.total);
    return line_of("event", std::move(object));
}

std::string encode_result(const TransferResult& result) {
    json::Array images;
    for (const TransferredImage& image : result.images) images.push_back(image_object(image));
    return line_of("result", {{"images", std::move(images)}});
}

// JSON is UTF-8 and our reader takes no NUL; what an error names may be anything.
static std::string as_text(const std::string& text) {
    const std::string quoted = json::compact(json::Array{json::Value(text)});
    const bool plain = text.find('\0') == std::string::npos && json::parse(quoted, "text");
    return plain ? text : printable(text);
}

std::string encode_failure(const Error& error) {
    return line_of("error",
                   {{"kind", kind_name(error.kind)},
                    {"errno", error.sys_errno},
                    {"message", as_text(error.message)},
                    {"fix", as_text(error.fix)}});
}

Result<TransferMessage> decode_message(std::string_view line) {
    const json::Object object = TRY(json::parse_object(line, "message from dhow-transfer"));
    if (const json::Object* event = TRY(json::get_object(object, "event")); event != nullptr) {
        return TransferMessage(TRY(read_event(*event)));
    }
    if (const json::Object* result = TRY(json::get_object(object, "result")); result != nullptr) {
        return TransferMessage(TRY(read_result(*result)));
    }
    const json::Object* error = TRY(json::get_object(object, "error"));
    if (error != nullptr) return TransferMessage(read_error(*error));
    return make_error(ErrorKind::InvalidArgument,
                      "message from dhow-transfer is no event, result or error");
}

}  // namespace dhow::store
