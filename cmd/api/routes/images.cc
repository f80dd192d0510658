// SPDX-License-Identifier: Apache-2.0
// Images: list, inspect, history, tag, remove, load. Pulling is pull.cc.
#include "base/file.h"
#include "cmd/api/call.h"
#include "cmd/api/image_json.h"
#include "cmd/api/progress.h"
#include "cmd/api/routes.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace dhow::api::handlers {

namespace {

bool matches_reference(const engine::ImageSummary& image, const std::string& wanted) {
    return std::any_of(image.names.begin(), image.names.end(), [&](const std::string& name) {
        const std::string shown = familiar_name(name);
        return shown == wanted || shown.substr(0, shown.rfind(':')) == wanted ||
               name == canonical_name(wanted);
    });
}

bool matches_label(const engine::ImageSummary& image, const std::string& wanted) {
    const size_t equals = wanted.find('=');
    const auto found = image.labels.find(wanted.substr(0, equals));
    if (found == image.labels.end()) return false;
    return equals == std::string::npos || found->second == wanted.substr(equals + 1);
}

Result<bool> passes(const engine::ImageSummary& image, const Filters& filters) {
    for (const auto& [name, values] : filters) {
        bool ok = false;
        for (const std::string& value : values) {
            if (name == "reference") {
                ok = ok || matches_reference(image, value);
            } else if (name == "label") {
                ok = ok || matches_label(image, value);
            } else if (name == "dangling") {
                ok = ok || image.names.empty() == (value == "true" || value == "1");
            } else {
                return make_error(ErrorKind::InvalidArgument, "invalid filter '" + name + "'");
            }
        }
        if (!ok) return false;
    }
    return true;
}

Result<void> list(Call& call) {
    const auto filters = TRY(parse_filters(call.query.get("filters")));
    json::Array images;
    for (const engine::ImageSummary& image : TRY(engine::list_images(call.engine))) {
        if (TRY(passes(image, filters))) images.push_back(image_summary(image));
    }
    reply_json(call, images);
    return {};
}

Result<json::Object> find(Call& call) {
    return engine::inspect_image(call.engine, call.param("name"));
}

Result<void> tag(Call& call) {
    std::string target = call.query.get("repo");
    if (const std::string tag = call.query.get("tag"); !tag.empty()) target += ":" + tag;
    TRY(engine::tag_image(call.engine, call.param("name"), canonical_name(target)));
    reply_nothing(call, 201);
    return {};
}

Result<void> remove(Call& call) {
    const bool force = call.query.flag("force");
    reply_json(call,
               removed_image(TRY(engine::remove_image(call.engine, call.param("name"), force))));
    return {};
}

// The archive goes through a memory file only as far as it must: dhow-transfer reads it twice.
Result<UniqueFd> spool_body(Call& call) {
    UniqueFd file(::open(call.engine.run_root().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file) return system_error("keep the archive in '" + call.engine.run_root() + "'");
    std::vector<char> chunk(1U << 16U);
    while (const size_t got = TRY(call.http.read_body(chunk))) {
        TRY(write_all(file.get(), {chunk.data(), got}));
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return system_error("rewind the archive");
    return file;
}

Result<void> load(Call& call) {
    const auto archive = TRY(spool_body(call));
    JsonStream stream(call);
    const auto names = engine::load_images(call.engine, archive.get(), stream.sink());
    if (!names) return stream.fail(names.error());
    for (const std::string& name : *names) {
        TRY(stream.write({{"stream", "Loaded image: " + familiar_name(name) + "\n"}}));
    }
    return stream.end();
}

}  // namespace

void image_list(Call& call) {
    answer_errors(call, list(call));
}

void image_inspect(Call& call) {
    const auto found = find(call);
    if (!found) return reply_error(call, found.error());
    reply_json(call, image_document(*found));
}

void image_history(Call& call) {
    const auto found = find(call);
    if (!found) return reply_error(call, found.error());
    reply_json(call, api::image_history(*found));
}

void image_tag(Call& call) {
    answer_errors(call, tag(call));
}

void image_remove(Call& call) {
    answer_errors(call, remove(call));
}

void image_load(Call& call) {
    answer_errors(call, load(call));
}

}  // namespace dhow::api::handlers
