#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime in the place of runc or crun: under podman and containerd, where they are installed.
# Run under tests/support/private_machine: what they mount and start ends with it.
# shellcheck disable=SC2154

bats_require_minimum_version 1.5.0
load runtime

setup_file() {
    setup_runtime_file
    tar -C "$BATS_FILE_TMPDIR/rootfs" -cf "$BATS_FILE_TMPDIR/root.tar" .
    export RT=$BATS_FILE_TMPDIR/dhow-runtime
    mount -t tmpfs tmpfs /run
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() { [ -z "${DAEMON:-}" ] || { kill "$DAEMON"; wait "$DAEMON" || true; }; }

# podman with storage of its own.
pod() {
    timeout -k 5 60 podman --root "$BATS_FILE_TMPDIR/pod" --runroot "$BATS_FILE_TMPDIR/pod-run" --storage-driver vfs \
        --cgroup-manager cgroupfs --events-backend none --runtime "$RT" "$@"
}

@test "podman: run, exec, pause, stop, kill, remove" {
    command -v podman >/dev/null || skip "podman is not installed"
    pod import "$BATS_FILE_TMPDIR/root.tar" box
    flags=(--pids-limit 0 --network none --log-driver k8s-file)
    run pod run --rm "${flags[@]}" box sh -c 'echo hello; exit 7'
    echo "$output"
    [[ "$status" -eq 7 && "$output" = *hello* ]]
    run -127 pod run --rm "${flags[@]}" box nosuch
    [ "$status" -eq 127 ]
    run pod run --rm "${flags[@]}" box /etc/passwd
    [ "$status" -eq 126 ]
    pod run -d --name one "${flags[@]}" box sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
    run pod exec one sh -c 'echo inside; exit 5'
    [[ "$status" -eq 5 && "$output" = *inside* ]]
    pod pause one
    [ "$(pod inspect -f '{{.State.Status}}' one)" = paused ]
    pod unpause one
    pod stop -t 10 one
    [ "$(pod inspect -f '{{.State.ExitCode}}' one)" = 3 ]
    pod start one
    pod kill one
    [ "$(pod wait one)" = 137 ]
    pod rm -f one
    pod run --rm --privileged "${flags[@]}" box true
    [ -z "$(pod ps -aq)" ]
}

ctrd() { timeout -k 5 60 ctr --address "$BATS_TEST_TMPDIR/sock" "$@"; }

start_containerd() {
    cat >config.toml <<TOML
version = 2
root = "$BATS_TEST_TMPDIR/root"
state = "$BATS_TEST_TMPDIR/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$BATS_TEST_TMPDIR/sock"
TOML
    containerd --config config.toml >log 2>&1 3>&- &
    DAEMON=$!
    for _ in $(seq 100); do
        ctrd version >/dev/null 2>&1 && return
        sleep 0.1
    done
    cat log
    return 1
}

@test "containerd: run, exec, pause, metrics, kill, delete, and a killed shim" {
    command -v containerd >/dev/null || skip "containerd is not installed"
    start_containerd
    launch=(run --runc-binary "$RT" --env PATH=/bin --rootfs)
    run ctrd "${launch[@]}" "$BATS_FILE_TMPDIR/rootfs" one sh -c 'echo hello; exit 7'
    echo "$output"
    [[ "$status" -eq 7 && "$output" = *hello* ]]
    ctrd "${launch[@]}" --detach "$BATS_FILE_TMPDIR/rootfs" two sh -c 'trap "exit 4" TERM; while :; do sleep 0.1; done'
    run ctrd task exec --exec-id e1 two sh -c 'echo inside; exit 5'
    [[ "$status" -eq 5 && "$output" = *inside* ]]
    run ctrd task exec --exec-id e2 two nosuch
    [[ "$status" -ne 0 && "$output" = *"executable file not found"* ]]
    ctrd task pause two
    [[ "$(ctrd task ls)" = *PAUSED* ]]
    ctrd task resume two
    ctrd task metrics two
    ctrd task kill -s TERM two
    for _ in $(seq 50); do [[ "$(ctrd task ls)" = *STOPPED* ]] && break; sleep 0.1; done
    ctrd task delete two || true
    ctrd container delete two
    ctrd "${launch[@]}" --detach "$BATS_FILE_TMPDIR/rootfs" three sleep 1000
    init=$(ctrd task ls | awk '$1 == "three" { print $2 }')
    # The shim is the container's subreaper: init's parent.
    kill -9 "$(awk '{ print $4 }' "/proc/$init/stat")"
    for _ in $(seq 100); do [ -d "/proc/$init" ] || break; sleep 0.1; done
    [ ! -d "/proc/$init" ]
    [ -z "$(find "$BATS_TEST_TMPDIR/state" -name state.json)" ]
}
