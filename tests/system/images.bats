#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# pull, load, images, tag, rmi, inspect, login: against Debian's docker-registry on loopback.
load ../support/common

setup_file() {
    needs_registry
    setup_state
    start_registry 5000
    start_registry 5001 tls
    start_registry 5002 tls auth
    local oci
    oci=oci-archive:$(busybox_oci)
    push "$oci" 5000/busybox:latest
    push "$oci" 5000/schema2:1 --format v2s2
    push "$oci" 5000/zstd:1 --dest-compress-format zstd --dest-compress
    push "oci-archive:$(two_layers_oci)" 5000/two:1
    push "$oci" 5001/busybox:latest
    push "$oci" 5002/private/busybox:latest --dest-creds 'ann:se:cret word'
}

teardown() {
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
    dhow rmi -a -f >/dev/null 2>&1 || true
    dhow logout 127.0.0.1:5002 >/dev/null 2>&1 || true
}

plain() { succeed dhow pull -q --tls-verify=false "127.0.0.1:5000/$1"; }
works() { same fine "$(dhow run --rm --network none --pull never "$1" echo fine)"; }

@test "pull over plain HTTP prints the image id on stdout, progress on stderr" {
    succeed dhow pull --tls-verify=false 127.0.0.1:5000/busybox:latest
    [[ $output =~ ^(sha256:)?[0-9a-f]{64}$ ]]
    [[ -n $stderr && $stderr != *$'\e'* ]]
    works 127.0.0.1:5000/busybox
    succeed dhow pull -q --tls-verify=false 127.0.0.1:5000/busybox:latest
    same "" "$stderr"
}

@test "plain HTTP is refused unless it was asked for" {
    refuse 125 127.0.0.1:5000/busybox dhow pull 127.0.0.1:5000/busybox
}

@test "registries.conf marks a registry insecure" {
    mkdir -p "$T/home/.config/containers"
    printf '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' >"$T/home/.config/containers/registries.conf"
    chmod -R go+rX "$T/home/.config"
    chmod go+x "$T/home"
    succeed dhow pull -q 127.0.0.1:5000/busybox
    rm -r "$T/home/.config"
}

@test "HTTPS with a private CA: refused without it, fine with it" {
    refuse 125 127.0.0.1:5001 dhow pull -q 127.0.0.1:5001/busybox
    contains "$stderr" certificate
    succeed dhow pull -q --cert-dir "$T/certs" 127.0.0.1:5001/busybox
    works 127.0.0.1:5001/busybox
}

@test "basic auth: login checks, pull uses it, logout forgets" {
    local where=127.0.0.1:5002/private/busybox
    refuse 125 127.0.0.1:5002 dhow pull -q --cert-dir "$T/certs" $where
    refuse 125 127.0.0.1:5002 dhow login --cert-dir "$T/certs" -u ann -p wrong 127.0.0.1:5002
    succeed dhow login --cert-dir "$T/certs" -u ann --password-stdin 127.0.0.1:5002 <<<'se:cret word'
    contains "$output$stderr" Succeeded
    succeed dhow pull -q --cert-dir "$T/certs" $where
    [[ $(find "$T/run" "$T/home" -name auth.json -exec stat -c %a {} +) == 600 ]]
    succeed dhow logout 127.0.0.1:5002
    dhow rmi -f $where >/dev/null
    refuse 125 127.0.0.1:5002 dhow pull -q --cert-dir "$T/certs" $where
    succeed dhow pull -q --cert-dir "$T/certs" --creds 'ann:se:cret word' $where
}

@test "Docker schema 2, zstd layers, several layers" {
    local name
    for name in schema2:1 zstd:1 two:1; do
        plain $name
        works 127.0.0.1:5000/$name
    done
}

@test "the same layer is fetched and kept once" {
    plain busybox
    local before
    before=$(find "$(state_dir)/layers" -mindepth 1 -maxdepth 1 | wc -l)
    plain schema2:1
    same "$before" "$(find "$(state_dir)/layers" -mindepth 1 -maxdepth 1 | wc -l)"
}

@test "an index gives this machine's platform; --platform another" {
    local amd arm index here
    skopeo copy -q --insecure-policy --src-tls-verify=false docker://127.0.0.1:5000/busybox "dir:$T/one" >/dev/null
    here=$(oci_arch)
    amd=$(sha256sum "$T/one/manifest.json" | cut -d' ' -f1)
    local work
    work=$(mktemp -d)
    echo other >"$work/other"
    tar -C "$work" -cf "$work/layer.tar" other
    "$PACK" "$work/arm.tar" arm s390x '{"Cmd":["/other"]}' "$work/layer.tar"
    push "oci-archive:$work/arm.tar" 5000/multi:s390x
    push "oci-archive:$(busybox_oci)" 5000/multi:here
    arm=$(skopeo inspect --raw --tls-verify=false docker://127.0.0.1:5000/multi:s390x | sha256sum | cut -d' ' -f1)
    index=$(printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
        {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"platform":{"architecture":"s390x","os":"linux"}},
        {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"platform":{"architecture":"%s","os":"linux"}}]}' \
        "$arm" "$(skopeo inspect --raw --tls-verify=false docker://127.0.0.1:5000/multi:s390x | wc -c)" \
        "$amd" "$(wc -c <"$T/one/manifest.json")" "$here")
    curl -sSf -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary "$index" http://127.0.0.1:5000/v2/multi/manifests/all
    rm -rf "$work"
    plain multi:all
    works 127.0.0.1:5000/multi:all
    same "$here" "$(dhow image inspect --format '{{.Architecture}}' 127.0.0.1:5000/multi:all)"
    succeed dhow pull -q --tls-verify=false --platform linux/s390x 127.0.0.1:5000/multi:all
    same s390x "$(dhow image inspect --format '{{.Architecture}}' "$output")"
    refuse 125 linux/riscv64 dhow pull -q --tls-verify=false --platform linux/riscv64 127.0.0.1:5000/multi:all
}

