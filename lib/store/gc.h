// SPDX-License-Identifier: Apache-2.0
// What crashed commands left behind. Whoever makes or removes folders of the store does it under a
// session in `staging/`; a session whose lock is free belongs to a dead command, and is the one
// sign that a sweep is due. So the question costs one look into a folder that is empty as a rule.
#pragma once

#include "base/result.h"
#include "store/store.h"

namespace dhow::store {

// True when a session is there whose owner is dead.
Result<bool> leftovers_exist(Store& store);

// In a session's folder: the name of the volume that its owner is about to remove. Without it a
// volume's folder that has no row is left alone, for its content may be dear to somebody.
inline constexpr const char* kRemovedVolume = "removed-volume";

struct Swept {
    int sessions = 0;
    int layers = 0;  // folders without a row
    int blobs = 0;   // files without a row
    int volumes = 0;
};

// Removes dead sessions, then layer, blob and volume folders that have no row. In the user
// namespace when rootless: unpacked layers belong to subordinate ids.
Result<Swept> sweep(Store& store);

}  // namespace dhow::store
