#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# Who logs in where: files of Podman and Docker, helpers that keep passwords, identity tokens, and
# servers that must not be told.
load ../support/common

setup_file() {
    needs_registry
    needs htpasswd
    setup_state
    start_registry 5030 tls auth
    push "oci-archive:$(busybox_oci)" 5030/private/busybox:latest --dest-creds 'ann:se:cret word'
    write_helper
}

teardown() {
    dhow rmi -a -f >/dev/null 2>&1 || true
    rm -rf "$T/home/.docker" "$T/home/.config" "$T/home/.dockercfg" "$T/run/containers" "$T/auth.json"
    stop_registry 5031
}

# docker-credential-vault: keeps one "user<newline>secret" a server in $T/vault; `slow` never answers, `odd`
# answers nonsense.
write_helper() {
    mkdir -p "$T/tools" "$T/vault"
    chmod 777 "$T/vault"
    cat >"$T/tools/docker-credential-vault" <<SH
#!/bin/bash
vault=$T/vault
echo "\$1" >>"\$vault/calls"
echo "\$1 \$(umask)" >>"\$vault/umasks"
file() { echo "\$vault/\$(tr '/:' '__' <<<"\$1")"; }
input=\$(cat)
case \$1 in
get)
    [[ -e \$(file "\$input") ]] || { echo "credentials not found in native keychain"; exit 1; }
    { read -r user; read -r secret; } <"\$(file "\$input")"
    jq -n --arg s "\$input" --arg u "\$user" --arg p "\$secret" '{ServerURL: \$s, Username: \$u, Secret: \$p}' ;;
store) jq -r '.Username, .Secret' <<<"\$input" >"\$(file "\$(jq -r .ServerURL <<<"\$input")")" ;;
erase) rm "\$(file "\$input")" ;;
esac
SH
    printf '#!/bin/bash\necho "no JSON, hunter2"\n' >"$T/tools/docker-credential-odd"
    printf '#!/bin/bash\necho "the vault is locked"; exit 1\n' >"$T/tools/docker-credential-locked"
    chmod -R 755 "$T/tools"
    : >"$T/vault/calls"
    : >"$T/vault/umasks"
    chmod 666 "$T/vault/calls" "$T/vault/umasks"
}

# auth FILE JSON: a credentials file below the user's home.
auth() {
    mkdir -p "$(dirname "$T/$1")"
    printf '%s' "$2" >"$T/$1"
    is_rootless && chown -R "$TEST_USER:" "$(dirname "$T/$1")"
    chmod 600 "$T/$1"
}

entry() { printf '{"auth": "%s"}' "$(printf %s "$1" | base64 -w0)"; }
right() { entry 'ann:se:cret word'; }
pull() { EXTRA_ENV=PATH=$T/tools:$TEST_PATH dhow pull -q --cert-dir "$T/certs" 127.0.0.1:5030/private/busybox; }
with_helpers() { EXTRA_ENV=PATH=$T/tools:$TEST_PATH dhow "$@"; }

@test "each of the files, in Podman's order" {
    local file
    for file in run/containers/auth.json home/.config/containers/auth.json home/.docker/config.json; do
        refuse 125 "dhow login" pull
        auth "$file" "{\"auths\": {\"127.0.0.1:5030\": $(right)}}"
        succeed pull
        rm "$T/$file"
    done
    auth home/.dockercfg "{\"https://127.0.0.1:5030/v1/\": $(right)}"
    succeed pull
    # The first file that has any is asked alone.
    auth run/containers/auth.json "{\"auths\": {\"127.0.0.1:5030\": $(entry ann:wrong)}}"
    refuse 125 "dhow login" pull
}

@test "the entry of a repository before that of its registry" {
    auth run/containers/auth.json "{\"auths\": {\"127.0.0.1:5030\": $(entry ann:wrong), \"127.0.0.1:5030/private\": $(right)}}"
    succeed pull
    auth run/containers/auth.json "{\"auths\": {\"127.0.0.1:5030/private/other\": $(right)}}"
    refuse 125 "dhow login" pull
}

