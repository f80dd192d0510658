#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# dhow-runtime by itself with --systemd-cgroup: a container's cgroup is a scope of the system's manager
# (MODE=root) or of the user's (MODE=rootless, asked from outside of it). Limits are in limits.bats.
load common
load runtime

setup_file() { :; }
teardown_file() { :; }
setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "the container's cgroup is a scope, and goes with it" {
    local slice=system.slice pid
    is_rootless && slice=user.slice
    rt run --detach --pid-file "$B/pid" "$ID"
    pid=$(<"$B/pid")
    same "loaded active yes $slice" "$(property "$UNIT" LoadState) $(property "$UNIT" ActiveState) $(property "$UNIT" Delegate) $(property "$UNIT" Slice)"
    same "$(cgroup_of "$pid")" "$(property "$UNIT" ControlGroup)"
    contains "$(cgroup_of "$pid")" "/$slice/$UNIT"
    # Another process of the container is there too, from wherever it is begun.
    rt exec --detach --pid-file "$B/exec" "$ID" sleep 100
    same "$(cgroup_of "$pid")" "$(cgroup_of "$(<"$B/exec")")"
    ctl daemon-reload
    same "$(cgroup_of "$pid")" "$(property "$UNIT" ControlGroup)"
    rt pause "$ID"
    contains "$(rt state "$ID")" paused
    rt resume "$ID"
    rt delete --force "$ID"
    same not-found "$(property "$UNIT" LoadState)"
    [[ ! -e /proc/$pid && ! -e /proc/$(<"$B/exec") ]]
}

@test "cgroupsPath names the slice and the scope; crun's way to ask for systemd" {
    edit '.linux.cgroupsPath = "dhowtest-deep.slice:pre:name"'
    me "$runtime" --cgroup-manager systemd --root "$B/state" run --detach --pid-file "$B/pid" "$ID"
    contains "$(cgroup_of "$(<"$B/pid")")" /dhowtest.slice/dhowtest-deep.slice/pre-name.scope
    # It is this container's alone.
    run rt run --detach "$ID-2"
    same 1 "$status"
    contains "$output" "container's cgroup is not empty"
    rt delete --force "$ID"
    same not-found "$(property pre-name.scope LoadState)"
    for path in /a/b a.slice:b a:b:c ../a.slice:b:c a.slice:b:c.slice; do
        edit ".linux.cgroupsPath = \"$path\""
        run rt run --detach "$ID"
        same 1 "$status"
        contains "$output" invalid
    done
}

@test "annotations set harmless properties, and no others" {
    edit '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 7000000",
        "org.systemd.property.Description": "'"'a name'"'", "org.systemd.property.RuntimeMaxSec": "60"}'
    rt run --detach "$ID"
    same "7s a name 1min" "$(property "$UNIT" TimeoutStopUSec) $(property "$UNIT" Description) $(property "$UNIT" RuntimeMaxUSec)"
    rt delete --force "$ID"
    for name in Slice FailureAction Conflicts BPFProgram MemoryMax; do
        edit ".annotations = {\"org.systemd.property.$name\": \"'x'\"}"
        run rt run --detach "$ID"
        same 1 "$status"
        contains "$output" "org.systemd.property.$name"
        same not-found "$(property "$UNIT" LoadState)"
    done
}

@test "what fails to start leaves no scope, and a scope that systemd ends is forgotten" {
    edit '.process.args = ["/nowhere"]'
    run rt run --detach "$ID"
    [[ $status -ne 0 ]]
    same not-found "$(property "$UNIT" LoadState)"
    [[ -z $(ls -A "$B/state") ]]
    edit '.process.args = ["sleep", "100"] | .annotations = {"org.systemd.property.RuntimeMaxSec": "1",
        "org.systemd.property.TimeoutStopSec": "1",
        "org.systemd.property.CollectMode": "'"'inactive'"'"}'
    rt run --detach "$ID"
    failed() { is_state "$UNIT" failed; }
    wait_until 20 failed
    rt delete --force "$ID"
    same not-found "$(property "$UNIT" LoadState)"
}
