// SPDX-License-Identifier: Apache-2.0
// --format templates over a document that may be an image's: no crash, no endless loop, output
// within bounds.
#include "base/json.h"
#include "engine/template.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace dhow;

void require(bool promise) {
    if (!promise) std::abort();
}

const json::Value& document() {
    static const json::Value data =
        json::parse(R"({"Id":"abc","Names":["a","b"],"State":{"Status":"running","Pid":42},
            "labels":{"k":"v","x.y":"z"},"Size":1.5,"Big":9223372036854775807,"None":null,
            "True":true,"Deep":[[1,[2,[3]]],{"A":{"B":{"C":"d"}}}],"Text":"\u00e9\n\"<&>"})",
                    "data")
            .take();
    return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = tmpl::Template::parse(text, "t");
    if (!parsed) {
        require(!parsed.error().message.empty());
        return 0;
    }
    for (const std::string& field : parsed->plain_fields()) require(!field.empty());
    const tmpl::Methods methods = {
        {"Label", [](const json::Value&, const std::vector<json::Value>& arguments) {
             return Result<json::Value>(json::Value(arguments.size()));
         }}};
    const auto first = parsed->execute(document(), methods);
    const auto second = parsed->execute(document(), methods);
    require(first.has_value() == second.has_value());
    if (first) require(*first == *second);
    ignore(parsed->execute(json::Value(nullptr)), "no promise but to return");
    return 0;
}
