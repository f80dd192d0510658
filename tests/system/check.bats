#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# system check finds what is missing or changed, and repairs what can be; system reset.
load ../support/common

setup_file() {
    setup_state
}

setup() {
    load_busybox
    STATE=$(state_dir)
    LAYER=$(basename "$(ls -d "$STATE"/layers/*)")
}

teardown() {
    dhow system reset --force >/dev/null
}

image=localhost/busybox:latest

# A change by somebody who may: layers belong to the user's namespace.
harm() { bash -c "$1"; }

@test "all is well" {
    dhow volume create v >/dev/null
    dhow create --name c --network none $image true >/dev/null
    same "1 images, 1 layers, 2 blobs, 1 volumes, 1 containers: all is well" "$(dhow system check)"
    same "1 images, 1 layers, 2 blobs, 1 volumes, 1 containers: all is well" "$(dhow system check --quick)"
}

@test "a changed byte in a layer is found, and only by the whole check" {
    file=$(find "$STATE/layers/$LAYER" -type f -size +10k | head -1)
    harm "printf X | dd of='$file' bs=1 seek=5000 conv=notrunc status=none"
    succeed dhow system check --quick
    run dhow system check
    ((status == 125))
    contains "$output" "layer sha256:$LAYER"
    contains "$output" "is damaged"
    contains "$output" "of image $(dhow images -q)"
    same "1 damaged" "${output##*: }"
    run dhow system check --repair
    ((status == 0))
    contains "$output" "repaired"
    same "" "$(dhow images -q)"
    load_busybox
    contains "$(dhow system check)" "all is well"
}

@test "what is missing: a layer, its skeleton, a blob, a volume's folder" {
    dhow volume create v >/dev/null
    harm "rm -r '$STATE/volumes/v' '$STATE/skeletons/$LAYER'"
    blob=$(ls "$STATE/blobs/sha256" | head -1)
    harm "rm '$STATE/blobs/sha256/$blob'"
    run dhow system check --quick
    ((status == 125))
    contains "$output" "layer sha256:$LAYER: its skeleton is missing"
    contains "$output" "blob sha256:$blob: its file is missing"
    contains "$output" "volume v: its folder is missing"
    harm "rm -r '$STATE/layers/$LAYER'"
    run dhow system check --quick --repair
    ((status == 0))
    contains "$output" "layer sha256:$LAYER: its folder is missing"
    contains "$(dhow system check)" "0 images, 0 layers, 0 blobs, 1 volumes, 0 containers: all is well"
    load_busybox
    same hello "$(dhow run --rm --network none -v v:/v $image echo hello)"
}

@test "a container in the way stays, unless forced" {
    dhow create --name user --network none $image true >/dev/null
    harm "rm '$STATE/skeletons/$LAYER'"
    run dhow system check --quick --repair
    ((status == 125))
    same user "$(dhow ps -a --format '{{.Names}}')"
    run dhow system check --quick --force
    ((status == 0))
    same "" "$(dhow ps -aq)$(dhow images -q)"
}

@test "a changed manifest or config" {
    blob=$(ls "$STATE/blobs/sha256" | head -1)
    harm "echo >>'$STATE/blobs/sha256/$blob'"
    run dhow system check
    ((status == 125))
    contains "$output" "blob sha256:$blob: its bytes have digest"
}

@test "reset: running containers, images, volumes; then everything works anew" {
    dhow run -d --name up -v v:/v --network none $image sleep 1000 >/dev/null
    run dhow system reset </dev/null
    ((status == 0))
    contains "$output" "WARNING! This will remove:"
    same up "$(dhow ps --format '{{.Names}}')"
    succeed dhow system reset --force
    same "" "$(dhow ps -aq)$(dhow images -q)$(dhow volume ls -q)"
    load_busybox
    same hello "$(dhow run --rm --network none $image echo hello)"
}
