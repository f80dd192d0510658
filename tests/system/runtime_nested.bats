#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime in a container that dhow-runtime made, for root and for an ordinary user; the inner container shares the
# outer one's user namespace or has one of its own. Under the whole of dhow: nested.bats.
# Run under tests/support/private_machine, in both modes.
# shellcheck disable=SC2016,SC2154

load runtime
load runtime_modes

setup_file() { setup_modes_file; }

# An outer container whose root holds the runtime and a bundle for it.
setup() {
    setup_modes_bundle
    install -m 755 "$BATS_FILE_TMPDIR/dhow-runtime" rootfs/bin/dhow-runtime
    mkdir -p rootfs/bundle/rootfs
    cp -a "$BATS_FILE_TMPDIR/rootfs/." rootfs/bundle/rootfs
    "$BATS_FILE_TMPDIR/dhow-runtime" spec --bundle rootfs/bundle
    inner 'p["terminal"] = False' 'c["hostname"] = "inner"'
    own rootfs
}

teardown() { teardown_modes; }

# As edit and args, for the inner container.
inner() { BUNDLE=$BATS_TEST_TMPDIR/bundle/rootfs/bundle edit "$@"; }
inner_script() { BUNDLE=$BATS_TEST_TMPDIR/bundle/rootfs/bundle script "$1"; }

# What --privileged of an engine gives: every capability that this machine has, nothing masked, its groups to write.
privileged() {
    local capabilities
    capabilities=$("$RUNTIME" features | python3 -c '
import json, re, sys
bounding = int(re.search(r"CapBnd:\s*(\w+)", open("/proc/self/status").read()).group(1), 16)
print([name for bit, name in enumerate(json.load(sys.stdin)["linux"]["capabilities"]) if bounding >> bit & 1])')
    edit "p['capabilities'] = {k: $capabilities for k in ('bounding', 'effective', 'permitted')}" \
        'l["maskedPaths"] = l["readonlyPaths"] = []' 'p["noNewPrivileges"] = False' \
        'l["resources"] = {"devices": [{"allow": True, "access": "rwm"}]}' \
        'c["mounts"] = [m for m in c["mounts"] if m["destination"] != "/sys/fs/cgroup"] + [
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["rw"]}]' \
        'l["namespaces"] = [n for n in l["namespaces"] if n["type"] != "cgroup"] + [{"type": "cgroup"}]'
}

# With a user namespace of its own: ids 0 to 999 of the outer container's are the inner one's. Two lines: the kernel
# wants each within one of the outer map's.
inner_user_namespace() {
    inner 'l["namespaces"].append({"type": "user"})' \
        'l["uidMappings"] = l["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1}, {"containerID": 1, "hostID": 1, "size": 999}]'
}

# In the outer container: a life of one and a run of another; in the end no state is left.
lives='set -e; cd /bundle
    r() { dhow-runtime --root /tmp/state "$@"; }
    r create one </dev/null
    r start one
    r exec one sh -c "echo exec in \$(hostname)"
    r kill one KILL
    r delete --force one
    r run two </dev/null
    echo "left: $(ls -A /tmp/state)"'

# What the inner program says of itself.
introduce='echo "run in $(hostname) as $(id -u), pid $$"; sleep 0.3'

lived() {
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = $'run in inner as 0, pid 1\nexec in inner\nrun in inner as 0, pid 1\nleft: ' ]
    assert_clean
}

@test "in a privileged container" {
    privileged
    inner_script "$introduce"
    script "$lives"
    lived
}

@test "in a privileged container, with a user namespace of its own" {
    privileged
    inner_user_namespace
    inner_script "$introduce"
    script "$lives"
    lived
}

@test "in a container whose /proc is masked: the error says so; in the outer pid namespace it works" {
    privileged
    edit 'l["maskedPaths"] = ["/proc/kcore", "/proc/keys", "/sys/firmware"]' 'l["readonlyPaths"] = ["/proc/sys", "/proc/irq"]'
    inner_user_namespace
    inner_script 'grep -q " /proc/keys " /proc/self/mountinfo && echo "run in $(hostname)"'
    script 'cd /bundle; dhow-runtime --root /tmp/state run inner </dev/null; echo "status $?"; ls -A /tmp/state'
    run rt run "$ID"
    echo "$output"
    [[ "$output" = *"/proc"*"start the outer container with nothing masked"*$'\nstatus 1' ]]
    inner 'l["namespaces"] = [n for n in l["namespaces"] if n["type"] != "pid"]'
    run rt run "$ID"
    echo "$output"
    [ "$output" = $'run in inner\nstatus 0' ]
    assert_clean
}

@test "limits of the inner container are its own, below the outer one's" {
    is_rootless && skip "an ordinary user has no groups here"
    [ -d /sys/fs/cgroup/pids ] || skip "no cgroup v1 controller 'pids' here"
    privileged
    edit 'l["resources"]["pids"] = {"limit": 30}'
    inner 'l["resources"]["pids"] = {"limit": 5}' 'l["resources"]["memory"] = {"limit": 33554432}'
    inner_script 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
    script 'cd /bundle; dhow-runtime --root /tmp/state create inner </dev/null
        echo "pids $(cat /sys/fs/cgroup/pids/inner/pids.max), memory $(cat /sys/fs/cgroup/memory/inner/memory.limit_in_bytes)"
        dhow-runtime --root /tmp/state start inner; sleep 0.3
        dhow-runtime --root /tmp/state delete --force inner; ls -d /sys/fs/cgroup/*/inner'
    run rt run "$ID"
    echo "$output"
    [[ "$output" = *"pids 5, memory 33554432"* && "$output" = *fork* && "$output" = *"No such file"* ]]
    assert_clean
}

@test "maps that the outer ones do not hold: the error says so" {
    privileged
    inner 'l["namespaces"].append({"type": "user"})' \
        'l["uidMappings"] = l["gidMappings"] = [{"containerID": 0, "hostID": 4294900000, "size": 60000}]'
    script 'cd /bundle; dhow-runtime --root /tmp/state run inner </dev/null; echo "status $?"; ls -A /tmp/state'
    run rt run "$ID"
    echo "$output"
    is_rootless && [[ "$output" = *"write id maps"*"/proc/self/uid_map"* ]]
    [[ "$output" = *$'\nstatus 1' || "$output" = "status 0" ]]
    assert_clean
}

@test "in a container that may not: the error says what is missing, nothing is left" {
    edit 'p["capabilities"] = {}'
    inner_script "$introduce"
    script 'cd /bundle; dhow-runtime --root /tmp/state run inner </dev/null; echo "status $?"; ls -A /tmp/state'
    run rt run "$ID"
    echo "$output"
    [[ "$output" = "dhow-runtime: "*$'\nstatus 1' && ${#lines[@]} -eq 2 ]]
    assert_clean
}
