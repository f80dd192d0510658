// SPDX-License-Identifier: Apache-2.0
// dhow volume create: prints the name.
#include "base/text.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/parse/environment.h"
#include "engine/volumes.h"

namespace dhow::cli::verbs {

namespace {

// "o=" given twice adds up, as -o for mount(8) does.
Status add_option(const std::string& text, std::map<std::string, std::string>& options) {
    const auto [key, value] = split_once(text, '=');
    std::string& option = options[std::string(key)];
    const std::string word(value.value_or(""));
    option = key == "o" && !option.empty() ? option + "," + word : word;
    return {};
}

Result<engine::VolumeRequest> make_request(Invocation& call) {
    const Args& args = call.args();
    engine::VolumeRequest request;
    if (!args.operands().empty()) request.name = args.operands()[0];
    request.driver = args.text("driver");
    request.ignore_existing = args.flag("ignore");
    for (const std::string& label : args.list("label")) {
        TRY(add_pair(label, "label", request.labels));
    }
    for (const std::string& option : args.list("opt")) TRY(add_option(option, request.options));
    for (const char* id : {"uid", "gid"}) {
        const std::optional<int64_t> number = args.integer(id);
        if (number)
            TRY(add_option("o=" + std::string(id) + "=" + std::to_string(*number),
                           request.options));
    }
    return request;
}

}  // namespace

Result<int> volume_create(Invocation& call) {
    const engine::VolumeRequest request = TRY(make_request(call));
    engine::Engine* const engine = TRY(call.engine());
    const engine::VolumeDetails made = TRY(engine::create_volume(*engine, request));
    TRY(print_line(made.name));
    return 0;
}

}  // namespace dhow::cli::verbs