@test "a helper keeps the password: login, pull, logout" {
    auth run/containers/auth.json '{"credHelpers": {"127.0.0.1:5030": "vault"}}'
    refuse 125 "dhow login" pull
    succeed with_helpers login --cert-dir "$T/certs" -u ann --password-stdin 127.0.0.1:5030 <<<'se:cret word'
    same '{"credHelpers": {"127.0.0.1:5030": "vault"}}' "$(cat "$T/run/containers/auth.json")"
    succeed pull
    succeed with_helpers logout 127.0.0.1:5030
    refuse 125 "dhow login" pull
    grep -qx erase "$T/vault/calls"
    # What a helper writes is the user's business: it runs with the user's own mask.
    same "$(printf '%s\n' "erase $(umask)" "get $(umask)" "store $(umask)")" "$(sort -u "$T/vault/umasks")"
}

@test "one helper for all (credsStore), and registries.conf's credential-helpers" {
    auth home/.docker/config.json '{"auths": {"127.0.0.1:5030": {}}, "credsStore": "vault"}'
    printf 'ann\nse:cret word\n' >"$T/vault/127.0.0.1_5030"
    chmod 644 "$T/vault/127.0.0.1_5030"
    succeed pull
    rm -rf "$T/home/.docker"
    refuse 125 "dhow login" pull
    mkdir -p "$T/home/.config/containers"
    echo 'credential-helpers = ["containers-auth.json", "vault"]' >"$T/home/.config/containers/registries.conf"
    chmod -R go+rX "$T/home/.config" && chmod go+x "$T/home"
    succeed pull
    rm "$T/vault/127.0.0.1_5030"
}

@test "helpers that fail say so, and tell no secret" {
    auth run/containers/auth.json '{"credHelpers": {"127.0.0.1:5030": "odd"}}'
    refuse 125 "no JSON object" pull
    [[ $stderr != *hunter2* ]]
    auth run/containers/auth.json '{"credHelpers": {"127.0.0.1:5030": "locked"}}'
    refuse 125 "the vault is locked" pull
    auth run/containers/auth.json '{"credHelpers": {"127.0.0.1:5030": "../../bin/sh"}}'
    refuse 125 "no proper name" pull
    auth run/containers/auth.json '{"credHelpers": {"127.0.0.1:5030": "missing"}}'
    refuse 125 "docker-credential-missing" pull
    # A store for all that is not here: whoever needs no password pulls.
    auth run/containers/auth.json '{"credsStore": "missing"}'
    refuse 125 "dhow login" pull
}

@test "an identity token is exchanged for a token" {
    start_liar 5031 "$(busybox_oci)" token=1000
    auth run/containers/auth.json '{"auths": {"127.0.0.1:5031": {"auth": "", "identitytoken": "renew/me+"}}}'
    succeed dhow pull -q --tls-verify=false 127.0.0.1:5031/private:1
    auth run/containers/auth.json '{"auths": {"127.0.0.1:5031": {"identitytoken": "worn out"}}}'
    refuse 125 "log in" dhow pull -q --tls-verify=false 127.0.0.1:5031/private:2
    [[ $stderr != *"worn out"* ]]
}

@test "a token server of somebody else gets no password, unless that is allowed" {
    start_liar 5031 "$(busybox_oci)" token=1000 foreign
    refuse 125 "localhost:5031" dhow pull -q --tls-verify=false --creds ann:secret 127.0.0.1:5031/private:1
    same "" "$(grep /token "$T/registry-5031/requests" || true)"
    EXTRA_ENV=DHOW_TOKEN_SERVERS=localhost:5031 succeed dhow pull -q --tls-verify=false --creds ann:secret 127.0.0.1:5031/private:1
}
