# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# dhow-api under test: started as the user of the mode, driven by the unmodified docker client.

API_SOCKET=${T:+$T/run/api.sock}

needs_docker() {
    DOCKER=$(docker_client) || skip "there is no docker client"
    export DOCKER DOCKER_CONFIG=$T/docker
    mkdir -p "$DOCKER_CONFIG"
}

# start_api [SECONDS until it leaves when idle; 0: never]
# shellcheck disable=SC2120  # a test file's own calls give it
start_api() {
    API_SOCKET=$T/run/api.sock
    "$T/dhow" system service --time "${1:-0}" "unix://$API_SOCKET" >"$T/api.log" 2>&1 3>&- &
    echo $! >"$T/api.pid"
    wait_until 5 served
}

# The file alone may be a dead service's.
served() { [[ $(api_code GET /_ping) == 200 ]]; }

api_pid() { cat "$T/api.pid"; }

stop_api() {
    [[ -s $T/api.pid ]] || return 0
    kill "$(api_pid)" 2>/dev/null || true
    wait_until 5 ended "$(api_pid)"
    rm -f "$T/api.pid"
}

ended() { [[ ! -d /proc/$1 ]] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

# d ARGUMENT...: the docker client on the socket.
d() { timeout 60 "$DOCKER" -H "unix://$API_SOCKET" "$@" 3>&-; }

# on_pty ROWS COLUMNS COMMAND: a shell command on a terminal of that size; what is typed is our stdin.
on_pty() { script -qec "stty rows $1 cols $2; $3" /dev/null 3>&-; }

# api METHOD PATH [curl option...]
api() {
    local method=$1 path=$2
    shift 2
    curl -sS --max-time 10 --unix-socket "$API_SOCKET" -X "$method" "$@" "http://localhost$path"
}

api_code() { api "$@" -o /dev/null -w '%{http_code}'; }

# What every file about the API needs; files define setup_file themselves when they need more.
setup_api() {
    setup_state
    load_busybox
    needs_docker
    start_api
}

end_api() {
    stop_api
    end_state
}
