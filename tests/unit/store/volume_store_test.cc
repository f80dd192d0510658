// SPDX-License-Identifier: Apache-2.0
// Volumes: made once, filled once from the image, kept while a container refers to them.
#include "store/volume_store.h"

#include "tests/unit/store/store_fixture.h"

#include <sys/wait.h>

namespace dhow::store {
namespace {

class VolumeTest : public StoreTest {
  protected:
    VolumeStore volumes() { return VolumeStore(store()); }

    Volume make(const std::string& name) {
        auto made = volumes().ensure({.name = name});
        EXPECT_TRUE(made) << made.error().message;
        return made ? made.take() : Volume{};
    }

    void add_container(const std::string& id, const std::vector<std::string>& names) {
        write("INSERT INTO containers(id, name, state, config, created_at) VALUES('" + id + "', '" +
              id + "', 'created', '{}', 1)");
        auto transaction = Transaction::begin(database(), Durability::None);
        ASSERT_TRUE(transaction);
        for (const std::string& name : names) ASSERT_TRUE(volumes().attach(id, name));
        ASSERT_TRUE(transaction->commit());
    }

    // The folder of an image that a new volume is mounted over.
    UniqueFd image_folder() {
        const std::string path = folder() + "/image";
        EXPECT_TRUE(make_dirs(path));
        write_file(path + "/f", "from the image", 0640);
        EXPECT_EQ(::chmod(path.c_str(), 01750), 0);
        return open_dir_at(AT_FDCWD, path).take();
    }

    [[nodiscard]] std::string text_in(const std::string& volume) {
        auto text = read_file_at(AT_FDCWD, volumes().data_path(volume) + "/f");
        return text ? text.take() : std::string("(none)");
    }
};

TEST_F(VolumeTest, NamesThatAreOne) {
    for (const std::string& name : {std::string("a"),
                                    std::string("A1_.-"),
                                    std::string("0"),
                                    std::string("a..b"),
                                    std::string(255, 'v')}) {
        EXPECT_TRUE(is_volume_name(name)) << name;
        EXPECT_TRUE(volumes().ensure({.name = name})) << name;
    }
    for (const std::string& name : {std::string(),
                                    std::string("."),
                                    std::string(".."),
                                    std::string(".a"),
                                    std::string("-a"),
                                    std::string("_a"),
                                    std::string("a/b"),
                                    std::string("/a"),
                                    std::string("../a"),
                                    std::string("a b"),
                                    std::string("a\n"),
                                    std::string("a\0b", 3),
                                    std::string("\xc3\xa4"),
                                    std::string("\x1b[31m"),
                                    std::string(256, 'v')}) {
        EXPECT_FALSE(is_volume_name(name)) << name;
        const auto made = volumes().ensure({.name = name});
        ASSERT_FALSE(made) << name;
        EXPECT_EQ(made.error().kind, ErrorKind::InvalidArgument) << name;
        EXPECT_EQ(made.error().message.find('\x1b'), std::string::npos);
    }
    EXPECT_EQ(entries("volumes"), 5U);
}

TEST_F(VolumeTest, IsMadeOnce) {
    const auto made = volumes().ensure({.name = "v", .labels = {{"a", "1"}, {"b", "\"\n"}}});
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->needs_copy_up);
    EXPECT_FALSE(made->anonymous);
    EXPECT_GT(made->created_at, 0);
    write_file(volumes().data_path("v") + "/f", "mine");
    const auto again = volumes().ensure({.name = "v", .labels = {{"other", "x"}}});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->labels, made->labels);
    EXPECT_EQ(again->created_at, made->created_at);
    EXPECT_EQ(text_in("v"), "mine");

    struct stat st {};

    ASSERT_EQ(::stat(store().path_of("volumes/v").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0700U);
    ASSERT_EQ(::stat(volumes().data_path("v").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0755U);
}

TEST_F(VolumeTest, TheCallersTransactionIsTheCallers) {
    {
        const auto transaction = Transaction::begin(database(), Durability::None);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(volumes().ensure({.name = "v"}));
    }
    EXPECT_EQ(volumes().find("v").error().kind, ErrorKind::NotFound) << "rolled back";
    EXPECT_EQ(make("v").name, "v") << "the folder that stayed is in nobody's way";
}

TEST_F(VolumeTest, ListsThemByName) {
    make("b");
    make("a");
    const auto anonymous = volumes().create_anonymous();
    ASSERT_TRUE(anonymous);
    EXPECT_EQ(anonymous->name.size(), 64U);
    EXPECT_TRUE(anonymous->anonymous);
    const auto list = volumes().list();
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size(), 3U);
    EXPECT_TRUE(std::is_sorted(list->begin(), list->end(), [](const auto& one, const auto& two) {
        return one.name < two.name;
    }));
}

TEST_F(VolumeTest, RemovingTakesTheContent) {
    make("v");
    write_file(volumes().data_path("v") + "/f", "x");
    ASSERT_TRUE(volumes().remove("v"));
    EXPECT_EQ(entries("volumes"), 0U);
    EXPECT_EQ(entries("staging"), 0U);
    for (const char* name : {"v", "never", "../layers", ""}) {
        const auto removed = volumes().remove(name);
        ASSERT_FALSE(removed) << name;
        EXPECT_EQ(removed.error().kind, ErrorKind::NotFound) << name;
    }
    EXPECT_EQ(make("v").name, "v");
    EXPECT_EQ(text_in("v"), "(none)");
}

TEST_F(VolumeTest, ContainersKeepTheirVolumes) {
    make("v");
    add_container("c", {"v", "v"});
    const auto refused = volumes().remove("v");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Conflict);
    EXPECT_TRUE(exists_at(AT_FDCWD, volumes().data_path("v")));
    EXPECT_EQ(*volumes().attached_to("c"), (std::vector<std::string>{"v"}));
    EXPECT_TRUE(volumes().attached_to("other")->empty());
    write("DELETE FROM containers");
    EXPECT_TRUE(volumes().remove("v"));
}

