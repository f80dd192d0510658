#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# volume create, ls, inspect, rm, prune, export, import, exists; volumes that are mounts.
load ../support/common

setup_file() {
    setup_state
    load_busybox
}

setup() {
    empty_out
}

teardown() {
    dhow rm -fa -t 0 >/dev/null
    dhow volume rm -fa >/dev/null
}

runs() { dhow run --rm --network none "$@"; }
image=localhost/busybox:latest

@test "create, exists, ls, inspect, rm, and their exit codes" {
    same data "$(dhow volume create --label tier=db --label x data)"
    succeed dhow volume exists data
    run dhow volume exists nothing
    ((status == 1))
    refuse 125 "there already" dhow volume create data
    same data "$(dhow volume create --ignore data)"
    same "DRIVER      VOLUME NAME|local       data" "$(dhow volume ls | paste -sd'|')"
    same data "$(dhow volume ls -q)"
    same data "$(dhow volume ls --filter label=tier=db -q)"
    same "" "$(dhow volume ls --filter label=tier=web -q)"
    same "local data" "$(dhow volume ls --format '{{.Driver}} {{.Name}}')"
    same '"db"' "$(dhow volume inspect data | jq '.[0].Labels.tier')"
    same '"local" "local" false' "$(dhow volume inspect data | jq -r '.[0] | [.Driver, .Scope, .Anonymous] | @json' | tr -d '[]' | tr ',' ' ')"
    same data "$(dhow volume inspect --all | jq -r '.[].Name')"
    same data "$(dhow inspect --format '{{.Name}}' data)"
    same data "$(dhow inspect --type volume --format '{{.Name}}' dat)"
    same data "$(dhow volume rm data)"
    refuse 1 "no volume 'data'" dhow volume rm data
    succeed dhow volume rm --force data
    refuse 125 "no volume" dhow volume inspect data
}

@test "without a name it gets one, and is anonymous" {
    name=$(dhow volume create)
    [[ $name =~ ^[0-9a-f]{64}$ ]]
    same "$name" "$(dhow volume ls -q --filter anonymous=true)"
    same "$name" "$(dhow volume prune --force)"
}

@test "one that a container uses stays; by force its container goes with it" {
    dhow volume create used >/dev/null
    dhow run -d --name user -v used:/data --network none $image sleep 1000 >/dev/null
    refuse 2 "a container uses it" dhow volume rm used
    same "" "$(dhow volume ls -q --filter dangling=true)"
    same used "$(dhow volume rm --force -t 0 used)"
    run dhow container exists user
    ((status == 1))
}

@test "prune takes anonymous ones nobody uses; --all takes those with names; labels and --dry-run" {
    dhow volume create named >/dev/null
    dhow volume create --label keep=1 kept >/dev/null
    anonymous=$(dhow volume create)
    dhow create --name user -v /data --network none $image true >/dev/null
    used=$(dhow volume ls -q --filter dangling=false)
    same "$anonymous" "$(dhow volume prune --dry-run)"
    same "$anonymous" "$(dhow volume prune --force)"
    same named "$(dhow volume prune --force --all --filter label!=keep)"
    same "$(printf '%s\n' "$used" kept | sort)" "$(dhow volume ls -q | sort)"
    # Without --force it asks, and no answer is no.
    run dhow volume prune --all </dev/null
    ((status == 0))
    contains "$output" "Are you sure you want to continue? [y/N]"
    succeed dhow volume exists kept
    contains "$(dhow volume prune --all <<<y)" kept
    refuse 125 "invalid filter" dhow volume prune --force --filter colour=red
}

