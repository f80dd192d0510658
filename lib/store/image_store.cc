// SPDX-License-Identifier: Apache-2.0
// Finding and listing images. What changes them is in image_changes.cc.
#include "store/image_store.h"

#include "base/text.h"
#include "store/content_store.h"
#include "store/registries_config.h"

#include <algorithm>
#include <map>

namespace dhow::store {

namespace {

constexpr std::string_view kIdPrefix = "sha256:";

Error no_such_image(std::string_view text) {
    return make_error(ErrorKind::NotFound,
                      "no image '" + printable(text) + "' in the store",
                      "pull it, or see 'dhow images' for those that are there");
}

struct Match {
    std::string id;
    std::string name;  // the name it was found by; empty: found by id or digest
};

Result<std::optional<Match>> match_name(Database& database, const std::string& name) {
    auto query = TRY(
        database.query("SELECT image_id FROM image_names WHERE name=?", {std::string_view(name)}));
    if (!TRY(query.step())) return std::optional<Match>();
    return std::optional(Match{.id = query.text(0), .name = name});
}

Result<std::optional<Match>> match_digest(Database& database, const ImageRef& ref) {
    const std::string repository = ref.name();
    auto query =
        TRY(database.query("SELECT image_id FROM image_digests WHERE repository=? AND digest=?",
                           {std::string_view(repository), std::string_view(*ref.digest())}));
    if (!TRY(query.step())) return std::optional<Match>();
    return std::optional(Match{.id = query.text(0), .name = {}});
}

// What a built or loaded image without a registry is called comes before Docker's default.
Result<std::optional<Match>> match_reference(Database& database, std::string_view text) {
    const auto ref = ImageRef::parse(text);
    if (!ref) return std::optional<Match>();
    if (ref->digest()) return match_digest(database, *ref);
    if (ref->short_name()) {
        const auto local = ImageRef::parse("localhost/" + std::string(text));
        auto match = TRY(match_name(database, local ? local->full() : ref->full()));
        if (match) return match;
    }
    return match_name(database, ref->full());
}

// Ids are compared as a range, so that the index serves: hex digits end before 'g'.
Result<std::optional<Match>> match_id(Database& database, std::string_view text) {
    std::string_view prefix = text;
    if (prefix.starts_with(kIdPrefix)) prefix.remove_prefix(kIdPrefix.size());
    if (!is_hex(prefix) || prefix.size() > 64) return std::optional<Match>();
    const std::string end = std::string(prefix) + "g";
    auto query = TRY(database.query("SELECT id FROM images WHERE id >= ? AND id < ? LIMIT 2",
                                    {prefix, std::string_view(end)}));
    if (!TRY(query.step())) return std::optional<Match>();
    Match match{.id = query.text(0), .name = {}};
    if (TRY(query.step())) {
        return make_error(ErrorKind::Conflict,
                          "image id '" + std::string(text) + "' is ambiguous",
                          "give more digits of it");
    }
    return std::optional(std::move(match));
}

// What registries.conf makes of a short name: read only when the name as it stands is not here.
Result<std::optional<Match>> match_short_name(Database& database, std::string_view text) {
    const auto ref = ImageRef::parse(text);
    if (!ref || !ref->short_name()) return std::optional<Match>();
    const auto config = load_registries_config();
    if (!config) return std::optional<Match>();
    const auto choice = resolve_short_name(*config, text);
    if (!choice) return std::optional<Match>();
    for (const ImageRef& candidate : choice->candidates) {
        auto match = TRY(candidate.digest() ? match_digest(database, candidate)
                                            : match_name(database, candidate.full()));
        if (match) return match;
    }
    return std::optional<Match>();
}

Result<Match> match_image(Database& database, std::string_view text) {
    const bool id_only = text.starts_with(kIdPrefix) || (text.size() == 64 && is_hex(text));
    if (!id_only) {
        auto by_name = TRY(match_reference(database, text));
        if (by_name) return std::move(*by_name);
    }
    auto by_id = TRY(match_id(database, text));
    if (by_id) return std::move(*by_id);
    auto by_short_name = TRY(match_short_name(database, text));
    if (by_short_name) return std::move(*by_short_name);
    return no_such_image(text);
}

constexpr std::string_view kImageColumns =
    "SELECT id, manifest_digest, manifest_media_type, created_at,"
    " (SELECT coalesce(sum(size), 0) FROM image_layers JOIN layers USING(diff_id)"
    "  WHERE image_id = images.id),"
    " (SELECT count(*) FROM containers WHERE image_id = images.id), config FROM images ";

Image read_row(const Statement& row) {
    Image image;
    image.id = row.text(0);
    image.manifest_digest = row.text(1);
    image.manifest_media_type = row.text(2);
    image.created_at = row.integer(3);
    image.size = static_cast<uint64_t>(row.integer(4));
    image.containers = static_cast<int>(row.integer(5));
    image.config = row.text(6);
    return image;
}

}  // namespace

Result<std::string> ImageStore::find_id(std::string_view text) {
    return TRY(match_image(store_.database(), text)).id;
}

Result<std::optional<std::string>> ImageStore::found_by_name(std::string_view text) {
    auto match = TRY(match_image(store_.database(), text));
    if (match.name.empty()) return std::optional<std::string>();
    return std::optional(std::move(match.name));
}

Result<std::vector<std::string>> ImageStore::names_of(std::string_view id) {
    auto query = TRY(store_.database().query(
        "SELECT name FROM image_names WHERE image_id=? ORDER BY name", {id}));
    std::vector<std::string> names;
    while (TRY(query.step())) names.push_back(query.text(0));
    return names;
}

Result<Image> ImageStore::find(std::string_view text) {
    const std::string id = TRY(find_id(text));
    auto query = TRY(
        store_.database().query(std::string(kImageColumns) + "WHERE id=?", {std::string_view(id)}));
    if (!TRY(query.step())) return no_such_image(text);
    Image image = read_row(query);
    image.names = TRY(names_of(id));
    auto digests = TRY(store_.database().query(
        "SELECT repository || '@' || digest FROM image_digests WHERE image_id=? ORDER BY 1",
        {std::string_view(id)}));
    while (TRY(digests.step())) image.digests.push_back(digests.text(0));
    return image;
}

Result<RunnableImage> ImageStore::find_runnable(std::string_view text) {
    Match match = TRY(match_image(store_.database(), text));
    RunnableImage image;
    auto query = TRY(store_.database().query("SELECT config FROM images WHERE id=?",
                                             {std::string_view(match.id)}));
    if (!TRY(query.step())) return no_such_image(text);
    image.config = query.text(0);
    image.layers = TRY(layer_paths(match.id));
    image.name = match.name.empty() ? match.id : std::move(match.name);
    image.id = std::move(match.id);
    return image;
}

Result<std::vector<std::string>> ImageStore::diff_ids(std::string_view id) {
    auto query = TRY(store_.database().query(
        "SELECT diff_id FROM image_layers WHERE image_id=? ORDER BY position", {id}));
    std::vector<std::string> diff_ids;
    while (TRY(query.step())) diff_ids.push_back(query.text(0));
    return diff_ids;
}

Result<std::vector<std::string>> ImageStore::layer_paths(std::string_view id) {
    const LayerStore layers(store_);
    std::vector<std::string> paths = TRY(diff_ids(id));
    for (std::string& path : paths) path = layers.path_of(path);
    std::reverse(paths.begin(), paths.end());
    return paths;
}

Result<std::vector<Image>> ImageStore::list() {
    Database& database = store_.database();
    std::map<std::string, std::vector<std::string>> names;
    auto name_rows = TRY(database.query("SELECT image_id, name FROM image_names ORDER BY name"));
    while (TRY(name_rows.step())) names[name_rows.text(0)].push_back(name_rows.text(1));
    std::map<std::string, std::vector<std::string>> digests;
    auto digest_rows = TRY(database.query(
        "SELECT image_id, repository || '@' || digest FROM image_digests ORDER BY 2"));
    while (TRY(digest_rows.step())) digests[digest_rows.text(0)].push_back(digest_rows.text(1));

    std::vector<Image> images;
    auto rows = TRY(database.query(std::string(kImageColumns) + "ORDER BY created_at DESC, id"));
    while (TRY(rows.step())) {
        Image image = read_row(rows);
        image.names = std::move(names[image.id]);
        image.digests = std::move(digests[image.id]);
        images.push_back(std::move(image));
    }
    return images;
}

Result<std::map<std::string, ImageSizes>> ImageStore::sizes() {
    auto rows = TRY(store_.database().query(
        "WITH use AS (SELECT diff_id, count(DISTINCT image_id) AS images FROM image_layers"
        " GROUP BY diff_id)"
        " SELECT mine.image_id, sum(iif(use.images > 1, layers.size, 0)),"
        " sum(iif(use.images > 1, 0, layers.size))"
        " FROM (SELECT DISTINCT image_id, diff_id FROM image_layers) AS mine"
        " JOIN layers USING(diff_id) JOIN use USING(diff_id) GROUP BY mine.image_id"));
    std::map<std::string, ImageSizes> sizes;
    while (TRY(rows.step())) {
        sizes[rows.text(0)] = {.shared = static_cast<uint64_t>(rows.integer(1)),
                               .unique = static_cast<uint64_t>(rows.integer(2))};
    }
    return sizes;
}

Result<uint64_t> ImageStore::layers_size() {
    auto row = TRY(store_.database().query("SELECT coalesce(sum(size), 0) FROM layers"));
    TRY(row.step());
    return static_cast<uint64_t>(row.integer(0));
}

}  // namespace dhow::store
