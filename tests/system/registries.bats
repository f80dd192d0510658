#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# registries.conf: mirrors, other locations, what is blocked, short names and aliases. Against Debian's
# docker-registry on loopback.
load ../support/common

setup_file() {
    needs_registry
    setup_state
    start_registry 5020
    start_registry 5021
    push "oci-archive:$(busybox_oci)" 5020/team/busybox:latest
    push "oci-archive:$(busybox_oci)" 5021/library/busybox:latest
    push "oci-archive:$(two_layers_oci)" 5021/team/two:1
}

teardown() {
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
    dhow rmi -a -f >/dev/null 2>&1 || true
    rm -rf "$T/home/.config" "$T/home/.cache"
}

# conf TEXT...: the user's registries.conf, a line each.
conf() {
    mkdir -p "$T/home/.config/containers"
    printf '%s\n' "$@" >"$T/home/.config/containers/registries.conf"
    chmod -R go+rX "$T/home/.config"
    chmod go+x "$T/home"
}

PLAIN_5020=('[[registry]]' 'location = "127.0.0.1:5020"' 'insecure = true')
PLAIN_5021=('[[registry]]' 'location = "127.0.0.1:5021"' 'insecure = true')

@test "a location takes the place of a prefix; the image keeps the name it was asked for" {
    conf '[[registry]]' 'prefix = "docker.io/library"' 'location = "127.0.0.1:5020/team"' 'insecure = true'
    succeed dhow pull -q busybox
    same docker.io/library/busybox:latest "$(dhow images --format '{{.Repository}}:{{.Tag}}')"
    same fine "$(dhow run --rm --network none --pull never busybox echo fine)"
}

@test "a prefix with a star covers subdomains" {
    conf '[[registry]]' 'prefix = "*.example.invalid"' 'location = "127.0.0.1:5020"' 'insecure = true'
    succeed dhow pull -q a.b.example.invalid/team/busybox
    refuse 125 example.invalid dhow pull -q example.invalid/team/busybox
}

@test "mirrors are asked in their order, the registry itself last" {
    conf '[[registry]]' 'location = "127.0.0.1:5020"' 'insecure = true' \
        '[[registry.mirror]]' 'location = "127.0.0.1:1"' 'insecure = true' \
        '[[registry.mirror]]' 'location = "127.0.0.1:5021"' 'insecure = true'
    # Only the mirror has it.
    succeed dhow pull 127.0.0.1:5020/team/two:1
    contains "$stderr" "Mirror 127.0.0.1:1 failed"
    # Only the registry has it.
    succeed dhow pull 127.0.0.1:5020/team/busybox
    contains "$stderr" "Mirror 127.0.0.1:5021 failed"
    # Nobody has it: each says so.
    refuse 125 "127.0.0.1:5021" dhow pull -q 127.0.0.1:5020/team/none
}

@test "a mirror that breaks off in a layer: the next one is asked, and no half layer stays" {
    start_liar 5022 "$(two_layers_oci)" cut=1000 deaf
    conf '[[registry]]' 'prefix = "127.0.0.1:5021"' 'location = "127.0.0.1:5021"' 'insecure = true' \
        '[[registry.mirror]]' 'location = "127.0.0.1:5022"' 'insecure = true'
    succeed dhow pull 127.0.0.1:5021/team/two:1
    contains "$stderr" "Mirror 127.0.0.1:5022 failed"
    succeed dhow run --rm --network none 127.0.0.1:5021/team/two:1 cat /work/added
    contains "$output" second
    stop_registry 5022
}

