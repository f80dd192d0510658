#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, as root: limits. What the machine's cgroups lack is skipped with the reason.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }
setup() { setup_bundle; }
teardown() { teardown_bundle; }

# The runtime where the unified hierarchy is all there is.
rt2() {
    # shellcheck disable=SC2016
    timeout -k 5 30 unshare --mount --propagation private sh -c '
        mount --bind /sys/fs/cgroup/unified /mnt && umount -R -l /sys/fs/cgroup &&
            mount --move /mnt /sys/fs/cgroup && exec "$@"' sh "$RUNTIME" --root "$STATE" "$@"
}

need_unified() { [ -d /sys/fs/cgroup/unified ] || skip "no unified hierarchy beside version 1 here"; }

need_v1() { [ -d "/sys/fs/cgroup/$1" ] || skip "no cgroup v1 controller '$1' here"; }

@test "v1: limits are in the files, and bite" {
    need_v1 memory
    edit 'l["resources"].update({"memory": {"limit": 33554432, "reservation": 16777216}, "pids": {"limit": 6},
        "cpu": {"shares": 512, "quota": 20000, "period": 100000, "cpus": "0"}})'
    script 'sleep 100'
    rt run --detach "$ID"
    [ "$(cat "/sys/fs/cgroup/memory/$ID/memory.limit_in_bytes")" = 33554432 ]
    [ "$(cat "/sys/fs/cgroup/memory/$ID/memory.soft_limit_in_bytes")" = 16777216 ]
    [ "$(cat "/sys/fs/cgroup/pids/$ID/pids.max")" = 6 ]
    [ "$(cat "/sys/fs/cgroup/cpu/$ID/cpu.shares")" = 512 ]
    [ "$(cat "/sys/fs/cgroup/cpu/$ID/cpu.cfs_quota_us")" = 20000 ]
    [ "$(cat "/sys/fs/cgroup/cpuset/$ID/cpuset.cpus")" = 0 ]
    run rt exec "$ID" sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
    [[ "$output" == *"fork"* ]]
    run rt exec "$ID" sh -c 'head -c 60m /dev/zero >/dev/shm/fill || true; dd if=/dev/zero of=/dev/null bs=60M count=1'
    [ "$status" -ne 0 ]
}

@test "v1: update changes them, in whichever order memory needs" {
    need_v1 memory
    args sleep 100
    rt run --detach "$ID"
    rt update --memory 20m --pids-limit 10 --cpu-quota 50000 "$ID"
    [ "$(cat "/sys/fs/cgroup/memory/$ID/memory.limit_in_bytes")" = 20971520 ]
    printf '{"memory": {"limit": 67108864}, "cpu": {"shares": 100, "quota": 0}, "pids": {"limit": -1}}' >r.json
    rt update --resources r.json "$ID"
    [ "$(cat "/sys/fs/cgroup/memory/$ID/memory.limit_in_bytes")" = 67108864 ]
    [ "$(cat "/sys/fs/cgroup/cpu/$ID/cpu.cfs_quota_us")" = 50000 ]
    [ "$(cat "/sys/fs/cgroup/cpu/$ID/cpu.shares")" = 100 ]
    [ "$(cat "/sys/fs/cgroup/pids/$ID/pids.max")" = max ]
    rt update --resources - "$ID" <<<'{"pids": {"limit": 12}}'
    [ "$(cat "/sys/fs/cgroup/pids/$ID/pids.max")" = 12 ]
    run rt update --memory 12xx "$ID"
    [[ "$status" -eq 1 && "$output" == *"invalid value"* ]]
}

@test "a limit that cannot be had is an error, never dropped" {
    args true
    edit 'l["resources"]["rdma"] = {"nosuch0": {"hcaHandles": 3}}'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -eq 1 && "$output" == *"controller 'rdma' is not available"* ]]
    assert_clean
    edit 'l["resources"].pop("rdma")' 'l["resources"]["memory"] = {"limit": -5}'
    run rt run "$ID"
    assert_clean
}

