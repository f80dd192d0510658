#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# `dhow run`: what a process in a container sees, flag by flag. Once as root, once as an ordinary user.
load ../support/common

setup_file() {
    setup_state
    load_busybox
    dhow load -q -i "$(two_layers_oci)" >/dev/null
}

# in_container FLAG... -- COMMAND...: output of a throw-away container without network.
in_container() {
    local flags=()
    while [[ $1 != -- ]]; do
        flags+=("$1")
        shift
    done
    shift
    succeed dhow run --rm --network none ${flags[@]+"${flags[@]}"} busybox "$@"
}

@test "prints what the command prints and ends with its exit code" {
    in_container -- echo hello world
    same "hello world" "$output"
    run dhow run --rm --network none busybox sh -c 'exit 7'
    same 7 "$status"
}

@test "the image's own command, its environment and working folder are the defaults" {
    succeed dhow run --rm -i --network none busybox <<<'echo $FROM_IMAGE; pwd'
    same $'yes\n/' "$output"
}

@test "stdout and stderr stay apart" {
    in_container -- sh -c 'echo out; echo err >&2'
    same out "$output"
    same err "$stderr"
}

@test "a signal that ends the command gives 128 + its number" {
    run dhow run --rm --network none busybox sh -c 'kill -TERM $$; sleep 5' </dev/null
    # pid 1 is shielded from signals it does not handle: a child of it is not.
    run dhow run --rm --network none busybox sh -c 'sh -c "kill -9 \$\$"; exit $?'
    same 137 "$status"
}

@test "126 for a file that cannot be run, 127 for one that is not there" {
    refuse 126 /work/not-executable dhow run --rm --network none busybox /work/not-executable
    refuse 127 no-such-program dhow run --rm --network none busybox no-such-program
    refuse 126 /etc dhow run --rm --network none busybox /etc
    nothing_left
}

@test "arguments arrive byte for byte" {
    in_container -- sh -c 'for a; do printf "<%s>" "$a"; done' sh 'a b' '' $'line\nbreak' 'q"uo'\''te' '$HOME' 'ümläut' '-x' '--rm'
    same $'<a b><><line\nbreak><q"uo\'te><$HOME><ümläut><-x><--rm>' "$output"
}

@test "flags end at the image, and -- ends them too" {
    succeed dhow run --rm --network none busybox echo --rm -e A=B
    same "--rm -e A=B" "$output"
    succeed dhow run --rm --network none -- busybox echo ok
    same ok "$output"
}

@test "-d prints the full id alone and leaves the container running" {
    succeed dhow run -d --network none --name d busybox sleep 100
    [[ $output =~ ^[0-9a-f]{64}$ ]]
    succeed dhow ps -q --no-trunc
    same "$output" "$(dhow inspect --format '{{.Id}}' d)"
}

@test "-i hands stdin on, whole and binary; without it stdin is empty" {
    head -c 3000000 /dev/urandom >"$T/share-out/bytes"
    dhow run --rm -i --network none busybox cat <"$T/share-out/bytes" >"$T/share-out/copy"
    cmp "$T/share-out/bytes" "$T/share-out/copy"
    run dhow run --rm --network none busybox cat <"$T/share-out/bytes"
    same "" "$output"
}

@test "five megabytes of output arrive whole" {
    dhow run --rm --network none busybox sh -c 'seq 1 700000' >"$T/share-out/numbers"
    cmp "$T/share-out/numbers" <(seq 1 700000)
}

@test "-t gives a terminal of the caller's size" {
    run script -qec "stty rows 33 cols 77; '$T/dhow' run --rm -it --network none busybox sh -c 'tty; stty size; echo done'" /dev/null < <(sleep 2)
    contains "$output" /dev/
    contains "$output" "33 77"
    contains "$output" "done"
}

@test "-t without a terminal on stdin still works" {
    run dhow run --rm -t --network none busybox sh -c '[ -t 1 ] && echo terminal' </dev/null
    same 0 "$status"
    contains "$output" terminal
}

@test "--rm leaves nothing; without it the container stays" {
    in_container -- true
    same "" "$(dhow ps -aq)"
    nothing_left
    succeed dhow run --network none --name kept busybox true
    same kept "$(dhow ps -a --format '{{.Names}}')"
}