@test "a mirror for digests alone is not asked for a tag" {
    local digest
    conf '[[registry]]' 'location = "127.0.0.1:5020"' 'insecure = true' 'mirror-by-digest-only = true' \
        '[[registry.mirror]]' 'location = "127.0.0.1:5021"' 'insecure = true'
    refuse 125 "not found" dhow pull -q 127.0.0.1:5020/team/two:1
    digest=$(skopeo inspect --tls-verify=false docker://127.0.0.1:5021/team/two:1 | jq -r .Digest)
    succeed dhow pull -q "127.0.0.1:5020/team/two@$digest"
}

@test "what is blocked is blocked: pull, push and login" {
    conf "${PLAIN_5020[@]}" '[[registry]]' 'prefix = "127.0.0.1:5020/team"' 'blocked = true'
    refuse 125 blocked dhow pull -q 127.0.0.1:5020/team/busybox
    conf '[[registry]]' 'prefix = "127.0.0.1:5020"' 'blocked = true'
    load_busybox
    refuse 125 blocked dhow push -q busybox 127.0.0.1:5020/team/new
    refuse 125 blocked dhow login -u a -p b 127.0.0.1:5020
}

@test "short names: aliases, search registries in their order, nothing to search" {
    conf 'unqualified-search-registries = ["127.0.0.1:5020", "127.0.0.1:5021"]' "${PLAIN_5020[@]}" "${PLAIN_5021[@]}" \
        '[aliases]' '"tool" = "127.0.0.1:5020/team/busybox"'
    succeed dhow pull tool
    contains "$stderr" 'Resolved "tool" as an alias'
    same 127.0.0.1:5020/team/busybox:latest "$(dhow images --format '{{.Repository}}:{{.Tag}}')"
    same fine "$(dhow run --rm --network none --pull never tool echo fine)"
    # Pulled by run, known by what it stands for.
    dhow rmi -a -f >/dev/null
    succeed dhow run -d --name web --network none tool sleep 100
    same 127.0.0.1:5020/team/busybox:latest "$(dhow inspect -f '{{.ImageName}}' web)"
    dhow rm -f -t 0 web
    succeed dhow pull -q team/two:1
    succeed dhow image inspect 127.0.0.1:5021/team/two:1
    succeed dhow image inspect team/two:1
    refuse 125 "not found" dhow pull -q team/none
    conf 'unqualified-search-registries = []'
    refuse 125 "no registry to search" dhow pull -q other
}

@test "short-name-mode enforcing never falls through to a second registry" {
    conf 'unqualified-search-registries = ["127.0.0.1:5020", "127.0.0.1:5021"]' 'short-name-mode = "enforcing"' \
        "${PLAIN_5020[@]}" "${PLAIN_5021[@]}"
    succeed dhow pull -q team/busybox
    refuse 125 "127.0.0.1:5021 was not asked" dhow pull -q team/two:1
}

@test "drop-ins, and the variable that names another file" {
    conf
    mkdir -p "$T/home/.config/containers/registries.conf.d"
    printf '%s\n' "${PLAIN_5020[@]}" >"$T/home/.config/containers/registries.conf.d/50.conf"
    chmod -R go+rX "$T/home/.config"
    succeed dhow pull -q 127.0.0.1:5020/team/busybox
    dhow rmi -a -f >/dev/null
    printf '%s\n' "${PLAIN_5021[@]}" >"$T/other.conf"
    EXTRA_ENV=CONTAINERS_REGISTRIES_CONF=$T/other.conf refuse 125 127.0.0.1:5020 dhow pull -q 127.0.0.1:5020/team/busybox
    EXTRA_ENV=CONTAINERS_REGISTRIES_CONF=$T/other.conf succeed dhow pull -q 127.0.0.1:5021/library/busybox
}

@test "a file that says nothing sensible is an error that names it" {
    conf '[[registry'
    refuse 125 registries.conf dhow pull -q 127.0.0.1:5020/team/busybox
    conf '[registries.block]' 'registries = ["127.0.0.1:5020"]'
    refuse 125 "version 1" dhow pull -q 127.0.0.1:5020/team/busybox
}

@test "credentials of the command line are not for mirrors" {
    start_liar 5022 "$(busybox_oci)" token=1000
    conf '[[registry]]' 'location = "127.0.0.1:5020"' 'insecure = true' \
        '[[registry.mirror]]' 'location = "127.0.0.1:5022"' 'insecure = true'
    succeed dhow pull -q --creds ann:secret 127.0.0.1:5020/team/busybox
    same "" "$(grep -E 'Basic|Bearer' "$T/registry-5022/requests" || true)"
    (($(wc -l <"$T/registry-5022/requests") > 0))
    stop_registry 5022
}
