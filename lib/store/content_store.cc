// SPDX-License-Identifier: Apache-2.0
#include "store/content_store.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr std::string_view kAlgorithm = "sha256:";
constexpr const char* kBlobs = "blobs/sha256";
constexpr size_t kMaxBlob = 8U << 20U;  // a config's; dhow-transfer lets no larger one through

std::string staged_name(const std::string& hex) {
    return "blob-" + hex;
}

}  // namespace

Result<std::string> digest_hex(std::string_view digest) {
    const std::string_view hex =
        digest.starts_with(kAlgorithm) ? digest.substr(kAlgorithm.size()) : std::string_view();
    if (hex.size() == 64 && is_hex(hex)) return std::string(hex);
    return make_error(ErrorKind::InvalidArgument,
                      "'" + printable(digest) + "' is no sha256 digest of 64 lower-case digits");
}

Status ContentStore::stage(const StagingSession& session,
                           std::string_view digest,
                           std::string_view bytes) {
    const std::string name = staged_name(TRY(digest_hex(digest)));
    // The session is synced as a whole before the commit.
    return replace_file_at(session.fd(), name, bytes, 0600, Durability::None);
}

Status ContentStore::commit(const StagingSession& session, std::string_view digest) {
    const std::string hex = TRY(digest_hex(digest));
    auto known = TRY(store_.database().query("SELECT 1 FROM blobs WHERE digest=?", {digest}));
    if (TRY(known.step())) return {};

    struct stat st {};

    const std::string staged = staged_name(hex);
    if (::fstatat(session.fd(), staged.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return system_error("stat staged blob '" + hex + "'");
    }
    const auto blobs = TRY(open_dir_at(store_.root_fd(), kBlobs));
    // Replaces a file without a row: what a killed command left there.
    if (::renameat(session.fd(), staged.c_str(), blobs.get(), hex.c_str()) != 0) {
        return system_error("move blob '" + hex + "' into place");
    }
    if (::fsync(blobs.get()) != 0) return system_error("fsync the folder of blobs");
    return store_.database().execute("INSERT INTO blobs(digest, size) VALUES(?, ?)",
                                     {digest, int64_t{st.st_size}});
}

Result<std::string> ContentStore::get(std::string_view digest) {
    const std::string hex = TRY(digest_hex(digest));
    return read_file_at(store_.root_fd(), std::string(kBlobs) + "/" + hex, kMaxBlob);
}

Result<std::vector<std::string>> ContentStore::forget_unused() {
    auto query = TRY(store_.database().query(
        "DELETE FROM blobs WHERE NOT EXISTS"
        " (SELECT 1 FROM image_blobs WHERE image_blobs.digest = blobs.digest) RETURNING digest"));
    std::vector<std::string> digests;
    while (TRY(query.step())) digests.push_back(query.text(0));
    return digests;
}

Status ContentStore::remove(const std::vector<std::string>& digests) {
    for (const std::string& digest : digests) {
        const std::string hex = TRY(digest_hex(digest));
        TRY(remove_file_at(store_.root_fd(), std::string(kBlobs) + "/" + hex));
    }
    return {};
}

}  // namespace dhow::store
