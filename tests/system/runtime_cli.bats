#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line of dhow-runtime as callers of runc use it: help, logs, sockets, exec's cgroups, spec.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }
setup() { setup_bundle; }
teardown() { teardown_bundle; }

# A socket that stays open until one message with one descriptor came; then `pidfd SIGNAL` is sent by it.
wait_for_pidfd() {
    python3 - "$1" "$2" <<'PYTHON' &
import os, signal, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(sys.argv[1])
server.listen()
client, _ = server.accept()
_, fds, _, _ = socket.recv_fds(client, 64, 1)
signal.pidfd_send_signal(fds[0], int(sys.argv[2]))
PYTHON
    for _ in $(seq 100); do [ -S "$1" ] && return; sleep 0.05; done
    return 1
}

@test "help of the runtime and of each verb" {
    run rt --help
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == NAME:* && "${lines[1]}" == *"dhow-runtime - Open Container Initiative runtime" ]]
    local verb
    for verb in create delete events exec features kill list pause ps resume run spec start state update; do
        run rt "$verb" --help
        [[ "$status" -eq 0 && "${lines[0]}" == NAME:* && "${lines[1]}" == *"dhow-runtime $verb - "* ]]
    done
    run rt nosuch --help
    [[ "$status" -eq 1 && "$output" == *"No help topic for 'nosuch'"* ]]
    run rt nosuch
    [[ "$status" -eq 1 && "$output" == *"no such verb: 'nosuch'"* ]]
}

@test "--debug logs the steps, to stderr or to --log, as text or as JSON" {
    args echo hello
    rt --debug run "$ID" >out 2>err
    [ "$(cat out)" = hello ]
    grep -q '^time="[^"]*" level=debug msg="init [0-9]*: is the program"$' err
    rt --debug --log log --log-format json run "$ID" >out 2>err
    [ ! -s err ]
    python3 - <<'PYTHON'
import json
lines = [json.loads(line) for line in open("log")]
assert all(line["level"] == "debug" and line["msg"] and line["time"] for line in lines), lines
assert len(lines) >= 3
PYTHON
    rt run "$ID" 2>err
    [ ! -s err ]
    run rt --log-format xml run "$ID"
    [[ "$status" -eq 1 && "$output" == *"invalid log-format: xml"* ]]
    run rt --log log2 --log-format json state nosuch
    # containerd looks for the words of kill in what is printed
    [[ "$status" -eq 1 && "$output" == "dhow-runtime: "*"does not exist"* ]]
    grep -q '"level":"error","msg":".*does not exist' log2
    run rt --log log2 kill "$ID"
    [[ "$status" -eq 1 && "$output" == *"does not exist"* ]]
}

@test "--pidfd-socket sends a pidfd of the init, or of what exec starts" {
    args sleep 100
    wait_for_pidfd "$BUNDLE/s1" 9
    rt run --detach --pidfd-socket "$BUNDLE/s1" "$ID"
    wait_for_status "$ID" stopped
    rt delete "$ID"
    wait_for_pidfd "$BUNDLE/s2" 15
    rt create --pidfd-socket "$BUNDLE/s2" "$ID"
    wait_for_status "$ID" stopped
    rt delete "$ID"
    rt run --detach "$ID"
    wait_for_pidfd "$BUNDLE/s3" 9
    rt exec --detach --pid-file pid --pidfd-socket "$BUNDLE/s3" "$ID" sleep 100
    for _ in $(seq 100); do grep -qs '^State:.*[SR]' "/proc/$(cat pid)/status" || break; sleep 0.05; done
    [ -z "$(grep -s '^State:.*[SR]' "/proc/$(cat pid)/status")" ]
    [ "$(status_of "$ID")" = running ]
    rt delete --force "$ID"
    run rt run --pidfd-socket "$BUNDLE/none" "$ID"
    [[ "$status" -eq 1 && "$output" == *"pidfd socket '$BUNDLE/none'"* ]]
    assert_clean
}

@test "a created container ends when it is asked to" {
    args sleep 100
    local signal
    for signal in TERM INT; do
        rt create "$ID"
        rt kill "$ID" "$signal"
        wait_for_status "$ID" stopped
        rt delete "$ID"
    done
}

@test "exec --cgroup places the process in a group below the container's" {
    [ -d /sys/fs/cgroup/pids ] || skip "needs cgroup version 1"
    args sleep 100
    edit "l['cgroupsPath'] = '/$ID'" "l['namespaces'] = [n for n in l['namespaces'] if n['type'] != 'cgroup']"
    rt run --detach "$ID"
    mkdir "/sys/fs/cgroup/pids/$ID/below" "/sys/fs/cgroup/cpu/$ID/below"
    run rt exec --cgroup pids,cpu:below --cgroup memory:/ "$ID" cat /proc/self/cgroup
    [ "$status" -eq 0 ]
    [[ "$output" == *":pids:/$ID/below"* && "$output" == *":cpu:/$ID/below"* && "$output" == *":memory:/$ID"$'\n'* ]]
    run rt exec "$ID" cat /proc/self/cgroup
    [[ "$output" != *below* ]]
    run rt exec --cgroup .. "$ID" true
    [[ "$status" -eq 255 && "$output" == *"bad sub cgroup path"* ]]
    run rt exec --cgroup pids:below/../.. "$ID" true
    [[ "$status" -eq 255 && "$output" == *"bad sub cgroup path"* ]]
    run rt exec --cgroup pids:none "$ID" true
    [[ "$status" -eq 255 && "$output" == *"adding pid "*"no such file or directory"* ]]
    run rt exec --cgroup nosuch:below "$ID" true
    [[ "$status" -eq 255 && "$output" == *"unknown controller nosuch"* ]]
    run rt exec --cgroup pids:below --cgroup below "$ID" true
    [[ "$status" -eq 255 && "$output" == *"missing <controller>: prefix"* ]]
    [ "$(rt ps --format json "$ID" | tr ',' '\n' | wc -l)" -eq 1 ]
    rt delete --force "$ID"
    assert_clean
}
