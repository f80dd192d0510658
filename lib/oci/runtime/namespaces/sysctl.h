// SPDX-License-Identifier: Apache-2.0
// linux.sysctl: only what a namespace of the container's own isolates, written through a procfs
// mount made for it and attached nowhere, so that no file of the image is ever taken for a sysctl
// (CVE-2025-52881, CVE-2022-0811). Child half.
#pragma once

#include "base/result.h"
#include "oci/runtime/namespaces/namespaces.h"

#include <map>
#include <string>

namespace dhow::oci {

// Is `key` ("net.core.somaxconn", or with slashes) namespaced, and is that namespace not the
// host's?
Status check_sysctl(const std::string& key, bool own_ipc, bool own_network, bool own_uts);

Status write_sysctls(const std::map<std::string, std::string>& sysctls);

}  // namespace dhow::oci
