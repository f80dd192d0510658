#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# create, start, stop, kill, restart, rm, ps, inspect, logs, exec, attach, wait, rename, top.
load ../support/common

sleeper() { succeed dhow run -d --network none --name "${1:-c}" "${@:2}" busybox sleep 1000; }
status_of() { dhow inspect --format '{{.State.Status}}' "$1"; }
running_pid() { dhow inspect --format '{{.State.Pid}}' "$1"; }

@test "create, start, exit code, start again" {
    succeed dhow create --network none --name c busybox sh -c 'echo run >>/log; wc -l </log; exit 5'
    [[ $output =~ ^[0-9a-f]{64}$ ]]
    same created "$(status_of c)"
    succeed dhow start c
    same c "$output"
    succeed dhow wait c
    same 5 "$output"
    same "exited 5" "$(dhow inspect --format '{{.State.Status}} {{.State.ExitCode}}' c)"
    run dhow start -a c
    same 5 "$status"
    same 2 "$output"
}

@test "any unique prefix of the id names a container; an ambiguous or unknown one does not" {
    sleeper c
    local id=$output
    same c "$(dhow inspect --format '{{.Name}}' "${id:0:6}")"
    refuse 125 nosuch dhow inspect nosuch
    refuse 125 nosuch dhow start nosuch
    refuse 1 nosuch dhow rm nosuch
}

@test "ps: columns, -a, -q, --format, --filter, --no-trunc" {
    sleeper up
    succeed dhow create --network none --name new --label k=v busybox true
    succeed dhow ps
    [[ ${lines[0]} =~ ^CONTAINER\ ID\ +IMAGE\ +COMMAND\ +CREATED\ +STATUS\ +PORTS\ +NAMES ]]
    same 2 "${#lines[@]}"
    contains "${lines[1]}" "sleep 1000"
    contains "${lines[1]}" "Up "
    succeed dhow ps -a --format '{{.Names}} {{.Status}}'
    contains "$output" "new Created"
    same new "$(dhow ps -a --filter label=k=v --format '{{.Names}}')"
    same new "$(dhow ps -a --filter status=created --format '{{.Names}}')"
    [[ $(dhow ps -q) =~ ^[0-9a-f]{12}$ ]]
    [[ $(dhow ps -q --no-trunc) =~ ^[0-9a-f]{64}$ ]]
    dhow ps -a --format json | jq -e 'length == 2 and .[0].Id'
}

@test "an empty ps prints its header alone" {
    succeed dhow ps
    same 1 "${#lines[@]}"
    succeed dhow ps -q
    same "" "$output"
}

@test "stop asks first and kills later" {
    succeed dhow run -d --network none --name polite busybox sh -c 'trap "exit 9" TERM; while :; do sleep 0.05; done'
    sleep 0.2
    succeed dhow stop polite
    same polite "$output"
    same 9 "$(dhow inspect --format '{{.State.ExitCode}}' polite)"
    sleeper stubborn
    local pid began=$SECONDS
    pid=$(running_pid stubborn)
    succeed dhow stop -t 1 stubborn
    ((SECONDS - began <= 4))
    same 137 "$(dhow inspect --format '{{.State.ExitCode}}' stubborn)"
    [[ ! -d /proc/$pid ]]
    succeed dhow stop stubborn
}

@test "kill sends the signal named" {
    succeed dhow run -d --network none --name k busybox sh -c 'trap "echo usr1" USR1; trap "exit 3" HUP; while :; do sleep 0.05; done'
    sleep 0.2
    succeed dhow kill -s USR1 k
    wait_until 5 bash -c 'grep -q usr1' < <(sleep 0.3; dhow logs k)
    succeed dhow kill --signal 1 k
    succeed dhow wait k
    same 3 "$output"
    refuse 125 k dhow kill k
    refuse 125 NOSUCHSIG dhow kill -s NOSUCHSIG k
}

@test "restart gives a new process and keeps the container's files" {
    sleeper r
    local before
    before=$(running_pid r)
    succeed dhow exec r sh -c 'echo kept >/file'
    succeed dhow restart -t 0 r
    [[ $(running_pid r) != "$before" ]]
    same kept "$(dhow exec r cat /file)"
}

@test "rm refuses what runs, unless forced; then nothing is left" {
    sleeper c
    refuse 2 c dhow rm c
    succeed dhow rm -f -t 0 c
    same c "$output"
    nothing_left
}

@test "wait ends when the container does, with its code" {
    succeed dhow run -d --network none --name w busybox sh -c 'sleep 0.5; exit 12'
    succeed dhow wait w
    same 12 "$output"
}