@test "cgroupsPath: absolute, relative, systemd's three parts, and never outside" {
    need_v1 pids
    args sleep 100
    edit "l['cgroupsPath'] = '/$ID-a/b'"
    rt run --detach "$ID"
    [ -d "/sys/fs/cgroup/pids/$ID-a/b" ]
    rt delete --force "$ID"
    [ ! -d "/sys/fs/cgroup/pids/$ID-a/b" ]
    rmdir /sys/fs/cgroup/*/"$ID-a"
    edit "l['cgroupsPath'] = 'user.slice:dhow:$ID'"
    "$RUNTIME" --root "$STATE" --systemd-cgroup run --detach "$ID"
    [ -d "/sys/fs/cgroup/pids/user.slice/dhow-$ID.scope" ]
    rt delete --force "$ID"
    for bad in /../x ../x /a/../../x / /.; do
        edit "l['cgroupsPath'] = '$bad'"
        run rt run --detach "$ID"
        [[ "$status" -eq 1 && "$output" == *"invalid cgroupsPath"* ]]
        [ -z "$(ls -A "$STATE")" ]
    done
}

@test "a group that has processes is not taken over" {
    need_v1 pids
    args sleep 100
    edit "l['cgroupsPath'] = '/$ID-a/b'"
    rt run --detach "$ID"
    for path in "/$ID-a/b" "/$ID-a"; do
        edit "l['cgroupsPath'] = '$path'"
        run rt run --detach "$ID-2"
        [[ "$status" -eq 1 && "$output" == *"has processes already"* ]]
    done
    [ "$(status_of "$ID")" = running ]
    rt delete --force "$ID"
    edit "l['cgroupsPath'] = '/$ID-a/b'"
    rt run --detach "$ID-2"
}

@test "the container sees its own group, read-only" {
    need_v1 pids
    script 'cat /proc/self/cgroup | grep pids; cat /sys/fs/cgroup/pids/cgroup.procs | wc -l; (echo 5 >/sys/fs/cgroup/pids/pids.max) 2>&1'
    run rt run "$ID"
    echo "$output"
    [[ "${lines[0]}" == *pids:/ ]]
    [ "${lines[1]}" -ge 1 ]
    [[ "${lines[2]}" == *"ead-only"* ]]
}

@test "groups made by the container are removed with it" {
    need_v1 freezer
    args sleep 100
    rt run --detach --pid-file pid "$ID"
    mkdir -p "/sys/fs/cgroup/freezer/$ID/inner/most"
    cat pid >"/sys/fs/cgroup/freezer/$ID/inner/most/cgroup.procs"
    [[ "$(rt ps --format json "$ID")" == *"$(cat pid)"* ]]
    rt delete --force "$ID"
    assert_clean
}

@test "v2: groups, freezing and killing on the unified hierarchy" {
    need_unified
    group=/sys/fs/cgroup/unified/$ID
    args sleep 100
    rt2 run --detach --pid-file pid "$ID"
    grep -q "^0::/$ID$" "/proc/$(cat pid)/cgroup"
    rt2 pause "$ID"
    rt2 state "$ID" | grep -q paused
    grep -q 'frozen 1' "$group/cgroup.events"
    rt2 resume "$ID"
    [ "$(rt2 exec "$ID" cat /proc/self/cgroup | grep ^0:)" = 0::/ ]
    [ "$(rt2 ps --format json "$ID")" = "[$(cat pid)]" ]
    rt2 kill --all "$ID" KILL
    wait_for_status "$ID" stopped
    rt2 delete "$ID"
    [ ! -d "$group" ]
    if ! grep -q memory /sys/fs/cgroup/unified/cgroup.controllers; then
        edit 'l["resources"]["memory"] = {"limit": 1000000}'
        run rt2 run "$ID"
        [[ "$status" -eq 1 && "$output" == *"controller 'memory' is not available"* ]]
        [ ! -d "$group" ]
    fi
}

@test "v2: device rules decide" {
    need_unified
    edit 'l["devices"] = [{"path": "/dev/tun2", "type": "c", "major": 10, "minor": 200, "fileMode": 438}]'
    script '(: </dev/tun2) 2>&1; head -c 2 /dev/zero | wc -c'
    run rt2 run "$ID"
    echo "$output"
    [[ "${lines[0]}" == *"not permitted"* && "${lines[1]}" = 2 ]]
    edit 'l["resources"]["devices"].append({"allow": True, "type": "c", "major": 10, "minor": 200, "access": "r"})'
    script ': </dev/tun2 && echo readable; (: >/dev/tun2) 2>&1'
    run rt2 run "$ID"
    echo "$output"
    [[ "${lines[0]}" = readable && "${lines[1]}" == *"not permitted"* ]]
}
