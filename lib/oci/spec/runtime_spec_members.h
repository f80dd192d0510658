// SPDX-License-Identifier: Apache-2.0
// Which JSON member belongs to which C++ member: one list a type, walked by the reader and by the
// writer of runtime_spec.cc, so that the two cannot disagree. Included by runtime_spec.cc alone.
#pragma once

#include "oci/spec/runtime_spec.h"

namespace dhow::oci {

template <class V>
void members(V& v, IdMapping& t) {
    v("containerID", t.container_id, v.kAlways);
    v("hostID", t.host_id, v.kAlways);
    v("size", t.size, v.kAlways);
}

template <class V>
void members(V& v, Root& t) {
    v("path", t.path);
    v("readonly", t.readonly);
}

template <class V>
void members(V& v, Mount& t) {
    v("destination", t.destination);
    v("type", t.type);
    v("source", t.source);
    v("options", t.options);
    v("uidMappings", t.uid_mappings);
    v("gidMappings", t.gid_mappings);
}

template <class V>
void members(V& v, User& t) {
    v("uid", t.uid, v.kAlways);
    v("gid", t.gid, v.kAlways);
    v("umask", t.umask);
    v("additionalGids", t.additional_gids);
}

template <class V>
void members(V& v, ConsoleSize& t) {
    v("height", t.height);
    v("width", t.width);
}

template <class V>
void members(V& v, Capabilities& t) {
    v("bounding", t.bounding);
    v("effective", t.effective);
    v("inheritable", t.inheritable);
    v("permitted", t.permitted);
    v("ambient", t.ambient);
}

template <class V>
void members(V& v, Rlimit& t) {
    v("type", t.type);
    v("hard", t.hard, v.kAlways);
    v("soft", t.soft, v.kAlways);
}

template <class V>
void members(V& v, Scheduler& t) {
    v("policy", t.policy);
    v("nice", t.nice);
    v("priority", t.priority);
    v("flags", t.flags);
    v("runtime", t.runtime);
    v("deadline", t.deadline);
    v("period", t.period);
}

template <class V>
void members(V& v, IoPriority& t) {
    v("class", t.klass);
    v("priority", t.priority, v.kAlways);
}

template <class V>
void members(V& v, CpuAffinity& t) {
    v("initial", t.initial);
    v("final", t.final_);
}

template <class V>
void members(V& v, Process& t) {
    v("terminal", t.terminal);
    v("consoleSize", t.console_size);
    v("user", t.user);
    v("args", t.args);
    v("env", t.env);
    v("cwd", t.cwd);
    v("capabilities", t.capabilities);
    v("rlimits", t.rlimits);
    v("noNewPrivileges", t.no_new_privileges);
    v("apparmorProfile", t.apparmor_profile);
    v("oomScoreAdj", t.oom_score_adj);
    v("selinuxLabel", t.selinux_label);
    v("scheduler", t.scheduler);
    v("ioPriority", t.io_priority);
    v("execCPUAffinity", t.exec_cpu_affinity);
}

template <class V>
void members(V& v, Hook& t) {
    v("path", t.path);
    v("args", t.args);
    v("env", t.env);
    v("timeout", t.timeout);
}

template <class V>
void members(V& v, Hooks& t) {
    v("prestart", t.prestart);
    v("createRuntime", t.create_runtime);
    v("createContainer", t.create_container);
    v("startContainer", t.start_container);
    v("poststart", t.poststart);
    v("poststop", t.poststop);
}

template <class V>
void members(V& v, RuntimeSpec& t) {
    v("ociVersion", t.oci_version);
    v("process", t.process);
    v("root", t.root);
    v("hostname", t.hostname);
    v("domainname", t.domainname);
    v("mounts", t.mounts);
    v("hooks", t.hooks);
    v("annotations", t.annotations);
    v("linux", t.linux_);
}

}  // namespace dhow::oci