@test "options: a tmpfs with a size, a bound folder, an owner" {
    dhow volume create -o type=tmpfs -o device=tmpfs -o o=size=1m,mode=700 memory >/dev/null
    same "tmpfs 1024" "$(runs -v memory:/m $image sh -c "df -k /m | awk 'NR == 2 { print \$1, \$2 }'")"
    mkdir -p "$T/out/bound"
    echo from-outside >"$T/out/bound/file"
    chmod -R a+rX "$T/out"
    dhow volume create -o type=none -o o=bind -o "device=$T/out/bound" bound >/dev/null
    same from-outside "$(runs -v bound:/b $image cat /b/file)"
    dhow volume create --uid 1000 --gid 1001 owned >/dev/null
    same 1000:1001 "$(runs -v owned:/o $image stat -c %u:%g /o)"
    same '{"device":"tmpfs","o":"size=1m,mode=700","type":"tmpfs"}' \
        "$(dhow volume inspect memory | jq -cS '.[0].Options')"
}

@test "options that cannot be are refused, and nothing is made" {
    refuse 125 "unknown" dhow volume create -o colour=red bad
    refuse 125 "a device is missing" dhow volume create -o type=tmpfs bad
    refuse 125 "a type is missing" dhow volume create -o device=/tmp bad
    refuse 125 "quota" dhow volume create -o o=size=1g bad
    refuse 125 "absolute" dhow volume create -o type=none -o o=bind -o device=relative bad
    refuse 125 "driver" dhow volume create -d nfs bad
    refuse 125 "malformed" dhow volume create ../bad
    refuse 125 "label" dhow volume create -l =x bad
    same "" "$(dhow volume ls -q)"
    dhow volume create -o type=none -o o=bind -o device=/no/such/folder gone >/dev/null
    refuse 125 "/no/such/folder" runs -v gone:/g $image true
}

@test "export and import: owners, modes, links; what is there stays, what is in the way is replaced" {
    dhow volume create one >/dev/null
    dhow volume create two >/dev/null
    runs -v one:/d $image sh -c 'echo a >/d/a; chown 5:6 /d/a; chmod 4711 /d/a; ln -s a /d/l; mkdir /d/dir
        echo w >/d/dir/.wh.x; ln /d/a /d/hard'
    runs -v two:/d $image sh -c 'echo old >/d/a; echo stays >/d/stays'
    succeed dhow volume export -o "$T/out/one.tar" one
    contains "$(tar tf "$T/out/one.tar")" dir/.wh.x
    succeed dhow volume import two "$T/out/one.tar"
    same "a|5:6 4711 2|a|w|stays" "$(runs -v two:/d $image sh -c 'cat /d/a; stat -c "%u:%g %a %h" /d/a
        readlink /d/l; cat /d/dir/.wh.x; cat /d/stays' | paste -sd'|')"
    dhow volume export one | gzip | dhow volume import two -
    refuse 125 "no volume 'three'" dhow volume import three "$T/out/one.tar"
    refuse 125 "import into volume 'two'" dhow volume import two - <<<"this is no tar, whatever its name says, and long enough"
    refuse 125 "no volume 'three'" dhow volume export -o "$T/out/three.tar" three
    [[ ! -e $T/out/three.tar ]]
}

@test "a tar that reaches out of the volume does not" {
    dhow volume create trap >/dev/null
    runs -v trap:/d $image ln -s / /d/root
    mkdir -p "$T/out/tree/root/tmp"
    echo evil >"$T/out/tree/root/tmp/dhow-escaped"
    tar -C "$T/out/tree" -cf "$T/out/evil.tar" root/tmp/dhow-escaped
    run dhow volume import trap "$T/out/evil.tar"
    [[ ! -e /tmp/dhow-escaped ]]
    tar -C "$T/out/tree" --transform 's,^,../../,' -Pcf "$T/out/up.tar" root
    refuse 125 ".." dhow volume import trap "$T/out/up.tar"
}

@test "ambiguous beginnings of names are said so" {
    dhow volume create abc1 >/dev/null
    dhow volume create abc2 >/dev/null
    refuse 125 "several volumes" dhow volume inspect abc
    same abc1 "$(dhow volume inspect --format '{{.Name}}' abc1)"
}
