// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/handlers.h"

#include <array>

namespace dhow::cli {

namespace {

struct Entry {
    Verb verb;
    Result<int> (*handler)(Invocation& call);
};

constexpr auto kHandlers = std::to_array<Entry>({
    {Verb::Attach, verbs::attach},
    {Verb::Cleanup, verbs::cleanup},
    {Verb::Commit, verbs::commit},
    {Verb::ContainerExists, verbs::container_exists},
    {Verb::ContainerPrune, verbs::container_prune},
    {Verb::Create, verbs::create},
    {Verb::Diff, verbs::diff},
    {Verb::Exec, verbs::exec},
    {Verb::Export, verbs::export_container},
    {Verb::GenerateSystemd, verbs::generate_systemd},
    {Verb::Help, verbs::help},
    {Verb::History, verbs::history},
    {Verb::ImageExists, verbs::image_exists},
    {Verb::ImagePrune, verbs::image_prune},
    {Verb::ImageTree, verbs::image_tree},
    {Verb::Images, verbs::images},
    {Verb::Import, verbs::import_image},
    {Verb::Info, verbs::info},
    {Verb::Inspect, verbs::inspect},
    {Verb::Kill, verbs::kill},
    {Verb::Load, verbs::load},
    {Verb::Login, verbs::login},
    {Verb::Logout, verbs::logout},
    {Verb::Logs, verbs::logs},
    {Verb::Ps, verbs::ps},
    {Verb::Pull, verbs::pull},
    {Verb::Push, verbs::push},
    {Verb::Rename, verbs::rename},
    {Verb::Restart, verbs::restart},
    {Verb::Rm, verbs::rm},
    {Verb::Rmi, verbs::rmi},
    {Verb::Run, verbs::run},
    {Verb::Save, verbs::save},
    {Verb::Start, verbs::start},
    {Verb::Stop, verbs::stop},
    {Verb::SystemCheck, verbs::system_check},
    {Verb::SystemDf, verbs::system_df},
    {Verb::SystemPrune, verbs::system_prune},
    {Verb::SystemReset, verbs::system_reset},
    {Verb::SystemService, verbs::system_service},
    {Verb::Tag, verbs::tag},
    {Verb::Top, verbs::top},
    {Verb::Untag, verbs::untag},
    {Verb::Version, verbs::version},
    {Verb::VolumeCreate, verbs::volume_create},
    {Verb::VolumeExists, verbs::volume_exists},
    {Verb::VolumeExport, verbs::volume_export},
    {Verb::VolumeImport, verbs::volume_import},
    {Verb::VolumeLs, verbs::volume_ls},
    {Verb::VolumePrune, verbs::volume_prune},
    {Verb::VolumeRm, verbs::volume_rm},
    {Verb::Wait, verbs::wait},
});

}  // namespace

Result<int> handle(Invocation& call) {
    for (const Entry& entry : kHandlers) {
        if (entry.verb == call.command().verb) return entry.handler(call);
    }
    return make_error(ErrorKind::Internal, "the command `dhow " + call.path() + "` has no handler");
}

}  // namespace dhow::cli
