// SPDX-License-Identifier: Apache-2.0
// What the engine does with images and registries; part of engine/engine.h.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "engine/image_requests.h"
#include "engine/views.h"

#include <functional>
#include <string>
#include <vector>

namespace dhow::engine {

class Engine;

// Progress of a pull or load, in order: see views.h.
using ProgressSink = std::function<void(const ProgressEvent&)>;

Result<std::string> pull_image(Engine& engine,
                               const PullRequest& request,
                               const ProgressSink& sink);
// docker-archive or OCI archive, plain or compressed, read from `fd`. The names loaded.
Result<std::vector<std::string>> load_images(Engine& engine, int fd, const ProgressSink& sink);
// The digest of the manifest that the registry has now.
Result<std::string> push_image(Engine& engine,
                               const PushRequest& request,
                               const ProgressSink& sink);
// To `output`: a file or pipe, or an open empty folder for the formats that are folders.
Status save_images(Engine& engine,
                   const SaveRequest& request,
                   int output,
                   const ProgressSink& sink);
// The new image's id.
Result<std::string> commit_container(Engine& engine,
                                     const CommitRequest& request,
                                     const ProgressSink& sink);
// Of a tar of a root file system, plain or compressed. The new image's id.
Result<std::string> import_image(Engine& engine,
                                 const ImportRequest& request,
                                 int tar,
                                 const ProgressSink& sink);
// The container's root file system, its mounts left out, as a tar.
Status export_container(Engine& engine, const std::string& container, int output);
Result<std::vector<ImageSummary>> list_images(Engine& engine);
Result<json::Object> inspect_image(Engine& engine, const std::string& name);
// The newest step first.
Result<std::vector<HistoryStep>> image_history(Engine& engine, const std::string& name);

// One layer of an image, as `image tree` lists them.
struct ImageLayer {
    std::string diff_id;
    uint64_t size = 0;                // bytes of its files
    std::vector<std::string> top_of;  // names of the images that end with it
};

// The base first.
Result<std::vector<ImageLayer>> image_layers(Engine& engine, const std::string& name);
Result<void> tag_image(Engine& engine, const std::string& source, const std::string& target);
// `names` taken from it, or all it has; the image stays.
Status untag_image(Engine& engine, const std::string& image, const std::vector<std::string>& names);

Result<RemovedImage> remove_image(Engine& engine, const std::string& name, bool force);
Result<void> login(Engine& engine, const LoginRequest& request);
// The registry forgotten; NotFound when nobody was logged in there.
Result<void> logout(Engine& engine, const std::string& registry, const std::string& auth_file);

}  // namespace dhow::engine
