#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, as root: the life of containers and of their processes.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }
setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "run gives output and exit code and leaves nothing" {
    script 'echo out; echo err >&2; exit 7'
    run rt run "$ID"
    [ "$status" -eq 7 ]
    [[ "$output" == *out* && "$output" == *err* ]]
    assert_clean
}

@test "run tells a death by signal as 128 and the number" {
    args sleep 100
    (wait_for_status "$ID" running && rt kill "$ID" KILL) &
    run rt run "$ID"
    [ "$status" -eq 137 ]
}

@test "create, start, state, kill, delete" {
    script 'trap "exit 3" TERM; echo started >/tmp/mark; while :; do sleep 0.05; done'
    rt create --bundle "$BUNDLE" --pid-file pid "$ID"
    [ "$(status_of "$ID")" = created ]
    [ ! -e rootfs/tmp/mark ]
    kill -0 "$(cat pid)"
    [ "$(rt state "$ID" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')" = "$(cat pid)" ]
    run rt delete "$ID-none"
    [ "$status" -eq 1 ]
    rt start "$ID"
    [ "$(status_of "$ID")" = running ]
    for _ in $(seq 50); do [ -e rootfs/tmp/mark ] && break; sleep 0.05; done
    [ -e rootfs/tmp/mark ]
    run rt start "$ID"
    [ "$status" -eq 1 ]
    [[ "$output" == *"already running"* ]]
    run rt delete "$ID"
    [[ "$status" -eq 1 && "$output" == *"is not stopped: running"* ]]
    rt kill "$ID" TERM
    wait_for_status "$ID" stopped
    run rt kill "$ID" KILL
    [[ "$status" -eq 1 && "$output" == *"not running"* ]]
    rt delete "$ID"
    assert_clean
}

@test "the calls of containerd, in its order" {
    args sleep 100
    mkdir root log
    rtd=("$RUNTIME" --root "$BUNDLE/root" --log "$BUNDLE/log/l.json" --log-format json)
    "${rtd[@]}" create --bundle "$BUNDLE" --pid-file "$BUNDLE/pid" "$ID"
    "${rtd[@]}" start "$ID"
    printf '{"user":{"uid":0,"gid":0},"args":["id","-u"],"env":["PATH=/bin"],"cwd":"/"}' >process.json
    [ "$("${rtd[@]}" exec --process process.json "$ID")" = 0 ]
    "${rtd[@]}" exec --process process.json --detach --pid-file epid "$ID"
    [ "$(cat epid)" -gt 0 ]
    "${rtd[@]}" pause "$ID"
    "${rtd[@]}" resume "$ID"
    [[ "$("${rtd[@]}" ps --format json "$ID")" == *"$(cat pid)"* ]]
    "${rtd[@]}" kill "$ID" 9
    for _ in $(seq 50); do "${rtd[@]}" delete "$ID" 2>/dev/null && break; sleep 0.05; done
    run "${rtd[@]}" state "$ID"
    [ "$status" -eq 1 ]
    tail -1 log/l.json | python3 -c '
import json, sys
line = json.loads(sys.stdin.read())
assert line["level"] == "error" and "does not exist" in line["msg"] and line["time"], line'
    STATE=$BUNDLE/root assert_clean
}

@test "a taken id and a malformed one are refused" {
    args sleep 100
    rt run --detach "$ID"
    run rt run --detach "$ID"
    [[ "$status" -eq 1 && "$output" == *"in use"* ]]
    [ "$(status_of "$ID")" = running ]
    for bad in ../x a/b . .. 'a b' '' $'a\nb' 'ü'; do
        run rt run --detach "$bad"
        [ "$status" -eq 1 ]
        [[ "$output" == *"invalid container id"* ]]
    done
}

@test "an executable that is not there fails run, detached run, create and exec" {
    args nosuch
    for verb in "run" "run --detach" create; do
        # shellcheck disable=SC2086
        run rt $verb "$ID"
        [ "$status" -eq 1 ]
        [[ "$output" == *'exec: "nosuch": executable file not found in $PATH'* ]]
        assert_clean
    done
    args /bin/nosuch
    run rt run --detach "$ID"
    [[ "$output" == *'exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory'* ]]
    args sleep 100
    rt run --detach "$ID"
    run rt exec "$ID" nosuch
    [ "$status" -eq 255 ]
    [[ "$output" == *'executable file not found in $PATH'* ]]
}

@test "errors go to the log alone when there is one: stderr is the container's" {
    args nosuch
    for verb in "run" "run --detach" create; do
        # shellcheck disable=SC2086
        run rt --log log.json --log-format json $verb "$ID"
        [ "$status" -eq 1 ]
        [ -z "$output" ]
    done
    [ "$(grep -c 'executable file not found in $PATH' log.json)" -eq 3 ]
    run rt --log no/such/folder/log run "$ID"
    [[ "$status" -eq 1 && "$output" == *"executable file not found"* ]]
}

