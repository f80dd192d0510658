#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# push and save: to Debian's docker-registry, to archives and folders, read back by others and by dhow.
load ../support/common

setup_file() {
    needs_registry
    setup_state
    start_registry 5010
    start_registry 5012 tls auth
    succeed dhow load -q -i "$(two_layers_oci)"
    load_busybox
}

teardown_file() {
    stop_registries
    end_state
}

setup() {
    empty_out
}

two() { dhow images -q --no-trunc --filter reference='*two*' | head -1 | sed s/sha256://; }
manifest() { skopeo inspect --raw --tls-verify=false "docker://127.0.0.1:5010/$1"; }
diff_ids() { skopeo inspect --config --tls-verify=false "docker://127.0.0.1:5010/$1" | jq -c .rootfs.diff_ids; }
blobs() { find "$T/registry-5010/data" -path '*/blobs/sha256/*' -name data | wc -l; }

# The tree of an image, with what tar knows of it, as others unpack it.
listing() { tar -tvf - --numeric-owner | sort; }

@test "an image pushed is the image pulled: by skopeo and by dhow" {
    local id
    id=$(two)
    succeed dhow push --tls-verify=false "$id" 127.0.0.1:5010/two:1
    same "" "$output"
    contains "$stderr" "Writing manifest"
    same "sha256:$id" "$(manifest two:1 | jq -r .config.digest)"
    succeed skopeo --insecure-policy copy -q --src-tls-verify=false docker://127.0.0.1:5010/two:1 "dir:$T/out/dir"
    dhow tag "$id" localhost/kept
    succeed dhow pull -q --tls-verify=false 127.0.0.1:5010/two:1
    same "$id" "${output#sha256:}"
    dhow rmi 127.0.0.1:5010/two:1 localhost/kept
}

@test "each layer has the DiffID that the image config names" {
    local id layer wanted got
    id=$(two)
    succeed dhow push -q --tls-verify=false "$id" 127.0.0.1:5010/layers:1
    wanted=$(diff_ids layers:1 | jq -r '.[]')
    got=$(for layer in $(manifest layers:1 | jq -r '.layers[].digest'); do
        echo "sha256:$(zcat <"$(blob_file 5010 "${layer#sha256:}")" | sha256sum | cut -d' ' -f1)"
    done)
    same "$wanted" "$got"
}

@test "what is there is not sent again, and the manifest stays as it is" {
    local id before digest
    id=$(two)
    succeed dhow push -q --tls-verify=false --digestfile "$T/out/first" "$id" 127.0.0.1:5010/again:1
    before=$(blobs)
    succeed dhow push --tls-verify=false --digestfile "$T/out/second" "$id" 127.0.0.1:5010/again:2
    contains "$stderr" "already exists"
    same "$before" "$(blobs)"
    same "$(<"$T/out/first")" "$(<"$T/out/second")"
    digest=$(manifest again:1 | sha256sum | cut -d' ' -f1)
    same "sha256:$digest" "$(<"$T/out/first")"
    # Another repository of the registry takes the blobs over.
    succeed dhow push --tls-verify=false "$id" 127.0.0.1:5010/elsewhere/again:1
    contains "$stderr" "already exists"
    same "$before" "$(blobs)"
}

@test "what was pulled goes back as it came" {
    push "oci-archive:$(two_layers_oci)" 5010/origin:1
    local before
    before=$(manifest origin:1)
    succeed dhow pull -q --tls-verify=false 127.0.0.1:5010/origin:1
    succeed dhow push -q --tls-verify=false 127.0.0.1:5010/origin:1 127.0.0.1:5010/copy:1
    same "$before" "$(manifest copy:1)"
    dhow rmi 127.0.0.1:5010/origin:1
}

@test "schema 2 and zstd, when asked for" {
    local id
    id=$(two)
    succeed dhow push -q --tls-verify=false --format v2s2 "$id" 127.0.0.1:5010/schema2:1
    same application/vnd.docker.distribution.manifest.v2+json "$(manifest schema2:1 | jq -r .mediaType)"
    succeed skopeo --insecure-policy copy -q --src-tls-verify=false docker://127.0.0.1:5010/schema2:1 "dir:$T/out/v2s2"
    succeed dhow push -q --tls-verify=false --compression-format zstd --compression-level 7 --force-compression \
        "$id" 127.0.0.1:5010/zstd:1
    contains "$(manifest zstd:1)" tar+zstd
    succeed skopeo --insecure-policy copy -q --src-tls-verify=false docker://127.0.0.1:5010/zstd:1 "dir:$T/out/zstd"
    refuse 125 zstd dhow push -q --tls-verify=false --format v2s2 --compression-format zstd "$id" 127.0.0.1:5010/no:1
    refuse 125 level dhow push -q --tls-verify=false --compression-level 77 --force-compression "$id" 127.0.0.1:5010/no:1
    refuse 125 lzma dhow push -q --tls-verify=false --compression-format lzma "$id" 127.0.0.1:5010/no:1
}

@test "a registry that wants to know who: refused, then --creds" {
    refuse 125 "access denied" dhow push -q --cert-dir "$T/certs" "$(two)" 127.0.0.1:5012/private/two:1
    succeed dhow push -q --cert-dir "$T/certs" --creds 'ann:se:cret word' "$(two)" 127.0.0.1:5012/private/two:1
    succeed skopeo inspect --raw --creds 'ann:se:cret word' --cert-dir "$T/certs" docker://127.0.0.1:5012/private/two:1
}

@test "nowhere to push to: one line that says so" {
    refuse 125 "127.0.0.1:5019" dhow push -q --tls-verify=false "$(two)" 127.0.0.1:5019/two:1
    refuse 125 "no image" dhow push -q localhost/nothing 127.0.0.1:5010/x:1
    refuse 125 "name a" dhow push -q "$(two)"
    refuse 125 "digest" dhow push -q "$(two)" "127.0.0.1:5010/x@sha256:$(printf '0%.0s' {1..64})"
}

@test "docker-archive: skopeo reads it, and dhow has the same image again" {
    local id
    id=$(two)
    dhow tag "$id" localhost/saved:1
    succeed dhow save -q -o "$T/out/saved.tar" localhost/saved:1
    same localhost/saved:1 "$(tar -xOf "$T/out/saved.tar" manifest.json | jq -r '.[0].RepoTags[0]')"
    succeed skopeo inspect --config "docker-archive:$T/out/saved.tar"
    same "$(dhow image inspect "$id" | jq -c '.[0].RootFS.Layers')" "$(jq -c .rootfs.diff_ids <<<"$output")"
    dhow rmi localhost/saved:1
    succeed dhow load -q -i "$T/out/saved.tar"
    same "$id" "$(dhow images -q --no-trunc localhost/saved:1 | sed s/sha256://)"
    dhow rmi localhost/saved:1
}

@test "to stdout, several images, each layer once" {
    local id
    id=$(two)
    dhow tag "$id" localhost/one:1
    dhow tag "$id" localhost/same:1
    dhow save -q localhost/one:1 localhost/same:1 localhost/busybox:latest >"$T/out/all.tar"
    same 2 "$(tar -xOf "$T/out/all.tar" manifest.json | jq length)"
    same "" "$(tar -tf "$T/out/all.tar" | sort | uniq -d)"
    dhow rmi localhost/one:1 localhost/same:1
    succeed dhow load -q -i "$T/out/all.tar"
    contains "$output" localhost/same:1
    dhow rmi localhost/one:1 localhost/same:1
}

@test "load of folders: oci-dir and docker-dir, as dhow and skopeo write them" {
    local id
    id=$(dhow images -q --no-trunc localhost/busybox:latest)
    empty_out
    dhow save -q --format oci-dir -o "$T/out/oci" localhost/busybox:latest
    dhow save -q --format docker-dir -o "$T/out/docker" localhost/busybox:latest
    skopeo --insecure-policy copy -q "oci-archive:$(busybox_oci)" "dir:$T/out/skopeo"
    chmod -R a+rX "$T/out/skopeo"
    dhow rmi -f localhost/busybox:latest >/dev/null
    for folder in skopeo docker oci; do
        succeed dhow load -i "$T/out/$folder"
        succeed dhow image exists "${id#sha256:}"
        same hello "$(dhow run --rm --network none "${id#sha256:}" echo hello)"
        dhow rmi -f "${id#sha256:}" >/dev/null
    done
    # Whatever is not what it is called; a layer that is here already is not asked for.
    local blob
    for blob in "$T"/out/docker/????????????????*; do echo >>"$blob"; done
    refuse 125 "damaged" dhow load -q -i "$T/out/docker"
    mkdir "$T/out/empty"
    refuse 125 "no image" dhow load -q -i "$T/out/empty"
    ln -s /etc/passwd "$T/out/empty/version"
    refuse 125 "no image" dhow load -q -i "$T/out/empty"
    load_busybox
}

@test "oci-archive, oci-dir and docker-dir, as skopeo reads them" {
    local id format
    id=$(two)
    dhow tag "$id" localhost/form:1
    succeed dhow save -q --format oci-archive -o "$T/out/oci.tar" localhost/form:1
    succeed dhow save -q --format oci-dir -o "$T/out/oci" localhost/form:1
    succeed dhow save -q --format docker-dir -o "$T/out/docker" localhost/form:1
    for format in "oci-archive:$T/out/oci.tar" "oci:$T/out/oci" "dir:$T/out/docker"; do
        rm -rf "$T/out/read"
        succeed skopeo --insecure-policy copy -q "$format" "dir:$T/out/read"
        same "sha256:$id" "$(jq -r .config.digest "$T/out/read/manifest.json")"
    done
    dhow rmi localhost/form:1
    succeed dhow load -q -i "$T/out/oci.tar"
    same "$id" "$(dhow images -q --no-trunc localhost/form:1 | sed s/sha256://)"
    dhow rmi localhost/form:1
}

@test "a save that fails leaves nothing, and what was there before" {
    echo before >"$T/out/old.tar"
    refuse 125 "no image" dhow save -q -o "$T/out/old.tar" localhost/nothing
    same before "$(<"$T/out/old.tar")"
    same old.tar "$(ls "$T/out")"
    refuse 125 "not empty" dhow save -q --format oci-dir -o "$T/out" localhost/busybox:latest
    refuse 125 sea-chest dhow save -q --format sea-chest -o "$T/out/x.tar" localhost/busybox:latest
    same old.tar "$(ls "$T/out")"
}

@test "a layer that was damaged in the store is not pushed" {
    needs_root_mode
    local id layer file
    id=$(two)
    layer=$(dhow image inspect "$id" | jq -r '.[0].RootFS.Layers[0]')
    file=$(find "$(state_dir)/layers/${layer#sha256:}" -type f -size +4k | head -1)
    cp -a "$file" "$T/kept"
    printf X | dd of="$file" bs=1 seek=100 conv=notrunc status=none
    refuse 125 damaged dhow push -q --cert-dir "$T/certs" --creds 'ann:se:cret word' --compression-format zstd \
        --force-compression "$id" 127.0.0.1:5012/private/damaged:1
    refuse 125 damaged dhow save -q -o "$T/out/damaged.tar" "$id"
    same "" "$(ls "$T/out")"
    cat "$T/kept" >"$file"
}
