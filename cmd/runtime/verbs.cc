// SPDX-License-Identifier: Apache-2.0
#include "cmd/runtime/verb.h"

#include <array>

namespace dhow::runtime_cli {

std::span<const Verb* const> all_verbs() {
    static constexpr std::array<const Verb*, 17> kAll = {&kCheckpoint,
                                                         &kCreate,
                                                         &kDelete,
                                                         &kEvents,
                                                         &kExec,
                                                         &kFeatures,
                                                         &kKill,
                                                         &kList,
                                                         &kPause,
                                                         &kPs,
                                                         &kRestore,
                                                         &kResume,
                                                         &kRun,
                                                         &kSpec,
                                                         &kStart,
                                                         &kState,
                                                         &kUpdate};
    return kAll;
}

}  // namespace dhow::runtime_cli
