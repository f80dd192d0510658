// SPDX-License-Identifier: Apache-2.0
// Images by their names and ids: found, listed, named, removed; and what goes with the last of
// them.
#include "store/image_store.h"

#include "tests/unit/store/layers_fixture.h"

namespace dhow::store {
namespace {

const std::string kBusybox = "docker.io/library/busybox:latest";

class ImageStoreTest : public LayersTest {
  protected:
    ImageStore images() { return ImageStore(store()); }

    // The digit its id is made of, or the error's kind.
    std::string find(std::string_view text) {
        const auto id = images().find_id(text);
        return id ? id->substr(0, 1) : std::string(kind_name(id.error().kind));
    }

    std::vector<std::string> names_of(std::string_view text) {
        const auto image = images().find(text);
        return image ? image->names : std::vector<std::string>{"(none)"};
    }
};

TEST_F(ImageStoreTest, WhatIsAddedIsFound) {
    const auto staging = session();
    NewImage image = new_image('a', {kBusybox, "quay.io/x/y:1"});
    image.created_at = 77;
    image.layers = {stage(staging, '1', "12345"), stage(staging, '2', "123")};
    image.repository = "docker.io/library/busybox";
    image.pulled_digest = fake_digest('e');
    const auto id = images().add(staging, image);
    ASSERT_TRUE(id) << id.error().message;
    EXPECT_EQ(*id, std::string(64, 'a'));
    const auto found = images().find(*id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->config, image.config);
    EXPECT_EQ(found->manifest_digest, image.manifest_digest);
    EXPECT_EQ(found->manifest_media_type, "type");
    EXPECT_EQ(found->names, image.names);
    EXPECT_EQ(found->digests,
              (std::vector<std::string>{"docker.io/library/busybox@" + image.manifest_digest,
                                        "docker.io/library/busybox@" + fake_digest('e')}));
    EXPECT_EQ(found->created_at, 77);
    EXPECT_EQ(found->size, 8U);
    EXPECT_EQ(found->containers, 0);
    EXPECT_EQ(*ContentStore(store()).get(image.manifest_digest), "{}");
}

TEST_F(ImageStoreTest, EveryWayToNameAnImage) {
    const auto staging = session();
    NewImage image = new_image('a', {kBusybox});
    image.repository = "docker.io/library/busybox";
    ASSERT_TRUE(images().add(staging, image));
    for (const std::string& text : {std::string("busybox"),
                                    std::string("busybox:latest"),
                                    std::string("docker.io/library/busybox"),
                                    std::string("index.docker.io/busybox"),
                                    "busybox@" + image.manifest_digest,
                                    "busybox:other@" + image.manifest_digest,
                                    std::string(64, 'a'),
                                    fake_digest('a'),
                                    std::string("sha256:aaaa"),
                                    std::string("a"),
                                    std::string("aaaaaaaaaaaa")}) {
        EXPECT_EQ(find(text), "a") << text;
    }
    for (const std::string& text : {std::string(),
                                    std::string("busybox:1"),
                                    std::string("quay.io/busybox"),
                                    std::string("b"),
                                    std::string("ab"),
                                    std::string("A"),
                                    std::string("sha256:"),
                                    std::string("sha256:busybox"),
                                    "busybox@" + fake_digest('b'),
                                    "other@" + image.manifest_digest,
                                    std::string(65, 'a'),
                                    std::string("%"),
                                    std::string("a' OR '1'='1"),
                                    std::string("\x1b[31m")}) {
        const auto id = images().find_id(text);
        ASSERT_FALSE(id) << text;
        EXPECT_EQ(id.error().kind, ErrorKind::NotFound) << text;
        EXPECT_EQ(id.error().message.find('\x1b'), std::string::npos);
    }
}

TEST_F(ImageStoreTest, PrefixesMustBeUnique) {
    auto near = new_image('a', {});
    near.config_digest = "sha256:" + std::string(32, 'a') + std::string(32, 'b');
    ASSERT_TRUE(images().add(session(), new_image('a', {})));
    ASSERT_TRUE(images().add(session(), near));
    EXPECT_EQ(find("aaaa"), "conflict");
    EXPECT_EQ(find(std::string(32, 'a')), "conflict");
    EXPECT_EQ(*images().find_id(std::string(32, 'a') + "b"), near.config_digest.substr(7));
    EXPECT_EQ(*images().find_id(std::string(33, 'a')), std::string(64, 'a'));
}

TEST_F(ImageStoreTest, NamesComeBeforeIdsAndLocalOnesFirst) {
    ASSERT_TRUE(add_image('a', {"docker.io/library/bbbb:latest"}));
    ASSERT_TRUE(add_image('b', {}));
    EXPECT_EQ(find("bbbb"), "a");
    EXPECT_EQ(find("bbbbb"), "b");
    EXPECT_EQ(find("sha256:bbbb"), "b");
    ASSERT_TRUE(add_image('c', {"localhost/bbbb:latest"}));
    EXPECT_EQ(find("bbbb"), "c");
    EXPECT_EQ(find("docker.io/library/bbbb"), "a");
}

TEST_F(ImageStoreTest, WhatRunNeeds) {
    ASSERT_TRUE(add_image('a', {kBusybox}, "123"));
    const auto image = images().find_runnable("busybox");
    ASSERT_TRUE(image);
    EXPECT_EQ(image->id, std::string(64, 'a'));
    EXPECT_EQ(image->name, kBusybox);
    EXPECT_EQ(image->config, "{\"config\": \"a\"}");
    ASSERT_EQ(image->layers.size(), 3U);
    EXPECT_EQ(image->layers[0], store().path_of("layers/" + std::string(64, '3')));
    EXPECT_EQ(image->layers[2], store().path_of("layers/" + std::string(64, '1')));
    for (const std::string& layer : image->layers) EXPECT_TRUE(exists_at(AT_FDCWD, layer));
    EXPECT_EQ(*images().diff_ids(image->id),
              (std::vector<std::string>{fake_digest('1'), fake_digest('2'), fake_digest('3')}));
    EXPECT_EQ(images().find_runnable("aaaa")->name, std::string(64, 'a'));
    EXPECT_FALSE(images().find_runnable("none"));
    EXPECT_TRUE(images().diff_ids("none")->empty());
}

TEST_F(ImageStoreTest, ANameMovesToTheNewImage) {
    ASSERT_TRUE(add_image('a', {kBusybox}));
    ASSERT_TRUE(add_image('b', {kBusybox}));
    EXPECT_EQ(find("busybox"), "b");
    EXPECT_TRUE(names_of("aaaa").empty());
    EXPECT_EQ(images().list()->size(), 2U);
}

TEST_F(ImageStoreTest, TheSameConfigMayComeWithAnotherManifest) {
    ASSERT_TRUE(add_image('a', {kBusybox}));
    const auto staging = session();
    NewImage again = new_image('a', {"quay.io/b:1"});
    again.manifest_digest = fake_digest('9');
    again.manifest_media_type = "other";
    again.layers = {{.diff_id = fake_digest('1'), .folder = {}, .size = 0}};
    ASSERT_TRUE(images().add(staging, again));
    const auto image = images().find("busybox");
    ASSERT_TRUE(image);
    EXPECT_EQ(image->manifest_digest, fake_digest('9'));
    EXPECT_EQ(image->manifest_media_type, "other");
    EXPECT_EQ(image->names, (std::vector<std::string>{kBusybox, "quay.io/b:1"}));
    EXPECT_EQ(image->size, 4U);
}

TEST_F(ImageStoreTest, ListsTheNewestFirst) {
    ASSERT_TRUE(add_image('a', {"x:1", "y:1"}, "12", 5));
    ASSERT_TRUE(add_image('b', {}, "", 9));
    ASSERT_TRUE(add_image('c', {"z:1"}, "1", -3));
    add_container("web", std::string(64, 'a'));
    const auto list = images().list();
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size(), 3U);
    EXPECT_EQ((*list)[0].id[0], 'b');
    EXPECT_EQ((*list)[1].id[0], 'a');
    EXPECT_EQ((*list)[2].id[0], 'c');
    EXPECT_EQ((*list)[1].containers, 1);
    EXPECT_EQ((*list)[1].size, 8U);
    EXPECT_EQ((*list)[1].names,
              (std::vector<std::string>{"docker.io/library/x:1", "docker.io/library/y:1"}));
    EXPECT_TRUE((*list)[0].names.empty());
}

// --- add refuses --------------------------------------------------------------------------------

TEST_F(ImageStoreTest, ARefusedImageLeavesNothing) {
    for (const std::string& name : {std::string("../x"),
                                    std::string("X"),
                                    std::string(64, 'a'),
                                    "x@" + fake_digest('a'),
                                    std::string("x\ny")}) {
        const auto added = add_image('a', {kBusybox, name});
        ASSERT_FALSE(added) << name;
        EXPECT_EQ(added.error().kind, ErrorKind::InvalidArgument) << name;
    }
    for (const char* digest : {"", "sha256:../x", "md5:0"}) {
        NewImage image = new_image('a', {});
        image.config_digest = digest;
        EXPECT_FALSE(images().add(session(), image)) << digest;
        image = new_image('a', {});
        image.manifest_digest = digest;
        EXPECT_FALSE(images().add(session(), image)) << digest;
    }
    NewImage vanished = new_image('a', {});
    vanished.layers = {{.diff_id = fake_digest('7'), .folder = {}, .size = 0}};
    const auto conflict = images().add(session(), vanished);
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().kind, ErrorKind::Conflict);
    for (const char* table : {"images", "image_names", "layers", "blobs"}) {
        EXPECT_EQ(count("SELECT count(*) FROM " + std::string(table)), 0) << table;
    }
    EXPECT_EQ(entries("staging"), 0U);
    // Folders that were moved before the refusal have no row, and are in nobody's way.
    EXPECT_TRUE(add_image('a', {kBusybox}));
    EXPECT_EQ(layer_text('1'), "text");
}

