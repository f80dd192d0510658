// SPDX-License-Identifier: Apache-2.0
// Image archives of both forms, taken apart into a staging folder; and those that lie.
#include "store/transfer/archive.h"

#include "oci/spec/manifest.h"
#include "store/transfer/archive_file.h"
#include "tests/unit/store/compress.h"
#include "tests/unit/store/tar_builder.h"
#include "tests/unit/store/tree_fixture.h"

namespace dhow::store {
namespace {

std::string digest_of(std::string_view bytes) {
    return "sha256:" + sha256_hex(bytes);
}

std::string blob_path(std::string_view bytes) {
    return "blobs/sha256/" + sha256_hex(bytes);
}

class ArchiveTest : public TreeTest {
  protected:
    void SetUp() override {
        TreeTest::SetUp();
        request_.verb = TransferVerb::Load;
        request_.staging_dir = path("staging");
        request_.layers_dir = path("layers");
        request_.rootless = true;
        ASSERT_TRUE(make_dirs(request_.layers_dir));
    }

    // As the archive's bytes would come from a file; each time into a fresh staging folder.
    UniqueFd as_file(std::string_view bytes) {
        EXPECT_TRUE(remove_tree_at(AT_FDCWD, request_.staging_dir));
        EXPECT_TRUE(make_dirs(request_.staging_dir));
        EXPECT_TRUE(replace_file_at(AT_FDCWD, path("archive"), bytes, 0600, Durability::None));
        return open_at(AT_FDCWD, path("archive"), O_RDONLY).take();
    }

    Result<std::vector<TransferredImage>> load(std::string_view bytes) {
        const auto fd = as_file(bytes);
        events_.clear();
        const TransferContext context{
            .request = request_, .report = [this](const auto& event) { events_.push_back(event); }};
        return load_archive(context, fd.get());
    }

    void expect_refused(std::string_view bytes, ErrorKind kind, std::string_view why) {
        const auto images = load(bytes);
        ASSERT_FALSE(images) << why;
        EXPECT_EQ(images.error().kind, kind) << why << ": " << images.error().message;
    }

    [[nodiscard]] std::string staged(const std::string& diff_id, const std::string& file) const {
        return text_of("staging/" + diff_id.substr(7) + "/" + file);
    }

