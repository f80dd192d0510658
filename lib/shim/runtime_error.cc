// SPDX-License-Identifier: Apache-2.0
#include "shim/runtime_error.h"

#include "base/text.h"

#include <string>

namespace dhow::shim {

namespace {

bool mentions(std::string_view text, std::string_view words) {
    return text.find(words) != std::string_view::npos;
}

// The four hexadecimal digits of a \u escape; what is not ASCII is shown as '?'.
char unescape_code(std::string_view digits) {
    const auto code = parse_int<unsigned>(digits, 16);
    return code && *code < 0x80 ? static_cast<char>(*code) : '?';
}

// The string that begins after `text`'s first quote, as JSON writes it.
std::string read_json_string(std::string_view text) {
    std::string value;
    for (size_t i = text.find('"') + 1; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            value += text[i];
            continue;
        }
        ++i;
        if (text[i] == 'u') {
            value += unescape_code(text.substr(i + 1, 4));
            i += 4;
        } else {
            value += text[i] == 'n' || text[i] == 't' || text[i] == 'r' ? ' ' : text[i];
        }
    }
    return value;
}

// The last "msg" is all that is needed of the log: no JSON library in the shim. A quote within a
// value is escaped, so the pattern cannot match inside one.
std::string last_message(std::string_view log) {
    constexpr std::string_view kKey = "\"msg\":";
    const size_t at = log.rfind(kKey);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = log.substr(at + kKey.size());
    return rest.find('"') == std::string_view::npos ? std::string() : read_json_string(rest);
}

// runc and dhow-runtime: `exec: "CMD": ...`; crun: "executable file `CMD' not found", "open
// executable: ...", "exec container process `CMD': ...".
ErrorKind classify(std::string_view message) {
    const bool about_command =
        mentions(message, "exec: \"") || mentions(message, "executable file `") ||
        mentions(message, "open executable") || mentions(message, "exec container process");
    if (!about_command) return ErrorKind::System;
    if (mentions(message, "not found") || mentions(message, "o such file or directory")) {
        return ErrorKind::CommandNotFound;
    }
    return ErrorKind::CannotInvoke;
}

}  // namespace

Error runtime_error(std::string_view log, std::string_view printed) {
    std::string message = last_message(log);
    if (message.empty()) message = std::string(trim(printed));
    if (message.empty()) message = "the OCI runtime failed without a word";
    constexpr std::string_view kNoise = "unable to start container process: ";
    if (const size_t at = message.find(kNoise); at != std::string::npos) {
        message.erase(0, at + kNoise.size());
    }
    return make_error(classify(message), printable(message));
}

Error naming_command(Error error, std::string_view command) {
    const bool about_command =
        error.kind == ErrorKind::CommandNotFound || error.kind == ErrorKind::CannotInvoke;
    if (about_command && !mentions(error.message, command)) {
        error.message = "exec: \"" + printable(command) + "\": " + error.message;
    }
    return error;
}

}  // namespace dhow::shim
