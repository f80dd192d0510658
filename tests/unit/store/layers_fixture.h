// SPDX-License-Identifier: Apache-2.0
// A store, and short ways to put layers and images into it as a pull would.
#pragma once

#include "store/content_store.h"
#include "store/image_store.h"
#include "store/layer_store.h"
#include "tests/unit/store/store_fixture.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

class LayersTest : public StoreTest {
  protected:
    StagingSession session() {
        auto made = StagingSession::create(store());
        EXPECT_TRUE(made);
        return made.take();
    }

    // An unpacked layer with one file, in the session.
    static StagedLayer stage(const StagingSession& session, char digit, std::string_view text) {
        const std::string hex(64, digit);
        EXPECT_TRUE(make_dir_at(session.fd(), hex, 0755));
        write_file(session.path() + "/" + hex + "/file", text);
        return {.diff_id = "sha256:" + hex, .folder = hex, .size = text.size()};
    }

    Status commit(const StagingSession& session, const std::vector<StagedLayer>& layers) {
        auto transaction = TRY(Transaction::begin(database(), Durability::Synced));
        TRY(LayerStore(store()).commit(session, layers));
        return transaction.commit();
    }

    // An image of config `digit` with a layer each for `layers`.
    Result<std::string> add_image(char digit,
                                  const std::vector<std::string>& names,
                                  std::string_view layers = "1",
                                  UnixNanos created_at = 0) {
        const auto staging = session();
        NewImage image = new_image(digit, names);
        image.created_at = created_at;
        for (const char layer : layers) image.layers.push_back(stage(staging, layer, "text"));
        return ImageStore(store()).add(staging, image);
    }

    static NewImage new_image(char digit, const std::vector<std::string>& names) {
        return {.config_digest = fake_digest(digit),
                .config = std::string("{\"config\": \"") + digit + "\"}",
                .manifest_digest = "sha256:" + std::string(63, digit) + "f",
                .manifest_media_type = "type",
                .manifest = "{}",
                .layers = {},
                .names = names};
    }

    [[nodiscard]] std::string layer_text(char digit) {
        const auto path = LayerStore(store()).path_of(fake_digest(digit)) + "/file";
        auto text = read_file_at(AT_FDCWD, path);
        return text ? text.take() : std::string("(none)");
    }

    void add_container(const std::string& name, const std::string& image_id) {
        write("INSERT INTO containers(id, name, image_id, state, config, created_at) VALUES('" +
              name + "', '" + name + "', '" + image_id + "', 'created', '{}', 1)");
    }
};

}  // namespace dhow::store
