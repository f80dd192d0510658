#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore of dhow-runtime, through criu. Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() {
    setup_runtime_file
    # The criu of a distribution may be older than the kernel it meets.
    criu check --no-default-config >"$BATS_FILE_TMPDIR/criu-check" 2>&1 || true
}

setup() {
    setup_bundle
    edit 'l["namespaces"] = [n for n in l["namespaces"] if n["type"] != "cgroup"] + [{"type": "cgroup"}]' \
        'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdirat", "mkdir"], "action": "SCMP_ACT_ERRNO"}]}'
}

teardown() { teardown_bundle; }

needs_criu() {
    command -v criu >/dev/null || skip "criu is not installed"
    grep -q 'Looks good' "$BATS_FILE_TMPDIR/criu-check" ||
        skip "criu cannot work on this kernel: $(grep . "$BATS_FILE_TMPDIR/criu-check" | tail -1)"
}

counting() { script 'i=0; while true; do i=$((i+1)); echo $i >/tmp/n; sleep 0.1; done'; }

# A count that goes on from where it was, and does not begin anew.
assert_counts_on() {
    local from=$1 now=0
    for _ in $(seq 50); do
        now=$(cat rootfs/tmp/n 2>/dev/null || echo 0)
        [ "${now:-0}" -gt "$from" ] && return
        sleep 0.1
    done
    echo "count is $now, was $from"
    return 1
}

run_quietly() { rt run --detach "$@" "$ID" </dev/null >/dev/null 2>&1; }

restore_quietly() { rt restore --detach --image-path cp "$@" "$ID" </dev/null >/dev/null 2>restore.err || { cat restore.err; grep Error cp/restore.log; return 1; }; }

@test "without criu: the error names the package" {
    args sleep 100
    run_quietly
    run rt --criu nowhere checkpoint "$ID"
    echo "$output"
    [[ "$status" -eq 1 && "$output" = *"'nowhere' is not installed"*"install the package criu"* ]]
    [ "$(status_of "$ID")" = running ]
    run rt --criu nowhere restore "$ID-2"
    [[ "$status" -eq 1 && "$output" = *"install the package criu"* ]]
    run rt checkpoint --lazy-pages "$ID"
    [[ "$status" -eq 1 && "$output" = *"--lazy-pages is not supported"* ]]
    run rt checkpoint --empty-ns pid "$ID"
    [[ "$status" -eq 1 && "$output" = *"--empty-ns"* ]]
    run rt checkpoint --manage-cgroups-mode odd "$ID"
    [[ "$status" -eq 1 && "$output" = *"--manage-cgroups-mode"* ]]
}

@test "only what runs can be saved" {
    args sleep 100
    rt create "$ID" </dev/null >/dev/null 2>&1
    run rt checkpoint "$ID"
    [[ "$status" -eq 1 && "$output" = *"cannot be checkpointed in created state"* ]]
    run rt checkpoint "$ID-2"
    [[ "$status" -eq 1 && "$output" = *"does not exist"* ]]
}

@test "a container is saved, deleted and made again, twice" {
    needs_criu
    counting
    run_quietly --pid-file pid
    assert_counts_on 2
    mounts=$(cut -d ' ' -f 4-6 "/proc/$(cat pid)/mountinfo" | sort)
    for _ in 1 2; do
        rt checkpoint --image-path cp "$ID"
        run rt state "$ID"
        [ "$status" -eq 1 ]
        assert_clean
        n=$(cat rootfs/tmp/n)
        restore_quietly --pid-file pid
        [ "$(status_of "$ID")" = running ]
        [ "$(rt state "$ID" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')" = "$(cat pid)" ]
        assert_counts_on "$n"
    done
    # What it was confined by is there again, for it and for what joins it.
    run rt exec "$ID" sh -c 'cut -d: -f3 /proc/1/cgroup | grep -v init | sort -u; hostname; id -u; ls /sys/class/net; cat /sys/class/net/lo/carrier'
    echo "$output"
    [[ "${lines[0]}" = / && "${lines[1]}" = dhow && "${lines[2]}" = 0 && "${lines[3]}" = lo && "${lines[4]}" = 1 ]]
    diff <(echo "$mounts") <(cut -d ' ' -f 4-6 "/proc/$(cat pid)/mountinfo" | sort)
    grep -q '^Seccomp:.*2' "/proc/$(cat pid)/status"
    grep -q '^CapBnd:.*0000000020000420' "/proc/$(cat pid)/status"
    rt kill "$ID" KILL
    wait_for_status "$ID" stopped
    rt delete "$ID"
    assert_clean
}

