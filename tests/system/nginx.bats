#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# The real thing: Debian 12 with nginx in a second layer, pulled from a registry by an ordinary user,
# served, looked into, stopped, removed; then the same again through the unmodified docker client.
load ../support/common

IMAGE=127.0.0.1:5000/nginx

setup_file() {
    needs_registry
    setup_state
    [[ -d $TEST_CACHE/debian-nginx ]] || skip "the Debian image was not made: no mirror"
    start_registry 5000
    push "oci:$(debian_nginx)" 5000/nginx:latest
    mkdir -p "$T/home/.config/containers"
    printf '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' >"$T/home/.config/containers/registries.conf"
    chmod -R go+rX "$T/home/.config"
    chmod go+x "$T/home"
}

answers() { [[ $(curl -sS --max-time 3 "http://127.0.0.1:8080/") == "dhow says hello from nginx" ]]; }

@test "pull, run, curl, logs, exec, stop, rm" {
    needs_tun
    succeed dhow pull $IMAGE
    succeed dhow run -d --name web -p 8080:80 $IMAGE
    wait_until 10 answers
    wait_until 5 bash -c "'$T/dhow' logs web 2>&1 | grep -q 'GET / HTTP/1.1\" 200'"
    contains "$(dhow exec web cat /etc/os-release)" 'VERSION_ID="12"'
    contains "$(dhow top web)" nginx
    succeed dhow stop web
    # nginx leaves in peace on its stop signal.
    same "exited 0" "$(dhow inspect --format '{{.State.Status}} {{.State.ExitCode}}' web)"
    succeed dhow rm web
    nothing_left
}

@test "apt works in the image: set-ids, ownership and device nodes are right" {
    succeed dhow run --rm --network none --entrypoint bash $IMAGE -c \
        'stat -c "%a %U:%G" /usr/bin/passwd /tmp /etc/shadow; dpkg --verify nginx-light && dpkg -s nginx-light | grep -c "ok installed"'
    same $'4755 root:root\n1777 root:root\n640 root:shadow\n1' "$output"
}

@test "the docker client does the same over the socket" {
    needs_tun
    local docker
    docker=$(docker_client) || skip "there is no docker client"
    "$T/dhow" system service --time 0 "unix://$T/run/api.sock" >"$T/run/api.log" 2>&1 3>&- &
    echo $! >"$T/api.pid"
    local host=unix://$T/run/api.sock
    wait_until 5 test -S "$T/run/api.sock"
    export DOCKER_CONFIG=$T/docker
    mkdir -p "$DOCKER_CONFIG"
    d() { "$docker" -H "$host" "$@"; }
    succeed d version
    succeed d pull $IMAGE
    contains "$(d images)" 127.0.0.1:5000/nginx
    succeed d run -d --name web -p 8080:80 $IMAGE
    wait_until 10 answers
    contains "$(dhow ps --format '{{.Names}}')" web
    wait_until 5 bash -c "'$docker' -H '$host' logs web 2>&1 | grep -q 'GET / HTTP/1.1\" 200'"
    contains "$(d exec web cat /etc/os-release)" 'VERSION_ID="12"'
    succeed dhow run -d --name plain --network none --entrypoint sleep $IMAGE 100
    contains "$(d ps --format '{{.Names}}')" plain
    succeed d stop web
    succeed d rm web
    succeed d rm -f plain
    kill "$(<"$T/api.pid")"
    wait "$(<"$T/api.pid")" || true
    nothing_left
}
