// SPDX-License-Identifier: Apache-2.0
#include "store/volume_store.h"

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "store/copy_tree.h"
#include "store/gc.h"
#include "store/layer_store.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr const char* kVolumes = "volumes";
constexpr const char* kData = "_data";
constexpr const char* kCopying = "_copying";
constexpr size_t kMaxName = 255;
constexpr std::string_view kColumns =
    "SELECT name, created_at, anonymous, needs_copy_up, labels, options FROM volumes ";

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Error no_such_volume(std::string_view name) {
    return make_error(ErrorKind::NotFound, "no volume '" + printable(name) + "'");
}

Result<std::map<std::string, std::string>> read_pairs(const std::string& text,
                                                      std::string_view what) {
    std::map<std::string, std::string> pairs;
    const json::Object object = TRY(json::parse_object(text, what));
    for (const auto& [key, value] : object) {
        if (value.is_string()) pairs[key] = std::string(value.get_string());
    }
    return pairs;
}

Result<Volume> read_row(const Statement& row) {
    Volume volume;
    volume.name = row.text(0);
    volume.created_at = row.integer(1);
    volume.anonymous = row.integer(2) != 0;
    volume.needs_copy_up = row.integer(3) != 0;
    volume.labels = TRY(read_pairs(row.text(4), "labels of a volume"));
    volume.options = TRY(read_pairs(row.text(5), "options of a volume"));
    return volume;
}

Result<std::vector<std::string>> first_column(Statement query) {
    std::vector<std::string> values;
    while (TRY(query.step())) values.push_back(query.text(0));
    return values;
}

Result<UniqueFd> open_volume(const Store& store, const std::string& name) {
    return open_dir_at(store.root_fd(), std::string(kVolumes) + "/" + name);
}

// The content in a folder beside, whole before it is seen: a command that dies meanwhile leaves the
// volume empty and due. A volume with content is left as it is: rename(2) replaces empty folders
// only.
Status fill(int volume, int image_folder) {
    TRY(remove_tree_at(volume, kCopying));
    const auto copying = TRY(make_dir_at(volume, kCopying, 0700));
    TRY(copy_tree(image_folder, copying.get()));
    if (::renameat(volume, kCopying, volume, kData) == 0) return {};
    if (errno != ENOTEMPTY && errno != EEXIST) return system_error("move the copy into place");
    return remove_tree_at(volume, kCopying);
}

}  // namespace

bool is_volume_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxName || !is_alnum(name.front())) return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return is_alnum(c) || c == '_' || c == '.' || c == '-';
    });
}

static Status insert_row(Database& database, const Volume& volume) {
    const std::string labels = json::compact(json::to_object(volume.labels));
    const std::string options = json::compact(json::to_object(volume.options));
    return database.execute(
        "INSERT INTO volumes(name, created_at, anonymous, needs_copy_up, labels, options)"
        " VALUES(?, ?, ?, ?, ?, ?)",
        {volume.name,
         volume.created_at,
         static_cast<int64_t>(volume.anonymous),
         static_cast<int64_t>(volume.needs_copy_up),
         std::string_view(labels),
         std::string_view(options)});
}

static Status check_name(const std::string& name) {
    if (is_volume_name(name)) return {};
    return make_error(ErrorKind::InvalidArgument,
                      "volume name '" + printable(name) + "' is malformed",
                      "use letters, digits, '_', '.' and '-', beginning with a letter or digit");
}

Result<Volume> VolumeStore::create(const Volume& wanted) {
    TRY(check_name(wanted.name));
    auto transaction = TRY(Transaction::begin(store_.database(), Durability::Synced));
    const auto existing = find(wanted.name);
    if (existing) {
        return make_error(ErrorKind::AlreadyExists,
                          "volume '" + printable(wanted.name) + "' is there already",
                          "choose another name, or remove it: dhow volume rm " + wanted.name);
    }
    if (existing.error().kind != ErrorKind::NotFound) return existing.error();
    auto made = TRY(make(wanted));
    TRY(transaction.commit());
    return made;
}

Result<Volume> VolumeStore::ensure(const Volume& wanted) {
    TRY(check_name(wanted.name));
    auto existing = find(wanted.name);
    if (existing || existing.error().kind != ErrorKind::NotFound) return existing;
    if (store_.database().in_transaction()) return make(wanted);
    auto transaction = TRY(Transaction::begin(store_.database(), Durability::Synced));
    existing = find(wanted.name);  // somebody else may have made it a moment ago
    if (existing) return existing;
    auto created = TRY(make(wanted));
    TRY(transaction.commit());
    return created;
}

