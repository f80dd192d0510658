#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, as root: what a process of a container is born with, what is killed with it, and hooks.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }
setup() { setup_bundle; }
teardown() { teardown_bundle; }

cpus_of() { sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "$1"; }

needs_two_cpus() {
    (($(nproc --all) > 1)) && [[ $(cpus_of /proc/self/status) == 0-* ]] || skip "needs two processors"
}

# The runtime, pinned to processor 0 by its caller.
pinned() {
    taskset -c 0 timeout -k 5 30 "$RUNTIME" --root "$STATE" "$@"
}

@test "each variable is set once, the last entry counts" {
    script 'env | sort; echo "$$HOME"'
    edit "p['env'] = ['PATH=/bin', 'A=1', 'B=x=y', 'A=', 'A=3', 'NL=a\\nb']"
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [ "$(grep -c '^A=' <<<"$output")" -eq 1 ]
    [[ "$output" == *$'A=3\nB=x=y\n'* ]]
}

@test "an empty HOME is none" {
    args sh -c 'echo "home:$HOME"; env | grep -c ^HOME='
    edit "p['env'] = ['PATH=/bin', 'HOME=/override', 'HOME=']"
    run rt run "$ID"
    [ "$output" = $'home:/root\n1' ]
    edit "p['env'] = ['PATH=/bin', 'HOME=', 'HOME=/override']"
    run rt run "$ID"
    [ "$output" = $'home:/override\n1' ]
}

@test "what the caller is pinned to is not the container's" {
    needs_two_cpus
    script 'grep Cpus_allowed_list /proc/self/status; sleep 100'
    pinned run --detach "$ID" >out
    wait_for_status "$ID" running
    [ "$(cpus_of out)" = "$(cpus_of /proc/self/status)" ]
    run pinned exec "$ID" grep Cpus_allowed_list /proc/self/status
    [ "$(cpus_of /dev/stdin <<<"$output")" = "$(cpus_of /proc/self/status)" ]
}

@test "exec on the processors of execCPUAffinity" {
    needs_two_cpus
    args sleep 100
    edit "p['execCPUAffinity'] = {'initial': '0', 'final': '1'}"
    rt run --detach "$ID"
    run rt exec "$ID" grep Cpus_allowed_list /proc/self/status
    [ "$(cpus_of /dev/stdin <<<"$output")" = 1 ]
    process='{"user":{"uid":0,"gid":0},"args":["grep","Cpus_allowed_list","/proc/self/status"],"env":["PATH=/bin"],"cwd":"/"'
    run rt exec --process <(echo "$process,\"execCPUAffinity\":{\"initial\":\"1\"}}") "$ID"
    [ "$(cpus_of /dev/stdin <<<"$output")" = 1 ]
    run rt exec --process <(echo "$process,\"execCPUAffinity\":{\"final\":\"1-0\"}}") "$ID"
    [[ "$status" -eq 255 && "$output" == *"execCPUAffinity"*"'1-0'"* ]]
}

@test "a container that shares the pid namespace is killed as a whole" {
    args sleep 100
    edit "l['namespaces'] = [n for n in l['namespaces'] if n['type'] != 'pid']"
    rt run --detach --pid-file pid "$ID"
    rt exec --detach --pid-file other "$ID" sleep 100
    rt kill "$ID" KILL
    wait_for_status "$ID" stopped
    for _ in $(seq 50); do [ -e "/proc/$(cat other)" ] || break; sleep 0.05; done
    [ ! -e "/proc/$(cat other)" ]
    rt delete "$ID"

    rt run --detach --pid-file pid "$ID"
    rt exec --detach --pid-file other "$ID" sleep 100
    kill -9 "$(cat pid)"
    wait_for_status "$ID" stopped
    rt kill "$ID" KILL
    for _ in $(seq 50); do [ -e "/proc/$(cat other)" ] || break; sleep 0.05; done
    [ ! -e "/proc/$(cat other)" ]
    run rt kill "$ID" KILL
    [[ "$status" -eq 1 && "$output" == *"container not running"* ]]
    rt kill --all "$ID" KILL
    rt delete "$ID"
    assert_clean
}

@test "signal 0 asks whether the container runs" {
    args sleep 100
    rt run --detach "$ID"
    rt kill "$ID" 0
    rt kill "$ID" KILL
    wait_for_status "$ID" stopped
    run rt kill "$ID" 0
    [[ "$status" -eq 1 && "$output" == *"container not running"* ]]
}

@test "a hook that fails is named by its kind and number, with what it wrote" {
    args true
    local kind
    for kind in prestart createRuntime createContainer startContainer poststart; do
        edit "c['hooks'] = {'$kind': [{'path': '/bin/true'}, {'path': '/bin/sh', 'args': ['sh', '-c', 'echo why; exit 3']}]}"
        run rt run "$ID"
        [ "$status" -eq 1 ]
        [[ "$output" == *"error running $kind hook #1: '/bin/sh': exit status 3: why"* ]]
        assert_clean
    done
}

@test "a poststart hook that fails at start: the container is stopped and destroyed" {
    edit "c['hooks'] = {'poststart': [{'path': '/bin/false'}],
        'poststop': [{'path': '/bin/sh', 'args': ['sh', '-c', 'cat >$BUNDLE/poststop']}]}"
    args sleep 100
    rt create --pid-file pid "$ID"
    run rt start "$ID"
    [[ "$status" -eq 1 && "$output" == *"poststart hook #0: '/bin/false'"* ]]
    run kill -0 "$(cat pid)"
    [ "$status" -ne 0 ]
    grep -q '"status": *"stopped"' poststop
    assert_clean
}

