// SPDX-License-Identifier: Apache-2.0
// Compiled seccomp programs by profile: compiling the default profile takes milliseconds, reading
// it back a few hundredths of one. The whole key is stored beside the program and compared, so that
// a collision of names can never hand out another profile's program. Failures only cost the cache.
#pragma once

#include "base/unique_fd.h"
#include "oci/spec/runtime_spec.h"

#include <optional>
#include <string>

namespace dhow::oci {

// Everything the program depends on: the profile, this architecture, the library's version.
std::string seccomp_key(const Seccomp& seccomp);

class SeccompCache {
  public:
    // Unusable (finds and stores nothing) unless `folder` is ours and nobody else's to write.
    static SeccompCache open(const std::string& folder);

    [[nodiscard]] std::optional<std::string> find(const std::string& key) const;
    void store(const std::string& key, const std::string& program) const;

  private:
    explicit SeccompCache(UniqueFd folder) : folder_(std::move(folder)) {}

    UniqueFd folder_;
};

}  // namespace dhow::oci
