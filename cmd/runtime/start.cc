// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/unix_socket.h"
#include "cmd/runtime/verb.h"
#include "oci/runtime/hooks.h"
#include "oci/runtime/init_sync.h"
#include "oci/runtime/log.h"

namespace dhow::runtime_cli {

// The waiting init answers the connection, and upon Start either executes the program, which closes
// it, or tells why it could not. The socket is the mark of a created container: it goes before the
// program comes, whenever this process is killed.
static Status release_init(const Container& container) {
    auto socket = TRY(
        connect_unix_at(container.folder.fd(), oci::StateFolder::kStartSocket, SocketType::Packet));
    oci::ParentEnd init(std::move(socket));
    const auto answer = TRY(init.receive());
    if (answer.type != oci::ChildMessage::Ready) {
        return make_error(ErrorKind::Internal, "the container's init spoke out of order");
    }
    TRY(remove_file_at(container.folder.fd(), oci::StateFolder::kStartSocket));
    TRY(init.send(oci::ParentMessage::Start));
    return init.await_exec();
}

// runtime.md, "Lifecycle", 9: where one fails, the container is stopped and destroyed.
static Status poststart(Container& container) {
    const auto spec = load_spec(container.state.bundle);
    if (spec && !spec->process) {
        // The error of runtime.md, "Start"; as with crun the container has ended, that is all.
        oci::log_warning("config.json has no process: there was nothing to start");
        return {};
    }
    if (!spec || !spec->hooks || spec->hooks->poststart.empty()) return {};
    const auto document = oci::public_state(container.state, oci::ContainerStatus::Running, false);
    auto hooks = oci::run_hooks(spec->hooks->poststart, "poststart", document);
    if (!hooks) ignore(destroy_container(container), "the first error is the one to tell");
    return hooks;
}

static Result<int> start(const Context& context, const Parsed& parsed) {
    auto container = TRY(open_container(context, parsed.rest[0]));
    switch (container.status) {
        case oci::ContainerStatus::Created:
            break;
        case oci::ContainerStatus::Stopped:
            return make_error(ErrorKind::Conflict, "cannot start a container that has stopped");
        default:
            return make_error(ErrorKind::Conflict, "cannot start an already running container");
    }
    TRY(release_init(container));
    TRY(poststart(container));
    return 0;
}

const Verb kStart{.name = "start",
                  .arguments = "CONTAINER",
                  .help = "let a created container run",
                  .least_arguments = 1,
                  .most_arguments = 1,
                  .run = start};

}  // namespace dhow::runtime_cli
