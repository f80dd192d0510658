// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/detach_keys.h"

#include "base/text.h"

#include <utility>

namespace dhow::cli {

Result<std::string> parse_detach_keys(std::string_view text) {
    std::string sequence;
    if (text.empty()) return sequence;
    for (const std::string& key : split(text, ',')) {
        constexpr std::string_view kControl = "ctrl-";
        const std::string_view name(key);
        if (name.size() == 1 && name[0] > ' ' && name[0] < 0x7f) {
            sequence += name[0];
            continue;
        }
        const char letter =
            name.size() == kControl.size() + 1 && to_lower(name).starts_with(kControl)
                ? to_lower(name).back()
                : '\0';
        const bool known =
            (letter >= 'a' && letter <= 'z') ||
            (letter != '\0' && std::string_view("@[\\]^_").find(letter) != std::string_view::npos);
        if (!known) {
            return make_error(ErrorKind::InvalidArgument,
                              "invalid detach keys '" + printable(text) + "': unknown key '" +
                                  printable(key) + "'",
                              "name keys as in ctrl-p,ctrl-q or a");
        }
        sequence += static_cast<char>(letter & 0x1f);
    }
    return sequence;
}

DetachWatch::Typed DetachWatch::feed(std::string_view bytes) {
    Typed typed;
    if (sequence_.empty()) {
        typed.pass_on = bytes;
        return typed;
    }
    for (const char byte : bytes) {
        held_ += byte;
        // The longest end of what is held that still begins the sequence stays held.
        while (!std::string_view(sequence_).starts_with(held_)) {
            typed.pass_on += held_.front();
            held_.erase(0, 1);
        }
        if (held_ == sequence_) {
            held_.clear();
            typed.detached = true;
            return typed;
        }
    }
    return typed;
}

std::string DetachWatch::flush() {
    return std::exchange(held_, {});
}

}  // namespace dhow::cli
