// SPDX-License-Identifier: Apache-2.0
// As runtime_spec_members.h, for the types below `linux`. Included by runtime_spec.cc alone.
#pragma once

#include "oci/spec/runtime_spec_linux.h"

namespace dhow::oci {

template <class V>
void members(V& v, Namespace& t) {
    v("type", t.type, v.kAlways);
    v("path", t.path);
}

template <class V>
void members(V& v, TimeOffset& t) {
    v("secs", t.secs);
    v("nanosecs", t.nanosecs);
}

template <class V>
void members(V& v, Device& t) {
    v("path", t.path);
    v("type", t.type);
    v("major", t.major);
    v("minor", t.minor);
    v("fileMode", t.file_mode);
    v("uid", t.uid);
    v("gid", t.gid);
}

template <class V>
void members(V& v, NetDevice& t) {
    v("name", t.name);
}

template <class V>
void members(V& v, SeccompArg& t) {
    v("index", t.index, v.kAlways);
    v("value", t.value, v.kAlways);
    v("valueTwo", t.value_two);
    v("op", t.op);
}

template <class V>
void members(V& v, SeccompSyscall& t) {
    v("names", t.names);
    v("action", t.action);
    v("errnoRet", t.errno_ret);
    v("args", t.args);
}

template <class V>
void members(V& v, Seccomp& t) {
    v("defaultAction", t.default_action);
    v("defaultErrnoRet", t.default_errno_ret);
    v("architectures", t.architectures);
    v("flags", t.flags);
    v("listenerPath", t.listener_path);
    v("listenerMetadata", t.listener_metadata);
    v("syscalls", t.syscalls);
}

template <class V>
void members(V& v, Personality& t) {
    v("domain", t.domain);
    v("flags", t.flags);
}

template <class V>
void members(V& v, IntelRdt& t) {
    v("closID", t.clos_id);
    v("l3CacheSchema", t.l3_cache_schema);
    v("memBwSchema", t.mem_bw_schema);
    v("schemata", t.schemata);
    v("enableMonitoring", t.enable_monitoring);
}

template <class V>
void members(V& v, MemoryPolicy& t) {
    v("mode", t.mode, v.kAlways);
    v("nodes", t.nodes);
    v("flags", t.flags);
}

template <class V>
void members(V& v, Linux& t) {
    v("uidMappings", t.uid_mappings);
    v("gidMappings", t.gid_mappings);
    v("sysctl", t.sysctl);
    v("resources", t.resources);
    v("cgroupsPath", t.cgroups_path);
    v("namespaces", t.namespaces);
    v("timeOffsets", t.time_offsets);
    v("devices", t.devices);
    v("netDevices", t.net_devices);
    v("seccomp", t.seccomp);
    v("rootfsPropagation", t.rootfs_propagation);
    v("maskedPaths", t.masked_paths);
    v("readonlyPaths", t.readonly_paths);
    v("mountLabel", t.mount_label);
    v("intelRdt", t.intel_rdt);
    v("memoryPolicy", t.memory_policy);
    v("personality", t.personality);
}

}  // namespace dhow::oci
