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

@test "podman of an ordinary user: run, exec, kill, remove" {
    command -v podman newuidmap >/dev/null || skip "podman or newuidmap is not installed"
    . "$BATS_TEST_DIRNAME/../support/user.bash"
    ensure_test_user
    mkdir -m 700 /run/of-user "$BATS_TEST_TMPDIR/home"
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
    chown "$TEST_USER:" /run/of-user "$BATS_TEST_TMPDIR/home"
    user_pod() {
        setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups env -C / HOME="$BATS_TEST_TMPDIR/home" USER="$TEST_USER" \
            XDG_RUNTIME_DIR=/run/of-user timeout -k 5 60 podman --root "$BATS_TEST_TMPDIR/home/pod" --runroot /run/of-user/pod \
            --storage-driver vfs --cgroup-manager cgroupfs --events-backend none --runtime "$RT" "$@"
    }
    user_pod import "$BATS_FILE_TMPDIR/root.tar" box
    flags=(--network none --log-driver k8s-file)
    [ "$(user_pod run --rm "${flags[@]}" box sh -c 'id -u; echo hello')" = $'0\nhello' ]
    [ "$(user_pod run --rm "${flags[@]}" --userns keep-id box id -u)" = "$(id -u "$TEST_USER")" ]
    user_pod run -d --name one "${flags[@]}" box sleep 1000
    [ "$(user_pod exec --user 7 one id -u)" = 7 ]
    user_pod kill one
    [ "$(user_pod wait one)" = 137 ]
    user_pod rm -f one
    [ -z "$(ls -A /run/of-user/dhow-runtime)" ]
}

# Processes of the runtime's making: its own calls, and what is in a container.
made() {
    local status name
    for status in /proc/[0-9]*/status; do
        name=$(awk '/^Name:/ { n = $2 } /^State:/ { s = $2 } /^NSpid:/ { d = NF } END { if (s != "Z" && (n ~ /^dhow/ || d > 2)) print n }' \
            "$status" 2>/dev/null) || continue
        [ -z "$name" ] || echo "${status//[!0-9]/} $name"
    done
}

# nothing_is_left FOLDER...: no process, group, folder of state or mount more than before.
nothing_is_left() {
    local found
    for _ in $(seq 40); do
        found=$(made; find /sys/fs/cgroup -type d -regex ".*\(libpod-[0-9a-f]*\|/default/k[0-9]*\)"
            find "$@" -mindepth 1 -maxdepth 1 2>/dev/null)
        [ -n "$found" ] || break
        sleep 0.1
    done
    [[ -z "$found" && $(wc -l </proc/self/mountinfo) -le $MOUNTS ]] || { echo "left: $found"; cat /proc/self/mountinfo; return 1; }
}

pids_of() { grep -lx "$1" /proc/[0-9]*/comm 2>/dev/null | tr -dc '0-9\n'; }

kill_all() { local pid; for pid in $(pids_of "$1"); do kill -9 "$pid" 2>/dev/null || true; done; }

@test "podman and conmon, killed at any moment: what podman forgets, delete --force clears" {
    command -v podman >/dev/null || skip "podman is not installed"
    pod import "$BATS_FILE_TMPDIR/root.tar" box
    flags=(--pids-limit 0 --network none --log-driver k8s-file)
    pod run --rm "${flags[@]}" box true
    MOUNTS=$(wc -l </proc/self/mountinfo)
    local round folder
    for round in $(seq "${DHOW_TEST_ROUNDS:-9}"); do
        pod run -d --name "k$round" "${flags[@]}" box sleep 1000 >/dev/null 2>&1 3>&- &
        ((round % 3 == 0)) && { wait $! || true; pod exec "k$round" sleep 1000 >/dev/null 2>&1 3>&- & }
        sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
        ((round % 2)) || kill_all conmon
        kill_all podman
        wait $! || true
        pod rm -fa -t 0 || true
        for folder in /run/dhow-runtime/*; do
            [ ! -d "$folder" ] || "$RT" delete --force "${folder##*/}"
        done
        kill_all conmon
        nothing_is_left /run/dhow-runtime
    done
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

@test "containerd and its shims, killed at any moment: what it forgets, delete --force clears" {
    command -v containerd >/dev/null || skip "containerd is not installed"
    start_containerd
    MOUNTS=$(wc -l </proc/self/mountinfo)
    local round task folder root=/run/containerd/runc/default
    for round in $(seq "${DHOW_TEST_ROUNDS:-8}"); do
        ctrd run --runc-binary "$RT" --env PATH=/bin --detach --rootfs "$BATS_FILE_TMPDIR/rootfs" "k$round" sleep 1000 >/dev/null 2>&1 3>&- &
        sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
        ((round % 2)) || { kill -9 "$DAEMON"; wait "$DAEMON" || true; }
        kill_all containerd-shim
        wait $! || true
        ((round % 2)) || start_containerd
        for task in $(ctrd task ls -q); do ctrd task rm -f "$task" || true; done
        for task in $(ctrd container ls -q); do ctrd container rm "$task" || true; done
        for folder in "$root"/*; do
            [ ! -d "$folder" ] || "$RT" --root "$root" delete --force "${folder##*/}"
        done
        kill_all containerd-shim
        find "$BATS_TEST_TMPDIR/state" -name rootfs -exec umount -l {} \; 2>/dev/null || true
        nothing_is_left "$root"
    done
}
