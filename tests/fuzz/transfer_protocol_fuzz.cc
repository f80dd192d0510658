// SPDX-License-Identifier: Apache-2.0
// The lines between the engine and dhow-transfer: whatever is accepted is written again as it was
// read, on one line.
#include "store/transfer_protocol.h"
#include "tests/fuzz/require.h"

namespace {

using namespace dhow;
using namespace dhow::store;
using fuzz::require;

std::string encode(const TransferMessage& message) {
    if (const auto* event = std::get_if<TransferEvent>(&message)) return encode_event(*event);
    if (const auto* result = std::get_if<TransferResult>(&message)) return encode_result(*result);
    return encode_failure(std::get<Error>(message));
}

void fuzz_message(std::string_view line) {
    const auto message = decode_message(line);
    if (!message) return;
    const std::string written = encode(*message);
    require(written.find('\n') == written.size() - 1);
    const auto again = decode_message(written);
    require(static_cast<bool>(again) && again->index() == message->index());
    require(encode(*again) == written);
}

void fuzz_request(std::string_view bytes) {
    const auto request = decode_request(bytes);
    if (!request) return;
    const std::string written = encode_request(*request);
    const auto again = decode_request(written);
    require(static_cast<bool>(again) && encode_request(*again) == written);
}

// A failure arrives whatever its text is.
void fuzz_failure(std::string_view text) {
    const auto sent =
        encode_failure(make_error(ErrorKind::NoSpace, std::string(text), std::string(text)));
    const auto message = decode_message(sent);
    require(static_cast<bool>(message) && std::holds_alternative<Error>(*message));
    require(std::get<Error>(*message).kind == ErrorKind::NoSpace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = fuzz::as_text(data, size);
    fuzz_message(text);
    fuzz_request(text);
    fuzz_failure(text);
    return 0;
}
