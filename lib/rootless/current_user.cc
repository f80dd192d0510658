// SPDX-License-Identifier: Apache-2.0
// Apart from the rest of subid.h: dhow-runtime links that and stays free of the passwd database.
#include "rootless/subid.h"

#include <array>

#include <pwd.h>
#include <unistd.h>

namespace dhow::rootless {

User current_user() {
    User user{.name = {}, .uid = ::getuid(), .gid = ::getgid()};
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(user.uid, &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found != nullptr) {
        user.name = found->pw_name;
    }
    return user;
}

}  // namespace dhow::rootless
