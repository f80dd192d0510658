// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

#include <array>
#include <string>

namespace dhow::store {

namespace {

// The schema, drawn: "A ──> B" is a foreign key, read "A keeps B alive" unless it says cascade
// ("A goes with B"). Change the drawing with each migration.
//
//   image_names ──────cascade──> images <──────restrict── containers
//   image_digests ────cascade──>   ^ ^                       ^  ^
//                                  │ │                       │  └──cascade── leases
//            image_layers ──cascade┘ └cascade── image_blobs  └─────cascade── container_volumes
//                 │                                 │                              │
//              restrict                          restrict                       restrict
//                 v                                 v                              v
//              layers <──cascade── layer_blobs    blobs                         volumes
//
// So a container's row keeps its image and volumes, an image keeps its layers and blobs, and
// deleting an image takes its names along but fails while a container refers to it. What nothing
// keeps alive is deleted by the command that lets go of it, in the same transaction.
//
// Times are nanoseconds since the epoch, sizes bytes, digests "sha256:<hex>", image and container
// ids 64 hex digits. No absolute path is stored: the folder may be moved.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE layers(
    diff_id    TEXT PRIMARY KEY,
    size       INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs(
    digest TEXT PRIMARY KEY,
    size   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE images(
    id                  TEXT PRIMARY KEY,
    config              TEXT NOT NULL,
    manifest_digest     TEXT NOT NULL,
    manifest_media_type TEXT NOT NULL,
    created_at          INTEGER NOT NULL,
    added_at            INTEGER NOT NULL
) STRICT;

CREATE TABLE image_layers(
    image_id TEXT NOT NULL REFERENCES images ON DELETE CASCADE,
    position INTEGER NOT NULL,
    diff_id  TEXT NOT NULL REFERENCES layers ON DELETE RESTRICT,
    PRIMARY KEY(image_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_layers_by_layer ON image_layers(diff_id);

CREATE TABLE image_blobs(
    image_id TEXT NOT NULL REFERENCES images ON DELETE CASCADE,
    digest   TEXT NOT NULL REFERENCES blobs ON DELETE RESTRICT,
    PRIMARY KEY(image_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_blobs_by_blob ON image_blobs(digest);

CREATE TABLE image_names(
    name     TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX image_names_by_image ON image_names(image_id);

CREATE TABLE image_digests(
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    image_id   TEXT NOT NULL REFERENCES images ON DELETE CASCADE,
    PRIMARY KEY(repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_digests_by_image ON image_digests(image_id);

CREATE TABLE containers(
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    image_id    TEXT REFERENCES images ON DELETE RESTRICT,
    state       TEXT NOT NULL CHECK(state IN ('creating', 'created', 'removing')),
    owner_pid   INTEGER,
    owner_start INTEGER,
    owner_boot  TEXT,
    config      TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX containers_by_image ON containers(image_id);

CREATE TABLE volumes(
    name          TEXT PRIMARY KEY,
    created_at    INTEGER NOT NULL,
    anonymous     INTEGER NOT NULL,
    needs_copy_up INTEGER NOT NULL,
    labels        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE container_volumes(
    container_id TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
    volume       TEXT NOT NULL REFERENCES volumes ON DELETE RESTRICT,
    PRIMARY KEY(container_id, volume)
) STRICT, WITHOUT ROWID;
CREATE INDEX container_volumes_by_volume ON container_volumes(volume);

CREATE TABLE leases(
    network      TEXT NOT NULL,
    ip           TEXT NOT NULL,
    container_id TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
    PRIMARY KEY(network, ip)
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_container ON leases(container_id);
)sql";

// The compressed forms that a layer is known to have in registries, so that a push need not send
// what is there.
constexpr std::string_view kLayerBlobs = R"sql(
CREATE TABLE layer_blobs(
    diff_id    TEXT NOT NULL REFERENCES layers ON DELETE CASCADE,
    digest     TEXT NOT NULL,
    repository TEXT NOT NULL,
    size       INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    seen_at    INTEGER NOT NULL,
    PRIMARY KEY(diff_id, digest, repository)
) STRICT, WITHOUT ROWID;
)sql";

// What is mounted in a volume's place: JSON of "type", "device" and "o".
constexpr std::string_view kVolumeOptions = R"sql(
ALTER TABLE volumes ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
)sql";

constexpr std::array<std::string_view, 3> kMigrations = {kFirst, kLayerBlobs, kVolumeOptions};

Result<int64_t> version_of(Database& database) {
    auto query = TRY(database.query("PRAGMA user_version"));
    TRY(query.step());
    return query.integer(0);
}

// Under the writers' lock: two first commands may meet here, and one of them finds nothing to do.
Status apply_pending(Database& database) {
    auto transaction = TRY(Transaction::begin(database, Durability::Synced));
    const auto all = migrations();
    const int64_t seen = TRY(version_of(database));
    for (size_t next = static_cast<size_t>(seen); next < all.size(); ++next) {
        TRY_CONTEXT(database.execute_script(std::string(all[next])),
                    "database migration " + std::to_string(next + 1));
    }
    TRY(database.execute_script("PRAGMA user_version=" + std::to_string(all.size())));
    return transaction.commit();
}

}  // namespace

std::span<const std::string_view> migrations() {
    return kMigrations;
}

Status migrate(Database& database) {
    const auto latest = static_cast<int64_t>(migrations().size());
    const int64_t version = TRY(version_of(database));
    if (version == latest) return {};
    if (version > latest || version < 0) {
        return make_error(ErrorKind::Unsupported,
                          "open the database: its schema is version " + std::to_string(version) +
                              ", this dhow knows up to " + std::to_string(latest),
                          "use the newer dhow that wrote it");
    }
    // Kept in the file's header; cannot be changed inside a transaction.
    if (version == 0) TRY(database.turn_on_wal());
    return apply_pending(database);
}

}  // namespace dhow::store
