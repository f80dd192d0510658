#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, as root: memory policies, labels of security modules, and what `features` claims.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }
setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "a memory policy holds for the program and for exec" {
    [ -e /proc/self/numa_maps ] || skip "this kernel has no NUMA"
    edit 'l["memoryPolicy"] = {"mode": "MPOL_INTERLEAVE", "nodes": "0"}'
    script 'head -n 1 /proc/self/numa_maps'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "$output" == *" interleave:0 "* ]]
    edit 'l["memoryPolicy"] = {"mode": "MPOL_PREFERRED", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]}'
    args sleep 100
    rt run --detach "$ID"
    run rt exec "$ID" head -n 1 /proc/self/numa_maps
    [[ "$output" == *" prefer"*"relative"*":0 "* ]]
}

@test "a memory policy that is none is refused before anything is made" {
    local member
    for member in '{}' '{"mode": "INTERLEAVE", "nodes": "0"}' '{"mode": "MPOL_BIND", "nodes": "0-9876543210"}' \
        '{"mode": "MPOL_PREFERRED", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "x"]}'; do
        edit "l['memoryPolicy'] = $member"
        run rt run "$ID"
        echo "$output"
        [[ "$status" -ne 0 && "$output" == *"invalid memory policy"* ]]
        assert_clean
    done
    edit 'l["memoryPolicy"] = {"mode": "MPOL_DEFAULT", "nodes": "0-7"}'
    run rt run "$ID"
    [[ "$status" -ne 0 && "$output" == *"mode requires 0 nodes but got 8"* ]]
}

@test "a label that the kernel cannot enforce is an error, not silence" {
    [ ! -e /sys/fs/selinux/enforce ] || skip "this kernel has SELinux"
    grep -q Y /sys/module/apparmor/parameters/enabled 2>/dev/null && skip "this kernel has AppArmor"
    args true
    edit 'p["apparmorProfile"] = "docker-default"'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"apparmor profile 'docker-default'"*"disabled or not supported"* ]]
    edit 'p["apparmorProfile"] = "unconfined"'
    rt run "$ID"
    edit 'del p["apparmorProfile"]' 'p["selinuxLabel"] = "system_u:system_r:container_t:s0"'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"selinux label"*"disabled or not supported"* ]]
    # Files have no label then, and the member asks for nothing that could be lost.
    edit 'del p["selinuxLabel"]' 'l["mountLabel"] = "system_u:object_r:container_file_t:s0"'
    rt run "$ID"
    args sleep 100
    rt run --detach "$ID"
    run rt exec --apparmor docker-default "$ID" true
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"apparmor profile 'docker-default'"* ]]
    run rt exec --process-label system_u:system_r:container_t:s0 "$ID" true
    [[ "$status" -ne 0 && "$output" == *"selinux label"* ]]
    rt exec "$ID" true
}

@test "features claims what config.json may ask for" {
    run rt features
    [ "$status" -eq 0 ]
    echo "$output" >features.json
    python3 - <<'PYTHON'
import json
f = json.load(open("features.json"))
assert f["ociVersionMin"] == "1.0.0" and f["ociVersionMax"] == "1.3.0", f
assert set(f["hooks"]) == {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}
assert {"ro", "rro", "bind", "rbind", "idmap", "tmpcopyup", "nosymfollow"} <= set(f["mountOptions"])
l = f["linux"]
assert set(l["namespaces"]) == {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}
assert "CAP_CHECKPOINT_RESTORE" in l["capabilities"] and len(l["capabilities"]) >= 41
assert l["cgroup"]["v1"] and l["cgroup"]["v2"] and l["cgroup"]["rdma"]
assert l["seccomp"]["enabled"] and "SCMP_ACT_ERRNO" in l["seccomp"]["actions"]
assert len(l["seccomp"]["operators"]) == 7
for name in ("apparmor", "selinux", "netDevices"):
    assert l[name] == {"enabled": True}, name
assert l["mountExtensions"] == {"idmap": {"enabled": True}}
assert len(l["memoryPolicy"]["modes"]) == 7 and len(l["memoryPolicy"]["flags"]) == 3
assert "run.oci.handler" in f["potentiallyUnsafeConfigAnnotations"]
PYTHON
    # Each seccomp action and mount option that is listed is one that config.json may name.
    local action
    for action in $(python3 -c 'import json; print(*json.load(open("features.json"))["linux"]["seccomp"]["actions"])'); do
        [ "$action" = SCMP_ACT_NOTIFY ] && continue
        edit "l['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['acct'], 'action': '$action'}]}"
        args true
        rt run "$ID"
    done
}
