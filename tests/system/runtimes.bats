#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# The same container through other OCI runtimes: --runtime crun, runc, a path.
load ../support/common

whole_life() {
    local runtime=$1
    succeed dhow run --rm --network none --runtime "$runtime" busybox sh -c 'echo out; exit 0'
    same out "$output"
    run dhow run --rm --network none --runtime "$runtime" busybox sh -c 'exit 9'
    same 9 "$status"
    refuse 127 no-such-program dhow run --rm --network none --runtime "$runtime" busybox no-such-program
    refuse 126 /work/not-executable dhow run --rm --network none --runtime "$runtime" busybox /work/not-executable
    succeed dhow run -d --network none --runtime "$runtime" --name c busybox sleep 100
    same hi "$(dhow exec c echo hi)"
    contains "$(dhow exec c cat /proc/self/status)" 00000000800405fb
    same piped "$(echo piped | dhow exec -i c cat)"
    run dhow exec c sh -c 'exit 4'
    same 4 "$status"
    contains "$(dhow inspect --format '{{.OCIRuntime}}' c)" "$(basename "$runtime")"
    succeed dhow stop -t 0 c
    succeed dhow rm c
    run script -qec "'$T/dhow' run --rm -it --network none --runtime '$runtime' busybox tty" /dev/null < <(sleep 1)
    contains "$output" /dev/
    nothing_left
}

@test "dhow-runtime by its path" { whole_life "${DHOW%/*}/dhow-runtime"; }

@test "crun" {
    needs crun
    whole_life crun
}

@test "runc" {
    needs runc
    whole_life runc
}

@test "a runtime that is not there" {
    refuse 125 nosuchruntime dhow run --rm --network none --runtime nosuchruntime busybox true
    nothing_left
}

@test "dhow-runtime in a privileged container, with a user namespace of its own or the outer one's" {
    local bundle=$T/share-out/bundle
    busybox_root "$bundle/rootfs"
    cp "${DHOW%/*}/dhow-runtime" "$bundle/dhow-runtime"
    "$bundle/dhow-runtime" spec --bundle "$bundle"
    jq '.process.terminal = false | .hostname = "inner" | .process.args = ["sh", "-c", "hostname; id -u; echo $$"]
        | .linux.seccomp = null' "$bundle/config.json" >"$bundle/outer.json"
    jq '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1},
            {containerID: 1, hostID: 1, size: 999}]
        | .linux.gidMappings = .linux.uidMappings' "$bundle/outer.json" >"$bundle/user.json"
    chmod -R go+rX "$bundle"
    local config
    for config in outer user; do
        mv "$bundle/$config.json" "$bundle/config.json"
        succeed dhow run --rm --privileged --network none -v "$bundle:/bundle" -w /bundle busybox sh -c '
            ./dhow-runtime --root /tmp/r run inner </dev/null && ls -A /tmp/r'
        same $'inner\n0\n1' "$output"
    done
    nothing_left
}