@test "--leave-running, a paused container, other cgroup modes" {
    needs_criu
    counting
    run_quietly
    assert_counts_on 1
    rt checkpoint --leave-running --image-path cp --work-path work "$ID"
    [ -e work/dump.log ]
    [ "$(status_of "$ID")" = running ]
    assert_counts_on "$(cat rootfs/tmp/n)"
    rt pause "$ID"
    rt checkpoint --image-path cp "$ID"
    assert_clean
    restore_quietly
    assert_counts_on "$(cat rootfs/tmp/n)"
    rt checkpoint --manage-cgroups-mode soft --image-path cp "$ID"
    restore_quietly --manage-cgroups-mode soft
    assert_counts_on "$(cat rootfs/tmp/n)"
}

@test "bind mounts: a link in the way, one in another, a mount point that went away" {
    needs_criu
    mkdir -p rootfs/real one two
    ln -s /real rootfs/link
    edit 'c["mounts"] += [{"type": "bind", "source": "one", "destination": "/link", "options": ["bind"]},
        {"type": "bind", "source": "'"$PWD"'/two", "destination": "/link/in/it", "options": ["rbind", "ro"]}]'
    echo outside >two/file
    script 'while true; do cat /real/in/it/file >/real/seen 2>/dev/null; sleep 0.1; done'
    run_quietly
    rt checkpoint --image-path cp "$ID"
    rm -rf one/* rootfs/tmp/*
    restore_quietly
    for _ in $(seq 50); do [ -s one/seen ] && break; sleep 0.1; done
    [ "$(cat one/seen)" = outside ]
    run rt exec "$ID" touch /real/in/it/x
    [ "$status" -ne 0 ]
}

@test "stdio that was a pipe is the caller's pipe again" {
    needs_criu
    script 'while read line; do echo "got $line"; done'
    cat >pipes.py <<'PYTHON'
import os, subprocess, sys
runtime, word = sys.argv[1].split(), sys.argv[2]
def piped(verb):
    stdin, to = os.pipe()
    come, stdout = os.pipe()
    subprocess.run(runtime + verb + [word], stdin=stdin, stdout=stdout, stderr=stdout, check=True)
    os.close(stdin); os.close(stdout)
    return to, come
def talk(ends, text):
    os.write(ends[0], text + b"\n")
    assert os.read(ends[1], 1000) == b"got " + text + b"\n"
first = piped(["run", "--detach"])
talk(first, b"one")
subprocess.run(runtime + ["checkpoint", "--image-path", "cp", word], check=True)
assert os.read(first[1], 10) == b""
second = piped(["restore", "--detach", "--image-path", "cp"])
talk(second, b"two")
print("both")
PYTHON
    run timeout 60 python3 pipes.py "$RUNTIME --root $STATE" "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "${lines[-1]}" = both ]]
}

@test "a terminal comes back over the console socket" {
    needs_criu
    edit 'p["terminal"] = True'
    script 'while read line; do echo "got $line"; done'
    cat >console.py <<'PYTHON'
import array, os, socket, subprocess, sys
runtime, words = sys.argv[1].split(), sys.argv[2:]
server = socket.socket(socket.AF_UNIX); server.bind("console.sock"); server.listen(1)
def terminal(verb):
    process = subprocess.Popen(runtime + verb, stdin=subprocess.DEVNULL)
    connection, _ = server.accept()
    _, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
    fds = array.array("i"); fds.frombytes(control[0][2][:4])
    assert process.wait() == 0
    return fds[0]
def talk(fd, word):
    os.write(fd, word.encode() + b"\n")
    seen = b""
    while b"got " + word.encode() not in seen: seen += os.read(fd, 1000)
first = terminal(["run", "--detach", "--console-socket", "console.sock", words[0]])
talk(first, "one")
subprocess.run(runtime + ["checkpoint", "--image-path", "cp", words[0]], check=True)
second = terminal(["restore", "--detach", "--image-path", "cp", "--console-socket", "console.sock", words[0]])
talk(second, "two")
print("both")
PYTHON
    run timeout 60 python3 console.py "$RUNTIME --root $STATE" "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "${lines[-1]}" = both ]]
}

@test "a network namespace given by path, and hooks" {
    needs_criu
    ip netns add "ck$$"
    cat >hook <<'SHELL'
#!/bin/sh
echo "$1 $(sed -n 's/.*"status":"\([a-z]*\)".*/\1/p')" >>hooks.log
SHELL
    chmod +x hook
    edit "[n for n in l['namespaces'] if n['type'] == 'network'][0]['path'] = '/run/netns/ck$$'" \
        "c['hooks'] = {k: [{'path': '$PWD/hook', 'args': ['hook', k]}] for k in ('createRuntime', 'poststart', 'poststop')}"
    counting
    run_quietly
    rt checkpoint --image-path cp "$ID"
    restore_quietly --pid-file pid
    inode=$(stat -L -c %i "/proc/$(cat pid)/ns/net")
    [ "$inode" = "$(stat -L -c %i "/run/netns/ck$$")" ]
    rt delete --force "$ID"
    ip netns del "ck$$"
    cat hooks.log
    [ "$(sed 's/ .*//' hooks.log | paste -sd,)" = createRuntime,poststart,poststop,createRuntime,poststart,poststop ]
}

