#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# Restart policies, their backoff, and every verb against a container that is just being restarted.
load ../support/common

field() { dhow inspect --format "{{.$2}}" "$1"; }
is() { [[ $(field "$1" State.Status) == "$2" ]]; }
restarted() { (($(field "$1" RestartCount) >= $2)); }
run_d() { succeed dhow run -d --network none "$@"; }

# Ends at once, again and again: after some ends it waits long enough to be caught waiting.
flapper() {
    run_d --restart always --name "$1" "${@:2}" busybox sh -c 'date +%s%N >>/times; exit 3'
    wait_until 20 restarted "$1" 4
    wait_until 5 is "$1" restarting
}

@test "the pauses between restarts double" {
    mkdir -m 777 "$T/share-out/times"
    run_d --restart always --name b -v "$T/share-out/times:/t" busybox sh -c 'cat /proc/uptime >>/t/up; exit 1'
    wait_until 20 bash -c "(( \$(wc -l <'$T/share-out/times/up') >= 6 ))"
    # Starts 0 1 2 3 4 5: pauses of at least 0.1 0.2 0.4 0.8 1.6 s, and none of twice that.
    awk '{ if (NR > 1) { pause = $1 - last; low = 0.1 * 2 ^ (NR - 2)
           if (pause < low - 0.02 || pause > low * 1.6 + 0.5) { print "pause", NR - 1, "is", pause; bad = 1 } } last = $1 }
         END { exit bad }' "$T/share-out/times/up"
    succeed dhow stop -t 0 b
}

@test "always restarts a clean end, on-failure does not, no never does" {
    run_d --restart always --name a busybox true
    run_d --restart on-failure --name f busybox true
    run_d --restart unless-stopped --name u busybox true
    run_d --name n busybox false
    wait_until 10 restarted a 2
    wait_until 10 restarted u 2
    same "exited 0" "$(field f State.Status) $(field f RestartCount)"
    same "exited 0" "$(field n State.Status) $(field n RestartCount)"
}

@test "a stop ends it, in the middle of a pause too" {
    flapper s
    succeed dhow stop s
    local count
    count=$(field s RestartCount)
    same exited "$(field s State.Status)"
    sleep 2
    same "exited $count" "$(field s State.Status) $(field s RestartCount)"
    succeed dhow start s
    wait_until 10 restarted s 1
    succeed dhow rm -f -t 0 s
    nothing_left
}

@test "rm -f in the middle of a pause leaves nothing" {
    flapper r
    refuse 2 r dhow rm r
    succeed dhow rm -f -t 0 r
    nothing_left
}

@test "ps and logs of a container that waits; exec, top and kill say what is" {
    flapper p
    contains "$(dhow ps --format '{{.Names}} {{.Status}}')" "p Restarting"
    refuse 125 p dhow exec p true
    refuse 125 p dhow top p
    refuse 125 p dhow kill p
    succeed dhow restart -t 0 p
    wait_until 10 restarted p 1
}

@test "wait ends with the last end, not the first" {
    run_d --restart on-failure:2 --name w busybox sh -c 'echo x >>/n; sleep 0.2; exit $(wc -l </n)'
    succeed dhow wait w
    same 3 "$output"
    same 2 "$(field w RestartCount)"
}

@test "attached through restarts: all output, and the last exit code" {
    run --separate-stderr dhow run --restart on-failure:2 --name at --network none busybox \
        sh -c 'echo x >>/n; echo "life $(wc -l </n)"; sleep 0.1; exit 4'
    same 4 "$status"
    same $'life 1\nlife 2\nlife 3' "$output"
    same $'life 1\nlife 2\nlife 3' "$(dhow logs at)"
}

@test "a terminal is there again after a restart" {
    run_d -it --restart always --name t busybox sh -c 'test -t 0 && tty; exit 1'
    wait_until 10 restarted t 2
    dhow stop -t 0 t
    (($(dhow logs t | grep -c '^/dev/') >= 2))
}

@test "a shell killed from outside comes back, a kill by hand does too" {
    run_d --restart always --name k busybox sleep 1000
    local pid
    pid=$(field k State.Pid)
    kill -9 "$pid"
    wait_until 10 restarted k 1
    wait_until 5 is k running
    [[ $(field k State.Pid) != "$pid" ]]
    succeed dhow exec k true
    succeed dhow stop -t 0 k
    same "" "$(stray_processes; stray_mounts)"
}


@test "limits, mounts and the network are there again after a restart" {
    needs_tun
    mkdir -m 777 "$T/share-out/again"
    succeed dhow run -d --restart always --name m -v "$T/share-out/again:/v" --hostname box busybox \
        sh -c 'hostname >>/v/names; ip -o -4 addr show scope global | wc -l >>/v/nets; sleep 0.2; exit 1'
    wait_until 20 bash -c "(( \$(wc -l <'$T/share-out/again/nets') >= 3 ))"
    succeed dhow stop -t 0 m
    same box "$(sort -u "$T/share-out/again/names")"
    same 1 "$(sort -u "$T/share-out/again/nets")"
}

@test "--restart and --rm do not go together; bad policies are refused" {
    refuse 125 rm dhow run --rm --restart always --network none busybox true
    refuse 125 restart dhow create --restart on-failure:x --network none busybox true
    refuse 125 restart dhow create --restart always:3 --network none busybox true
    nothing_left
}