@test "a made-up name is adjective_surname; --name is taken as given, once" {
    succeed dhow run -d --network none busybox true
    [[ $(dhow ps -a --format '{{.Names}}') =~ ^[a-z]+_[a-z]+$ ]]
    succeed dhow create --name one busybox true
    refuse 125 one dhow run --name one busybox true
    refuse 125 'a b' dhow run --name 'a b' busybox true
}

@test "-e sets, imports and overrides; --env-file reads" {
    printf '# comment\nFILE=from file\nKEY=file\n' >"$T/share-out/env"
    chmod 644 "$T/share-out/env"
    in_container -e KEY=1 -e 'SPACE=a b' -e EMPTY= -e FROM_IMAGE=no --env-file "$T/share-out/env" -- env
    contains "$output" KEY=1
    contains "$output" 'SPACE=a b'
    contains "$output" FROM_IMAGE=no
    contains "$output" 'FILE=from file'
    grep -qx EMPTY= <<<"$output"
    grep -qx PATH=/bin <<<"$output"
    EXTRA_ENV=IMPORTED=yes in_container -e IMPORTED -e NOT_SET_ANYWHERE -- env
    contains "$output" IMPORTED=yes
    [[ $output != *NOT_SET_ANYWHERE* ]]
}

@test "nothing of the caller's environment or descriptors gets in" {
    EXTRA_ENV=MARK=secret run dhow run --rm --network none busybox env
    [[ $output != *secret* && $output != *XDG_RUNTIME_DIR* ]]
    exec 9<"$T"
    in_container -- ls /proc/self/fd
    exec 9<&-
    same $'0\n1\n2\n3' "$output"
}

@test "-w sets the working folder, made when it is not there" {
    in_container -w /etc -- pwd
    same /etc "$output"
    in_container -w /made/for/this -- sh -c 'pwd; touch x'
    same /made/for/this "$output"
}

@test "-u by name, number, group; supplementary groups from the image" {
    in_container -u ann -- id
    same 'uid=1000(ann) gid=1000(ann) groups=1000(ann),2000(extra)' "$output"
    in_container -u 1234:5678 -- id
    same 'uid=1234 gid=5678 groups=5678' "$output"
    in_container -u ann:extra -- id -g
    same 2000 "$output"
    in_container -u ann -- sh -c 'echo $HOME'
    same /home/ann "$output"
    refuse 125 nosuchuser dhow run --rm --network none -u nosuchuser busybox id
}

@test "--entrypoint replaces the image's; an empty one clears it" {
    in_container --entrypoint echo -- from entrypoint
    same "from entrypoint" "$output"
    in_container --entrypoint= -- echo cleared
    same cleared "$output"
}

@test "--hostname, and the short id without it" {
    in_container --hostname box -- sh -c 'hostname; cat /etc/hostname; grep -c box /etc/hosts'
    same $'box\nbox\n1' "$output"
    succeed dhow run --network none --name h busybox hostname
    same "$(dhow inspect --format '{{.Id}}' h | cut -c1-12)" "$output"
}

@test "-v binds a folder, read-write and read-only" {
    mkdir -m 777 "$T/share-out/bind"
    echo outside >"$T/share-out/bind/file"
    in_container -v "$T/share-out/bind:/mnt/x" -- sh -c 'cat /mnt/x/file; echo inside >/mnt/x/made'
    same outside "$output"
    same inside "$(<"$T/share-out/bind/made")"
    run dhow run --rm --network none -v "$T/share-out/bind:/mnt/x:ro" busybox touch /mnt/x/no
    ((status != 0))
    contains "$stderr$output" "Read-only"
    [[ ! -e $T/share-out/bind/no ]]
}

@test "-v of a single file; --mount and --tmpfs" {
    echo one >"$T/share-out/single"
    chmod 644 "$T/share-out/single"
    in_container -v "$T/share-out/single:/etc/greeting:ro" -- cat /etc/greeting
    same one "$output"
    in_container --mount "type=bind,source=$T/share-out/single,target=/x,readonly" --tmpfs /scratch -- \
        sh -c 'cat /x; stat -f -c %T /scratch; touch /scratch/y'
    same $'one\ntmpfs' "$output"
}

