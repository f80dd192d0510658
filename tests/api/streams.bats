#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# The docker client on dhow-api: what containers read and write. run, attach, logs and exec, with a
# terminal and without.
load ../support/common
load ../support/api

setup_file() { setup_api; }
teardown_file() { end_api; }

sleeper() { succeed d run -d --network none --name "${1:-c}" "${@:2}" busybox sleep 1000; }

@test "run: stdout and stderr apart, the exit code handed on, --rm removes" {
    run --separate-stderr d run --rm --network none busybox sh -c 'echo out; echo err >&2; exit 7'
    same 7 "$status"
    same out "$output"
    same err "$stderr"
    same "" "$(d ps -aq)"
}

@test "run: not one byte of a burst is lost, however short the life" {
    local round
    for round in 1 2 3 4 5 6 7 8 9 10; do
        same "line $round" "$(d run --rm --network none busybox echo "line $round")"
    done
    same "$(seq 1 200000 | md5sum)" "$(d run --rm --network none busybox seq 1 200000 | md5sum)"
}

@test "run -i: stdin goes in, whole and binary, and its end ends the reader" {
    head -c 3000000 /dev/urandom >"$T/bytes"
    same "$(md5sum <"$T/bytes")" "$(d run --rm -i --network none busybox cat <"$T/bytes" | md5sum)"
    same "3" "$(printf 'a\nb\nc\n' | d run --rm -i --network none busybox wc -l)"
}

@test "run -it: a terminal of our size, raw bytes, the exit code" {
    local script='until [ "$(stty size)" = "33 77" ]; do sleep 0.05; done; echo sized; tty; read line; echo "got $line"; exit 4'
    run on_pty 33 77 "'$DOCKER' -H 'unix://$API_SOCKET' run --rm -it --network none busybox sh -c '$script'; echo code=\$?" \
        < <(sleep 1; printf 'hello\r'; sleep 1)
    contains "$output" sized
    contains "$output" /dev/pts/0
    contains "$output" "got hello"
    contains "$output" code=4
}

@test "run -it: the detach keys leave it running, attach comes back" {
    run on_pty 24 80 "'$DOCKER' -H 'unix://$API_SOCKET' run -it --network none --name shell busybox sh" \
        < <(sleep 1; printf 'x=kept\r'; sleep 0.5; printf '\x10\x11'; sleep 1)
    same true "$(d inspect --format '{{.State.Running}}' shell)"
    run on_pty 24 80 "'$DOCKER' -H 'unix://$API_SOCKET' attach shell" \
        < <(sleep 1; printf 'echo value=$x\r'; sleep 0.5; printf 'exit 6\r'; sleep 1)
    contains "$output" value=kept
    same 6 "$(d inspect --format '{{.State.ExitCode}}' shell)"
}

@test "a client that is killed leaves the container running" {
    "$DOCKER" -H "unix://$API_SOCKET" run --network none --name c busybox sh -c 'while :; do echo tick; sleep 0.1; done' >"$T/out" 2>&1 3>&- &
    local pid=$!
    wait_until 5 grep -q tick "$T/out"
    kill -9 $pid
    wait $pid || true
    sleep 0.5
    same running "$(dhow inspect --format '{{.State.Status}}' c)"
    same "" "$(pgrep -P "$(api_pid)" || true)"
}

@test "start -a: output from the first byte and the code; start -ai: input too" {
    succeed d create --network none --name c busybox sh -c 'echo again; exit 5'
    run d start -a c
    same 5 "$status"
    same again "$output"
    run d start -a c
    same 5 "$status"
    same again "$output"
    succeed d create -i --network none --name reader busybox wc -c
    same 4 "$(printf 'four' | d start -ai reader)"
}

@test "logs: all, --tail, --since, --timestamps; the two streams apart" {
    succeed d run -d --network none --name c busybox sh -c 'for i in 1 2 3 4; do echo o$i; echo e$i >&2; sleep 0.05; done; printf tail'
    succeed d wait c
    run --separate-stderr d logs c
    same $'o1\no2\no3\no4\ntail' "$output"
    same $'e1\ne2\ne3\ne4' "$stderr"
    [[ $(d logs --tail 2 c 2>&1 | wc -l) -le 2 ]]
    [[ $(d logs -t c 2>/dev/null | head -1) =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z\ o1$ ]]
    # The client asks by whole seconds.
    sleep 1.1
    same "" "$(d logs --since 0s c 2>&1)"
    contains "$(d logs --since 1h c)" o1
}

@test "logs of a terminal come raw" {
    succeed d run -dt --network none --name c busybox sh -c 'echo one; echo two >&2'
    succeed d wait c
    same $'one\ntwo' "$(d logs c | tr -d '\r')"
}

@test "logs -f: shows what comes, and ends with the container" {
    succeed d run -d --network none --name c busybox sh -c 'for i in 1 2 3 4 5; do echo $i; sleep 0.1; done'
    same $'1\n2\n3\n4\n5' "$(timeout 10 "$DOCKER" -H "unix://$API_SOCKET" logs -f c)"
}

@test "logs -f: a client that leaves takes its process along" {
    sleeper c
    timeout 1 "$DOCKER" -H "unix://$API_SOCKET" logs -f c || true
    wait_until 3 bash -c "! pgrep -P $(api_pid)"
}

@test "exec: output, streams apart, exit code, user, folder, environment, stdin" {
    sleeper c
    run --separate-stderr d exec c sh -c 'echo out; echo err >&2; exit 9'
    same 9 "$status"
    same out "$output"
    same err "$stderr"
    same "1000 /tmp yes" "$(d exec -u 1000 -w /tmp -e V=yes c sh -c 'echo $(id -u) $(pwd) $V')"
    same 5 "$(printf 'a\nb\nc\nd\ne\n' | d exec -i c wc -l)"
    same "$(seq 1 100000 | md5sum)" "$(d exec c seq 1 100000 | md5sum)"
    run d exec c /no/such
    same 127 "$status"
    run d exec nosuch true
    same 1 "$status"
    contains "$output" "nosuch"
}

@test "exec -it: a terminal of our size" {
    sleeper c
    local script='until [ "$(stty size)" = "20 60" ]; do sleep 0.05; done; echo sized; read line; echo "got $line"; exit 8'
    run on_pty 20 60 "'$DOCKER' -H 'unix://$API_SOCKET' exec -it c sh -c '$script'; echo code=\$?" \
        < <(sleep 1; printf 'hello\r'; sleep 1)
    contains "$output" sized
    contains "$output" "got hello"
    contains "$output" code=8
}

@test "exec -d: runs on after the client; exec in what does not run is refused" {
    sleeper c
    succeed d exec -d c sh -c 'sleep 0.2; echo done >/mark; sleep 100'
    wait_until 5 bash -c "'$T/dhow' exec c cat /mark | grep -q done"
    succeed d stop -t 0 c
    run d exec c true
    same 1 "$status"
    contains "$output" "not running"
}

@test "wait: for a running one, for an ended one; several at once" {
    succeed d run -d --network none --name a busybox sh -c 'sleep 0.5; exit 3'
    succeed d run -d --network none --name b busybox sh -c 'exit 4'
    same $'3\n4' "$(d wait a b)"
    same 3 "$(d wait a)"
}

@test "two attached clients see the same" {
    succeed d run -d --network none --name c busybox sh -c 'sleep 1; for i in 1 2 3; do echo $i; done'
    d attach --no-stdin c >"$T/first" 2>&1 &
    local first=$!
    same $'1\n2\n3' "$(d attach --no-stdin c)"
    wait $first
    same $'1\n2\n3' "$(cat "$T/first")"
}
