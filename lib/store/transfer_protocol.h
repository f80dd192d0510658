// SPDX-License-Identifier: Apache-2.0
// What the engine and dhow-transfer say to each other. dhow-transfer touches the hostile bytes; the
// engine makes what it verified visible. Texts from the network come back as data, never as paths.
//
//   engine                                   dhow-transfer
//     stdin: one TransferRequest, EOF  ---->
//     (load, save, import, export, unpack: the archive is fd 3)
//     event                            <----  any number, one JSON object a line
//     result | error                   <----  exactly one, the last line
//
//   {"event":{"kind":"blob-progress","digest":"sha256:..","current":1,"total":2}}
//   {"result":{"images":[..]}}    {"error":{"kind":"NotFound","errno":0,"message":"..","fix":".."}}
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dhow::store {

inline constexpr int kArchiveFd = 3;

enum class TransferVerb { Pull, Load, Login, Push, Save, Commit, Import, Export, Unpack, Verify };

// A layer as it travels: compressed, and where somebody saw it.
struct LayerBlob {
    std::string digest;  // "sha256:..."; empty: none
    uint64_t size = 0;   // bytes
    std::string media_type;
    std::string repository;  // "docker.io/library/busybox"; may be empty
};

// What the store has of a layer that goes out.
struct OutgoingLayer {
    std::string diff_id;
    std::vector<LayerBlob> blobs;
};

struct OutgoingImage {
    std::string config;    // JSON as it came
    std::string manifest;  // likewise
    std::string manifest_media_type;
    std::vector<OutgoingLayer> layers;  // bottom first
    std::vector<std::string> names;     // Save: full names it is known by there
};

// How images go out. Push and Save.
struct OutgoingForm {
    std::string format;       // Push: "", "oci", "v2s2"; Save: see archive_writer.h
    std::string compression;  // "", "gzip", "zstd", "none"
    std::optional<int64_t> level;
    bool force_compression = false;  // what the registry has in another one will not do
};

struct TransferRequest {
    TransferVerb verb = TransferVerb::Pull;
    std::string reference;  // Pull, Push: normalised full name. Login: the registry
    std::string platform;   // "os/arch[/variant]"; empty: this machine's
    std::optional<bool> tls_verify;
    std::string ca_dir;
    std::string auth_file;    // where credentials are looked up
    std::string credentials;  // "user:password": used instead, for this request
    // Layers are unpacked to `<staging_dir>/<hex of DiffID>`, unless `<layers_dir>/<hex>` exists.
    // Unpack: the folder that the tar is laid over.
    std::string staging_dir;
    std::string layers_dir;
    std::string skeletons_dir;          // Push, Save, Verify
    std::vector<OutgoingImage> images;  // Push: one. Commit, Import: config and layers below
    OutgoingForm form;
    // Commit: the writable folder. Export: the whole tree. Verify: the folder of blobs
    std::string source_dir;
    std::string history;    // Commit, Import: JSON of the new layer's entry
    bool rootless = false;  // opaque folders: user.overlay.opaque instead of trusted.overlay.opaque
};

struct TransferEvent {
    enum class Kind {
        Message,
        BlobStarted,
        BlobProgress,
        BlobDone,
        BlobExists,
        ConfigDone,
        ManifestDone,
        LayerDamaged,
        BlobDamaged
    };
    Kind kind = Kind::Message;
    std::string text;      // for Message; what is wrong with what is damaged
    std::string digest;    // "sha256:..."
    uint64_t current = 0;  // bytes
    uint64_t total = 0;    // 0: unknown
};

struct TransferredLayer {
    std::string diff_id;  // "sha256:..."
    std::string folder;   // name under staging_dir; empty: it was in layers_dir already
    uint64_t size = 0;    // bytes of its files; 0 when it was there already
    LayerBlob blob = {};  // Pull, Push: what it is in the registry
};

// Verified: digests, sizes and DiffIDs match.
struct TransferredImage {
    std::string config_digest;
    std::string config;  // JSON as it came
    std::string manifest_digest;
    std::string manifest_media_type;
    std::string manifest;       // JSON as it came
    std::string pulled_digest;  // of what the reference names: the index, where there is one
    UnixNanos created_at = 0;   // from the config
    std::vector<TransferredLayer> layers;  // bottom first
    std::vector<std::string> names;        // Load: names in the archive, normalised
};

struct TransferResult {
    std::vector<TransferredImage> images;  // empty for Login and Save
};

std::string encode_request(const TransferRequest& request);
Result<TransferRequest> decode_request(std::string_view bytes);

// One line each, with its newline.
std::string encode_event(const TransferEvent& event);
std::string encode_result(const TransferResult& result);
std::string encode_failure(const Error& error);

using TransferMessage = std::variant<TransferEvent, TransferResult, Error>;
Result<TransferMessage> decode_message(std::string_view line);

}  // namespace dhow::store
