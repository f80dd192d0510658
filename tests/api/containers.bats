#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# The docker client on dhow-api: containers and images as things. Streams are streams.bats.
load ../support/common
load ../support/api

setup_file() { setup_api; }
teardown_file() { end_api; }

sleeper() { succeed d run -d --network none --name "${1:-c}" "${@:2}" busybox sleep 1000; }
field() { d inspect --format "$2" "$1"; }

@test "version, info, ping" {
    succeed d version --format '{{.Server.APIVersion}} {{.Server.Os}}'
    [[ $output =~ ^1\.[0-9]+\ linux$ ]]
    succeed d version
    contains "$output" Server:
    succeed d info --format '{{.OSType}} {{.Driver}} {{.Images}}'
    same "linux overlay 1" "$output"
    succeed d info
    contains "$output" "Kernel Version: $(uname -r)"
    same OK "$(api GET /_ping)"
    contains "$(api HEAD /_ping -I)" "Api-Version: 1."
}

@test "run -d, ps, inspect, stop, start, restart, rm" {
    sleeper web --label tier=front -e A=1 -w /tmp
    [[ $output =~ ^[0-9a-f]{64}$ ]]
    local id=$output
    same "web busybox" "$(d ps --format '{{.Names}} {{.Image}}' | sed 's,localhost/,,;s,:latest,,')"
    contains "$(d ps)" "Up "
    same "running true 0 front" "$(field web '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.Config.Labels.tier}}')"
    same "$id" "$(field "${id:0:8}" '{{.Id}}')"
    contains "$(field web '{{.Config.Env}} {{.Config.WorkingDir}}')" "A=1"
    succeed d stop -t 1 web
    same "exited 137" "$(field web '{{.State.Status}} {{.State.ExitCode}}')"
    same "" "$(d ps -q)"
    contains "$(d ps -a --format '{{.Status}}')" "Exited (137)"
    succeed d start web
    same running "$(field web '{{.State.Status}}')"
    local pid
    pid=$(field web '{{.State.Pid}}')
    succeed d restart -t 0 web
    [[ $(field web '{{.State.Pid}}') != "$pid" ]]
    run d rm web
    ((status != 0))
    contains "$output" "running"
    succeed d rm -f web
    run d inspect web
    same 1 "$status"
    nothing_left_but_service
}

# dhow-api itself is there, and wants to be.
nothing_left_but_service() {
    local found
    found=$(leftovers | grep -v 'dhow-api' || true)
    [[ -z $found ]] || { echo "$found"; return 1; }
}

@test "what the command line makes, docker shows, and back" {
    succeed dhow run -d --network none --name ours --label by=cli busybox sleep 1000
    same "ours" "$(d ps --filter label=by=cli --format '{{.Names}}')"
    sleeper theirs --label by=docker
    same theirs "$(dhow ps --filter label=by=docker --format '{{.Names}}')"
    same "$(dhow inspect --format '{{.State.Pid}}' ours)" "$(field ours '{{.State.Pid}}')"
    succeed d stop -t 0 ours
    same exited "$(dhow inspect --format '{{.State.Status}}' ours)"
    succeed dhow stop -t 0 theirs
    same exited "$(field theirs '{{.State.Status}}')"
    succeed d rm ours
    succeed dhow rm theirs
}

@test "create, start, wait, kill, rename, top" {
    succeed d create --network none --name c busybox sh -c 'trap "exit 3" HUP; while :; do sleep 0.05; done'
    same created "$(field c '{{.State.Status}}')"
    succeed d start c
    same c "$output"
    contains "$(d top c)" "sh -c"
    succeed d rename c better
    same /better "$(field better '{{.Name}}')"
    sleep 0.2
    succeed d kill -s HUP better
    succeed d wait better
    same 3 "$output"
    run d kill better
    ((status != 0))
    contains "$output" "not running"
}

@test "a name in use, a container nobody knows, an option dhow has not" {
    sleeper c
    run d create --name c busybox true
    ((status != 0))
    contains "$output" "c"
    same 409 "$(api_code POST '/v1.44/containers/create?name=c' -H 'Content-Type: application/json' -d '{"Image":"busybox"}')"
    same 404 "$(api_code GET /containers/nosuch/json)"
    same 404 "$(api_code POST /containers/nosuch/start)"
    same 404 "$(api_code DELETE /containers/nosuch)"
    same 304 "$(api_code POST /containers/c/start)"
    succeed d stop -t 0 c
    same 304 "$(api_code POST /containers/c/stop)"
    same 409 "$(api_code POST '/containers/c/kill?signal=TERM')"
    run d run --rm --volumes-from c busybox true
    ((status != 0))
    contains "$output" "not supported"
}

@test "a command that cannot be run: 127 and 126, and no container stays with --rm" {
    run d run --rm --network none busybox /no/such
    same 127 "$status"
    run d run --rm --network none busybox /work/not-executable
    same 126 "$status"
    same "" "$(d ps -aq)"
}

@test "volumes and limits arrive" {
    mkdir -p "$T/share-out"
    succeed d run --rm --network none -v "$T/share-out:/out" -v data:/data --tmpfs /scratch --read-only busybox \
        sh -c 'echo hi >/out/file && echo kept >/data/file && echo x >/scratch/y && ! echo no >/etc/no 2>/dev/null'
    same hi "$(cat "$T/share-out/file")"
    same kept "$(d run --rm --network none -v data:/data busybox cat /data/file)"
    same "1000 1000" "$(d run --rm --network none -u 1000:1000 busybox sh -c 'echo $(id -u) $(id -g)')"
    same other "$(d run --rm --network none --hostname other busybox hostname)"
}

@test "images: list, inspect, history, tag, remove" {
    contains "$(d images --format '{{.Repository}}:{{.Tag}}')" busybox:latest
    local id
    id=$(d image inspect --format '{{.Id}}' busybox)
    [[ $id =~ ^sha256:[0-9a-f]{64}$ ]]
    succeed d history busybox
    succeed d tag busybox example.com/copy:1
    same "$id" "$(d image inspect --format '{{.Id}}' example.com/copy:1)"
    contains "$(dhow images --format '{{.Repository}}')" example.com/copy
    succeed d rmi example.com/copy:1
    contains "$output" "Untagged: example.com/copy:1"
    run d image inspect example.com/copy:1
    same 1 "$status"
}

@test "load reads an archive; an image in use is not removed" {
    local archive
    archive=$(two_layers_oci)
    succeed d load -i "$archive"
    contains "$output" "localhost/two:latest"
    same second "$(d run --rm --network none localhost/two cat /work/added)"
    succeed d create --network none --name holder localhost/two true
    run d rmi localhost/two
    ((status != 0))
    succeed d rm holder
    succeed d rmi localhost/two
}

@test "pull shows progress; run pulls what is missing; what nobody has is an error" {
    needs_registry
    start_registry 5000
    push "oci-archive:$(two_layers_oci)" 5000/two:latest
    succeed d pull 127.0.0.1:5000/two
    contains "$output" "Digest: sha256:"
    contains "$output" "127.0.0.1:5000/two:latest"
    succeed d rmi 127.0.0.1:5000/two
    succeed d run --rm --network none 127.0.0.1:5000/two cat /work/added
    same second "$output"
    run d pull 127.0.0.1:5000/nothing:here
    same 1 "$status"
    run d run --rm --network none 127.0.0.1:5000/nothing:here true
    same 125 "$status"
    succeed d rmi 127.0.0.1:5000/two
    stop_registry 5000
}