@test "logs: both streams, in order, -f, --tail, --timestamps, --since" {
    succeed dhow run --network none --name l busybox sh -c 'for i in 1 2 3; do echo out$i; sleep 0.02; echo err$i >&2; sleep 0.02; done; printf "no end"'
    succeed dhow logs l
    same $'out1\nout2\nout3\nno end' "$output"
    same $'err1\nerr2\nerr3' "$stderr"
    same $'err3\nno end' "$(dhow logs --tail 2 l 2>&1)"
    [[ $(dhow logs -t --tail 1 l) =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*\ no\ end$ ]]
    same "" "$(dhow logs --since 2099-01-01T00:00:00Z l 2>&1)"
    contains "$(dhow logs --since 10m l)" out1
    succeed dhow run -d --network none --name f busybox sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done'
    succeed dhow logs -f f
    same $'1\n2\n3' "$output"
}

@test "a line longer than any buffer comes back whole" {
    succeed dhow run -d --network none --name long busybox sh -c 'head -c 200000 /dev/zero | tr "\0" x; echo; echo end'
    succeed dhow wait long
    same 200000 "$(dhow logs long | head -1 | tr -d '\n' | wc -c)"
    same end "$(dhow logs long | tail -1)"
}

@test "the log is in k8s-file form" {
    succeed dhow run --network none --name form busybox sh -c 'echo hello; echo oops >&2'
    local log
    log=$(find "$(state_dir)/containers" -name ctr.log)
    grep -qE '^[0-9]{4}-[0-9-]+T[0-9:.]+(Z|[+-][0-9:]+) stdout F hello$' "$log"
    grep -qE ' stderr F oops$' "$log"
}

@test "exec: output, exit code, stdin, user, folder, environment" {
    sleeper c -e BASE=1
    succeed dhow exec c echo hi
    same hi "$output"
    run dhow exec c sh -c 'exit 33'
    same 33 "$status"
    same piped "$(echo piped | dhow exec -i c cat)"
    same "1000 /etc 2 1" "$(dhow exec -u ann -w /etc -e K=2 c sh -c 'echo $(id -u) $PWD $K $BASE')"
    same 0 "$(dhow exec c sh -c 'grep -c CapEff.*ffffffff /proc/self/status || true')"
    contains "$(dhow exec c grep -E 'CapEff|Seccomp:' /proc/self/status)" $'Seccomp:\t2'
    contains "$(dhow exec c ps)" "sleep 1000"
}

@test "exec: 126, 127, a stopped container, -d" {
    sleeper c
    refuse 127 nothing-here dhow exec c nothing-here
    refuse 126 /work/not-executable dhow exec c /work/not-executable
    succeed dhow exec -d c sh -c 'echo detached >/made'
    wait_until 5 dhow exec c test -s /made
    succeed dhow stop -t 0 c
    refuse 125 c dhow exec c true
}

@test "attach shows output and ends with the container's code" {
    succeed dhow run -d -i --network none --name a busybox sh -c 'read line; echo "got $line"; exit 6'
    run --separate-stderr bash -c 'exit 0'
    local code=0
    echo hello | dhow attach a >"$T/share-out/attached" || code=$?
    same "got hello" "$(<"$T/share-out/attached")"
    same 6 "$code"
}

@test "rename" {
    sleeper old
    succeed dhow create --network none --name other busybox true
    refuse 125 other dhow rename old other
    succeed dhow rename old new
    same running "$(status_of new)"
    refuse 125 old dhow inspect old
}

@test "top lists the container's processes" {
    sleeper c
    succeed dhow top c
    contains "${lines[0]}" PID
    contains "${lines[0]}" COMMAND
    contains "$output" "sleep 1000"
}

@test "inspect: an array, and --format with nested fields" {
    sleeper c
    dhow inspect c | jq -e 'type == "array" and .[0].State.Running == true and .[0].State.Pid > 1'
    dhow inspect --format '{{json .State}}' c | jq -e .Running
    refuse 125 template dhow inspect --format '{{.State.NoSuchField' c
}

@test "the supervisor needs no dhow: it notes the end by itself, and --rm removes" {
    succeed dhow run -d --rm --network none --name gone busybox sleep 0.3
    sleep 1.2
    same "" "$(dhow ps -aq)"
    nothing_left
}

@test "a killed supervisor does not leave a container that runs for ever" {
    sleeper c
    local shim pid
    pid=$(running_pid c)
    shim=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
    same dhow-shim "$(cat "/proc/$shim/comm")"
    kill -9 "$shim"
    # Readers must not say `running` about what is gone, and rm must clear whatever is left.
    succeed dhow ps -a
    succeed dhow rm -f -t 0 c
    nothing_left
}

@test "ps and inspect start no process and join nothing" {
    needs strace
    sleeper c
    chmod 777 "$T/share-out"
    PREFIX="strace -f -qq -e trace=clone,clone3,fork,vfork,setns,unshare,execve -o $T/share-out/trace" dhow ps >/dev/null
    same 1 "$(wc -l <"$T/share-out/trace")"
}
