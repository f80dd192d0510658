// SPDX-License-Identifier: Apache-2.0
// `<root>/reserve`: room set aside for the day the disk is full, because removing things takes a
// little first (the database's log). Whoever removes something gives it back to the disk while it
// is needed and takes it again at the end, as much as there is.
#pragma once

#include "base/result.h"

namespace dhow::store {

// Sets the reserve aside when it is not there and the disk has plenty: before images come in, so
// that no other command looks.
void keep_reserve(int root);

// Room to remove things in.
class [[nodiscard]] Room {
  public:
    // Gives the reserve back when the disk has less room than it holds. `root` outlives this.
    explicit Room(int root);
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room();

  private:
    int root_;
    bool spent_;
};

}  // namespace dhow::store
