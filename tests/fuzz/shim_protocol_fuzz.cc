// SPDX-License-Identifier: Apache-2.0
// What a shim and an engine read of each other: config, status, exit record, errors, log lines, the
// runtime's last words, and packets of whoever connects.
#include "base/error_wire.h"
#include "base/unix_socket.h"
#include "shim/clients.h"
#include "shim/k8s_log.h"
#include "shim/oom.h"
#include "shim/protocol.h"
#include "shim/runtime_error.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace dhow;
using namespace dhow::shim;

void require(bool promise) {
    if (!promise) std::abort();
}

// What is accepted is written again as something that means the same.
void fuzz_documents(std::string_view bytes) {
    if (const auto config = decode_config(bytes)) {
        const std::string again = encode_config(*config);
        const auto decoded = decode_config(again);
        require(decoded && encode_config(*decoded) == again);
        require(config->stop_signal > 0 && config->initial_clients >= 0);
    }
    if (const auto record = decode_exit(bytes)) {
        const auto decoded = decode_exit(encode_exit(*record));
        require(decoded && *decoded == *record);
        require(record->status.exit_code() >= 0 ||
                record->status.kind == WaitStatus::Kind::Signaled);
    }
    if (const auto status = decode_status(bytes)) {
        const std::string again = encode_status(*status);
        const auto decoded = decode_status(again);
        require(decoded && encode_status(*decoded) == again);
    }
    const Error error = decode_error(bytes);
    const Error again = decode_error(encode_error(error));
    require(again.kind == error.kind && again.message == error.message);
}

void fuzz_texts(std::string_view bytes) {
    if (const auto line = parse_log_line(bytes)) {
        require(line->text.data() + line->text.size() == bytes.data() + bytes.size());
    }
    std::string log;
    append_log_lines(log, 0, false, bytes);
    require(bytes.empty() || log.ends_with('\n'));
    const size_t cut = bytes.size() / 2;
    const Error error = runtime_error(bytes.substr(0, cut), bytes.substr(cut));
    require(!error.message.empty());
    for (const char c : error.message) require(c >= 0x20 && c < 0x7f);
    for (const std::string& file : oom_event_files(bytes)) {
        require(file.starts_with("/sys/fs/cgroup/"));
        require(file.find("/../") == std::string::npos);
    }
    ignore(parse_oom_kills(bytes), "no promise but to return");
}

struct Container : ClientHandler {
    size_t input = 0;

    void on_stdin(std::string_view bytes) override { input += bytes.size(); }

    void on_stdin_end() override {}

    void on_resize(unsigned rows, unsigned columns) override {
        require(rows <= INT32_MAX && columns <= INT32_MAX);
    }

    Status on_signal(int signal) override {
        require(signal >= 1 && signal <= 64);
        return make_error(ErrorKind::Conflict, "not running");
    }

    Status on_stop(int signal, int /*seconds*/) override {
        require(signal >= 1 && signal <= 64);
        return {};
    }

    void on_cleaned() override { std::abort(); }  // no launcher is connected

    void on_stdin_client_gone() override {}

    void on_backpressure(bool /*behind*/) override { std::abort(); }  // nobody is lossless
};

// Packets are separated by the byte 0xfe.
void fuzz_client(std::string_view bytes) {
    auto loop = EventLoop::create();
    require(loop.has_value());
    Container container;
    Clients clients(*loop, container);
    auto [ours, theirs] = make_socket_pair(SocketType::Packet).take();
    require(clients.adopt(std::move(ours), false).has_value());
    const size_t size = bytes.size();
    while (!bytes.empty()) {
        const size_t end = bytes.find('\xfe');
        const std::string_view packet = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (!packet.empty() && !send_message(theirs.get(), packet)) break;
        require(loop->run_once(std::chrono::milliseconds(0)).has_value());
        clients.broadcast_output(false, packet);
    }
    require(container.input <= size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 3) {
        case 0:
            fuzz_documents(bytes);
            break;
        case 1:
            fuzz_texts(bytes);
            break;
        default:
            fuzz_client(bytes);
            break;
    }
    return 0;
}
