#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself: system call filters, and agents that answer for calls. MODE=rootless: an
# ordinary user whose container has a user namespace of its own. Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }

setup() {
    SUPPORT=$BATS_TEST_DIRNAME/../support
    AGENT=$BATS_TEST_TMPDIR/run/agent
    REPORTS=$BATS_TEST_TMPDIR/run/reports
    mkdir -p "$BATS_TEST_TMPDIR/run"
    if [[ ${MODE:-root} == rootless ]]; then
        setup_bundle --rootless
        edit 'l["uidMappings"][0]["hostID"] = 1234' 'l["gidMappings"][0]["hostID"] = 1234'
        chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
        mkdir -p "$STATE"
        chown -R 1234:1234 "$BUNDLE" "$STATE" "$BATS_TEST_TMPDIR/run"
        AS=(setpriv --reuid 1234 --regid 1234 --clear-groups)
        "${AS[@]}" unshare --user true || skip "unprivileged user namespaces are off"
    else
        setup_bundle
        AS=(env)
    fi
}

teardown() {
    stop_agent
    local folder
    for folder in "$STATE"/*/; do
        [ -d "$folder" ] && rt delete --force "$(basename "$folder")"
    done
    return 0
}

rt() { timeout -k 5 30 "${AS[@]}" "$RUNTIME" --root "$STATE" "$@"; }

# An agent that answers mkdir with ENOMEDIUM.
start_agent() {
    "${AS[@]}" "$SUPPORT/seccomp_agent" "$AGENT" "$REPORTS" 123 3>&- &
    AGENT_PID=$!
    for _ in $(seq 100); do [ -e "$REPORTS" ] && return; sleep 0.05; done
    return 1
}

stop_agent() {
    [ -z "${AGENT_PID:-}" ] && return
    kill "$AGENT_PID" && wait "$AGENT_PID" || true
    AGENT_PID=
}

# Of calls "NAME", ...: those notify, all others are allowed.
notify() {
    edit "l['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'architectures': ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
        'listenerPath': '$AGENT', 'listenerMetadata': 'some data',
        'syscalls': [{'names': [$1], 'action': 'SCMP_ACT_NOTIFY'}]}"
}

# Of report NUMBER: an expression on r, the container process state.
report() {
    sed -n "$1p" "$REPORTS" | python3 -c 'import json, sys
line = sys.stdin.read().split(" ", 2)
r = json.loads(line[2])
r["sent"] = line[:2]
print(eval(sys.argv[1]))' "$2"
}

assert_nothing_left() {
    [ -z "$(ls -A "$STATE" 2>/dev/null)" ] || { echo "state left: $(ls "$STATE")"; return 1; }
    [ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$ID*" 2>/dev/null)" ]
}

@test "denied calls fail, in every process, with and without no_new_privs" {
    edit 'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "syscalls": [{"names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}'
    script 'grep Seccomp: /proc/self/status; mkdir /tmp/x'
    for nnp in True False; do
        edit "p['noNewPrivileges'] = $nnp"
        run rt run "$ID"
        echo "$output"
        [[ "${lines[0]}" == *2 && "$output" == *"not supported"* ]]
    done
    args sleep 100
    rt run --detach "$ID"
    run rt exec "$ID" mkdir /tmp/y
    [[ "$status" -ne 0 && "$output" == *"not supported"* ]]
    edit 'l["seccomp"]["defaultAction"] = "SCMP_ACT_NOSUCH"'
    run rt exec "$ID" true
    [[ "$status" -ne 0 && "$output" == *"unknown action"* ]]
    run rt run "$ID-2"
    [[ "$status" -eq 1 && "$output" == *"unknown action"* ]]
}

@test "rules that together are hard to compile are taken as they are written" {
    # libseccomp would let the rule without conditions win.
    edit 'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95, "args": [
            {"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]},
        {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 123, "args": [
            {"index": 1, "value": 12, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 1, "op": "SCMP_CMP_LT"}]},
        {"names": ["kill"], "action": "SCMP_ACT_ALLOW"}]}'
    script 'for signal in USR1 USR2 0 WINCH; do kill -$signal $$ || true; done; echo end'
    run rt run "$ID"
    echo "$output"
    [[ "${lines[0]}" == *"not supported"* && "${lines[1]}" == *"No medium"* && "${lines[2]}" == *"No medium"* ]]
    [ "${lines[3]}" = end ]
}

@test "the hooks of the start run under the filter" {
    edit 'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}' \
        'c["hooks"] = {"startContainer": [{"path": "/bin/mkdir", "args": ["mkdir", "/tmp/hook"]}]}'
    args true
    for nnp in True False; do
        edit "p['noNewPrivileges'] = $nnp"
        run rt run "$ID"
        echo "$output"
        [ "$status" -ne 0 ]
        [ ! -e rootfs/tmp/hook ]
    done
    assert_nothing_left
}

@test "flags: those that are known, and no others" {
    args true
    edit 'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW"}'
    for flags in '[]' '["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'; do
        edit "l['seccomp']['flags'] = $flags"
        rt run "$ID"
    done
    edit 'l["seccomp"]["flags"] = ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]'
    run rt run "$ID"
    [[ "$status" -ne 0 && "$output" == *"unknown flag 'SECCOMP_FILTER_FLAG_NEW_LISTENER'"* ]]
    edit 'l["seccomp"]["flags"] = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
    run rt run "$ID"
    [[ "$status" -ne 0 && "$output" == *"needs a rule with SCMP_ACT_NOTIFY"* ]]
    assert_nothing_left
}

@test "features: actions, operators, architectures and flags" {
    run rt features
    [ "$status" -eq 0 ]
    python3 - "$output" <<'PYTHON'
import json, sys
seccomp = json.loads(sys.argv[1])["linux"]["seccomp"]
assert "SCMP_ACT_NOTIFY" in seccomp["actions"] and len(seccomp["actions"]) == 9
assert len(seccomp["operators"]) == 7
assert {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_LOONGARCH64"} <= set(seccomp["archs"])
assert set(seccomp["supportedFlags"]) <= set(seccomp["knownFlags"]) and len(seccomp["knownFlags"]) == 4
PYTHON
}

@test "an agent answers for run" {
    start_agent
    notify '"mkdir", "mkdirat"'
    script 'mkdir /tmp/x; echo $?; [ -e /tmp/x ] || echo none; ls /proc/self/fd'
    local number=0
    for nnp in True False; do
        edit "p['noNewPrivileges'] = $nnp" 'c["annotations"] = {"one": "two"}'
        run rt run "$ID"
        echo "$output"
        [[ "${lines[0]}" == *"No medium found"* && "${lines[1]}" = 1 && "${lines[2]}" = none ]]
        [ "${#lines[@]}" -eq 7 ] # 0, 1, 2 and the folder's own
        number=$((number + 1))
        [ "$(report $number '[r["sent"], r["fds"], r["metadata"], r["state"]["status"], r["state"]["id"]]')" = \
            "[['1', '1'], ['seccompFd'], 'some data', 'creating', '$ID']" ]
        [ "$(report $number 'r["pid"] == r["state"]["pid"] > 1')" = True ]
        [ "$(report $number '[r["state"]["bundle"], r["state"]["annotations"], r["ociVersion"] == r["state"]["ociVersion"]]')" = \
            "['$BUNDLE', {'one': 'two'}, True]" ]
    done
    assert_nothing_left
}

@test "an agent hears of the container when it is created" {
    start_agent
    notify '"mkdir", "mkdirat"'
    script 'mkdir /tmp/x 2>/tmp/said'
    for nnp in True False; do
        : >"$REPORTS"
        edit "p['noNewPrivileges'] = $nnp"
        rt create --pid-file "$BATS_TEST_TMPDIR/run/pid" "$ID"
        [ "$(wc -l <"$REPORTS")" -eq 1 ]
        [ "$(report 1 'r["state"]["status"], r["pid"]')" = "('creating', $(cat "$BATS_TEST_TMPDIR/run/pid"))" ]
        rt start "$ID"
        wait_for_status "$ID" stopped
        grep "No medium found" rootfs/tmp/said
        rt delete "$ID"
        rm rootfs/tmp/said
    done
}

@test "an agent answers for exec" {
    start_agent
    notify '"mkdir", "mkdirat"'
    args sleep 100
    for nnp in True False; do
        edit "p['noNewPrivileges'] = $nnp"
        : >"$REPORTS"
        rt run --detach --pid-file "$BATS_TEST_TMPDIR/run/pid" "$ID"
        run rt exec --pid-file "$BATS_TEST_TMPDIR/run/other" "$ID" mkdir /tmp/y
        echo "$output"
        [[ "$status" -eq 1 && "$output" == *"No medium found"* ]]
        [ "$(wc -l <"$REPORTS")" -eq 2 ]
        [ "$(report 2 'r["state"]["status"], r["pid"], r["state"]["pid"]')" = \
            "('running', $(cat "$BATS_TEST_TMPDIR/run/other"), $(cat "$BATS_TEST_TMPDIR/run/pid"))" ]
        rt delete --force "$ID"
    done
}

# What the set-up itself calls after the filter is in force must not wait for an agent that it keeps
# from getting the listener.
@test "calls of the set-up may notify" {
    start_agent
    args true
    for calls in '"execve", "openat", "open", "read", "close", "fcntl", "close_range"' \
        '"sendmsg", "recvmsg", "sendto", "accept4", "waitid", "prctl", "setresuid", "capset", "clone", "clone3"' \
        '"brk", "mmap", "munmap", "madvise", "futex", "exit_group", "rt_sigaction"'; do
        notify "$calls, 'mkdir'"
        for nnp in True False; do
            edit "p['noNewPrivileges'] = $nnp"
            run rt run "$ID"
            echo "$calls $nnp: $output"
            [ "$status" -eq 0 ]
        done
        rt create "$ID"
        rt start "$ID"
        wait_for_status "$ID" stopped
        rt delete "$ID"
    done
    notify '"sendmsg", "mkdir"'
    args sleep 100
    rt run --detach "$ID"
    run rt exec "$ID" sh -c 'mkdir /tmp/x; ps | wc -l'
    echo "$output"
    [[ "${lines[0]}" == *"No medium found"* ]]
}

@test "WAIT_KILLABLE_RECV" {
    rt features | grep -A5 supportedFlags | grep -q WAIT_KILLABLE_RECV || skip "needs Linux 5.19"
    start_agent
    notify '"mkdir", "mkdirat"'
    edit 'l["seccomp"]["flags"] = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_TSYNC"]'
    args mkdir /tmp/x
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"No medium found"* ]]
}

@test "without its agent a container does not start, and nothing is left" {
    notify '"mkdir"'
    args true
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"failed to connect with seccomp agent"*"$AGENT"*"no such file"* ]]
    run rt create "$ID"
    [ "$status" -ne 0 ]
    assert_nothing_left
    edit 'l["seccomp"]["listenerPath"] = ""'
    run rt run "$ID"
    [[ "$status" -ne 0 && "$output" == *listenerPath* ]]
    edit 'l["seccomp"]["listenerPath"] = "@abstract"'
    run rt run "$ID"
    [[ "$status" -ne 0 && "$output" == *"not an absolute path"* ]]
    edit 'l["seccomp"]["syscalls"][0]["action"] = "SCMP_ACT_LOG"'
    rt run "$ID" # a listener that no rule needs is not looked for
    assert_nothing_left
}

@test "a program whose agent is gone hears that there is no such call" {
    start_agent
    notify '"mkdir", "mkdirat"'
    args sleep 100
    rt run --detach "$ID"
    stop_agent
    run rt exec "$ID" true
    [[ "$status" -ne 0 && "$output" == *"failed to connect with seccomp agent"* ]]
    rt delete --force "$ID"
    rm -f "$AGENT"
    start_agent
    script 'while [ ! -e /tmp/go ]; do sleep 0.05; done; mkdir /tmp/x 2>/tmp/said'
    rt run --detach "$ID"
    stop_agent
    touch rootfs/tmp/go
    wait_for_status "$ID" stopped
    grep "Function not impl" rootfs/tmp/said
}

@test "what cannot notify is refused" {
    start_agent
    args true
    notify '"mkdir", "write"'
    run rt run "$ID"
    [[ "$status" -ne 0 && "$output" == *"cannot be used for the write syscall"* ]]
    edit 'l["seccomp"]["defaultAction"] = "SCMP_ACT_NOTIFY"'
    run rt run "$ID"
    [[ "$status" -ne 0 && "$output" == *"cannot be used as default action"* ]]
    assert_nothing_left
}