@test "an executable that cannot run says permission denied" {
    echo text >rootfs/etc/data
    for what in /etc/data /etc; do
        args "$what"
        run rt run --detach "$ID"
        [ "$status" -eq 1 ]
        [[ "$output" == *"permission denied"* || "$output" == *"is a directory"* ]]
        assert_clean
    done
}

@test "an execve that fails is told by a detached run and by start" {
    printf '#!/no/such/shell\n' >rootfs/bin/broken
    chmod 755 rootfs/bin/broken
    args broken
    run rt run --detach "$ID"
    [[ "$status" -eq 1 && "$output" == *'exec: "broken": no such file or directory'* ]]
    assert_clean
    printf 'no magic' >rootfs/bin/broken
    rt create "$ID"
    run rt start "$ID"
    [[ "$status" -eq 1 && "$output" == *'exec: "broken": exec format error'* ]]
    rt delete --force "$ID"
    assert_clean
}

@test "exec: namespaces, user, directory, environment, exit code" {
    edit 'c["hostname"] = "inner"'
    args sleep 100
    rt run --detach "$ID"
    [ "$(rt exec "$ID" hostname)" = inner ]
    [ "$(rt exec --user 1000:1000 --cwd /tmp --env A=b "$ID" sh -c 'id -u; pwd; echo $A; echo $HOME')" = $'1000\n/tmp\nb\n/tmp' ]
    run rt exec "$ID" sh -c 'exit 9'
    [ "$status" -eq 9 ]
    for ns in pid mnt net ipc uts; do
        [ "$(rt exec "$ID" readlink /proc/self/ns/$ns)" = "$(rt exec "$ID" readlink /proc/1/ns/$ns)" ]
        [ "$(rt exec "$ID" readlink /proc/self/ns/$ns)" != "$(readlink /proc/self/ns/$ns)" ]
    done
    rt exec "$ID" sh -c 'cat /proc/self/cgroup | grep -v :/$ | wc -l' >count || true
    rt kill "$ID" KILL
    wait_for_status "$ID" stopped
    run rt exec "$ID" true
    [[ "$status" -eq 255 && "$output" == *"stopped container"* ]]
}

@test "exec -u takes strict numbers only" {
    args sleep 100
    rt run --detach "$ID"
    for bad in 4294967295 4294967296 18446744073709551616 -1 +0 0x0 ' 0' 1:2:3 1000: root ''; do
        run rt exec --user "$bad" "$ID" id
        [ "$status" -eq 255 ]
        [[ "$output" == *invalid* ]]
    done
}

@test "a terminal over the console socket" {
    edit 'p["terminal"] = True' 'p["consoleSize"] = {"height": 33, "width": 77}'
    script 'tty; stty size; ls -l /dev/console; readlink /proc/self/fd/0; read line; echo "got $line"'
    cat >receive.py <<'PYTHON'
import array, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind("console.sock"); server.listen(1)
open("listening", "w").close()
connection, _ = server.accept()
data, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(64))
fds = array.array("i", control[0][2])
assert data == b"/dev/ptmx" and len(fds) == 1, (data, fds)
os.write(fds[0], b"hello\n")
out = b""
while b"got hello" not in out:
    try: out += os.read(fds[0], 4096)
    except OSError: break
sys.stdout.write(out.decode())
PYTHON
    timeout 20 python3 receive.py >received &
    receiver=$!
    for _ in $(seq 100); do [ -e listening ] && break; sleep 0.05; done
    rt run --detach --console-socket console.sock "$ID"
    wait "$receiver"
    cat received
    grep -q '^/dev/pts/0' received
    grep -q '^33 77' received
    grep -q 'got hello' received
    run rt run --detach "$ID-2"
    [[ "$status" -eq 1 && "$output" == *"without setting console socket"* ]]
}

