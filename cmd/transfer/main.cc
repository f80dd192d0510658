// SPDX-License-Identifier: Apache-2.0
// dhow-transfer: touches hostile image bytes so that nothing else has to. Reads one request from
// stdin, writes events and one answer to stdout (lib/store/transfer_protocol.h). Started by the
// engine; dies with it.
#include "base/file.h"
#include "store/registry/transport.h"
#include "store/transfer/archive.h"
#include "store/transfer/new_image.h"
#include "store/transfer/pull.h"
#include "store/transfer/push.h"
#include "store/transfer/registry_options.h"
#include "store/transfer/sandbox.h"
#include "store/transfer/save.h"
#include "store/transfer/tree_transfer.h"
#include "store/transfer/verify.h"
#include "store/transfer_protocol.h"

#include <csignal>
#include <mutex>
#include <utility>

#include <sys/prctl.h>
#include <sys/stat.h>

using namespace dhow;

namespace {

constexpr int kIn = 0;
constexpr int kOut = 1;

// Lines from several threads, whole.
class Output {
  public:
    void write(std::string_view line) {
        const std::lock_guard lock(mutex_);
        ignore(write_all(kOut, line), "the engine has gone; so shall we");
    }

  private:
    std::mutex mutex_;
};

void ignore_broken_pipes() {
    struct sigaction ignored {};

    ignored.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignored, nullptr);
}

Result<store::TransferResult> serve(const store::TransferContext& context) {
    store::TransferResult result;
    switch (context.request.verb) {
        case store::TransferVerb::Pull:
            result.images.push_back(TRY(store::pull_image(context)));
            return result;
        case store::TransferVerb::Load:
            result.images = TRY(store::load_archive(context, store::kArchiveFd));
            return result;
        case store::TransferVerb::Push:
            result.images.push_back(TRY(store::push_image(context)));
            return result;
        case store::TransferVerb::Save:
            TRY(store::save_images(context, store::kArchiveFd));
            return result;
        case store::TransferVerb::Commit:
            result.images.push_back(TRY(store::commit_image(context)));
            return result;
        case store::TransferVerb::Import:
            result.images.push_back(TRY(store::import_image(context, store::kArchiveFd)));
            return result;
        case store::TransferVerb::Export:
            TRY(store::export_tree(context, store::kArchiveFd));
            return result;
        case store::TransferVerb::Unpack:
            TRY(store::unpack_tree(context, store::kArchiveFd));
            return result;
        case store::TransferVerb::Verify:
            TRY(store::verify_contents(context));
            return result;
        case store::TransferVerb::Login:
            TRY(store::check_registry_login(context));
            return result;
    }
    return make_error(ErrorKind::Internal, "unknown verb");
}

Result<store::TransferResult> run(Output& output) {
    const auto bytes = TRY(read_all(kIn));
    auto request = TRY(store::decode_request(bytes));
    // Before the walls close: settings, logins and keys of the user.
    auto registries = TRY(store::plan_registry(request));
    TRY_CONTEXT(store::enter_sandbox(store::sandbox_for(request, store::kArchiveFd)),
                "close the sandbox of dhow-transfer");
    // Modes come from the layers, exactly; the user's helpers, above, were run with the user's own.
    ::umask(0);
    const store::TransferContext context{
        .request = request,
        .report =
            [&](const store::TransferEvent& event) { output.write(store::encode_event(event)); },
        .registries = std::move(registries)};
    return serve(context);
}

}  // namespace

int main() {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_NAME, "dhow-transfer");
    ignore_broken_pipes();
    store::prepare_transport();
    Output output;
    const auto result = run(output);
    output.write(result ? store::encode_result(*result) : store::encode_failure(result.error()));
    return result ? 0 : 1;
}
