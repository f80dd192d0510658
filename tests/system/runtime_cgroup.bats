#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, as root: limits. What the machine's cgroups lack is skipped with the reason.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }
# With a cgroup namespace, which is not the default on version 1.
setup() {
    setup_bundle
    edit 'l["namespaces"] = [n for n in l["namespaces"] if n["type"] != "cgroup"] + [{"type": "cgroup"}]'
}

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
    [[ "$status" -eq 1 && "$output" == *'controller `rdma` is not available'* ]]
    assert_clean
    edit 'l["resources"].pop("rdma")' 'l["resources"]["unified"] = {"memory.high": "1"}'
    if [ -d /sys/fs/cgroup/memory ]; then
        run rt run "$ID"
        [[ "$status" -eq 1 && "$output" == *"invalid configuration: unified"* ]]
        assert_clean
    fi
    edit 'l["resources"].pop("unified")' 'l["resources"]["memory"] = {"limit": -5}'
    run rt run "$ID"
    assert_clean
}

@test "cgroupsPath: absolute, relative, and never outside; without a systemd its driver is refused" {
    need_v1 pids
    args sleep 100
    edit "l['cgroupsPath'] = '/$ID-a/b'"
    rt run --detach "$ID"
    [ -d "/sys/fs/cgroup/pids/$ID-a/b" ]
    rt delete --force "$ID"
    [ ! -d "/sys/fs/cgroup/pids/$ID-a/b" ]
    rmdir /sys/fs/cgroup/*/"$ID-a"
    edit "l['cgroupsPath'] = 'user.slice:dhow:$ID'"
    if [ ! -d /run/systemd/system ]; then
        run "$RUNTIME" --root "$STATE" --systemd-cgroup run --detach "$ID"
        [[ "$status" -eq 1 && "$output" == *"systemd does not run this machine"* ]]
        assert_clean
    fi
    for bad in /../x ../x /a/../../x / /.; do
        edit "l['cgroupsPath'] = '$bad'"
        run rt run --detach "$ID"
        [[ "$status" -eq 1 && "$output" == *"invalid cgroupsPath"* ]]
        [ -z "$(ls -A "$STATE")" ]
    done
}

@test "v1: parents that somebody else made, frozen groups, limits that are in use" {
    need_v1 cpuset
    args sleep 100
    mkdir "/sys/fs/cgroup/cpuset/$ID-a" "/sys/fs/cgroup/freezer/$ID-a" "/sys/fs/cgroup/freezer/$ID-a/b"
    echo FROZEN >"/sys/fs/cgroup/freezer/$ID-a/b/freezer.state"
    edit "l['cgroupsPath'] = '/$ID-a/b'"
    run rt run --detach "$ID"
    [[ "$status" -eq 1 && "$output" == *"container's cgroup unexpectedly frozen"* ]]
    rmdir "/sys/fs/cgroup/freezer/$ID-a/b"
    rt run --detach "$ID"
    [ -n "$(cat "/sys/fs/cgroup/cpuset/$ID-a/b/cpuset.cpus")" ]
    run rt update --memory 4k "$ID"
    [[ "$status" -eq 1 && "$output" == *"unable to set memory limit to 4096 (current usage: "* ]]
    rt update --memory 64M --memory-swap 65Mb "$ID" || grep -q memsw <<<"$(ls /sys/fs/cgroup/memory)" || skip "no swap accounting"
    rt update --memory -1 "$ID"
    [ "$(cat "/sys/fs/cgroup/memory/$ID-a/b/memory.limit_in_bytes")" -gt 1000000000000 ]
}

@test "intelRdt needs a resctrl file system, and says so" {
    grep -q ' - resctrl ' /proc/self/mountinfo && skip "this machine has one"
    args true
    edit "l['intelRdt'] = {'closID': 'gold', 'schemata': ['L3:0=f'], 'enableMonitoring': True}"
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"linux.intelRdt: no resctrl file system is mounted"* ]]
    assert_clean
}

@test "v1: exec --cgroup, for all hierarchies or one" {
    need_v1 pids
    args sleep 100
    rt run --detach "$ID"
    mkdir "/sys/fs/cgroup/pids/$ID/sub"
    rt exec --cgroup pids:sub "$ID" grep -q pids:/sub /proc/self/cgroup
    rt exec --cgroup / "$ID" grep -q pids:/$ /proc/self/cgroup
    for bad in .. pids:../x ../..; do
        run rt exec --cgroup "$bad" "$ID" true
        [[ "$status" -eq 255 && "$output" == *"bad sub cgroup path"* ]]
    done
    run rt exec --cgroup nonexistent "$ID" true
    [[ "$status" -eq 255 && "$output" == *"adding pid "*"o such file"* ]]
    run rt exec --cgroup whaaat:/ "$ID" true
    [[ "$status" -eq 255 && "$output" == *"unknown controller"* ]]
}

@test "hybrid: the processes are in the unified hierarchy too, exec's beside init's" {
    need_unified
    need_v1 pids
    args sleep 100
    rt run --detach --pid-file pid "$ID"
    grep -q "^0::/$ID$" "/proc/$(cat pid)/cgroup"
    [ "$(rt exec "$ID" grep ^0: /proc/self/cgroup)" = 0::/ ]
    rt delete --force "$ID"
    assert_clean
}

@test "hierarchies that a later mount covers are passed over" {
    need_v1 devices
    need_unified
    script 'cat /proc/self/cgroup; echo ran'
    run unshare --mount --propagation private sh -c '
        mount -t cgroup2 cgroup2 /sys/fs/cgroup && mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir /sys/fs/cgroup/devices &&
            mount -t cgroup -o devices cgroup /sys/fs/cgroup/devices && exec "$@"' sh "$RUNTIME" --root "$STATE" run "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "$output" = *ran ]]
}

@test "v2: exec --cgroup; where init went when the container's group is closed to processes" {
    need_unified
    group=/sys/fs/cgroup/unified/$ID
    args sleep 100
    rt2 run --detach --pid-file pid "$ID"
    mkdir "$group/sub"
    [ "$(rt2 exec --cgroup sub "$ID" grep ^0: /proc/self/cgroup)" = 0::/sub ]
    run rt2 exec --cgroup ../.. "$ID" true
    [[ "$status" -eq 255 && "$output" == *"bad sub cgroup path"* ]]
    run rt2 exec --cgroup nonexistent "$ID" true
    [[ "$status" -eq 255 && "$output" == *"cgroup"*"o such file"* ]]
    controller=$(awk '{ print $1 }' "$group/cgroup.controllers")
    [ -n "$controller" ] || skip "no controller in the unified hierarchy here"
    cat pid >"$group/sub/cgroup.procs"
    echo "+$controller" >"$group/cgroup.subtree_control"
    [ "$(rt2 exec "$ID" grep ^0: /proc/self/cgroup)" = 0::/sub ]
    run rt2 exec --cgroup / "$ID" true
    [[ "$status" -eq 255 && "$output" == *"busy"* ]]
    rt2 delete --force "$ID"
    [ ! -d "$group" ]
}

@test "v1: an init that somebody else has frozen in a group of his own is killed all the same" {
    [ -d /sys/fs/cgroup/freezer ] || skip "no freezer of version 1"
    args sleep 100
    rt run --detach --pid-file pid "$ID"
    local frozen=/sys/fs/cgroup/freezer/frozen-$BATS_TEST_NUMBER
    mkdir "$frozen"
    cat pid >"$frozen/cgroup.procs"
    echo FROZEN >"$frozen/freezer.state"
    run rt delete --force "$ID"
    echo THAWED >"$frozen/freezer.state"
    rmdir "$frozen"
    [ "$status" -eq 0 ]
    assert_clean
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
        [[ "$status" -eq 1 && "$output" == *'controller `memory` is not available'* ]]
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