TEST_F(VolumeTest, AnonymousOnesThatNobodyElseHas) {
    make("named");
    const std::string own = volumes().create_anonymous()->name;
    const std::string shared = volumes().create_anonymous()->name;
    add_container("c", {"named", own, shared});
    add_container("d", {shared});
    EXPECT_EQ(*volumes().anonymous_of("c"), (std::vector<std::string>{own}));
    EXPECT_TRUE(volumes().anonymous_of("d")->empty());
    write("DELETE FROM containers WHERE id='c'");
    EXPECT_EQ(*volumes().anonymous_of("d"), (std::vector<std::string>{shared}));
}

TEST_F(VolumeTest, TheFirstUseCopiesTheImagesFolder) {
    const auto volume = make("v");
    const auto image = image_folder();
    ASSERT_TRUE(make_dirs(store().path_of("volumes/v/_copying/left")));  // of a killed command
    ASSERT_TRUE(volumes().copy_up(volume, image.get()));
    EXPECT_EQ(text_in("v"), "from the image");

    struct stat st {};

    ASSERT_EQ(::stat(volumes().data_path("v").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 01750U);
    EXPECT_EQ(entries("volumes/v"), 1U);
    EXPECT_FALSE(volumes().find("v")->needs_copy_up);
}

TEST_F(VolumeTest, LaterUsesDoNot) {
    const auto volume = make("v");
    const auto image = image_folder();
    ASSERT_TRUE(volumes().copy_up(volume, image.get()));
    write_file(volumes().data_path("v") + "/f", "changed");
    ASSERT_TRUE(volumes().copy_up(volume, image.get())) << "as another command saw it before";
    ASSERT_TRUE(volumes().copy_up(*volumes().find("v"), image.get()));
    EXPECT_EQ(text_in("v"), "changed");
}

TEST_F(VolumeTest, ContentThatIsThereStays) {
    const auto volume = make("v");
    write_file(volumes().data_path("v") + "/f", "mine");
    ASSERT_TRUE(volumes().copy_up(volume, image_folder().get()));
    EXPECT_EQ(text_in("v"), "mine");
    EXPECT_EQ(entries("volumes/v"), 1U);
    EXPECT_FALSE(volumes().find("v")->needs_copy_up);
}

TEST_F(VolumeTest, NothingToCopyIsRemembered) {
    const auto volume = make("v");
    ASSERT_TRUE(volumes().skip_copy_up(volume));
    EXPECT_FALSE(volumes().find("v")->needs_copy_up);
    ASSERT_TRUE(volumes().copy_up(volume, image_folder().get()));
    EXPECT_EQ(text_in("v"), "(none)");
}

TEST_F(VolumeTest, CreateTakesNoNameThatIsTaken) {
    Volume wanted{.name = "v", .labels = {{"a", "b"}}, .options = {{"type", "tmpfs"}}};
    const auto made = volumes().create(wanted);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_FALSE(made->needs_copy_up) << "what a mount hides";
    EXPECT_EQ(volumes().create(wanted).error().kind, ErrorKind::AlreadyExists);
    EXPECT_EQ(volumes().create({.name = "../v"}).error().kind, ErrorKind::InvalidArgument);
    const auto found = volumes().find("v");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->labels, wanted.labels);
    EXPECT_EQ(found->options, wanted.options);
}

TEST_F(VolumeTest, UsersOfEach) {
    make("a");
    make("b");
    make("idle");
    add_container("one", {"a", "b"});
    add_container("two", {"a"});
    const auto users = volumes().users();
    ASSERT_TRUE(users);
    EXPECT_EQ(
        *users,
        (std::map<std::string, std::vector<std::string>>{{"a", {"one", "two"}}, {"b", {"one"}}}));
}

// Containers that start at the same time with the same new volume.
TEST_F(VolumeTest, SeveralFirstUsesAtOnce) {
    const auto image = image_folder();
    std::vector<pid_t> children;
    for (int child = 0; child < 4; ++child) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            auto own = open_again();
            if (!own) ::_exit(1);
            VolumeStore theirs(*own);
            const auto volume = theirs.ensure({.name = "v"});
            ::_exit(volume && theirs.copy_up(*volume, image.get()) ? 0 : 2);
        }
        children.push_back(pid);
    }
    for (const pid_t pid : children) {
        int status = -1;
        ASSERT_EQ(::waitpid(pid, &status, 0), pid);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(text_in("v"), "from the image");
    EXPECT_EQ(entries("volumes/v"), 1U);
}

}  // namespace
}  // namespace dhow::store
