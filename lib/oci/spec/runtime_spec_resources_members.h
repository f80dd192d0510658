// SPDX-License-Identifier: Apache-2.0
// As runtime_spec_members.h, for the types below `linux.resources`. Included by runtime_spec.cc
// alone.
#pragma once

#include "oci/spec/runtime_spec_resources.h"

namespace dhow::oci {

template <class V>
void members(V& v, DeviceRule& t) {
    v("allow", t.allow, v.kAlways);
    v("type", t.type);
    v("major", t.major);
    v("minor", t.minor);
    v("access", t.access);
}

template <class V>
void members(V& v, MemoryLimits& t) {
    v("limit", t.limit);
    v("reservation", t.reservation);
    v("swap", t.swap);
    v("kernel", t.kernel);
    v("kernelTCP", t.kernel_tcp);
    v("swappiness", t.swappiness);
    v("disableOOMKiller", t.disable_oom_killer);
    v("useHierarchy", t.use_hierarchy);
    v("checkBeforeUpdate", t.check_before_update);
}

template <class V>
void members(V& v, CpuLimits& t) {
    v("shares", t.shares);
    v("quota", t.quota);
    v("burst", t.burst);
    v("period", t.period);
    v("realtimeRuntime", t.realtime_runtime);
    v("realtimePeriod", t.realtime_period);
    v("cpus", t.cpus);
    v("mems", t.mems);
    v("idle", t.idle);
}

template <class V>
void members(V& v, PidsLimit& t) {
    v("limit", t.limit);
}

template <class V>
void members(V& v, WeightDevice& t) {
    v("major", t.major, v.kAlways);
    v("minor", t.minor, v.kAlways);
    v("weight", t.weight);
    v("leafWeight", t.leaf_weight);
}

template <class V>
void members(V& v, ThrottleDevice& t) {
    v("major", t.major, v.kAlways);
    v("minor", t.minor, v.kAlways);
    v("rate", t.rate, v.kAlways);
}

template <class V>
void members(V& v, BlockIo& t) {
    v("weight", t.weight);
    v("leafWeight", t.leaf_weight);
    v("weightDevice", t.weight_device);
    v("throttleReadBpsDevice", t.throttle_read_bps_device);
    v("throttleWriteBpsDevice", t.throttle_write_bps_device);
    v("throttleReadIOPSDevice", t.throttle_read_iops_device);
    v("throttleWriteIOPSDevice", t.throttle_write_iops_device);
}

template <class V>
void members(V& v, HugepageLimit& t) {
    v("pageSize", t.page_size);
    v("limit", t.limit, v.kAlways);
}

template <class V>
void members(V& v, InterfacePriority& t) {
    v("name", t.name);
    v("priority", t.priority, v.kAlways);
}

template <class V>
void members(V& v, NetworkLimits& t) {
    v("classID", t.class_id);
    v("priorities", t.priorities);
}

template <class V>
void members(V& v, RdmaLimit& t) {
    v("hcaHandles", t.hca_handles);
    v("hcaObjects", t.hca_objects);
}

template <class V>
void members(V& v, Resources& t) {
    v("devices", t.devices);
    v("memory", t.memory);
    v("cpu", t.cpu);
    v("pids", t.pids);
    v("blockIO", t.block_io);
    v("hugepageLimits", t.hugepage_limits);
    v("network", t.network);
    v("rdma", t.rdma);
    v("unified", t.unified);
}

}  // namespace dhow::oci
