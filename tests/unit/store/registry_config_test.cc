// SPDX-License-Identifier: Apache-2.0
// certs.d, as the folders of Podman and Docker have it.
#include "store/registry/config.h"
#include "tests/unit/store/environment.h"
#include "tests/unit/store/tree_fixture.h"

namespace dhow::store {
namespace {

class CertificateFolders : public TreeTest {
  protected:
    void SetUp() override {
        TreeTest::SetUp();
        environment_.set("HOME", path("."));
        environment_.unset("XDG_CONFIG_HOME");
    }

    void file(const std::string& name, std::string_view text) {
        const std::string at = path(name);
        ASSERT_TRUE(make_dirs(at.substr(0, at.rfind('/'))));
        ASSERT_TRUE(replace_file_at(AT_FDCWD, at, text, 0600, Durability::None));
    }

    static TlsFiles find(const std::string& host, const std::string& ca_dir = {}) {
        const auto files = find_tls_files(host, ca_dir);
        EXPECT_TRUE(files) << files.error().message;
        return files ? *files : TlsFiles{};
    }

    Environment environment_;
};

TEST_F(CertificateFolders, CertificatesOfTheHost) {
    file(".config/containers/certs.d/a:5000/2.crt", "second");
    file(".config/containers/certs.d/a:5000/1.crt", "first");
    file("own/x.crt", "own");
    EXPECT_EQ(find("a:5000").extra_ca, "first\nsecond\n");
    EXPECT_EQ(find("a").extra_ca, "");
    EXPECT_EQ(find("a:5000", path("own")).extra_ca, "own\n");
}

TEST_F(CertificateFolders, TheClientsOwn) {
    file("own/client.cert", "certificate");
    file("own/client.key", "key");
    file("own/other.cert", "another");
    file("own/other.key", "another");
    EXPECT_EQ(find("a", path("own")).client_certificate, "certificate");
    EXPECT_EQ(find("a", path("own")).client_key, "key");
    EXPECT_EQ(find("a", path("own")).extra_ca, "");
}

TEST_F(CertificateFolders, HalfAPairIsAMistake) {
    file("one/client.cert", "certificate");
    file("two/client.key", "key");
    file("two/client.crt", "a CA's");
    for (const char* name : {"one", "two"}) {
        const auto files = find_tls_files("a", path(name));
        ASSERT_FALSE(files) << name;
        EXPECT_EQ(files.error().kind, ErrorKind::InvalidArgument);
    }
}

}  // namespace
}  // namespace dhow::store
