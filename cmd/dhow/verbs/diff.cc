// SPDX-License-Identifier: Apache-2.0
// dhow diff, dhow container diff, dhow image diff: a line a change, "A", "C" or "D" before its
// path.
#include "engine/diff.h"

#include "cmd/dhow/handlers.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/output.h"

namespace dhow::cli::verbs {

namespace {

using Changes = std::vector<store::Change>;
using store::ChangeKind;

Result<Changes> find(Invocation& call, engine::Engine& engine) {
    const std::vector<std::string>& names = call.args().operands();
    const std::string older = names.size() > 1 ? names[1] : std::string();
    const bool image = call.group() != nullptr && call.group()->name == "image";
    if (image || !older.empty()) return engine::diff_image(engine, names[0], older);
    auto changes = engine::diff_container(engine, names[0]);
    const bool container = call.group() != nullptr;
    if (changes || container || changes.error().kind != ErrorKind::NotFound) return changes;
    return engine::diff_image(engine, names[0], older);
}

char letter_of(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::Added:
            return 'A';
        case ChangeKind::Changed:
            return 'C';
        case ChangeKind::Deleted:
            return 'D';
    }
    return '?';
}

std::string as_lines(const Changes& changes) {
    std::string out;
    for (const store::Change& change : changes) {
        out += letter_of(change.kind) + (" " + on_one_line(change.path)) + "\n";
    }
    return out;
}

std::string as_json(const Changes& changes) {
    json::Object object;
    for (const store::Change& change : changes) {
        const char* key = "changed";
        if (change.kind == ChangeKind::Added) key = "added";
        if (change.kind == ChangeKind::Deleted) key = "deleted";
        json::Value& list = object[key];
        if (!list.is_array()) list = json::Array();
        list.get_array().emplace_back(change.path);
    }
    return json::pretty(object, 5) + "\n";
}

}  // namespace

Result<int> diff(Invocation& call) {
    const std::string& format = call.args().text("format");
    if (!format.empty() && !is_json_format(format)) {
        return call.usage_error("only supported value for '--format' is 'json'");
    }
    engine::Engine* const engine = TRY(call.engine());
    const Changes changes = TRY(find(call, *engine));
    TRY(print(format.empty() ? as_lines(changes) : as_json(changes)));
    return 0;
}

}  // namespace dhow::cli::verbs