// With the writers' lock held, so that no sweep sees the folder without its row.
Result<Volume> VolumeStore::make(const Volume& wanted) {
    const auto volumes = TRY(open_dir_at(store_.root_fd(), kVolumes));
    const auto folder = TRY(make_dir_at(volumes.get(), wanted.name, 0700));
    const auto data = TRY(make_dir_at(folder.get(), kData, 0755));
    Volume volume = wanted;
    volume.created_at = now_unix_nanos();
    // What a mount hides needs no content.
    volume.needs_copy_up = wanted.options.empty();
    TRY(insert_row(store_.database(), volume));
    return volume;
}

Result<Volume> VolumeStore::create_anonymous() {
    Volume volume;
    volume.name = random_hex(32);
    volume.anonymous = true;
    return ensure(volume);
}

Result<Volume> VolumeStore::find(std::string_view name) {
    auto query = TRY(store_.database().query(std::string(kColumns) + "WHERE name=?", {name}));
    if (!TRY(query.step())) return no_such_volume(name);
    return read_row(query);
}

Result<std::vector<Volume>> VolumeStore::list() {
    auto query = TRY(store_.database().query(std::string(kColumns) + "ORDER BY name"));
    std::vector<Volume> volumes;
    while (TRY(query.step())) volumes.push_back(TRY(read_row(query)));
    return volumes;
}

Result<std::map<std::string, std::vector<std::string>>> VolumeStore::users() {
    auto query = TRY(store_.database().query(
        "SELECT volume, container_id FROM container_volumes ORDER BY volume, container_id"));
    std::map<std::string, std::vector<std::string>> users;
    while (TRY(query.step())) users[query.text(0)].push_back(query.text(1));
    return users;
}

Status VolumeStore::remove(const std::string& name) {
    const auto session = TRY(StagingSession::create(store_));
    auto transaction = TRY(Transaction::begin(store_.database(), Durability::Synced));
    auto deleted =
        store_.database().execute("DELETE FROM volumes WHERE name=?", {std::string_view(name)});
    if (!deleted && deleted.error().kind == ErrorKind::Conflict) {
        return make_error(ErrorKind::Conflict,
                          "remove volume '" + printable(name) + "': a container uses it",
                          "remove the container first");
    }
    TRY(std::move(deleted));
    if (store_.database().changes() == 0) return no_such_volume(name);
    TRY(replace_file_at(session.fd(), kRemovedVolume, name, 0600, Durability::None));
    TRY(transaction.commit());
    // After the commit: dying in between leaks a folder, the other order could lose somebody's
    // data. `name` had a row, so it is a valid name.
    const auto volumes = TRY(open_dir_at(store_.root_fd(), kVolumes));
    if (::renameat(volumes.get(), name.c_str(), session.fd(), "volume") != 0 && errno != ENOENT) {
        return system_error("move volume '" + name + "' away");
    }
    return {};
}

Status VolumeStore::attach(const std::string& container_id, const std::string& name) {
    return store_.database().execute(
        "INSERT OR IGNORE INTO container_volumes(container_id, volume) VALUES(?, ?)",
        {std::string_view(container_id), std::string_view(name)});
}

Result<std::vector<std::string>> VolumeStore::attached_to(const std::string& container_id) {
    auto query = TRY(store_.database().query(
        "SELECT volume FROM container_volumes WHERE container_id=? ORDER BY volume",
        {std::string_view(container_id)}));
    return first_column(std::move(query));
}

Result<std::vector<std::string>> VolumeStore::anonymous_of(const std::string& container_id) {
    auto query = TRY(store_.database().query(
        "SELECT name FROM volumes JOIN container_volumes AS mine ON mine.volume = name"
        " WHERE mine.container_id=? AND anonymous = 1 AND NOT EXISTS (SELECT 1 FROM"
        " container_volumes AS other WHERE other.volume = name"
        " AND other.container_id <> mine.container_id)",
        {std::string_view(container_id)}));
    return first_column(std::move(query));
}

Status VolumeStore::copy_up(const Volume& volume, int image_folder) {
    if (!volume.needs_copy_up) return {};
    const auto folder = TRY(open_volume(store_, volume.name));
    // Two containers may start with the same new volume: one copies, the other finds it done.
    while (::flock(folder.get(), LOCK_EX) != 0) {
        if (errno != EINTR) return system_error("lock volume '" + volume.name + "'");
    }
    const Volume now = TRY(find(volume.name));
    if (!now.needs_copy_up) return {};
    TRY_CONTEXT(fill(folder.get(), image_folder),
                "copy the image's content into volume '" + volume.name + "'");
    return skip_copy_up(volume);
}

Status VolumeStore::skip_copy_up(const Volume& volume) {
    auto transaction = TRY(Transaction::begin(store_.database(), Durability::None));
    TRY(store_.database().execute("UPDATE volumes SET needs_copy_up = 0 WHERE name=?",
                                  {std::string_view(volume.name)}));
    return transaction.commit();
}

std::string VolumeStore::data_path(std::string_view name) const {
    return store_.path_of(std::string(kVolumes) + "/" + std::string(name) + "/" + kData);
}

}  // namespace dhow::store
