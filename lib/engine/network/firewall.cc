// SPDX-License-Identifier: Apache-2.0
#include "engine/network/firewall.h"

#include "base/text.h"
#include "base/unique_fd.h"
#include "engine/network/port_text.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <dlfcn.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace dhow::engine::network {

namespace {

constexpr const char* kTable = "dhow";

// libnftables(3), opened when first needed; it stays loaded, as its own libraries cannot be
// unloaded.
class Nftables {
  public:
    static Result<Nftables> open();

    Nftables(Nftables&& other) noexcept
        : calls_(other.calls_), context_(std::exchange(other.context_, nullptr)) {}

    Nftables& operator=(Nftables&&) = delete;

    ~Nftables() {
        if (context_ != nullptr) calls_.free(context_);
    }

    // What the commands print.
    Result<std::string> run(const std::string& commands) {
        const int code = calls_.run(context_, commands.c_str());
        const char* output = calls_.output(context_);
        if (code == 0) return std::string(output == nullptr ? "" : output);
        const char* said = calls_.error(context_);
        const std::string text = said == nullptr ? "" : said;
        return make_error(ErrorKind::System,
                          "change the firewall: " + printable(split_once(trim(text), '\n').first),
                          "check that the kernel has nf_tables with nat and fib: nft list ruleset");
    }

  private:
    struct Calls {
        void* (*create)(unsigned);
        void (*free)(void*);
        int (*buffer_output)(void*);
        int (*buffer_error)(void*);
        const char* (*output)(void*);
        const char* (*error)(void*);
        int (*run)(void*, const char*);
    };

    Nftables(const Calls& calls, void* context) : calls_(calls), context_(context) {}

    Calls calls_;
    void* context_;
};

template <class Function>
bool find_call(void* library, const char* name, Function& call) {
    call = reinterpret_cast<Function>(::dlsym(library, name));
    return call != nullptr;
}

Error unusable(const std::string& why) {
    return make_error(
        ErrorKind::NotFound,
        "open the firewall library 'libnftables.so.1': " + printable(why),
        "install it, as root: apt install libnftables1 (or use --network none or host)");
}

Result<Nftables> Nftables::open() {
    void* library = ::dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* why = ::dlerror();
        return unusable(why == nullptr ? "missing" : why);
    }
    Calls calls{};
    if (!find_call(library, "nft_ctx_new", calls.create) ||
        !find_call(library, "nft_ctx_free", calls.free) ||
        !find_call(library, "nft_ctx_buffer_output", calls.buffer_output) ||
        !find_call(library, "nft_ctx_buffer_error", calls.buffer_error) ||
        !find_call(library, "nft_ctx_get_output_buffer", calls.output) ||
        !find_call(library, "nft_ctx_get_error_buffer", calls.error) ||
        !find_call(library, "nft_run_cmd_from_buffer", calls.run)) {
        return unusable("it is too old");
    }
    void* context = calls.create(0);
    if (context == nullptr || calls.buffer_output(context) != 0 ||
        calls.buffer_error(context) != 0) {
        return unusable("no context");
    }
    return Nftables(calls, context);
}

// One NFT_MSG_GETTABLE: errors of any kind mean "not there", and writing the rules will tell.
bool table_exists() {
    const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    if (!socket) return false;

    struct {
        nlmsghdr header;
        nfgenmsg family;
        nlattr attribute;
        std::array<char, 8> name;
    } request{};

    static_assert(sizeof request == NLMSG_LENGTH(sizeof(nfgenmsg)) + sizeof(nlattr) + 8);
    std::memcpy(request.name.data(), kTable, std::strlen(kTable) + 1);
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8U) | NFT_MSG_GETTABLE;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.family.nfgen_family = 1;  // NFPROTO_INET
    request.attribute.nla_type = NFTA_TABLE_NAME;
    request.attribute.nla_len = static_cast<uint16_t>(sizeof(nlattr) + std::strlen(kTable) + 1);
    alignas(nlmsghdr) std::array<char, 4096> answer{};
    if (::send(socket.get(), &request, sizeof request, 0) != sizeof request) return false;
    const ssize_t got = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return false;
    return reinterpret_cast<const nlmsghdr*>(answer.data())->nlmsg_type ==
           ((NFNL_SUBSYS_NFTABLES << 8U) | NFT_MSG_NEWTABLE);
}

std::string element_command(const char* verb, const PortMapping& port, const std::string& element) {
    return std::string(verb) + " element inet dhow " + port_map(port) + " " + element + "\n";
}

// Whose port it is: the printed element names the address it leads to.
bool leads_to(Nftables& nftables, const PortMapping& port, const std::string& ip) {
    const auto said = nftables.run(element_command("get", port, "{ " + port_key(port) + " }"));
    return said && said->find(": " + ip + " . ") != std::string::npos;
}

}  // namespace

Status ensure_firewall() {
    if (table_exists()) return {};
    auto nftables = TRY(Nftables::open());
    TRY(nftables.run(firewall_script()));
    return {};
}

Status publish_ports(const std::string& ip, const std::vector<PortMapping>& ports) {
    if (ports.empty()) return {};
    auto nftables = TRY(Nftables::open());
    std::string commands;
    for (const PortMapping& port : ports) {
        // `create` fails for a key that is there; `add` would let a second container believe it has
        // it.
        commands += element_command("create", port, port_element(ip, port));
    }
    auto created = nftables.run(commands);  // one transaction: all or none
    if (created) return {};
    for (const PortMapping& port : ports) {
        if (!nftables.run(element_command("get", port, "{ " + port_key(port) + " }"))) continue;
        return make_error(ErrorKind::Conflict,
                          "port " + port_name(port) + " is already in use by another container",
                          "publish another host port, or remove that container");
    }
    return std::move(created).error();
}

Status withdraw_ports(const std::string& ip, const std::vector<PortMapping>& ports) {
    if (ports.empty() || !table_exists()) return {};
    auto nftables = TRY(Nftables::open());
    for (const PortMapping& port : ports) {
        if (!leads_to(nftables, port, ip)) continue;
        TRY(nftables.run(element_command("delete", port, "{ " + port_key(port) + " }")));
    }
    return {};
}

}  // namespace dhow::engine::network