// --- tag ----------------------------------------------------------------------------------------

TEST_F(ImageStoreTest, Tags) {
    ASSERT_TRUE(add_image('a', {kBusybox}));
    ASSERT_TRUE(images().tag("busybox", "mine"));
    ASSERT_TRUE(images().tag("aaaa", "team/app:2"));
    ASSERT_TRUE(images().tag("mine", "localhost:5000/x"));
    EXPECT_EQ(names_of("aaaa"),
              (std::vector<std::string>{"docker.io/library/busybox:latest",
                                        "docker.io/team/app:2",
                                        "localhost/mine:latest",
                                        "localhost:5000/x:latest"}));
    ASSERT_TRUE(add_image('b', {}));
    ASSERT_TRUE(images().tag("bbbb", "mine"));
    EXPECT_EQ(find("mine"), "b");
    ASSERT_TRUE(images().tag("mine", "mine")) << "itself";
}

TEST_F(ImageStoreTest, TagsThatAreRefused) {
    ASSERT_TRUE(add_image('a', {kBusybox}));
    for (const std::string& target :
         {std::string(), std::string("X"), "x@" + fake_digest('a'), std::string(64, 'a')}) {
        const auto tagged = images().tag("busybox", target);
        ASSERT_FALSE(tagged) << target;
        EXPECT_EQ(tagged.error().kind, ErrorKind::InvalidArgument) << target;
    }
    const auto missing = images().tag("none", "x");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
    EXPECT_EQ(names_of("aaaa").size(), 1U);
}

