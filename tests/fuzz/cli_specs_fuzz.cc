// SPDX-License-Identifier: Apache-2.0
// Everything a user's words go through before the engine sees them: argv, the spec parsers,
// templates. None may crash, and what is accepted keeps its promises.
#include "base/json.h"
#include "cmd/dhow/args.h"
#include "cmd/dhow/argv_normalize.h"
#include "cmd/dhow/detach_keys.h"
#include "cmd/dhow/exit_code.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/parse/environment.h"
#include "cmd/dhow/parse/mounts.h"
#include "cmd/dhow/parse/numbers.h"
#include "cmd/dhow/parse/policies.h"
#include "cmd/dhow/parse/ports.h"
#include "cmd/dhow/parse/times.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace dhow;
using namespace dhow::cli;

void require(bool promise) {
    if (!promise) std::abort();
}

// Words are separated by NUL.
void fuzz_argv(std::string_view text) {
    std::vector<std::string_view> words;
    for (;;) {
        const size_t end = text.find('\0');
        words.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    const auto argv = normalize_argv(words);
    if (!argv) {
        const std::string line = error_line(argv.error());
        require(line.find('\n') == line.size() - 1);
        return;
    }
    if (argv->command == nullptr || argv->help) return;
    const auto args = Args::parse(*argv);
    if (!args) require(!args.error().message.empty());
}

void fuzz_mounts(std::string_view text) {
    for (const auto& mount :
         {parse_volume(text, "/w"), parse_mount(text, "/w"), parse_tmpfs(text)}) {
        if (!mount) continue;
        require(mount->destination.starts_with('/') && mount->destination != "/");
        require(mount->destination.find("/../") == std::string::npos);
        const bool path = mount->kind == engine::MountKind::Bind;
        require(!path || mount->source.starts_with('/'));
        require(mount->kind != engine::MountKind::Volume ||
                mount->source.find('/') == std::string::npos);
    }
}

void fuzz_numbers(std::string_view text) {
    const auto bytes = parse_bytes(text);
    require(!bytes || *bytes >= 0);
    const auto cpus = parse_nano_cpus(text);
    require(!cpus || *cpus >= 0);
    ignore(parse_duration(text), "no promise but to return");
    ignore(parse_time(text, 1'700'000'000'000'000'000), "no promise but to return");
    const auto signal = parse_signal(text);
    require(!signal || (*signal >= 1 && *signal <= 64));
    const auto ports = parse_port(text);
    require(!ports || !ports->empty());
}

void fuzz_words(std::string_view text) {
    std::vector<std::string> env;
    ignore(add_env_file(text, {"A=1"}, env), "only what it appends matters");
    for (const std::string& entry : env)
        require(entry.find('=') != std::string::npos && entry[0] != '=');
    std::map<std::string, std::string> pairs;
    ignore(add_pair_file(text, "label", pairs), "only what it adds matters");
    require(!pairs.contains(""));
    ignore(parse_restart(text), "no promise but to return");
    ignore(parse_network(text), "no promise but to return");
    ignore(parse_user(text), "no promise but to return");
    const auto keys = parse_detach_keys(text);
    if (!keys) return;
    DetachWatch watch(*keys);
    const auto typed = watch.feed(text);
    require(typed.detached || typed.pass_on + watch.flush() == text);
}

void fuzz_template(std::string_view text) {
    static const json::Value data =
        json::parse(R"({"A":{"b":[1,2,{"c":"x"}],"D":null},"E":true,"F":1.5})", "data").take();
    const auto parsed = tmpl::Template::parse(text, "t");
    if (!parsed) return;
    ignore(parsed->execute(data), "no promise but to return");
    ignore(format_document(data, text, "t"), "no promise but to return");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
        case 0:
            fuzz_argv(text);
            break;
        case 1:
            fuzz_mounts(text);
            break;
        case 2:
            fuzz_numbers(text);
            break;
        case 3:
            fuzz_words(text);
            break;
        default:
            fuzz_template(text);
            break;
    }
    return 0;
}
