// SPDX-License-Identifier: Apache-2.0
// The verbs of ImageStore that change rows: add, tag, untag, remove. Each is one transaction.
#include "base/text.h"
#include "store/content_store.h"
#include "store/image_store.h"

#include <algorithm>
#include <optional>

namespace dhow::store {

namespace {

constexpr size_t kUsersNamed = 3;  // containers listed in an in-use error

// --- add ----------------------------------------------------------------------------------------

Status stage_blobs(const StagingSession& session, const NewImage& image) {
    TRY(ContentStore::stage(session, image.config_digest, image.config));
    TRY(ContentStore::stage(session, image.manifest_digest, image.manifest));
    return {};
}

Status insert_image(Database& database, const std::string& id, const NewImage& image) {
    // The same config may come with another manifest: other compression, another registry.
    TRY(database.execute(
        "INSERT INTO images(id, config, manifest_digest, manifest_media_type, created_at, added_at)"
        " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
        " manifest_digest=excluded.manifest_digest,"
        " manifest_media_type=excluded.manifest_media_type",
        {std::string_view(id),
         image.config,
         image.manifest_digest,
         image.manifest_media_type,
         image.created_at,
         now_unix_nanos()}));
    int64_t position = 0;
    for (const StagedLayer& layer : image.layers) {
        TRY(database.execute(
            "INSERT OR IGNORE INTO image_layers(image_id, position, diff_id) VALUES(?, ?, ?)",
            {std::string_view(id), position++, layer.diff_id}));
    }
    for (const std::string* digest : {&image.config_digest, &image.manifest_digest}) {
        TRY(database.execute("INSERT OR IGNORE INTO image_blobs(image_id, digest) VALUES(?, ?)",
                             {std::string_view(id), *digest}));
    }
    return {};
}

Status point_name(Database& database, const std::string& name, const std::string& id) {
    return database.execute(
        "INSERT INTO image_names(name, image_id) VALUES(?, ?)"
        " ON CONFLICT(name) DO UPDATE SET image_id=excluded.image_id",
        {std::string_view(name), std::string_view(id)});
}

// A name of one component is this machine's own: library/ on docker.io is nobody's to push to, and
// what is made here must not be mistaken for it (as Podman).
std::string as_local_name(std::string_view target) {
    const bool one_component = target.find('/') == std::string_view::npos;
    return one_component ? "localhost/" + std::string(target) : std::string(target);
}

// Names come from an archive or a user: whatever is stored is normalised and has a tag.
Result<std::string> checked_name(std::string_view text) {
    const auto ref = TRY(ImageRef::parse(text));
    if (ref.digest()) {
        return make_error(
            ErrorKind::InvalidArgument,
            "image name '" + printable(text) + "' has a digest, which no name may have");
    }
    return ref.full();
}

// --- remove -------------------------------------------------------------------------------------

Status refuse_if_used(Database& database, std::string_view text, const std::string& id) {
    auto query =
        TRY(database.query("SELECT name FROM containers WHERE image_id=?", {std::string_view(id)}));
    std::vector<std::string> users;
    while (TRY(query.step())) users.push_back("'" + query.text(0) + "'");
    if (users.empty()) return {};
    const size_t more = users.size() - std::min(users.size(), kUsersNamed);
    users.resize(std::min(users.size(), kUsersNamed));
    std::string named = join(users, ", ");
    if (more != 0) named += " and " + std::to_string(more) + " more";
    return make_error(ErrorKind::Conflict,
                      "remove image '" + printable(text) + "': in use by container " + named,
                      "remove the containers first");
}

}  // namespace

Result<std::string> ImageStore::add(const StagingSession& session, const NewImage& image) {
    const std::string id = TRY(digest_hex(image.config_digest));
    TRY(stage_blobs(session, image));
    TRY(LayerStore::sync(session));

    Database& database = store_.database();
    LayerStore layers(store_);
    ContentStore blobs(store_);
    auto transaction = TRY(Transaction::begin(database, Durability::Synced));
    TRY(layers.commit(session, image.layers));
    TRY(blobs.commit(session, image.config_digest));
    TRY(blobs.commit(session, image.manifest_digest));
    TRY(insert_image(database, id, image));
    for (const std::string* digest : {&image.pulled_digest, &image.manifest_digest}) {
        TRY(remember_digest(image.repository, *digest, id));
    }
    for (const StagedLayer& layer : image.layers) {
        TRY(layers.remember_blob(layer.diff_id, layer.blob));
    }
    for (const std::string& text : image.names) {
        const std::string name = TRY(checked_name(text));
        TRY(point_name(database, name, id));
    }
    TRY(transaction.commit());
    return id;
}

Status ImageStore::remember_digest(const std::string& repository,
                                   const std::string& digest,
                                   const std::string& id) {
    if (repository.empty() || digest.empty()) return {};
    return store_.database().execute(
        "INSERT INTO image_digests(repository, digest, image_id) VALUES(?, ?, ?)"
        " ON CONFLICT(repository, digest) DO UPDATE SET image_id=excluded.image_id",
        {std::string_view(repository), std::string_view(digest), std::string_view(id)});
}

Status ImageStore::tag(std::string_view source, std::string_view target) {
    TRY(checked_name(target));
    const std::string name = TRY(checked_name(as_local_name(target)));
    auto transaction = TRY(Transaction::begin(store_.database(), Durability::Synced));
    const std::string id = TRY(find_id(source));
    TRY(point_name(store_.database(), name, id));
    return transaction.commit();
}

Result<std::vector<std::string>> ImageStore::untag(std::string_view text,
                                                   const std::vector<std::string>& names) {
    auto transaction = TRY(Transaction::begin(store_.database(), Durability::Synced));
    const std::string id = TRY(find_id(text));
    std::vector<std::string> gone = TRY(names_of(id));
    if (!names.empty()) {
        std::vector<std::string> wanted;
        for (const std::string& name : names) wanted.push_back(TRY(own_name(id, name)));
        gone = std::move(wanted);
    }
    for (const std::string& name : gone) {
        TRY(store_.database().execute("DELETE FROM image_names WHERE name=?",
                                      {std::string_view(name)}));
    }
    TRY(transaction.commit());
    return gone;
}

// A name that finds this very image.
Result<std::string> ImageStore::own_name(const std::string& id, const std::string& text) {
    const auto found_by = found_by_name(text);
    if (found_by && *found_by && TRY(find_id(text)) == id) return **found_by;
    return make_error(ErrorKind::NotFound,
                      "'" + printable(text) + "' is no name of image " + id.substr(0, 12));
}

Result<RemovedNames> ImageStore::remove(std::string_view text, bool force) {
    const auto session = TRY(StagingSession::create(store_));
    Database& database = store_.database();
    LayerStore layers(store_);
    ContentStore blobs(store_);
    auto transaction = TRY(Transaction::begin(database, Durability::Synced));

    const std::string id = TRY(find_id(text));
    const auto found_by = TRY(found_by_name(text));
    RemovedNames removed;
    removed.untagged = TRY(names_of(id));
    if (found_by && removed.untagged.size() > 1) {
        TRY(database.execute("DELETE FROM image_names WHERE name=?",
                             {std::string_view(*found_by)}));
        removed.untagged = {*found_by};
        TRY(transaction.commit());
        return removed;
    }
    if (removed.untagged.size() > 1 && !force) {
        return make_error(ErrorKind::Conflict,
                          "remove image '" + printable(text) +
                              "': it has several names: " + join(removed.untagged, ", "),
                          "remove it by each name, or use --force");
    }
    TRY(refuse_if_used(database, text, id));
    TRY(database.execute("DELETE FROM images WHERE id=?", {std::string_view(id)}));
    const auto unused_layers = TRY(layers.forget_unused());
    const auto unused_blobs = TRY(blobs.forget_unused());
    TRY(transaction.commit());

    // Still under the writers' lock, so that no pull of the same layers meets these folders.
    TRY(layers.move_away(session, unused_layers));
    TRY(blobs.remove(unused_blobs));
    removed.deleted.push_back(id);
    return removed;
}

}  // namespace dhow::store
