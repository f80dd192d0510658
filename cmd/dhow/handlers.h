// SPDX-License-Identifier: Apache-2.0
// The other half of the command table: which function does a verb. One file a verb in verbs/.
#pragma once

#include "base/result.h"
#include "cmd/dhow/invocation.h"

namespace dhow::cli {

// The exit code of the process.
Result<int> handle(Invocation& call);

namespace verbs {

Result<int> attach(Invocation& call);
Result<int> cleanup(Invocation& call);
Result<int> commit(Invocation& call);
Result<int> container_exists(Invocation& call);
Result<int> container_prune(Invocation& call);
Result<int> create(Invocation& call);
Result<int> diff(Invocation& call);
Result<int> exec(Invocation& call);
Result<int> export_container(Invocation& call);
Result<int> generate_systemd(Invocation& call);
Result<int> help(Invocation& call);
Result<int> history(Invocation& call);
Result<int> image_exists(Invocation& call);
Result<int> image_prune(Invocation& call);
Result<int> image_tree(Invocation& call);
Result<int> images(Invocation& call);
Result<int> import_image(Invocation& call);
Result<int> info(Invocation& call);
Result<int> inspect(Invocation& call);
Result<int> kill(Invocation& call);
Result<int> load(Invocation& call);
Result<int> login(Invocation& call);
Result<int> logout(Invocation& call);
Result<int> logs(Invocation& call);
Result<int> ps(Invocation& call);
Result<int> pull(Invocation& call);
Result<int> push(Invocation& call);
Result<int> rename(Invocation& call);
Result<int> restart(Invocation& call);
Result<int> rm(Invocation& call);
Result<int> rmi(Invocation& call);
Result<int> run(Invocation& call);
Result<int> save(Invocation& call);
Result<int> start(Invocation& call);
Result<int> stop(Invocation& call);
Result<int> system_check(Invocation& call);
Result<int> system_df(Invocation& call);
Result<int> system_prune(Invocation& call);
Result<int> system_reset(Invocation& call);
Result<int> system_service(Invocation& call);
Result<int> tag(Invocation& call);
Result<int> top(Invocation& call);
Result<int> untag(Invocation& call);
Result<int> version(Invocation& call);
Result<int> volume_create(Invocation& call);
Result<int> volume_exists(Invocation& call);
Result<int> volume_export(Invocation& call);
Result<int> volume_import(Invocation& call);
Result<int> volume_ls(Invocation& call);
Result<int> volume_prune(Invocation& call);
Result<int> volume_rm(Invocation& call);
Result<int> wait(Invocation& call);

}  // namespace verbs

}  // namespace dhow::cli
