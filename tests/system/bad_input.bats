#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# What can go wrong before a container runs: each ends with the right exit code, one line on stderr that
# names the object and the cause, and nothing half-made.
load ../support/common

setup_file() {
    setup_state
    load_busybox
}

teardown() {
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
    stop_registries
}

# Each refusal here also leaves nothing behind, and the state usable.
refuse_cleanly() {
    refuse "$@"
    nothing_left
    [[ $stderr == Error:* ]]
}

@test "unknown command, unknown flag, missing argument" {
    refuse_cleanly 125 frobnicate dhow frobnicate
    refuse_cleanly 125 --frobnicate dhow run --frobnicate busybox
    refuse_cleanly 125 -Z dhow ps -Z
    refuse_cleanly 125 IMAGE dhow run
    refuse_cleanly 125 --memory dhow run --rm --memory lots busybox true
    refuse_cleanly 125 --cpus dhow run --rm --cpus -1 busybox true
    refuse_cleanly 125 sideways dhow run --rm --network sideways busybox true
    refuse_cleanly 125 sometimes dhow run --rm --restart sometimes busybox true
    refuse_cleanly 125 99999 dhow run --rm -p 99999:80 busybox true
}

@test "an image that is nowhere" {
    needs_registry
    start_registry 5000
    refuse_cleanly 125 127.0.0.1:5000/nothing dhow run --rm --tls-verify=false 127.0.0.1:5000/nothing true
    refuse_cleanly 125 127.0.0.1:5000/nothing dhow pull --tls-verify=false -q 127.0.0.1:5000/nothing
}

@test "a malformed reference" {
    local name
    for name in UPPER lower/CASE 'a b' 'a:b:c' 'name@sha256:123' '-x' 'a//b' ':tag' ''; do
        refuse_cleanly 125 "$name" dhow pull -q -- "$name"
    done
}

@test "the registry is down" {
    refuse_cleanly 125 127.0.0.1:5999 dhow pull -q --tls-verify=false 127.0.0.1:5999/busybox
    contains "$stderr" "refused"
}

@test "a layer whose bytes are not what the manifest says" {
    needs_registry
    start_registry 5000
    push "oci-archive:$(two_layers_oci)" 5000/bad:1
    local file
    file=$(blob_file 5000 "$(layer_digest 5000/bad:1 1)")
    printf 'XXXX' | dd of="$file" bs=1 seek=40 conv=notrunc status=none
    refuse_cleanly 125 127.0.0.1:5000/bad:1 dhow pull -q --tls-verify=false 127.0.0.1:5000/bad:1
    [[ $stderr == *digest* || $stderr == *zstd* || $stderr == *corrupt* ]]
    refuse_cleanly 125 127.0.0.1:5000/bad:1 dhow run -q --rm --tls-verify=false 127.0.0.1:5000/bad:1 true
    same "" "$(dhow images -q --filter reference='*bad*')"
}

@test "a truncated layer" {
    needs_registry
    start_registry 5000
    push "oci-archive:$(two_layers_oci)" 5000/short:1
    local file
    file=$(blob_file 5000 "$(layer_digest 5000/short:1 1)")
    truncate -s 100 "$file"
    refuse_cleanly 125 127.0.0.1:5000/short:1 dhow pull -q --tls-verify=false 127.0.0.1:5000/short:1
}