// --- remove -------------------------------------------------------------------------------------

TEST_F(ImageStoreTest, TheLastNameTakesTheImageAndWhatOnlyItHad) {
    ASSERT_TRUE(add_image('a', {"x:1", "x:2"}, "12"));
    ASSERT_TRUE(add_image('b', {"y:1"}, "23"));
    auto removed = images().remove("x:1", false);
    ASSERT_TRUE(removed);
    EXPECT_EQ(removed->untagged, (std::vector<std::string>{"docker.io/library/x:1"}));
    EXPECT_TRUE(removed->deleted.empty());
    EXPECT_EQ(entries("layers"), 3U);
    removed = images().remove("x:2", false);
    ASSERT_TRUE(removed);
    EXPECT_EQ(removed->untagged, (std::vector<std::string>{"docker.io/library/x:2"}));
    EXPECT_EQ(removed->deleted, (std::vector<std::string>{std::string(64, 'a')}));
    EXPECT_EQ(layer_text('1'), "(none)");
    EXPECT_EQ(layer_text('2'), "text") << "shared";
    EXPECT_EQ(layer_text('3'), "text");
    EXPECT_EQ(entries("blobs/sha256"), 2U);
    ASSERT_TRUE(images().remove("y:1", false));
    for (const char* folder : {"layers", "blobs/sha256", "staging"}) {
        EXPECT_EQ(entries(folder), 0U) << folder;
    }
    for (const char* table : {"images", "image_names", "image_layers", "layers", "blobs"}) {
        EXPECT_EQ(count("SELECT count(*) FROM " + std::string(table)), 0) << table;
    }
}

TEST_F(ImageStoreTest, ByIdOnlyWithForceWhenItHasSeveralNames) {
    ASSERT_TRUE(add_image('a', {"x:1", "x:2"}));
    const auto refused = images().remove("aaaa", false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
    EXPECT_NE(refused.error().message.find("docker.io/library/x:2"), std::string::npos);
    const auto removed = images().remove("aaaa", true);
    ASSERT_TRUE(removed);
    EXPECT_EQ(removed->untagged.size(), 2U);
    EXPECT_EQ(find("x:1"), "not_found");
    ASSERT_TRUE(add_image('b', {}));
    EXPECT_TRUE(images().remove("bbbb", false)) << "no name at all";
    ASSERT_TRUE(add_image('c', {"x:1"}));
    EXPECT_TRUE(images().remove("cccc", false)) << "one name";
    EXPECT_EQ(images().remove("none", true).error().kind, ErrorKind::NotFound);
}

TEST_F(ImageStoreTest, ContainersKeepTheirImage) {
    ASSERT_TRUE(add_image('a', {"x:1"}));
    for (const char* name : {"c1", "c2", "c3", "c4", "c5"}) {
        add_container(name, std::string(64, 'a'));
    }
    for (const bool force : {false, true}) {
        const auto refused = images().remove("x:1", force);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
        EXPECT_NE(refused.error().message.find("'c1', 'c2', 'c3' and 2 more"), std::string::npos)
            << refused.error().message;
    }
    EXPECT_EQ(find("x:1"), "a");
    EXPECT_EQ(layer_text('1'), "text");
    write("DELETE FROM containers");
    EXPECT_TRUE(images().remove("x:1", false));
}

}  // namespace
}  // namespace dhow::store
