#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# kill -9 of commands at random moments: whatever it hit, the next command finds its way, and after it no
# process, mount, cgroup, folder or row is left that nobody knows.
load ../support/common

# Milliseconds a whole `run -d` takes here: the moments are spread over that and a bit more.
span() {
    local began=$EPOCHREALTIME
    dhow run -d --network none --name probe busybox sleep 1000 >/dev/null
    local took=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
    dhow rm -f -t 0 probe >/dev/null
    echo $((took + took / 4 + 2))
}

# kill_after MILLISECONDS COMMAND...: SIGKILL to exactly that process.
kill_after() {
    local delay=$1
    shift
    "$@" >/dev/null 2>&1 3>&- &
    local pid=$!
    sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
}

# Everything that is there is known: each process and folder belongs to a container that ps lists.
all_is_known() {
    succeed dhow ps -a --no-trunc --format '{{.ID}} {{.Status}}'
    local id known=$output folder
    for folder in "$(state_dir)"/containers/* "$(run_dir)"/c/*; do
        [[ -e $folder ]] || continue
        id=${folder##*/}
        [[ $known == *"$id"* ]] || { echo "unknown folder $folder"; return 1; }
    done
    if [[ $known != *Up* ]]; then
        local strays
        strays=$(leftovers | grep -E '^(process|mount|cgroup)' || true)
        [[ -z $strays ]] || { echo "nothing is up, and yet: $strays"; return 1; }
    fi
}

@test "run -d, killed at 50 random moments: the next command clears it" {
    local span round hit=0
    span=$(span)
    RANDOM=${DHOW_TEST_SEED:-$$}
    echo "span $span ms, seed ${DHOW_TEST_SEED:-$$}"
    for ((round = 0; round < 50; round++)); do
        kill_after $((RANDOM % span)) "$T/dhow" run -d --network none --name "k$round" busybox sleep 1000
        all_is_known
        [[ -n $output ]] && hit=$((hit + 1))
        succeed dhow rm -a -f -t 0
        nothing_left
    done
    echo "$hit rounds had made a container"
}

@test "run --rm in the foreground, killed: the supervisor finishes the job" {
    local span round
    span=$(span)
    for ((round = 0; round < 20; round++)); do
        kill_after $((RANDOM % span)) "$T/dhow" run --rm --network none busybox sleep 0.3
        sleep 0.7
        succeed dhow ps -aq
        nothing_left
    done
}

@test "stop and rm, killed: the next rm -f ends it" {
    local round
    for ((round = 0; round < 15; round++)); do
        succeed dhow run -d --network none --name "s$round" busybox sleep 1000
        kill_after $((RANDOM % 15)) "$T/dhow" stop -t 0 "s$round"
        kill_after $((RANDOM % 15)) "$T/dhow" rm -f -t 0 "s$round"
        all_is_known
        succeed dhow rm -a -f -t 0
        nothing_left
    done
}

@test "load, killed: nothing outside the store, nothing after the next command" {
    local round
    for ((round = 0; round < 20; round++)); do
        dhow rmi -a -f >/dev/null
        kill_after $((RANDOM % 60)) "$T/dhow" load -q -i "$(two_layers_oci)"
        succeed dhow load -q -i "$(two_layers_oci)"
        succeed dhow run --rm --network none two cat /work/added
        same second "$output"
        nothing_left
    done
    load_busybox
}

@test "the state is whole after all that" {
    same ok "$(sqlite3 "$(state_dir)/db.sqlite" 'PRAGMA integrity_check')"
    same "" "$(sqlite3 "$(state_dir)/db.sqlite" 'PRAGMA foreign_key_check')"
    succeed dhow run --rm --network none busybox echo alive
    same alive "$output"
}