@test "a manifest that is not the digest asked for, or is no manifest" {
    needs_registry
    start_registry 5000
    push "oci-archive:$(busybox_oci)" 5000/odd:1
    local zeros=0000000000000000000000000000000000000000000000000000000000000000
    refuse_cleanly 125 "$zeros" dhow pull -q --tls-verify=false "127.0.0.1:5000/odd@sha256:$zeros"
    local hex
    hex=$(skopeo inspect --raw --tls-verify=false docker://127.0.0.1:5000/odd:1 | sha256sum | cut -d' ' -f1)
    echo '{"not": "a manifest"' >"$(blob_file 5000 "$hex")"
    refuse_cleanly 125 127.0.0.1:5000/odd:1 dhow pull -q --tls-verify=false 127.0.0.1:5000/odd:1
}

@test "an archive that is none, is cut off, or climbs out" {
    echo nonsense >"$T/share-out/nonsense.tar"
    head -c 300000 "$(busybox_oci)" >"$T/share-out/cut.tar"
    local work
    work=$(mktemp -d)
    mkdir "$work/in"
    echo evil >"$work/in/evil"
    tar -C "$work/in" -cPf "$work/layer.tar" --transform 's,^,../../../../../../..'"$T/share-out"'/,' evil
    "$PACK" "$T/share-out/climb.tar" localhost/climb:1 "$(oci_arch)" '{"Cmd":["/evil"]}' "$work/layer.tar"
    rm -rf "$work"
    chmod 644 "$T"/share-out/*.tar
    refuse_cleanly 125 nonsense.tar dhow load -q -i "$T/share-out/nonsense.tar"
    refuse_cleanly 125 cut.tar dhow load -q -i "$T/share-out/cut.tar"
    refuse_cleanly 125 none.tar dhow load -q -i "$T/share-out/none.tar"
    run dhow load -q -i "$T/share-out/climb.tar"
    [[ ! -e $T/share-out/evil ]]
}

@test "a port that is taken" {
    needs_tun
    python3 -c 'import socket,time; s=socket.socket(); s.bind(("127.0.0.1",8099)); s.listen(); time.sleep(60)' 3>&- &
    local holder=$!
    wait_until 5 bash -c 'ss -ltn | grep -q :8099'
    run --separate-stderr dhow run -d -p 127.0.0.1:8099:80 busybox sleep 10
    kill $holder
    same 125 "$status"
    contains "$stderr" 8099
    same 1 "$(grep -c . <<<"$stderr")"
}

@test "a name that is taken" {
    succeed dhow create --network none --name taken busybox true
    refuse 125 taken dhow run --network none --name taken busybox true
    same 1 "$(dhow ps -aq | wc -l)"
}

@test "no subordinate ids" {
    needs_rootless
    local pid
    # Other files and the holder live in this user's other run folder: a private view of the two files.
    printf '#!/bin/sh\nmount --bind /dev/null /etc/subuid; mount --bind /dev/null /etc/subgid\nexec "$@"\n' >"$T/no-ids"
    chmod 755 "$T/no-ids"
    end_holder
    refuse 125 subuid unshare -m "$T/no-ids" "$T/dhow" run --rm --network none busybox true
    contains "$stderr" usermod
    : "$pid"
}

@test "unprivileged user namespaces are off" {
    needs_rootless
    end_holder
    local most
    most=$(cat /proc/sys/user/max_user_namespaces)
    # A user namespace of the test's own may lower the limit for what is in it alone.
    run --separate-stderr unshare -U -m --map-users=0,0,70000 --map-groups=0,0,70000 --map-user=0 --map-group=0 bash -c '
        echo 0 >/proc/sys/user/max_user_namespaces && exec "$1" run --rm --network none busybox true' _ "$T/dhow"
    same "$most" "$(cat /proc/sys/user/max_user_namespaces)"
    [[ $stderr == *"max_user_namespaces"*Permission* || $stderr == *"map"* ]] && skip "cannot lower the limit here"
    same 125 "$status"
    contains "$stderr" namespace
    same 1 "$(grep -c . <<<"$stderr")"
}

@test "no pasta: the default network says what to install" {
    needs_rootless
    local dir
    printf '#!/bin/bash\nfor p in pasta passt slirp4netns; do f=$(command -v $p) && mount --bind /dev/null "$(readlink -f "$f")"; done\nexec "$@"\n' >"$T/no-pasta"
    chmod 755 "$T/no-pasta"
    end_holder
    refuse 125 pasta unshare -m "$T/no-pasta" "$T/dhow" run --rm --network pasta busybox true
    : "$dir"
}

@test "a home that is read-only" {
    mkdir -p "$T/ro"
    printf '#!/bin/sh\nmount --bind "%s" "%s"; mount -o remount,bind,ro "%s"\nexec "$@"\n' "$S" "$S" "$S" >"$T/read-only"
    chmod 755 "$T/read-only"
    end_holder
    refuse 125 "the state" unshare -m "$T/read-only" "$T/dhow" run --rm --network none busybox true
    contains "$stderr" "ead-only"
}

@test "a full disk: pull says so and leaves nothing" {
    needs_registry
    start_registry 5000
    push "oci-archive:$(busybox_oci)" 5000/busybox:1
    mkdir -p "$T/small"
    mount -t tmpfs -o size=700k,mode=0777 tmpfs "$T/small"
    if is_rootless; then
        run --separate-stderr as_user env "XDG_RUNTIME_DIR=$T/run" "XDG_DATA_HOME=$T/small" "$DHOW" pull -q --tls-verify=false 127.0.0.1:5000/busybox:1
    else
        run --separate-stderr "$DHOW" --root "$T/small/root" --runroot "$T/run" pull -q --tls-verify=false 127.0.0.1:5000/busybox:1
    fi
    local found
    found=$(find "$T/small" -path '*staging/*' -o -path '*layers/*' | head)
    umount -l "$T/small"
    same 125 "$status"
    contains "$stderr" "space"
    same 1 "$(grep -c . <<<"$stderr")"
    same "" "$found"
}

@test "after all of that the state still works" {
    succeed dhow run --rm --network none busybox echo alive
    same alive "$output"
    nothing_left
}
