#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# A disk that fills up, at every step of a load: the error says so, nothing is left, and with not a byte
# free things can still be removed.
load ../support/common

setup_file() {
    setup_state
}

# fresh_disk SIZE: an empty state folder on a file system of that size.
fresh_disk() {
    local state
    state=$(state_dir)
    umount "$state" 2>/dev/null || true
    mkdir -p "$state"
    mount -t tmpfs -o "size=$1,mode=700" tmpfs "$state"
    is_rootless && chown "$TEST_USER:" "$state"
    return 0
}

teardown() {
    dhow rm -fa -t 0 >/dev/null 2>&1 || true
    umount "$(state_dir)" 2>/dev/null || true
}

# Down to the last byte, as somebody who may use all of it.
fill_up() {
    dd if=/dev/zero of="$(state_dir)/ballast" bs=64k status=none 2>/dev/null || true
    dd if=/dev/zero of="$(state_dir)/ballast2" bs=1 count=4096 status=none 2>/dev/null || true
    same 0 "$(df --output=avail -B1 "$(state_dir)" | tail -1 | tr -d ' ')"
}

@test "load, with less and less missing: an error that says so, and nothing left" {
    local size failed=0
    for size in 256k 384k 512k 640k 768k 900k 1024k 1100k 1200k 1300k 1400k 1500k 1700k 2000k 3m 8m; do
        fresh_disk $size
        run --separate-stderr dhow load -q -i "$(busybox_oci)"
        if ((status == 0)); then
            same hello "$(dhow run --rm --network none busybox echo hello 2>&1 || true)"
            continue
        fi
        failed=$((failed + 1))
        echo "$size: $stderr"
        [[ ${stderr,,} == *"space"* || ${stderr,,} == *"full"* ]]
        # Where not even the database finds room there is nothing to ask.
        [[ -s $(state_dir)/db.sqlite ]] || continue
        dhow images -q >/dev/null 2>&1 || continue
        same "" "$(dhow images -q)"
        same "" "$(find "$(state_dir)/layers" "$(state_dir)/staging" -mindepth 1)"
    done
    ((failed > 3))
}

@test "not a byte free: rm, volume rm, rmi and prune work" {
    fresh_disk 16m
    load_busybox
    dhow volume create v >/dev/null
    dhow create --name one --network none busybox true >/dev/null
    dhow run -d --name up --network none busybox sleep 1000 >/dev/null
    dhow run --name big --network none busybox dd if=/dev/zero of=/f bs=1k count=100 2>/dev/null
    fill_up
    refuse 125 space dhow load -q -i "$(two_layers_oci)"
    same "$(printf '%s\n' big one up)" "$(dhow ps -a --format '{{.Names}}' | sort)"
    fill_up
    succeed dhow rm one
    fill_up
    succeed dhow stop -t 0 up
    fill_up
    succeed dhow rm -f -t 0 up
    fill_up
    succeed dhow volume rm v
    fill_up
    succeed dhow container prune --force
    fill_up
    succeed dhow rmi busybox
    fill_up
    succeed dhow system prune --all --volumes --force
    same "" "$(dhow ps -aq)$(dhow images -q)$(dhow volume ls -q)"
    rm "$(state_dir)"/ballast*
    load_busybox
    same hello "$(dhow run --rm --network none busybox echo hello)"
}