@test "a terminal in the foreground is relayed" {
    edit 'p["terminal"] = True'
    script 'tty; echo to-stderr >&2; exit 4'
    run command script -qec "'$RUNTIME' --root '$STATE' run '$ID'" /dev/null
    [ "$status" -eq 4 ]
    [[ "$output" == */dev/pts/0* && "$output" == *to-stderr* ]]
    edit 'p["terminal"] = False'
    args sleep 100
    rt run --detach "$ID"
    run command script -qec "'$RUNTIME' --root '$STATE' exec --tty '$ID' sh -c 'tty; exit 5'" /dev/null
    [ "$status" -eq 5 ]
    [[ "$output" == */dev/pts/* ]]
}

@test "pause stops the processes, resume lets them go on" {
    script 'i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.02; done'
    rt run --detach "$ID"
    rt pause "$ID"
    [ "$(status_of "$ID")" = paused ]
    before=$(cat rootfs/tmp/count)
    sleep 0.3
    [ "$(cat rootfs/tmp/count)" = "$before" ]
    run rt exec "$ID" true
    [[ "$status" -eq 255 && "$output" == *"paused container"* ]]
    rt resume "$ID"
    [ "$(status_of "$ID")" = running ]
    sleep 0.3
    [ "$(cat rootfs/tmp/count)" != "$before" ]
    rt pause "$ID"
    rt delete --force "$ID"
    assert_clean
}

@test "hooks run in order and get the state" {
    for kind in prestart createRuntime createContainer startContainer poststart poststop; do
        edit "c.setdefault('hooks', {})['$kind'] = [{'path': '/bin/sh', 'args': ['sh', '-c', 'cat >$BUNDLE/$kind.json; echo $kind >>$BUNDLE/order']}]"
    done
    # startContainer runs in the container's root
    edit "c['hooks']['startContainer'] = [{'path': '/bin/sh', 'args': ['sh', '-c', 'cat >/tmp/startContainer.json']}]"
    args true
    rt run "$ID"
    [ "$(tr '\n' ' ' <order)" = "prestart createRuntime createContainer poststart poststop " ]
    python3 - "$ID" <<'PYTHON'
import json, sys
for kind in "prestart createRuntime createContainer poststart poststop rootfs/tmp/startContainer".split():
    state = json.load(open(kind + ".json"))
    assert state["id"] == sys.argv[1] and state["bundle"] and state["ociVersion"], state
assert json.load(open("prestart.json"))["pid"] > 0
PYTHON
    edit "c['hooks'] = {'createRuntime': [{'path': '/bin/false'}]}"
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"createRuntime hook #0: '/bin/false'"* ]]
    assert_clean
    edit "c['hooks'] = {'createRuntime': [{'path': '/bin/sleep', 'args': ['sleep', '100'], 'timeout': 1}]}"
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"no end within 1 s"* ]]
    assert_clean
}

@test "delete --force ends a running container, and accepts a missing one" {
    args sleep 100
    rt run --detach --pid-file pid "$ID"
    rt delete --force "$ID"
    run kill -0 "$(cat pid)"
    [ "$status" -ne 0 ]
    assert_clean
    rt delete --force "$ID"
    run rt delete "$ID"
    [[ "$status" -eq 1 && "$output" == *"does not exist"* ]]
}

@test "without a pid namespace of its own delete ends all processes" {
    edit 'l["namespaces"] = [n for n in l["namespaces"] if n["type"] != "pid"]' \
        'c["mounts"][0] = {"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]}' \
        'l["maskedPaths"] = []' 'l["readonlyPaths"] = []'
    script 'sleep 1234 & sleep 1234'
    rt run --detach "$ID"
    sleep 0.2
    rt ps --format json "$ID" >pids
    rt delete --force "$ID"
    assert_clean
    for pid in $(tr -c '0-9\n' ' ' <pids); do
        [ ! -e "/proc/$pid" ] || grep -q 'State:.Z' "/proc/$pid/status"
    done
}

@test "list, ps, features, spec and version" {
    args sleep 100
    rt run --detach "$ID"
    [[ "$(rt list)" == *"$ID"*running* ]]
    [ "$(rt list --quiet)" = "$ID" ]
    rt list --format json | python3 -c 'import json,sys; assert json.load(sys.stdin)[0]["status"] == "running"'
    [[ "$(rt ps "$ID")" == *"sleep 100"* ]]
    rt features | python3 -c 'import json,sys; f=json.load(sys.stdin); assert f["linux"]["cgroup"]["v2"]'
    [[ "$(rt --version)" == *"spec: 1."* ]]
    run rt spec
    [[ "$status" -eq 1 && "$output" == *exists* ]]
    run rt nosuchverb
    [ "$status" -eq 1 ]
    run rt run --nosuchflag x
    [[ "$status" -eq 1 && "$output" == *"not defined"* ]]
}

@test "a malformed config.json is one line that names the member" {
    for change in 'p["cwd"] = "relative"' 'p["args"] = []' 'p["user"]["uid"] = -1' 'p["user"]["uid"] = 4294967295' \
        'c["ociVersion"] = "2.0.0"' 'c["mounts"] = {}' 'l["namespaces"].append({"type": "pid"})' \
        'p["rlimits"] = [{"type": "RLIMIT_X", "soft": 1, "hard": 1}]'; do
        rm config.json
        rt spec
        edit 'p["terminal"] = False' "$change"
        run rt run "$ID"
        echo "$change: $output"
        [ "$status" -eq 1 ]
        [ "${#lines[@]}" -eq 1 ]
        assert_clean
    done
}

@test "delete --regex: those that match, and no other" {
    args sleep 100
    rt run --detach one-a
    rt run --detach one-b
    rt run --detach two
    run rt delete --regex '^one-'
    [ "$status" -eq 1 ]
    rt delete --force --regex '^one-[ab]$'
    [ "$(ls "$STATE")" = two ]
    run rt delete --force --regex '('
    [[ "$status" -eq 1 && "$output" == *"invalid regular expression"* ]]
    rt delete --force --regex nothing
    rt delete --force two
}
