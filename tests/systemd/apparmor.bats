#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# process.apparmorProfile under a kernel that enforces it: in a virtual machine (tests/support/vm), by dhow-runtime
# itself, as root and as a user. The profile allows all but one file.
load common

RUNTIME=/usr/local/libexec/dhow/dhow-runtime

setup_file() {
    command -v apparmor_parser >/dev/null || return 0
    apparmor_parser --replace --skip-cache <<'END'
profile dhow-test flags=(attach_disconnected) {
  file,
  capability,
  network,
  mount,
  umount,
  signal,
  unix,
  deny /etc/secret r,
}
END
}

setup() {
    command -v apparmor_parser >/dev/null || skip "the guest has no apparmor_parser: remove guest-root and vm from the cache"
    grep -q Y /sys/module/apparmor/parameters/enabled || skip "this kernel has no AppArmor"
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    mkdir -p "$BUNDLE/rootfs"/{bin,dev,proc,sys,etc,tmp}
    cp "$(command -v busybox)" "$BUNDLE/rootfs/bin/"
    local name
    for name in sh cat sleep; do ln -s busybox "$BUNDLE/rootfs/bin/$name"; done
    echo secret >"$BUNDLE/rootfs/etc/secret"
    echo open >"$BUNDLE/rootfs/etc/open"
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_TEST_TMPDIR"
    is_rootless && chown -R "$GUEST_USER" "$BUNDLE"
    local spec=("$RUNTIME" spec --bundle "$BUNDLE")
    is_rootless && spec+=(--rootless)
    me "${spec[@]}"
    edit '.process.terminal = false | .root.readonly = false | .process.apparmorProfile = "dhow-test"'
}

teardown() { rt delete --force c >/dev/null 2>&1 || true; }

edit() { jq "$@" "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/new" && cat "$BATS_TEST_TMPDIR/new" >"$BUNDLE/config.json"; }
rt() { me "$RUNTIME" --root "$BUNDLE/state" "$@"; }

@test "the program runs under the profile, with and without no_new_privs" {
    local nnp
    for nnp in true false; do
        edit --argjson nnp "$nnp" \
            '.process.noNewPrivileges = $nnp | .process.args = ["sh", "-c", "cat /proc/self/attr/current /etc/open /etc/secret"]'
        run rt run --bundle "$BUNDLE" c
        same 1 "$status"
        contains "$output" $'dhow-test (enforce)\nopen'
        contains "$output" "can't open '/etc/secret': Permission denied"
    done
}

@test "exec runs under the container's profile, hooks do not" {
    printf '#!/bin/sh\ncat /proc/self/attr/current >>/tmp/hooks\n' >"$BUNDLE/rootfs/bin/hook"
    chmod 755 "$BUNDLE/rootfs/bin/hook"
    edit '.process.args = ["sleep", "100"] | .hooks.startContainer = [{"path": "/bin/hook"}]'
    rt run --detach --bundle "$BUNDLE" c </dev/null >/dev/null 2>&1
    same unconfined "$(cat "$BUNDLE/rootfs/tmp/hooks")"
    same "dhow-test (enforce)" "$(rt exec c cat /proc/self/attr/current)"
    run rt exec c cat /etc/secret
    same 1 "$status"
}

@test "a profile that is not loaded is an error, and the program is not run" {
    edit '.process.apparmorProfile = "no-such-profile" | .process.args = ["sh", "-c", "echo ran"]'
    run rt run --bundle "$BUNDLE" c
    same 1 "$status"
    contains "$output" "no-such-profile"
    [[ "$output" != *ran* ]]
}
