#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# dhow-api as a process: its socket, who may speak to it, socket activation, idle exit, and what it
# survives.
load ../support/common
load ../support/api

setup_file() {
    setup_state
    load_busybox
    cp "$SUPPORT/listen_fds" "$T/listen_fds"
    chmod 755 "$T/listen_fds"
}

teardown_file() { end_api; }

teardown() {
    stop_api
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
}

# activate SECONDS: a launcher that becomes the service at its first client.
activate() {
    API_SOCKET=$T/run/activated.sock
    rm -f "$API_SOCKET"
    PREFIX="$T/listen_fds $API_SOCKET" "$T/dhow" system service --time "$1" >"$T/api.log" 2>&1 3>&- &
    echo $! >"$T/api.pid"
    wait_until 5 test -S "$API_SOCKET"
}

name_of() { tr '\0' ' ' <"/proc/$1/cmdline"; }

@test "its own socket is for its user alone, and goes with it" {
    start_api
    same 600 "$(stat -c %a "$API_SOCKET")"
    same OK "$(api GET /_ping)"
    stop_api
    [[ ! -e $API_SOCKET ]]
    nothing_left
}

@test "somebody else is not served, even where the file lets them in" {
    start_api
    chmod 666 "$API_SOCKET"
    chmod o+x "$T/run"
    run setpriv --reuid 65534 --regid 65534 --clear-groups curl -sS --max-time 5 --unix-socket "$API_SOCKET" http://d/_ping
    ((status != 0))
    [[ $output != *OK* ]]
    chmod o-x "$T/run"
    same OK "$(api GET /_ping)"
}

@test "a second service does not take a socket that is served; a dead one's is taken" {
    start_api
    run timeout 5 "$T/dhow" system service "unix://$API_SOCKET"
    ((status != 0 && status != 124))
    same OK "$(api GET /_ping)"
    kill -9 "$(api_pid)"
    wait_until 5 ended "$(api_pid)"
    [[ -S $API_SOCKET ]]
    start_api
    same OK "$(api GET /_ping)"
}

@test "it leaves when nobody has come for a while, and not while somebody is served" {
    start_api 1
    local pid
    pid=$(api_pid)
    wait_until 5 ended "$pid"
    [[ ! -e $API_SOCKET ]]
    start_api 1
    pid=$(api_pid)
    succeed dhow run -d --network none --name c busybox sh -c 'sleep 3; echo end'
    same end "$(api GET '/containers/c/logs?follow=1&stdout=1' | tail -c 4 | tr -d '\n')"
    run ! ended "$pid"
    wait_until 5 ended "$pid"
}

@test "socket activation: the first client starts it, idle it leaves, the socket stays" {
    activate 1
    local pid
    pid=$(api_pid)
    contains "$(name_of "$pid")" listen_fds
    same OK "$(api GET /_ping)"
    contains "$(name_of "$pid")" dhow-api
    wait_until 5 ended "$pid"
    [[ -S $API_SOCKET ]]
}

@test "a socket meant for another process is not taken" {
    API_SOCKET=$T/run/other.sock
    EXTRA_ENV=LISTEN_FOR=1 PREFIX="$T/listen_fds $API_SOCKET" "$T/dhow" system service --time 0 unix://"$T/run/own.sock" >"$T/api.log" 2>&1 3>&- &
    echo $! >"$T/api.pid"
    wait_until 5 test -S "$API_SOCKET"
    curl -sS --max-time 1 --unix-socket "$API_SOCKET" http://d/_ping || true
    wait_until 5 test -S "$T/run/own.sock"
    API_SOCKET=$T/run/own.sock
    same OK "$(api GET /_ping)"
}

@test "containers outlive the service that made them" {
    needs_docker
    start_api
    succeed d run -d --network none --name c busybox sleep 1000
    stop_api
    same running "$(dhow inspect --format '{{.State.Status}}' c)"
    start_api
    same c "$(d ps --format '{{.Names}}')"
    kill -9 "$(api_pid)"
    wait_until 5 ended "$(api_pid)"
    same running "$(dhow inspect --format '{{.State.Status}}' c)"
}

@test "hostile requests: each is refused, the service stays, nothing is made" {
    start_api
    succeed dhow run -d --network none --name c busybox sleep 1000
    local pid
    pid=$(api_pid)
    run "$SUPPORT/hostile_http.py" "$API_SOCKET" c
    echo "$output"
    same 0 "$status"
    run ! ended "$pid"
    same c "$(dhow ps -a --filter name=c --format '{{.Names}}' | head -1)"
    wait_until 15 bash -c "! pgrep -P $pid"
    # Its memory is what it was: children hold what requests need.
    (($(awk '/VmRSS/ { print $2 }' "/proc/$pid/status") < 30000))
}

@test "bad arguments are told" {
    run "$T/dhow" system service tcp://127.0.0.1:2375
    ((status != 0))
    contains "$output" unix://
    run "$T/dhow" system service unix:///nosuch/folder/api.sock
    ((status != 0))
    contains "$output" /nosuch/folder
}
