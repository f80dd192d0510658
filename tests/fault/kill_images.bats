#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# kill -9 of what brings images in, sends them out and removes them, at random moments: no image is
# there that is not whole, the next command clears what was left, and the same again works.
# DHOW_FAULT_ROUNDS: moments for each verb.
load ../support/common

ROUNDS=${DHOW_FAULT_ROUNDS:-8}

setup_file() {
    setup_state
    load_busybox
}

setup() {
    RANDOM=${DHOW_TEST_SEED:-$$}
    echo "seed ${DHOW_TEST_SEED:-$$}"
}

teardown_file() { stop_registries; }

# Milliseconds that a command takes, and a bit more: the moments are spread over that.
span_of() {
    local began=$EPOCHREALTIME
    "$@" >/dev/null
    local took=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
    echo $((took + took / 5 + 2))
}

# kill_within SPAN COMMAND...: SIGKILL to exactly that process, at some moment of SPAN milliseconds.
kill_within() {
    local delay=$((RANDOM % $1)) pid
    shift
    "$@" >/dev/null 2>&1 3>&- &
    pid=$!
    sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
}

# What is there is whole, and nothing else is there.
all_is_whole() {
    succeed dhow images -q
    run dhow system check
    ((status == 0)) || { echo "$output"; return 1; }
    nothing_left
}

@test "load" {
    local span round
    span=$(span_of dhow load -q -i "$(two_layers_oci)")
    for ((round = 0; round < ROUNDS; round++)); do
        dhow rmi -f localhost/two >/dev/null 2>&1 || true
        kill_within "$span" "$T/dhow" load -q -i "$(two_layers_oci)"
        all_is_whole
        succeed dhow load -q -i "$(two_layers_oci)"
        same second "$(dhow run --rm --network none localhost/two cat /work/added)"
    done
}

@test "pull, and push" {
    needs_registry
    start_registry 5010
    push "oci-archive:$(two_layers_oci)" 5010/two:1
    local span round image=127.0.0.1:5010/two:1
    span=$(span_of dhow pull -q --tls-verify=false $image)
    for ((round = 0; round < ROUNDS; round++)); do
        dhow rmi -a -f >/dev/null 2>&1 || true
        kill_within "$span" "$T/dhow" pull -q --tls-verify=false $image
        all_is_whole
        succeed dhow pull -q --tls-verify=false $image
        same second "$(dhow run --rm --network none $image cat /work/added)"
    done
    dhow tag $image 127.0.0.1:5010/out:1
    span=$(span_of dhow push -q --tls-verify=false 127.0.0.1:5010/out:1)
    for ((round = 0; round < ROUNDS / 2; round++)); do
        dhow tag $image 127.0.0.1:5010/out$round:1
        kill_within "$span" "$T/dhow" push -q --tls-verify=false 127.0.0.1:5010/out$round:1
        all_is_whole
        succeed dhow push -q --tls-verify=false 127.0.0.1:5010/out$round:1
        succeed skopeo inspect --tls-verify=false docker://127.0.0.1:5010/out$round:1
    done
    dhow rmi -a -f >/dev/null
    load_busybox
}

@test "commit, and save" {
    local span round
    for ((round = 0; round < ROUNDS; round++)); do
        dhow run --name made --network none busybox sh -c "head -c 300000 /dev/urandom >/f; rm -r /root"
        [[ -n ${span:-} ]] || span=$(span_of dhow commit -q made localhost/first)
        kill_within "$span" "$T/dhow" commit -q made localhost/committed
        succeed dhow system check
        succeed dhow commit -q made localhost/committed
        same 300000 "$(dhow run --rm --network none localhost/committed stat -c %s /f)"
        empty_out
        kill_within "$span" "$T/dhow" save -q -o "$T/out/image.tar" localhost/committed
        # What has the name is whole, or nothing has.
        [[ ! -e $T/out/image.tar ]] || skopeo inspect "docker-archive:$T/out/image.tar" >/dev/null
        rm -rf "$T/out"
        dhow rm made >/dev/null
        dhow rmi -f localhost/committed >/dev/null
        all_is_whole
    done
}

@test "rmi, image prune, volume import and rm" {
    local round
    for ((round = 0; round < ROUNDS; round++)); do
        dhow load -q -i "$(two_layers_oci)" >/dev/null
        kill_within 30 "$T/dhow" rmi -f localhost/two
        all_is_whole
        dhow load -q -i "$(two_layers_oci)" >/dev/null
        dhow untag localhost/two
        kill_within 30 "$T/dhow" image prune --force
        all_is_whole
        kill_within 20 "$T/dhow" volume create v$round
        dhow volume create --ignore v$round >/dev/null
        tar -C /usr/share/perl5 -cf - . 2>/dev/null | kill_within 60 "$T/dhow" volume import v$round -
        kill_within 20 "$T/dhow" volume rm v$round
        succeed dhow volume rm --force v$round
        dhow image prune --force >/dev/null
        all_is_whole
    done
    same "" "$(ls "$(state_dir)/volumes")"
}
