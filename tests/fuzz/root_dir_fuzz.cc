// SPDX-License-Identifier: Apache-2.0
// RootDir against somebody who changes the tree between its steps, and while it takes them: links
// to everywhere, renames, exchanges. Whatever it opens or makes lies in the root; what lies outside
// is as it was.
#include "base/file.h"
#include "base/root_dir.h"
#include "oci/runtime/mounts/mount_point.h"
#include "tests/fuzz/require.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>

#include <fcntl.h>
#include <ftw.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace dhow;
using dhow::fuzz::require;

constexpr std::array<const char*, 10> kNames = {
    "a", "b", "c", "a/b", "b/a", "a/a", "a/b/c", "f", "c/f", "swap"};

int remove_entry(const char* path, const struct stat* /*st*/, int /*type*/, FTW* /*at*/) {
    return ::remove(path);
}

class Ground {
  public:
    Ground() : folder_("/tmp/root-dir-fuzz-" + std::to_string(::getpid())) {
        end();
        ::mkdir(folder_.c_str(), 0700);
        ::mkdir((folder_ + "/outside").c_str(), 0700);
        ::mkdir((folder_ + "/outside/b").c_str(), 0700);
        const UniqueFd secret(::open(
            (folder_ + "/outside/f").c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
        require(static_cast<bool>(secret));
        ::mkdir(root().c_str(), 0700);
    }

    ~Ground() { end(); }

    [[nodiscard]] std::string root() const { return folder_ + "/root"; }

    [[nodiscard]] std::string outside() const { return folder_ + "/outside"; }

    [[nodiscard]] std::string target(FuzzedDataProvider& bytes) const {
        switch (bytes.ConsumeIntegralInRange(0, 7)) {
            case 0:
                return outside();
            case 1:
                return "../outside";
            case 2:
                return "../../../../../../../../../.." + outside();
            case 3:
                return "/proc/self/root" + outside();
            case 4:
                return "/proc/self/cwd";
            case 5:
                return "..";
            case 6:
                return "/";
            default:
                return bytes.PickValueInArray(kNames);
        }
    }

    void check_outside() const {
        const auto names = list_dir_at(AT_FDCWD, outside());
        require(names && names->size() == 2);
        const auto below = list_dir_at(AT_FDCWD, outside() + "/b");
        require(below && below->empty());

        struct stat st {};

        require(::stat((outside() + "/f").c_str(), &st) == 0 && st.st_size == 0);
        const auto top = list_dir_at(AT_FDCWD, folder_);
        require(top && top->size() == 2);
    }

  private:
    void end() const {
        ::nftw(folder_.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }

    std::string folder_;
};

// Exchanges two names while the other thread resolves.
class Swapper {
  public:
    explicit Swapper(const std::string& root)
        : folder_(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), thread_([this] {
              while (!done_) {
                  ::renameat2(folder_.get(), "a", folder_.get(), "swap", RENAME_EXCHANGE);
                  ::renameat2(folder_.get(), "b", folder_.get(), "swap", RENAME_EXCHANGE);
              }
          }) {}

    ~Swapper() {
        done_ = true;
        thread_.join();
    }

    Swapper(const Swapper&) = delete;
    Swapper& operator=(const Swapper&) = delete;

  private:
    UniqueFd folder_;
    std::atomic<bool> done_ = false;
    std::thread thread_;
};

void require_inside(const Ground& ground, const Result<UniqueFd>& opened) {
    if (!opened) return;
    const auto path = read_link_at(AT_FDCWD, fd_path(opened->get()));
    require(path.has_value());
    require(*path == ground.root() || path->starts_with(ground.root() + "/"));
}

void change(const Ground& ground, FuzzedDataProvider& bytes) {
    const std::string one = ground.root() + "/" + bytes.PickValueInArray(kNames);
    const std::string two = ground.root() + "/" + bytes.PickValueInArray(kNames);
    switch (bytes.ConsumeIntegralInRange(0, 5)) {
        case 0:
            ::mkdir(one.c_str(), 0700);
            break;
        case 1:
            // Not through a link that leads outside: that would be ourselves.
            if (one.find('/', ground.root().size() + 1) == std::string::npos) {
                ::symlink(ground.target(bytes).c_str(), one.c_str());
            }
            break;
        case 2:
            if (one.find('/', ground.root().size() + 1) == std::string::npos) ::unlink(one.c_str());
            break;
        default:
            break;
    }
    const auto root = RootDir::open(ground.root());
    if (!root) return;
    const auto from = root->parent_of(one.substr(ground.root().size()));
    const auto to = root->parent_of(two.substr(ground.root().size()));
    if (!from || !to) return;
    const unsigned flags = bytes.ConsumeBool() ? RENAME_EXCHANGE : 0U;
    ::renameat2(
        from->first.get(), from->second.c_str(), to->first.get(), to->second.c_str(), flags);
}

void resolve(const Ground& ground, const RootDir& root, FuzzedDataProvider& bytes) {
    std::string path = bytes.PickValueInArray(kNames);
    if (bytes.ConsumeBool()) path = bytes.ConsumeRandomLengthString(40);
    if (path.find('\0') != std::string::npos) return;
    const auto links = bytes.PickValueInArray(
        {RootDir::Links::InRoot, RootDir::Links::Refuse, RootDir::Links::Beneath});
    switch (bytes.ConsumeIntegralInRange(0, 5)) {
        case 0:
            require_inside(ground, root.open_at(path, O_PATH, 0, links));
            break;
        case 1:
            require_inside(ground, root.make_dirs(path));
            break;
        case 2:
            require_inside(ground, oci::make_mount_point(root, path, false));
            break;
        case 3:
            require_inside(ground, oci::make_mount_point(root, path, true));
            break;
        case 4: {
            const auto text = root.read_file(path, 64);
            if (!text) require(!text.error().message.empty());
            break;
        }
        default: {
            auto parent = root.parent_of(path);
            if (parent) {
                require(parent->second != "." && parent->second != ".." && !parent->second.empty());
                require(parent->second.find('/') == std::string::npos);
                require_inside(ground, Result<UniqueFd>(std::move(parent->first)));
            }
            break;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    FuzzedDataProvider bytes(data, size);
    const Ground ground;
    const auto root = RootDir::open(ground.root());
    require(root.has_value());
    ::mkdir((ground.root() + "/a").c_str(), 0700);
    ::symlink(ground.target(bytes).c_str(), (ground.root() + "/swap").c_str());
    {
        std::optional<Swapper> swapper;
        if (bytes.ConsumeBool()) swapper.emplace(ground.root());
        for (int i = 0; i < 24 && bytes.remaining_bytes() > 0; ++i) {
            // Amid exchanges our own changes by path could go astray.
            if (!swapper && bytes.ConsumeBool()) change(ground, bytes);
            resolve(ground, *root, bytes);
        }
    }
    ground.check_outside();
    return 0;
}
