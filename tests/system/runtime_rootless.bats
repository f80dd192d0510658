#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, for an ordinary user: inside a user namespace made by the caller, and making
# one of its own. Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }

setup() {
    setup_bundle --rootless
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
    mkdir -p "$STATE"
    chown -R 1234:1234 "$BUNDLE" "$STATE"
    as_user unshare --user true || skip "unprivileged user namespaces are off"
}

teardown() {
    local folder
    for folder in "$STATE"/*/; do
        [ -d "$folder" ] && inside "$RUNTIME" --root "$STATE" delete --force "$(basename "$folder")"
    done
    return 0
}

as_user() { setpriv --reuid 1234 --regid 1234 --clear-groups "$@"; }

# What `unshare -Ur` gives: uid 0 mapped to the user, nothing else, setgroups denied.
inside() { timeout 30 setpriv --reuid 1234 --regid 1234 --clear-groups unshare --user --map-root-user --mount "$@"; }

no_user_namespace() {
    edit 'l["namespaces"] = [n for n in l["namespaces"] if n["type"] != "user"] + [{"type": "network"}]' \
        'l.pop("uidMappings")' 'l.pop("gidMappings")' \
        'c["mounts"] = [m if m["destination"] != "/sys" else {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro", "nosuid", "nodev", "noexec"]} for m in c["mounts"]]'
}

@test "inside a user namespace of the caller's" {
    no_user_namespace
    script 'id -u; cat /proc/self/uid_map; head -c 3 /dev/zero | wc -c; echo x >/dev/null; touch /tmp/made; ls /sys/class/net'
    run inside "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" = 0 && "${lines[1]}" == *1234*1 && "${lines[2]}" = 3 && "${lines[3]}" = lo ]]
    [ "$(stat -c %u rootfs/tmp/made)" = 1234 ]
    [ -z "$(ls "$STATE")" ]
}

@test "without --root the state is in the user's run folder, for the root of a user namespace too" {
    no_user_namespace
    args true
    mkdir "$BATS_TEST_TMPDIR/run"
    chown 1234:1234 "$BATS_TEST_TMPDIR/run"
    # as Podman calls it
    inside env USER=web XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/run" "$RUNTIME" run --bundle "$BUNDLE" "$ID"
    [ -d "$BATS_TEST_TMPDIR/run/dhow-runtime" ]
    # root's in a container
    run inside env USER=root XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/run" "$RUNTIME" run --bundle "$BUNDLE" "$ID"
    [[ "$status" -eq 1 && "$output" == *"'/run/dhow-runtime'"* ]]
}

@test "inside a user namespace: life cycle and exec" {
    no_user_namespace
    args sleep 100
    cat >life.sh <<SHELL
set -e
rt="$RUNTIME --root $STATE"
\$rt run --detach --bundle "$BUNDLE" "$ID"
\$rt exec "$ID" sh -c 'echo exec \$(id -u)'
\$rt state "$ID" | grep status
\$rt kill "$ID" KILL
for i in 1 2 3 4 5 6 7 8 9 10; do \$rt delete "$ID" 2>/dev/null && break; sleep 0.1; done
ls "$STATE"
SHELL
    run inside sh life.sh
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" = "exec 0" && "${lines[1]}" == *running* && "${#lines[@]}" -eq 2 ]]
}

@test "a user namespace of its own, one id" {
    script 'id -u; cat /proc/self/setgroups; touch /tmp/made'
    edit 'l["uidMappings"][0]["hostID"] = 1234' 'l["gidMappings"][0]["hostID"] = 1234'
    run as_user timeout 20 "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = $'0\ndeny' ]
    [ "$(stat -c %u rootfs/tmp/made)" = 1234 ]
}

@test "a user namespace of its own, with exec" {
    args sleep 100
    edit 'l["uidMappings"][0]["hostID"] = 1234' 'l["gidMappings"][0]["hostID"] = 1234'
    as_user timeout 20 "$RUNTIME" --root "$STATE" run --detach --bundle "$BUNDLE" "$ID"
    [ "$(as_user timeout 20 "$RUNTIME" --root "$STATE" exec "$ID" id -u)" = 0 ]
    as_user "$RUNTIME" --root "$STATE" delete --force "$ID"
    [ -z "$(ls "$STATE")" ]
}

@test "limits that an ordinary user cannot set are an error" {
    no_user_namespace
    args true
    edit 'l["resources"] = {"memory": {"limit": 10000000}}'
    run inside "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ "$output" == *cgroup* ]]
    [ -z "$(ls "$STATE")" ]
}

@test "cve_2019_5736: the user's own binary cannot be written from its container" {
    no_user_namespace
    cp "$RUNTIME" "$BUNDLE/own-runtime"
    chown 1234:1234 "$BUNDLE/own-runtime"
    before=$(sha256sum <"$BUNDLE/own-runtime")
    script 'readlink /proc/self/exe; sleep 100'
    args /proc/self/exe
    run inside "$BUNDLE/own-runtime" --root "$STATE" run --bundle "$BUNDLE" "$ID"
    [ "$(sha256sum <"$BUNDLE/own-runtime")" = "$before" ]
    args sh -c 'sleep 100'
    cat >probe.sh <<SHELL
"$BUNDLE/own-runtime" --root "$STATE" create --bundle "$BUNDLE" --pid-file pid "$ID"
(echo hit >/proc/\$(cat pid)/exe) 2>/dev/null && echo WRITTEN
readlink /proc/\$(cat pid)/exe
"$BUNDLE/own-runtime" --root "$STATE" delete --force "$ID"
SHELL
    run inside sh probe.sh
    echo "$output"
    [[ "$output" != *WRITTEN* && "$output" != *"$BUNDLE/own-runtime"* ]]
    [ "$(sha256sum <"$BUNDLE/own-runtime")" = "$before" ]
}

@test "the caller's pid and network namespaces: the caller's proc and sys" {
    edit 'l["uidMappings"][0]["hostID"] = 1234' 'l["gidMappings"][0]["hostID"] = 1234' \
        'l["namespaces"] = [n for n in l["namespaces"] if n["type"] != "pid"]' 'l["sysctl"] = {"kernel.msgmax": "4096"}' \
        'c["mounts"] = [m if m["destination"] != "/sys" else {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro", "nosuid", "nodev", "noexec"]} for m in c["mounts"]]'
    script 'grep -q "^Name:.*sh" /proc/$$/status && echo $$; ls -d /sys/class/net; cat /proc/sys/kernel/msgmax; touch /sys/x'
    run as_user timeout 30 "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID"
    echo "$output"
    [[ "${lines[0]}" =~ ^[0-9]+$ && "${lines[1]}" = /sys/class/net && "${lines[2]}" = 4096 && "$output" = *Read-only* ]]
}

@test "without a cgroup: limits of no limit are no limits" {
    edit 'l["uidMappings"][0]["hostID"] = 1234' 'l["gidMappings"][0]["hostID"] = 1234' \
        'l["resources"] = {"pids": {"limit": 0}, "memory": {"limit": -1}, "devices": [{"allow": False, "access": "rwm"}]}'
    args true
    run as_user timeout 30 "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    edit 'l["resources"] = {"pids": {"limit": 7}}'
    run as_user timeout 30 "$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID"
    [[ "$status" -ne 0 && "$output" = *cgroup* ]]
}
