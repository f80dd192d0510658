#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# dhow.socket and dhow.service, as the system has them (MODE=root) and as a user has them, under a real systemd.
load common

socket() { if is_rootless; then echo /run/user/1000/dhow/dhow.sock; else echo /run/dhow/dhow.sock; fi; }

# api METHOD PATH [curl option...]
api() { me curl -sS --fail-with-body --max-time 20 --unix-socket "$(socket)" -X "$1" "http://d$2" "${@:3}"; }

# start_through_api NAME: its id.
start_through_api() {
    local id
    id=$(api POST "/containers/create?name=$1" -H 'Content-Type: application/json' \
        -d '{"Image":"busybox","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"none"}}' | jq -r .Id)
    api POST "/containers/$id/start"
    echo "$id"
}

running() { same true "$(dhow inspect --format '{{.State.Running}}' "$1")"; }

# with_option OPTION: the service started with one more.
with_option() {
    local dir
    dir=$(unit_dir)/dhow.service.d
    me mkdir -p "$dir"
    printf '[Service]\nExecStart=\nExecStart=/usr/local/bin/dhow system service %s\n' "$1" | me tee "$dir/option.conf" >/dev/null
    ctl daemon-reload
}

setup() { ctl start dhow.socket; }

teardown() {
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
    ctl stop dhow.socket dhow.service 2>/dev/null || true
    ctl reset-failed dhow.service 2>/dev/null || true
    rm -rf "$(unit_dir)/dhow.service.d"
    ctl daemon-reload
}

@test "systemd accepts the units, and enabling one is enabling the socket" {
    local manager=--system dir
    is_rootless && manager=--user
    run me systemd-analyze "$manager" verify --man=no dhow.socket dhow.service
    same "0:" "$status:$output"
    ctl enable dhow.service
    dir=$(unit_dir)
    [[ -e $dir/sockets.target.wants/dhow.socket ]]
    ctl disable dhow.socket
    [[ ! -e $dir/sockets.target.wants/dhow.socket ]]
}

@test "nothing runs until the first client, and the socket is its user's alone" {
    is_state dhow.service inactive
    same 600 "$(stat -c %a "$(socket)")"
    same "$(me id -u)" "$(stat -c %u "$(socket)")"
    run setpriv --reuid 65534 --regid 65534 --clear-groups curl -sS --max-time 5 --unix-socket "$(socket)" http://d/_ping
    ((status != 0))
    is_state dhow.service inactive
    same OK "$(api GET /_ping)"
    is_state dhow.service active
    same dhow-api "$(cat "/proc/$(property dhow.service MainPID)/comm")"
}

@test "it serves the containers of the command line, and the command line its own" {
    dhow run -d --network none --name ours busybox sleep 1000
    same /ours "$(api GET /containers/json | jq -r '.[].Names[]')"
    start_through_api theirs
    same "ours theirs" "$(dhow ps --format '{{.Names}}' | sort | paste -sd' ')"
    same hello "$(dhow exec theirs echo hello)"
}

@test "idle it leaves as a success, and the next client starts it anew" {
    with_option '--time 1'
    same OK "$(api GET /_ping)"
    wait_until 10 is_state dhow.service inactive
    same success "$(property dhow.service Result)"
    is_state dhow.socket active
    same OK "$(api GET /_ping)"
    is_state dhow.service active
}

@test "containers outlive the service that made them: idle, stopped, killed" {
    with_option '--time 1'
    local id main
    id=$(start_through_api web)
    wait_until 10 is_state dhow.service inactive
    running web
    same running "$(api GET "/containers/$id/json" | jq -r .State.Status)"
    ctl stop dhow.service
    running web
    same OK "$(api GET /_ping)"
    main=$(property dhow.service MainPID)
    kill -9 "$main"
    running web
    # The next connection finds a service again.
    same running "$(api GET "/containers/$id/json" | jq -r .State.Status)"
    [[ $(property dhow.service MainPID) != "$main" ]]
}

@test "on cgroup v2 its containers are not in its cgroup" {
    start_through_api web
    local own
    own=$(property dhow.service ControlGroup)
    [[ -n $own && $(cgroup_of "$(pid_of web)")/ != "$own"/* ]]
}

@test "a hundred clients that come at once, the first of all, are all served" {
    ctl stop dhow.service
    local i
    for i in {1..100}; do api GET /_ping >"$BATS_TEST_TMPDIR/$i" & done
    wait
    same 100 "$(cat "$BATS_TEST_TMPDIR"/* | grep -o OK | wc -l)"
}
