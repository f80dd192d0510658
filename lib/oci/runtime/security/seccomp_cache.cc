// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/seccomp_cache.h"

#include "base/file.h"
#include "base/text.h"

#include <cstdint>

#include <fcntl.h>
#include <linux/filter.h>
#include <sys/stat.h>

namespace dhow::oci {

static constexpr std::string_view kFormat = "dhow seccomp 2\n";
static constexpr size_t kLargest = 1U << 20U;

static void add(std::string& key, std::string_view text) {
    key += std::to_string(text.size());
    key += ':';
    key += text;
}

template <class T>
static void add_number(std::string& key, const T& value) {
    add(key, std::to_string(value));
}

static void add_optional(std::string& key, const std::optional<uint32_t>& value) {
    add(key, value ? std::to_string(*value) : "-");
}

static void add_list(std::string& key, const std::vector<std::string>& list) {
    add_number(key, list.size());
    for (const std::string& text : list) add(key, text);
}

std::string seccomp_key(const Seccomp& seccomp) {
    std::string key;
    key.reserve(16384);
    add(key, DHOW_VERSION);
#if defined(__x86_64__)
    add(key, "x86_64");
#elif defined(__aarch64__)
    add(key, "aarch64");
#else
    add_number(key, sizeof(void*));
#endif
    add(key, seccomp.default_action);
    add_optional(key, seccomp.default_errno_ret);
    add_list(key, seccomp.architectures);
    for (const SeccompSyscall& call : seccomp.syscalls) {
        add_list(key, call.names);
        add(key, call.action);
        add_optional(key, call.errno_ret);
        add_number(key, call.args.size());
        for (const SeccompArg& arg : call.args) {
            add_number(key, arg.index);
            add_number(key, arg.value);
            add_number(key, arg.value_two);
            add(key, arg.op);
        }
    }
    return key;
}

// FNV-1a: names a file and nothing more; the key itself is compared.
static std::string file_name(const std::string& key) {
    uint64_t hash = 0xcbf29ce484222325U;
    for (const char letter : key) {
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
    }
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(hash >> shift);
    return to_hex(bytes) + ".bpf";
}

SeccompCache SeccompCache::open(const std::string& folder) {
    if (!folder.starts_with('/')) return SeccompCache(UniqueFd());
    auto opened = open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

    struct stat st {};

    if (!opened || ::fstat(opened->get(), &st) != 0 || st.st_uid != ::geteuid() ||
        (st.st_mode & 022U) != 0) {
        return SeccompCache(UniqueFd());
    }
    return SeccompCache(opened.take());
}

std::optional<std::string> SeccompCache::find(const std::string& key) const {
    if (!folder_) return std::nullopt;
    const auto file = open_at(folder_.get(), file_name(key), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!file) return std::nullopt;
    auto text = read_all(file->get(), kLargest);
    if (!text) return std::nullopt;
    const std::string head = std::string(kFormat) + key;
    if (!text->starts_with(head)) return std::nullopt;
    text->erase(0, head.size());
    if (text->empty() || text->size() % sizeof(sock_filter) != 0) return std::nullopt;
    return text.take();
}

void SeccompCache::store(const std::string& key, const std::string& program) const {
    if (!folder_) return;
    ignore(replace_file_at(folder_.get(),
                           file_name(key),
                           std::string(kFormat) + key + program,
                           0600,
                           Durability::None),
           "the next container compiles again");
}

}  // namespace dhow::oci
