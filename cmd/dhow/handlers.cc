// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/handlers.h"

namespace dhow::cli {

Result<int> handle(Invocation& call) {
    switch (call.command().verb) {
        case Verb::Attach:
            return verbs::attach(call);
        case Verb::Cleanup:
            return verbs::cleanup(call);
        case Verb::ContainerExists:
            return verbs::container_exists(call);
        case Verb::Create:
            return verbs::create(call);
        case Verb::Exec:
            return verbs::exec(call);
        case Verb::GenerateSystemd:
            return verbs::generate_systemd(call);
        case Verb::Help:
            return verbs::help(call);
        case Verb::ImageExists:
            return verbs::image_exists(call);
        case Verb::Images:
            return verbs::images(call);
        case Verb::Info:
            return verbs::info(call);
        case Verb::Inspect:
            return verbs::inspect(call);
        case Verb::Kill:
            return verbs::kill(call);
        case Verb::Load:
            return verbs::load(call);
        case Verb::Login:
            return verbs::login(call);
        case Verb::Logout:
            return verbs::logout(call);
        case Verb::Logs:
            return verbs::logs(call);
        case Verb::Ps:
            return verbs::ps(call);
        case Verb::Pull:
            return verbs::pull(call);
        case Verb::Rename:
            return verbs::rename(call);
        case Verb::Restart:
            return verbs::restart(call);
        case Verb::Rm:
            return verbs::rm(call);
        case Verb::Rmi:
            return verbs::rmi(call);
        case Verb::Run:
            return verbs::run(call);
        case Verb::Start:
            return verbs::start(call);
        case Verb::Stop:
            return verbs::stop(call);
        case Verb::SystemService:
            return verbs::system_service(call);
        case Verb::Tag:
            return verbs::tag(call);
        case Verb::Top:
            return verbs::top(call);
        case Verb::Version:
            return verbs::version(call);
        case Verb::Wait:
            return verbs::wait(call);
    }
    return make_error(ErrorKind::Internal, "the command `dhow " + call.path() + "` has no handler");
}

}  // namespace dhow::cli
