// SPDX-License-Identifier: Apache-2.0
// What the engine does with volumes; part of engine/engine.h. A volume is named in full, or by a
// unique prefix of its name.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "engine/filters.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dhow::engine {

class Engine;

struct VolumeRequest {
    std::string name;    // empty: 64 random hex digits, and anonymous
    std::string driver;  // "", "local"
    Labels labels;
    // "type", "device", "o": what is mounted in its place, as mount(8) has it; in "o" also "uid=N"
    // and "gid=N", the owner of an ordinary volume's folder.
    std::map<std::string, std::string> options;
    bool ignore_existing = false;
};

struct VolumeDetails {
    std::string name;
    std::string mount_point;  // absolute path of its folder
    UnixNanos created_at = 0;
    Labels labels;
    std::map<std::string, std::string> options;
    bool anonymous = false;
    bool needs_copy_up = false;
    std::vector<std::string> containers;  // ids of those that refer to it
};

// AlreadyExists, unless it is to be ignored.
Result<VolumeDetails> create_volume(Engine& engine, const VolumeRequest& request);
Result<VolumeDetails> inspect_volume(Engine& engine, const std::string& name);
// By name.
Result<std::vector<VolumeDetails>> list_volumes(Engine& engine);

struct RemoveVolumeRequest {
    std::string volume;
    bool force = false;  // its containers go with it
    int timeout_seconds = 10;
};

Status remove_volume(Engine& engine, const RemoveVolumeRequest& request);

// Its content as a tar, to `output`.
Status export_volume(Engine& engine, const std::string& name, int output);
// A tar, plain or compressed, laid over what it holds.
Status import_volume(Engine& engine, const std::string& name, int tar);

}  // namespace dhow::engine