@test "in the foreground, and with a second process" {
    needs_criu
    script 'while ! [ -e /tmp/end ]; do sleep 0.1; done; exit 7'
    run_quietly
    rt exec "$ID" sh -c 'sleep 77 </dev/null >/dev/null 2>&1 &'
    rt checkpoint --image-path cp "$ID"
    rt restore --image-path cp "$ID" </dev/null >/dev/null 2>&1 &
    caller=$!
    wait_for_status "$ID" running
    run rt exec "$ID" grep -l 'sleep' /proc/2/cmdline /proc/3/cmdline /proc/4/cmdline /proc/5/cmdline /proc/6/cmdline
    touch rootfs/tmp/end
    code=0
    wait "$caller" || code=$?
    [ "$code" -eq 7 ]
    assert_clean
}

@test "a checkpoint does not loosen what config.json confines (CVE-2026-94603)" {
    needs_criu
    # Saved by somebody with more rights than the bundle it is restored with.
    cp config.json strict.json
    edit 'l.pop("seccomp")' 'p["noNewPrivileges"] = False'
    counting
    run_quietly
    assert_counts_on 1
    rt checkpoint --image-path cp "$ID"
    cp strict.json config.json
    counting
    n=$(cat rootfs/tmp/n)
    for change in 'pass' 'p["capabilities"]["bounding"] = []; p["capabilities"]["permitted"] = []; p["capabilities"]["effective"] = []; l.pop("seccomp")'; do
        cp strict.json config.json
        counting
        edit "$change"
        run rt restore --detach --image-path cp "$ID"
        echo "$output"
        [[ "$status" -eq 1 && "$output" = *"that config.json does not allow"* ]]
        assert_clean
    done
    sleep 0.3
    [ "$(cat rootfs/tmp/n)" = "$n" ]
}

@test "what is no checkpoint is refused, and nothing is left" {
    needs_criu
    counting
    mkdir cp
    run rt restore --detach --image-path cp "$ID"
    echo "$output"
    [[ "$status" -eq 1 && "$output" = *"no checkpoint of a container"* ]]
    assert_clean
    echo '["pipe:[1]/../x", 5, "socket:[3]"]' >cp/descriptors.json
    run rt restore --detach --image-path cp "$ID"
    echo "$output"
    [[ "$status" -eq 1 && "$output" = *"criu failed"*restore.log* ]]
    assert_clean
    ! grep -q criu-root /proc/self/mountinfo
}
