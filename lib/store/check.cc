// SPDX-License-Identifier: Apache-2.0
#include "store/check.h"

#include "base/file.h"
#include "store/content_store.h"
#include "store/layer_store.h"

#include <algorithm>
#include <map>

namespace dhow::store {

namespace {

using Kind = Damage::Kind;

constexpr std::string_view kImagesOfLayers = "SELECT diff_id, image_id FROM image_layers";
constexpr std::string_view kImagesOfBlobs = "SELECT digest, image_id FROM image_blobs";

Result<std::vector<std::string>> column(Database& database, std::string_view sql) {
    auto query = TRY(database.query(sql));
    std::vector<std::string> values;
    while (TRY(query.step())) values.push_back(query.text(0));
    return values;
}

class Check {
  public:
    Check(Store& store, bool quick) : store_(store), quick_(quick) {}

    Result<StoreCheck> run(const TransferSink& sink) {
        TRY(check_database());
        TRY(check_layers());
        TRY(check_blobs());
        TRY(check_volumes());
        if (!quick_) TRY(check_contents(sink));
        TRY(name_images(Kind::Layer, kImagesOfLayers));
        TRY(name_images(Kind::Blob, kImagesOfBlobs));
        return std::move(found_);
    }

  private:
    void add(Kind kind, const std::string& name, std::string problem) {
        const bool known =
            std::any_of(found_.damages.begin(), found_.damages.end(), [&](const Damage& damage) {
                return damage.kind == kind && damage.name == name;
            });
        if (!known) found_.damages.push_back({kind, name, std::move(problem)});
    }

    Status check_database() {
        const char* pragma = quick_ ? "PRAGMA quick_check" : "PRAGMA integrity_check";
        for (std::string& line : TRY(column(store_.database(), pragma))) {
            if (line != "ok") add(Kind::Database, "db.sqlite", std::move(line));
        }
        for (const std::string& table :
             TRY(column(store_.database(), "PRAGMA foreign_key_check"))) {
            add(Kind::Database, "db.sqlite", "a row of '" + table + "' refers to none");
        }
        return {};
    }

    Status check_layers() {
        const LayerStore layers(store_);
        for (const std::string& diff_id :
             TRY(column(store_.database(), "SELECT diff_id FROM layers"))) {
            ++found_.layers;
            const std::string hex = TRY(digest_hex(diff_id));
            if (!exists_at(store_.root_fd(), "layers/" + hex)) {
                add(Kind::Layer, diff_id, "its folder is missing");
            } else if (!exists_at(store_.root_fd(), "skeletons/" + hex)) {
                add(Kind::Layer, diff_id, "its skeleton is missing");
            }
        }
        return {};
    }

    Status check_blobs() {
        for (const std::string& digest :
             TRY(column(store_.database(), "SELECT digest FROM blobs"))) {
            ++found_.blobs;
            const std::string hex = TRY(digest_hex(digest));
            if (!exists_at(store_.root_fd(), "blobs/sha256/" + hex)) {
                add(Kind::Blob, digest, "its file is missing");
            }
        }
        return {};
    }

    Status check_volumes() {
        for (const std::string& name : TRY(column(store_.database(), "SELECT name FROM volumes"))) {
            ++found_.volumes;
            if (exists_at(store_.root_fd(), "volumes/" + name + "/_data")) continue;
            add(Kind::Volume, name, "its folder is missing");
        }
        return {};
    }

    Status check_contents(const TransferSink& sink) {
        TransferRequest request;
        request.verb = TransferVerb::Verify;
        request.layers_dir = store_.path_of("layers");
        request.skeletons_dir = store_.path_of("skeletons");
        request.source_dir = store_.path_of("blobs/sha256");
        OutgoingImage& all = request.images.emplace_back();
        for (std::string& diff_id : TRY(column(store_.database(), "SELECT diff_id FROM layers"))) {
            all.layers.push_back({.diff_id = std::move(diff_id)});
        }
        TRY(run_transfer(request, -1, [&](const TransferEvent& event) {
            if (event.kind == TransferEvent::Kind::LayerDamaged) {
                add(Kind::Layer, event.digest, event.text);
            } else if (event.kind == TransferEvent::Kind::BlobDamaged) {
                add(Kind::Blob, event.digest, event.text);
            } else if (sink) {
                sink(event);
            }
        }));
        return {};
    }

    Status name_images(Kind kind, std::string_view sql) {
        std::multimap<std::string, std::string> images;
        auto query = TRY(store_.database().query(sql));
        while (TRY(query.step())) images.emplace(query.text(0), query.text(1));
        for (Damage& damage : found_.damages) {
            if (damage.kind != kind) continue;
            const auto [first, last] = images.equal_range(damage.name);
            for (auto each = first; each != last; ++each) damage.images.push_back(each->second);
        }
        return {};
    }

    Store& store_;
    bool quick_;
    StoreCheck found_;
};

}  // namespace

Result<StoreCheck> check_store(Store& store, bool quick, const TransferSink& sink) {
    return Check(store, quick).run(sink);
}

}  // namespace dhow::store
