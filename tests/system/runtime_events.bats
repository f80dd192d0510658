#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `dhow-runtime events`: what the kernel counts, in runc's form, until the container ends.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }
setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "one line of stats" {
    args sleep 100
    rt run --detach "$ID"
    rt events --stats "$ID" >out
    [ "$(wc -l <out)" -eq 1 ]
    grep -q "^{\"type\":\"stats\",\"id\":\"$ID\",\"data\":{" out
    python3 - <<'PYTHON'
import json
data = json.load(open("out"))["data"]
assert data["cpu"]["usage"]["total"] > 0, data
assert data["pids"]["current"] == 1, data
PYTHON
}

@test "stats again and again until the container ends" {
    args sleep 100
    rt run --detach "$ID"
    rt events --interval 50ms "$ID" >out &
    local follower=$!
    for _ in $(seq 100); do [ "$(wc -l <out)" -ge 3 ] && break; sleep 0.05; done
    [ "$(wc -l <out)" -ge 3 ]
    rt delete --force "$ID"
    wait "$follower"
    [ "$(grep -c "^{\"type\":\"stats\",\"id\":\"$ID\",\"data\":{.*}}$" out)" -eq "$(wc -l <out)" ]
}

@test "a kill for want of memory is an event" {
    [ -d /sys/fs/cgroup/memory ] || skip "needs the memory controller"
    args sleep 100
    edit "l.setdefault('resources', {})['memory'] = {'limit': 16 << 20, 'swap': 16 << 20}"
    rt run --detach "$ID"
    rt events "$ID" >out &
    local follower=$!
    for _ in $(seq 100); do grep -q stats out && break; sleep 0.05; done
    run rt exec "$ID" busybox tail /dev/zero
    [ "$status" -eq 137 ]
    for _ in $(seq 100); do grep -q oom out && break; sleep 0.05; done
    grep -qx "{\"type\":\"oom\",\"id\":\"$ID\"}" out
    rt delete --force "$ID"
    wait "$follower"
}

@test "intervals that are none, and containers that do not run" {
    args true
    local interval
    for interval in 0 0s 5 s -1s 5x '1m 2s' 99999999999999h ''; do
        run rt events --interval "$interval" "$ID"
        [[ "$status" -eq 1 && "$output" == *interval* ]]
    done
    run rt events "$ID"
    [[ "$status" -eq 1 && "$output" == *"does not exist"* ]]
    rt run --keep "$ID"
    run rt events "$ID"
    [[ "$status" -eq 1 && "$output" == *"container with id $ID is not running"* ]]
}