@test "a named volume outlives its container and starts with the image's files" {
    in_container -v data:/work -- sh -c 'ls /work; echo kept >/work/note'
    contains "$output" not-executable
    in_container -v data:/elsewhere -- cat /elsewhere/note
    same kept "$output"
}

@test "a bind source that is not there is refused" {
    refuse 125 /no/such/folder dhow run --rm --network none -v /no/such/folder:/x busybox true
    refuse 125 relative dhow run --rm --network none -v "./relative:not-absolute" busybox true
    nothing_left
}

@test "what a container writes stays in that container" {
    in_container -- sh -c 'echo changed >/etc/greeting; rm /etc/group; mkdir /new'
    in_container -- sh -c 'cat /etc/greeting; ls /etc/group; ls -d /new 2>/dev/null || echo none'
    same $'from the image\n/etc/group\nnone' "$output"
}

@test "layers stack: whiteouts, opaque folders, links" {
    succeed dhow run --rm --network none two sh -c 'ls /etc/greeting 2>/dev/null; ls /work; cat /work/link | head -1; stat -c %h /work/hard'
    same $'added\nhard\nlink\nroot:x:0:0:root:/root:/bin/sh\n2' "$output"
}

@test "--read-only: the root is, tmpfs places are not" {
    in_container --read-only -- sh -c 'touch /x 2>/dev/null || echo refused; touch /tmp/x /dev/shm/x && echo fine'
    same $'refused\nfine' "$output"
}

