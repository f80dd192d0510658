// SPDX-License-Identifier: Apache-2.0
// history: the steps that the image config tells of (image-spec, config.md, "history"), each with
// the size of its layer.
#include "engine/context.h"
#include "engine/engine.h"
#include "store/image_store.h"
#include "store/layer_store.h"

#include <algorithm>

namespace dhow::engine {

static Result<HistoryStep> read_step(const json::Value& value) {
    HistoryStep step;
    if (!value.is_object()) return step;
    const json::Object& entry = value.get_object();
    const auto created = TRY(json::get_string(entry, "created"));
    if (created) step.created_at = parse_rfc3339(*created).value_or(0);
    step.created_by = TRY(json::get_string(entry, "created_by")).value_or("");
    step.comment = TRY(json::get_string(entry, "comment")).value_or("");
    return step;
}

static Result<bool> has_layer(const json::Value& value) {
    if (!value.is_object()) return true;
    return !TRY(json::get_bool(value.get_object(), "empty_layer")).value_or(false);
}

static Result<size_t> count_layered(const json::Array& entries) {
    size_t count = 0;
    for (const json::Value& entry : entries) count += TRY(has_layer(entry)) ? 1 : 0;
    return count;
}

Result<std::vector<HistoryStep>> image_history(Engine& engine, const std::string& name) {
    Context& context = engine.context();
    store::ImageStore images(context.store);
    store::LayerStore layers(context.store);
    const auto image = TRY(images.find(name));
    const auto diff_ids = TRY(images.diff_ids(image.id));
    const auto document = TRY(json::parse_object(image.config, "image config"));
    const json::Array* history = TRY(json::get_array(document, "history"));
    const json::Array entries = history == nullptr ? json::Array() : *history;
    std::vector<HistoryStep> steps;
    size_t layer = 0;
    // Layers that no history tells of are those at the bottom: who adds one adds its entry.
    for (const size_t told = TRY(count_layered(entries)); layer + told < diff_ids.size(); ++layer) {
        steps.push_back({.size = TRY(layers.size_of(diff_ids[layer]))});
    }
    for (const json::Value& value : entries) {
        auto step = TRY(read_step(value));
        const bool layered = TRY(has_layer(value));
        if (layered && layer < diff_ids.size()) step.size = TRY(layers.size_of(diff_ids[layer++]));
        steps.push_back(std::move(step));
    }
    std::reverse(steps.begin(), steps.end());
    if (steps.empty()) steps.emplace_back();
    steps.front().image_id = image.id;
    steps.front().names = image.names;
    return steps;
}

}  // namespace dhow::engine