    TransferRequest request_;
    std::vector<TransferEvent> events_;
};

const std::string kLayer1 = TarBuilder().file("a", "one").bytes();
const std::string kLayer2 = TarBuilder().folder("d").file("d/b", "two").bytes();

std::string config_of(const std::vector<std::string>& diff_ids) {
    const json::Object config{
        {"architecture", oci::host_platform().architecture},
        {"os", "linux"},
        {"created", "2020-01-02T03:04:05Z"},
        {"rootfs", json::Object{{"type", "layers"}, {"diff_ids", json::to_array(diff_ids)}}}};
    return json::compact(config);
}

const std::string kConfig = config_of({digest_of(kLayer1), digest_of(kLayer2)});

// --- docker-archive -----------------------------------------------------------------------------

struct DockerImage {
    std::string config = "config.json";
    std::vector<std::string> layers = {"1/layer.tar", "2/layer.tar"};
    std::vector<std::string> tags = {"busybox:1"};
};

std::string docker_manifest(const DockerImage& image) {
    const json::Object entry{{"Config", image.config},
                             {"RepoTags", json::to_array(image.tags)},
                             {"Layers", json::to_array(image.layers)}};
    return json::compact(json::Array{entry});
}

TarBuilder docker_archive(const std::string& manifest) {
    return TarBuilder()
        .file("1/layer.tar", kLayer1)
        .file("config.json", kConfig)
        .file("2/layer.tar", kLayer2)
        .file("manifest.json", manifest);
}

TEST_F(ArchiveTest, LoadsADockerArchive) {
    const auto images = load(docker_archive(docker_manifest({})).bytes());
    ASSERT_TRUE(images) << images.error().message;
    ASSERT_EQ(images->size(), 1U);
    const TransferredImage& image = (*images)[0];
    EXPECT_EQ(image.config, kConfig);
    EXPECT_EQ(image.config_digest, digest_of(kConfig));
    EXPECT_EQ(image.created_at, 1'577'934'245'000'000'000);
    EXPECT_EQ(image.names, (std::vector<std::string>{"docker.io/library/busybox:1"}));
    ASSERT_EQ(image.layers.size(), 2U);
    EXPECT_EQ(image.layers[0].diff_id, digest_of(kLayer1));
    EXPECT_EQ(image.layers[0].folder, sha256_hex(kLayer1));
    EXPECT_EQ(image.layers[0].size, 3U);
    EXPECT_EQ(staged(digest_of(kLayer1), "a"), "one");
    EXPECT_EQ(staged(digest_of(kLayer2), "d/b"), "two");
    // It comes without a manifest; the one that is made for it is a good one.
    EXPECT_EQ(image.manifest_digest, digest_of(image.manifest));
    const auto manifest = oci::parse_manifest(image.manifest, image.manifest_media_type);
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->config.digest.text(), digest_of(kConfig));
    EXPECT_EQ(manifest->layers.size(), 2U);
}

TEST_F(ArchiveTest, LoadsThroughAnyCompressionAndFromAPipe) {
    const auto plain = docker_archive(docker_manifest({})).bytes();
    EXPECT_TRUE(load(gzip(plain)));
    EXPECT_TRUE(load(zstd(plain)));
    EXPECT_FALSE(load(gzip(gzip(plain))));
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd out(ends[0]);
    UniqueFd in(ends[1]);
    ::fcntl(in.get(), F_SETPIPE_SZ, 1 << 20);
    ASSERT_TRUE(write_all(in.get(), plain));
    in.reset();
    ignore(as_file(""), "for its fresh staging folder");
    const TransferContext context{.request = request_, .report = [](const auto&) {}};
    EXPECT_TRUE(load_archive(context, out.get()));
}

TEST_F(ArchiveTest, LayersOfADockerArchiveMayBeLinksAndCompressed) {
    const auto archive = TarBuilder()
                             .file("manifest.json", docker_manifest({}))
                             .symlink("1/layer.tar", "../shared/./one")
                             .hard_link("2/layer.tar", "/shared/two")
                             .symlink("shared/two", "/blobs/two")
                             .file("blobs/two", zstd(kLayer2))
                             .file("shared/one", gzip(kLayer1))
                             .file("config.json", kConfig);
    const auto images = load(archive.bytes());
    ASSERT_TRUE(images) << images.error().message;
    EXPECT_EQ(staged(digest_of(kLayer1), "a"), "one");
    EXPECT_EQ(staged(digest_of(kLayer2), "d/b"), "two");
}

TEST_F(ArchiveTest, LayersThatAreThereAreNotUnpacked) {
    ASSERT_TRUE(make_dirs(request_.layers_dir + "/" + sha256_hex(kLayer1)));
    const auto images = load(docker_archive(docker_manifest({})).bytes());
    ASSERT_TRUE(images);
    EXPECT_EQ((*images)[0].layers[0].folder, "");
    EXPECT_EQ((*images)[0].layers[1].folder, sha256_hex(kLayer2));
    ASSERT_FALSE(events_.empty());
    EXPECT_EQ(events_[0].kind, TransferEvent::Kind::BlobExists);
    EXPECT_EQ(events_.back().kind, TransferEvent::Kind::BlobDone);
}

TEST_F(ArchiveTest, SeveralDockerImagesShareLayers) {
    const std::string other = config_of({digest_of(kLayer1)});
    const json::Array manifest{
        json::Object{{"Config", "config.json"}, {"Layers", {"1/layer.tar", "2/layer.tar"}}},
        json::Object{{"Config", "other.json"}, {"RepoTags", nullptr}, {"Layers", {"1/layer.tar"}}}};
    const auto images =
        load(docker_archive(json::compact(manifest)).file("other.json", other).bytes());
    ASSERT_TRUE(images) << images.error().message;
    ASSERT_EQ(images->size(), 2U);
    EXPECT_EQ((*images)[1].layers[0].folder, sha256_hex(kLayer1));
    EXPECT_TRUE((*images)[1].names.empty());
}

TEST_F(ArchiveTest, LyingDockerArchives) {
    const auto refused = [this](const DockerImage& image, ErrorKind kind, std::string_view why) {
        expect_refused(docker_archive(docker_manifest(image)).bytes(), kind, why);
    };
    refused({.layers = {"1/layer.tar"}}, ErrorKind::Corrupt, "too few layers");
    refused({.layers = {"1/layer.tar", "2/layer.tar", "1/layer.tar"}}, ErrorKind::Corrupt, "more");
    refused({.layers = {"2/layer.tar", "1/layer.tar"}}, ErrorKind::Corrupt, "another DiffID");
    refused({.layers = {"1/layer.tar", "none"}}, ErrorKind::NotFound, "no such layer");
    refused({.layers = {"1/layer.tar", "config.json"}}, ErrorKind::Corrupt, "a layer of JSON");
    refused({.config = "none"}, ErrorKind::NotFound, "no config");
    refused({.config = "/etc/passwd"}, ErrorKind::NotFound, "a file of the machine");
    refused({.config = "../archive"}, ErrorKind::NotFound, "a file beside");
    refused({.config = "1/layer.tar"}, ErrorKind::InvalidArgument, "a config of tar");
    refused({.tags = {"../x"}}, ErrorKind::InvalidArgument, "a name that is none");
    refused({.tags = {"\x1b[31m"}}, ErrorKind::InvalidArgument, "a name that is none");
    for (const char* manifest : {"", "{}", "[]", "[1]", "[{}]", "[{\"Config\": 1}]", "[{"}) {
        EXPECT_FALSE(load(docker_archive(manifest).bytes())) << manifest;
    }
    expect_refused(docker_archive(std::string(5U << 20U, ' ')).bytes(),
                   ErrorKind::InvalidArgument,
                   "5 MiB of manifest.json");
}

TEST_F(ArchiveTest, LinksOfAnArchiveLeadNowhereElse) {
    const auto refused = [this](const TarBuilder& tar, std::string_view why) {
        expect_refused(tar.bytes(), ErrorKind::NotFound, why);
    };
    const auto archive = docker_archive(docker_manifest({.config = "link"}));
    refused(TarBuilder(archive).symlink("link", folder() + "/guard"), "absolute");
    refused(TarBuilder(archive).symlink("link", "../../../../etc/passwd"), "up");
    refused(TarBuilder(archive).symlink("link", "link"), "itself");
    refused(TarBuilder(archive).symlink("link", "link2").symlink("link2", "link"), "a loop");
    refused(TarBuilder(archive).symlink("link", "/"), "the root");
    refused(TarBuilder(archive).folder("link"), "a folder");
    // Upwards ends at the archive's own root.
    EXPECT_TRUE(load(TarBuilder(archive).symlink("link", "../../config.json").bytes()));
}

TEST_F(ArchiveTest, ThingsThatAreNoArchive) {
    expect_refused(TarBuilder().bytes(), ErrorKind::InvalidArgument, "an empty tar");
    expect_refused(TarBuilder().file("f", "x").bytes(), ErrorKind::InvalidArgument, "another tar");
    expect_refused("", ErrorKind::InvalidArgument, "an empty file");
    expect_refused("text", ErrorKind::Corrupt, "text");
    expect_refused(std::string(10'000, 'x'), ErrorKind::Corrupt, "more text");
    expect_refused(TarBuilder().file("../manifest.json", "[]").bytes(), ErrorKind::Corrupt, "up");
    const auto whole = docker_archive(docker_manifest({})).bytes();
    expect_refused(whole.substr(0, 600), ErrorKind::Corrupt, "cut");
    expect_refused(gzip(whole).substr(0, 100), ErrorKind::Corrupt, "cut gzip");
}

TEST_F(ArchiveTest, ALayerThatTriesToGetOut) {
    const auto layer = TarBuilder().symlink("out", folder()).file("out/guard", "x").bytes();
    const auto archive =
        TarBuilder()
            .file("l", layer)
            .file("c", config_of({digest_of(layer)}))
            .file("manifest.json", docker_manifest({.config = "c", .layers = {"l"}}));
    ignore(load(archive.bytes()), "refused or inside; the guard tells");
}

TEST(ImageConfig, TimesThatNanosecondsCannotCount) {
    const auto created = [](const std::string& time) {
        const auto config =
            oci::parse_image_config(R"({"created": ")" + time + R"(", "rootfs": {}})");
        EXPECT_TRUE(config) << time;
        return config ? config->created : std::nullopt;
    };
    for (const char* time : {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday"}) {
        EXPECT_EQ(created(time), std::nullopt) << time;
    }
    EXPECT_EQ(created("1700-01-01T00:00:00Z"), -8'520'336'000'000'000'000);
    EXPECT_EQ(created("2262-01-01T00:00:00Z"), 9'214'646'400'000'000'000);
}

// --- OCI archive --------------------------------------------------------------------------------

json::Object descriptor(std::string_view media_type, std::string_view bytes) {
    return {{"mediaType", media_type}, {"digest", digest_of(bytes)}, {"size", bytes.size()}};
}

constexpr std::string_view kGzipLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";

std::string oci_manifest(const std::string& config, const std::vector<std::string>& layers) {
    json::Array list;
    for (const std::string& layer : layers) list.push_back(descriptor(kGzipLayer, layer));
    return json::compact(json::Object{{"schemaVersion", 2},
                                      {"mediaType", oci::kOciManifest},
                                      {"config", descriptor(kConfigType, config)},
                                      {"layers", std::move(list)}});
}

std::string oci_index(json::Array manifests) {
    return json::compact(json::Object{{"schemaVersion", 2}, {"manifests", std::move(manifests)}});
}

const std::string kPacked1 = gzip(kLayer1);
const std::string kPacked2 = zstd(kLayer2);
const std::string kManifest = oci_manifest(kConfig, {kPacked1, kPacked2});

TarBuilder oci_blobs(const std::vector<std::string>& blobs) {
    TarBuilder tar;
    tar.file("oci-layout", R"({"imageLayoutVersion": "1.0.0"})");
    for (const std::string& blob : blobs) tar.file(blob_path(blob), blob);
    return tar;
}

TarBuilder oci_archive(json::Object listed = descriptor(oci::kOciManifest, kManifest)) {
    return oci_blobs({kConfig, kPacked1, kPacked2, kManifest})
        .file("index.json", oci_index({std::move(listed)}));
}

json::Object named(const char* annotation, const char* name) {
    auto listed = descriptor(oci::kOciManifest, kManifest);
    listed["annotations"] = json::Object{{annotation, name}};
    return listed;
}

TEST_F(ArchiveTest, LoadsAnOciArchive) {
    const auto images = load(oci_archive().bytes());
    ASSERT_TRUE(images) << images.error().message;
    ASSERT_EQ(images->size(), 1U);
    const TransferredImage& image = (*images)[0];
    EXPECT_EQ(image.manifest, kManifest);
    EXPECT_EQ(image.manifest_digest, digest_of(kManifest));
    EXPECT_EQ(image.config_digest, digest_of(kConfig));
    EXPECT_TRUE(image.names.empty());
    EXPECT_EQ(staged(digest_of(kLayer1), "a"), "one");
    EXPECT_EQ(staged(digest_of(kLayer2), "d/b"), "two");
}

TEST_F(ArchiveTest, NamesOfAnOciArchive) {
    const auto name_of = [this](const char* annotation, const char* name) {
        const auto images = load(oci_archive(named(annotation, name)).bytes());
        if (!images) return images.error().message;
        return (*images)[0].names.empty() ? std::string() : (*images)[0].names[0];
    };
    EXPECT_EQ(name_of("io.containerd.image.name", "docker.io/a/b:1"), "docker.io/a/b:1");
    EXPECT_EQ(name_of("org.opencontainers.image.ref.name", "a:1"), "docker.io/library/a:1");
    EXPECT_EQ(name_of("org.opencontainers.image.ref.name", "latest"), "") << "a bare tag";
    EXPECT_EQ(name_of("some.other.annotation", "a:1"), "");
    expect_refused(oci_archive(named("io.containerd.image.name", "a/../b")).bytes(),
                   ErrorKind::InvalidArgument,
                   "a name that is none");
}

TEST_F(ArchiveTest, DescendsToThePlatform) {
    const auto other_config = json::compact(
        json::Object{{"os", "plan9"}, {"rootfs", json::Object{{"diff_ids", json::Array{}}}}});
    const auto other = oci_manifest(other_config, {});
    auto theirs = descriptor(oci::kOciManifest, other);
    theirs["platform"] = json::Object{{"os", "plan9"}, {"architecture", "z80"}};
    auto ours = descriptor(oci::kOciManifest, kManifest);
    ours["platform"] =
        json::Object{{"os", "linux"}, {"architecture", oci::host_platform().architecture}};
    const auto inner = oci_index({theirs, ours});
    const auto archive = oci_blobs({kConfig, kPacked1, kPacked2, kManifest, inner, other})
                             .file(blob_path(other_config), other_config)
                             .file("index.json", oci_index({descriptor(oci::kOciIndex, inner)}));
    auto images = load(archive.bytes());
    ASSERT_TRUE(images) << images.error().message;
    EXPECT_EQ((*images)[0].manifest_digest, digest_of(kManifest));
    request_.platform = "plan9/z80";
    images = load(archive.bytes());
    ASSERT_TRUE(images) << images.error().message;
    EXPECT_EQ((*images)[0].manifest_digest, digest_of(other));
    request_.platform = "linux/z80";
    expect_refused(archive.bytes(), ErrorKind::NotFound, "no such platform");
    request_.platform = "linux";
    expect_refused(archive.bytes(), ErrorKind::InvalidArgument, "no platform");
}

TEST_F(ArchiveTest, IndexesThatNestWithoutEnd) {
    std::vector<std::string> indexes = {kManifest};
    std::string_view type = oci::kOciManifest;
    for (int i = 0; i < 6; ++i) {
        auto listed = descriptor(type, indexes.back());
        listed["platform"] =
            json::Object{{"os", "linux"}, {"architecture", oci::host_platform().architecture}};
        indexes.push_back(oci_index({std::move(listed)}));
        type = oci::kOciIndex;
    }
    const auto top = oci_index({descriptor(oci::kOciIndex, indexes.back())});
    const auto images = load(oci_blobs(indexes).file("index.json", top).bytes());
    ASSERT_FALSE(images);
}

TEST_F(ArchiveTest, LyingOciArchives) {
    const auto with = [](const std::string& blob, const std::string& instead) {
        return oci_archive().file(blob_path(blob), instead).bytes();
    };
    expect_refused(with(kManifest, kManifest + " "), ErrorKind::Corrupt, "another manifest");
    expect_refused(with(kConfig, kConfig + " "), ErrorKind::Corrupt, "another config");
    expect_refused(with(kPacked1, gzip(kLayer2)), ErrorKind::Corrupt, "another layer");
    expect_refused(with(kPacked1, kPacked1 + "x"), ErrorKind::Corrupt, "a larger layer");
    expect_refused(with(kPacked1, kPacked1.substr(1)), ErrorKind::Corrupt, "a smaller layer");
    expect_refused(with(kManifest, std::string(5U << 20U, ' ')),
                   ErrorKind::InvalidArgument,
                   "5 MiB of manifest");
    expect_refused(oci_blobs({kConfig, kManifest, kPacked1})
                       .file("index.json", oci_index({descriptor(oci::kOciManifest, kManifest)}))
                       .bytes(),
                   ErrorKind::NotFound,
                   "a layer is missing");
    auto listed = descriptor(oci::kOciManifest, kManifest);
    listed["size"] = kManifest.size() + 1;
    expect_refused(oci_archive(listed).bytes(), ErrorKind::Corrupt, "another size");
    listed["size"] = -1;
    expect_refused(oci_archive(listed).bytes(), ErrorKind::InvalidArgument, "negative size");
    listed = descriptor(oci::kDockerManifest, kManifest);
    expect_refused(oci_archive(listed).bytes(), ErrorKind::InvalidArgument, "another type");
    for (const char* digest : {"", "sha256:../../x", "md5:abc", "sha256:abc"}) {
        listed["digest"] = digest;
        expect_refused(oci_archive(listed).bytes(), ErrorKind::InvalidArgument, digest);
    }
}

// The right blob of the wrong DiffID: what travels is intact, what comes out is another layer.
TEST_F(ArchiveTest, ALayerThatUnpacksToAnother) {
    const auto config = config_of({digest_of(kLayer2)});
    const auto manifest = oci_manifest(config, {kPacked1});
    const auto archive =
        oci_blobs({config, kPacked1, manifest})
            .file("index.json", oci_index({descriptor(oci::kOciManifest, manifest)}));
    expect_refused(archive.bytes(), ErrorKind::Corrupt, "another DiffID");
}

TEST_F(ArchiveTest, CountsAndTypesOfLayersMustFit) {
    const auto few = oci_manifest(kConfig, {kPacked1});
    expect_refused(oci_blobs({kConfig, kPacked1, few})
                       .file("index.json", oci_index({descriptor(oci::kOciManifest, few)}))
                       .bytes(),
                   ErrorKind::Corrupt,
                   "fewer layers than DiffIDs");
    auto foreign = kManifest;
    foreign.replace(foreign.find(kGzipLayer), kGzipLayer.size(), "application/vnd.x+encrypted");
    expect_refused(oci_blobs({kConfig, kPacked1, kPacked2, foreign})
                       .file("index.json", oci_index({descriptor(oci::kOciManifest, foreign)}))
                       .bytes(),
                   ErrorKind::Unsupported,
                   "a layer of another type");
}

// CVE-2021-41190
TEST_F(ArchiveTest, ManifestsThatAreIndexesToo) {
    const auto both = json::compact(json::Object{{"schemaVersion", 2},
                                                 {"config", descriptor(kConfigType, kConfig)},
                                                 {"layers", json::Array{}},
                                                 {"manifests", json::Array{}}});
    expect_refused(oci_blobs({kConfig, both})
                       .file("index.json", oci_index({descriptor(oci::kOciManifest, both)}))
                       .bytes(),
                   ErrorKind::InvalidArgument,
                   "both");
    expect_refused(oci_blobs({}).file("index.json", both).bytes(),
                   ErrorKind::InvalidArgument,
                   "both, as the index");
    expect_refused(oci_blobs({}).file("index.json", oci_index({})).bytes(),
                   ErrorKind::InvalidArgument,
                   "no image");
}

}  // namespace
}  // namespace dhow::store