@test "without process in config.json a container can be created; started, it ends at once" {
    edit 'c.pop("process")'
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"process is missing"* ]]
    rt create --pid-file pid "$ID"
    [ "$(status_of "$ID")" = created ]
    # What waits there holds nothing that an exec could take over.
    grep -q $'^CapPrm:\t0000000000000000' "/proc/$(cat pid)/status"
    grep -q $'^NoNewPrivs:\t1' "/proc/$(cat pid)/status"
    run rt start "$ID"
    [[ "$status" -eq 0 && "$output" == *"config.json has no process"* ]]
    wait_for_status "$ID" stopped
    rt delete "$ID"
    assert_clean
}

@test "a hook's timeout is a number of seconds above zero" {
    local seconds
    for seconds in 0 -1; do
        edit "c['hooks'] = {'poststop': [{'path': '/bin/true', 'timeout': 5}, {'path': '/bin/true', 'timeout': $seconds}]}"
        run rt run "$ID"
        [[ "$status" -eq 1 && "$output" == *"hooks.poststop[1].timeout must be greater than zero"* ]]
    done
    assert_clean
}

@test "config.json: unknown capabilities are left out with a warning (config.md, capabilities)" {
    edit 'p["capabilities"] = {k: ["CAP_KILL", "CAP_NOSUCH"] for k in ("bounding", "effective", "permitted")}'
    args grep -E '^Cap(Bnd|Eff)' /proc/self/status
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [[ "$output" == *"ignoring unknown capability CAP_NOSUCH"* ]]
    [[ "$output" == *$'CapEff:\t0000000000000020'* && "$output" == *$'CapBnd:\t0000000000000020'* ]]
    edit 'p["args"] = ["sleep", "100"]'
    rt run --detach "$ID"
    python3 -c 'import json; p = json.load(open("config.json"))["process"]; p["args"] = ["true"]; json.dump(p, open("p.json", "w"))'
    run rt exec --process p.json "$ID"
    [[ "$status" -eq 0 && "$output" == *"ignoring unknown capability CAP_NOSUCH"* ]]
    rt delete --force "$ID"
}

@test "exec: unknown capabilities are left out with a warning, no_new_privs is the container's unless said otherwise" {
    args sleep 100
    rt run --detach "$ID"
    script() { rt exec "$@" "$ID" grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status; }
    local plain
    plain=$(script)
    run script --cap CAP_NOSUCH
    [[ "$status" -eq 0 && "$output" == *"ignoring unknown capability CAP_NOSUCH"* && "$output" == *"$plain" ]]
    [[ "$plain" == *$'NoNewPrivs:\t1' ]]
    [[ "$(script --no-new-privs=false)" == *$'NoNewPrivs:\t0' ]]
    rt delete --force "$ID"
}

@test "hooks of the host: the runtime's own environment unless they list one; prestart is told created" {
    edit "c['hooks'] = {'prestart': [{'path': '/bin/sh', 'args': ['sh', '-c', 'echo \"inherited \$MARK\" >$BUNDLE/out; cat >$BUNDLE/state']},
        {'path': '/bin/sh', 'args': ['sh', '-c', 'echo \"none \$MARK\" >>$BUNDLE/out'], 'env': []},
        {'path': '/bin/sh', 'args': ['sh', '-c', 'echo \"own \$MARK\" >>$BUNDLE/out'], 'env': ['MARK=listed']}]}"
    args true
    MARK=caller run rt run "$ID"
    [ "$status" -eq 0 ]
    [ "$(xargs <out)" = "inherited caller none own listed" ]
    [ "$(python3 -c 'import json; print(json.load(open("state"))["status"])')" = created ]
}

@test "startContainer hooks have the environment of the container" {
    args true
    printf '#!/bin/sh\n[ "$ONE" = two ] && [ "$HOME" = /root ] && [ -z "$DHOW_TEST_CALLER" ]\n' >rootfs/check
    chmod +x rootfs/check
    edit "p['env'] = ['PATH=/bin', 'ONE=two']" "c['hooks'] = {'startContainer': [{'path': '/check'}]}"
    DHOW_TEST_CALLER=secret rt run "$ID"
}

@test "time offsets in a user namespace" {
    args cat /proc/self/timens_offsets
    edit "l['namespaces'] += [{'type': 'user'}, {'type': 'time'}]" \
        "l['uidMappings'] = l['gidMappings'] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]" \
        "l['timeOffsets'] = {'boottime': {'secs': 1337, 'nanosecs': 3141519}}"
    chown -R 100000:100000 rootfs
    run rt run "$ID"
    [ "$status" -eq 0 ]
    grep -E '^boottime +1337 +3141519$' <<<"$output"
}

@test "in the foreground a terminal's output has the program's own line ends" {
    args printf 'a\nb\n'
    edit "p['terminal'] = True"
    rt run "$ID" >out
    [ "$(cat -A out)" = $'a$\nb$' ]
}

@test "createContainer hooks are programs of the host, in the folder of the container's root" {
    args true
    edit "c['hooks'] = {'createContainer': [{'path': '/bin/sh', 'args': ['sh', '-c', 'pwd; touch ./tmp/made; exit 4']}]}"
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"exit status 4: $BUNDLE/rootfs"* ]]
    [ -e rootfs/tmp/made ]
}

@test "a capability that cannot be ambient is left out with a warning" {
    args grep -E '^Cap(Amb|Prm)' /proc/self/status
    edit "p['capabilities'] = {'bounding': ['CAP_KILL'], 'permitted': ['CAP_KILL'], 'ambient': ['CAP_KILL']}"
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [[ "$output" == *"level=warning msg=\"can't raise ambient capability CAP_KILL: "* ]]
    [[ "$output" == *$'CapAmb:\t0000000000000000'* ]]
}
