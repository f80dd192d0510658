#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# container prune, image prune, system prune, system df, untag.
load ../support/common

setup_file() {
    setup_state
}

setup() {
    load_busybox
}

teardown() {
    dhow rm -fa -t 0 >/dev/null
    dhow volume rm -fa >/dev/null
    dhow rmi -fa >/dev/null
}

image=localhost/busybox:latest

@test "container prune: what does not run, by label and age" {
    dhow run -d --name up --network none $image sleep 1000 >/dev/null
    made=$(dhow create --name made --network none $image true)
    ended=$(dhow run -d --name ended --network none $image true)
    dhow wait ended >/dev/null
    dhow create --name kept --label keep --network none $image true >/dev/null
    same "" "$(dhow container prune --force --filter until=24h)"
    same "$(printf '%s\n' "$made" "$ended" | sort)" "$(dhow container prune --force --filter 'label!=keep' | sort)"
    same "$(printf '%s\n' kept up)" "$(dhow ps -a --format '{{.Names}}' | sort)"
}

@test "image prune: dangling ones; with --all those no container uses; untag makes one dangling" {
    id=$(dhow images -q --no-trunc $image)
    id=${id#sha256:}
    dhow tag $image localhost/second:1
    same "" "$(dhow image prune --force)"
    succeed dhow untag $image localhost/second:1
    same "$image" "$(dhow images --format '{{.Repository}}:{{.Tag}}')"
    refuse 125 "no name of image" dhow untag $image localhost/third:1
    dhow create --name user --network none $image true >/dev/null
    succeed dhow untag $image
    same "<none>" "$(dhow images --format '{{.Repository}}')"
    same "" "$(dhow image prune --force --all)"
    dhow rm user >/dev/null
    same "$id" "$(dhow image prune --force)"
    same "" "$(dhow images -q)"
    same "" "$(ls "$(state_dir)/layers")"
}

@test "system df: counts, sizes, what could be had back" {
    dhow volume create idle >/dev/null
    dhow run --rm -v idle:/d --network none $image dd if=/dev/zero of=/d/f bs=1k count=3 2>/dev/null
    dhow run --name ended --network none $image dd if=/dev/zero of=/f bs=1k count=5 2>/dev/null
    same "Images 1 1" "$(dhow system df --format '{{.Type}} {{.Total}} {{.Active}}' | sed -n 1p)"
    same "Containers 1 0 5.12 kB 5.12 kB (100%)" \
        "$(dhow system df --format '{{.Type}} {{.Total}} {{.Active}} {{.Size}} {{.Reclaimable}}' | sed -n 2p)"
    same "Local Volumes 1 0 3.07 kB 3.07 kB (100%)" \
        "$(dhow system df --format '{{.Type}} {{.Total}} {{.Active}} {{.Size}} {{.Reclaimable}}' | sed -n 3p)"
    contains "$(dhow system df | head -1)" "TYPE           TOTAL       ACTIVE"
    contains "$(dhow system df -v)" "VOLUME NAME  LINKS"
    same 3 "$(dhow system df --format json | jq length)"
    refuse 125 "--verbose" dhow system df -v --format json
}

@test "layers that images share are counted once" {
    dhow run --name made --network none $image dd if=/dev/zero of=/f bs=1k count=2 2>/dev/null
    dhow commit -q made localhost/above:1 >/dev/null
    base=$(dhow image inspect $image | jq '.[0].Size')
    same "$((base + 2048))" "$(dhow system df --format json | jq '.[0].RawSize')"
}

@test "system prune: containers, then what they held; asks first" {
    dhow run --name ended -v /anonymous --network none $image true
    run dhow system prune </dev/null
    ((status == 0))
    contains "$output" "WARNING! This command removes:"
    same 1 "$(dhow ps -aq | wc -l)"
    succeed dhow system prune --force
    contains "$output" "Deleted Containers"
    contains "$output" "Total reclaimed space: "
    same 1 "$(dhow images -q | wc -l)"
    same 1 "$(dhow volume ls -q | wc -l)"
    succeed dhow system prune --force --all --volumes
    contains "$output" "Deleted Volumes"
    contains "$output" "Deleted Images"
    same "" "$(dhow images -q)$(dhow volume ls -q)$(dhow ps -aq)"
}