@test "by digest" {
    local digest
    digest=sha256:$(skopeo inspect --raw --tls-verify=false docker://127.0.0.1:5000/busybox | sha256sum | cut -d' ' -f1)
    plain "busybox@$digest"
    works "127.0.0.1:5000/busybox@$digest"
}

@test "load: docker-archive, OCI archive, compressed, from stdin" {
    succeed dhow load -i "$(busybox_oci)"
    contains "$output" localhost/busybox:latest
    works busybox
    succeed dhow load -i "$(busybox_docker)"
    contains "$output" localhost/busybox:docker
    works localhost/busybox:docker
    dhow rmi -a -f >/dev/null
    gzip -c "$(busybox_docker)" >"$T/share-out/image.tar.gz"
    succeed dhow load <"$T/share-out/image.tar.gz"
    works localhost/busybox:docker
    dhow rmi -a -f >/dev/null
    zstd -q -f "$(busybox_oci)" -o "$T/share-out/image.tar.zst"
    chmod 644 "$T/share-out/image.tar.zst"
    succeed dhow load -i "$T/share-out/image.tar.zst"
    works busybox
}

@test "the shipped hello image loads and runs" {
    succeed dhow load -q -i "$DHOW_BIN_DIR/../share/dhow/hello.tar"
    succeed dhow run --rm --network none hello to you
    contains "$output" "Hello from dhow!"
    contains "$output" "process 1"
    contains "$output" "to you"
}

@test "images: columns, -q, --format, sizes; image inspect" {
    succeed dhow images
    [[ ${lines[0]} =~ ^REPOSITORY\ +TAG\ +IMAGE\ ID\ +CREATED\ +SIZE ]]
    same 1 "${#lines[@]}"
    plain busybox
    succeed dhow images
    [[ ${lines[1]} =~ ^127.0.0.1:5000/busybox\ +latest\ +[0-9a-f]{12}\ .*[0-9]\ (kB|MB)$ ]]
    [[ $(dhow images -q) =~ ^[0-9a-f]{12}$ ]]
    same "127.0.0.1:5000/busybox latest" "$(dhow images --format '{{.Repository}} {{.Tag}}')"
    dhow image inspect 127.0.0.1:5000/busybox | jq -e '.[0].Config.Cmd == ["sh"] and (.[0].RootFS.Layers | length == 1)'
}

@test "tag and rmi: names go first, the image with the last one" {
    plain busybox
    succeed dhow tag 127.0.0.1:5000/busybox mine:1
    works localhost/mine:1
    same 1 "$(dhow images -q | sort -u | wc -l)"
    succeed dhow rmi 127.0.0.1:5000/busybox
    contains "$output" Untagged
    works mine:1
    succeed dhow rmi mine:1
    contains "$output" Deleted
    same "" "$(dhow images -q)"
    same "" "$(find "$(state_dir)/layers" "$(state_dir)/blobs" -mindepth 2 -maxdepth 2 2>/dev/null; find "$(state_dir)/layers" -mindepth 1 -maxdepth 1)"
    refuse 1 mine:1 dhow rmi mine:1
}

@test "an image in use is kept, unless forced" {
    plain busybox
    succeed dhow create --network none --name user 127.0.0.1:5000/busybox true
    refuse 2 127.0.0.1:5000/busybox dhow rmi 127.0.0.1:5000/busybox
    succeed dhow rmi -f 127.0.0.1:5000/busybox
    same "" "$(dhow ps -aq)"
}

@test "run pulls what is missing; --pull always asks again" {
    succeed dhow run --rm --network none --tls-verify=false 127.0.0.1:5000/busybox echo pulled
    same pulled "$output"
    push "oci-archive:$(two_layers_oci)" 5000/moving:1
    plain moving:1
    push "oci-archive:$(busybox_oci)" 5000/moving:1
    succeed dhow run --rm --network none --tls-verify=false --pull always 127.0.0.1:5000/moving:1 cat /etc/greeting
    contains "$output" "from the image"
}

@test "a terminal gets progress bars" {
    run script -qec "TERM=xterm '$T/dhow' pull --tls-verify=false 127.0.0.1:5000/two:1" /dev/null </dev/null
    same 0 "$status"
    contains "$output" "Copying blob"
}

@test "eight pulls of one image at once end well" {
    local n pids=()
    for n in {1..8}; do
        dhow pull -q --tls-verify=false 127.0.0.1:5000/two:1 >"$T/share-out/pull-$n" 2>&1 &
        pids+=($!)
    done
    for n in "${pids[@]}"; do wait "$n"; done
    works 127.0.0.1:5000/two:1
    same "" "$(find "$(state_dir)/staging" -mindepth 1 -maxdepth 1 2>/dev/null)"
}