@test "eleven capabilities by default, none inherited; --cap-add and --cap-drop" {
    caps() { grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' <<<"$output" | awk '{ print $2 }' | paste -sd' '; }
    in_container -- cat /proc/self/status
    same "0000000000000000 00000000800405fb 00000000800405fb 00000000800405fb 0000000000000000" "$(caps)"
    in_container --cap-drop all --cap-add net_bind_service -- cat /proc/self/status
    same "0000000000000000 0000000000000400 0000000000000400 0000000000000400 0000000000000000" "$(caps)"
    in_container --cap-add CAP_NET_ADMIN --cap-drop chown -- grep CapEff /proc/self/status
    contains "$output" 00000000800415fa
    in_container -u ann -- grep CapEff /proc/self/status
    contains "$output" 0000000000000000
    refuse 125 nonsense dhow run --rm --network none --cap-add nonsense busybox true
}

@test "seccomp filters by default; unconfined turns it off" {
    in_container -- sh -c 'grep Seccomp: /proc/self/status; unshare -U true 2>/dev/null || echo refused'
    same $'Seccomp:\t2\nrefused' "$output"
    in_container --security-opt seccomp=unconfined -- grep Seccomp: /proc/self/status
    same $'Seccomp:\t0' "$output"
    in_container --security-opt no-new-privileges -- grep NoNewPrivs /proc/self/status
    same $'NoNewPrivs:\t1' "$output"
}

@test "what shows or changes the host is masked or read-only" {
    in_container -- sh -c 'head -c1 /proc/kcore | wc -c; ls /sys/firmware | wc -l; cat /proc/keys | wc -c
        (echo 1 >/proc/sys/kernel/panic) 2>/dev/null || echo sysctl; (echo b >/proc/sysrq-trigger) 2>/dev/null || echo sysrq
        touch /sys/x 2>/dev/null || echo sysfs'
    same $'0\n0\n0\nsysctl\nsysrq\nsysfs' "$output"
}

@test "namespaces of its own: pid 1, own ipc, uts, mount, cgroup, net" {
    in_container -- sh -c 'echo $$; for n in pid ipc uts mnt cgroup net; do readlink /proc/self/ns/$n; done'
    same 1 "${lines[0]}"
    local kind
    for kind in pid ipc uts mnt cgroup net; do
        [[ $output != *"$(readlink /proc/self/ns/$kind)"* ]]
    done
}

@test "devices: the usual ones work, the host's are not there" {
    in_container -- sh -c 'ls /dev | sort | paste -sd" "; echo x >/dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; ls -l /dev/stdin | grep -c /proc/self/fd/0'
    for name in full null ptmx pts random shm tty urandom zero; do
        contains " ${lines[0]} " " $name "
    done
    [[ ${lines[0]} != *vda* && ${lines[0]} != *mem* && ${lines[0]} != *kmsg* ]]
    same "4 4 1" "${lines[1]} ${lines[2]} ${lines[3]}"
}

@test "--init puts a reaper at pid 1" {
    in_container --init -- sh -c 'echo $$; (sleep 0.1 & ) ; sleep 0.4; ps | grep -c "[Z]" '  || true
    [[ ${lines[0]} != 1 ]]
    succeed dhow run -d --init --network none --name init busybox sleep 100
    local began=$SECONDS
    succeed dhow stop -t 8 init
    # sleep as pid 1 would ignore the signal until it is killed; behind the reaper it ends at once.
    ((SECONDS - began < 5))
}

@test "labels, annotations and the rest come back in inspect" {
    succeed dhow create --network none --label a=b --label only --name l -e X=1 -w /etc -u ann --stop-signal SIGUSR1 busybox echo hi
    same "b" "$(dhow inspect --format '{{index .Config.Labels "a"}}' l)"
    same "/etc ann" "$(dhow inspect --format '{{.Config.WorkingDir}} {{.Config.User}}' l)"
    dhow inspect l | jq -e '.[0].Config.Labels.maker == "dhow-tests" and .[0].Config.Labels.only == ""'
    dhow inspect l | jq -e '.[0].State.Status == "created" and .[0].Name == "l"'
}

@test "--restart on-failure:2 tries twice more and then stays down" {
    succeed dhow run -d --network none --restart on-failure:2 --name again busybox sh -c 'exit 3'
    wait_until 15 bash -c '[[ $1 ]]' _ "$(sleep 3; echo x)"
    succeed dhow wait again
    same 3 "$output"
    same 2 "$(dhow inspect --format '{{.RestartCount}}' again)"
}

@test "SIGTERM to a foreground run reaches the container" {
    "$T/dhow" run --name sig --network none busybox \
        sh -c 'trap "echo caught; exit 42" TERM; echo ready; while :; do sleep 0.1; done' >"$T/share-out/sig" 3>&- &
    local runner=$!
    wait_until 5 grep -q ready "$T/share-out/sig"
    kill -TERM $runner
    local code=0
    wait $runner || code=$?
    same 42 "$code"
    grep -q caught "$T/share-out/sig"
}

@test "--pull never refuses an image that is not here" {
    refuse 125 nothere dhow run --rm --pull never localhost/nothere:1 true
}

@test "--cidfile holds the id and is not overwritten" {
    is_rootless && chown "$TEST_USER" "$T/share-out"
    succeed dhow run --rm --network none --cidfile "$T/share-out/cid" busybox true
    [[ $(<"$T/share-out/cid") =~ ^[0-9a-f]{64}$ ]]
    refuse 125 cid dhow run --rm --network none --cidfile "$T/share-out/cid" busybox true
}

@test "root in the container is an ordinary user outside" {
    needs_rootless
    mkdir -m 777 "$T/share-out/who"
    in_container -v "$T/share-out/who:/x" -- sh -c 'touch /x/root; touch /x/ann; chown ann /x/ann; id -u'
    same 0 "$output"
    same "$TEST_USER" "$(stat -c %U "$T/share-out/who/root")"
    local first
    first=$(awk -F: -v u="$TEST_USER" '$1 == u { print $2; exit }' /etc/subuid)
    same $((first + 999)) "$(stat -c %u "$T/share-out/who/ann")"
}

@test "twelve at once, none fails" {
    local n pids=()
    for n in {1..12}; do
        dhow run --rm --network none busybox echo "$n" >"$T/share-out/out-$n" 2>&1 &
        pids+=($!)
    done
    for n in "${pids[@]}"; do wait "$n"; done
    for n in {1..12}; do same "$n" "$(<"$T/share-out/out-$n")"; done
    same "" "$(dhow ps -aq)"
}
