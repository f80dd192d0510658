# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian's docker-registry on loopback: plain, with TLS from a private CA, with basic auth. Each is
# ended by pid in stop_registries.

needs_registry() {
    command -v docker-registry >/dev/null || skip "docker-registry is not installed"
    command -v skopeo >/dev/null || skip "skopeo is not installed"
}

# A CA in $T/ca/ca.crt and a certificate of it for 127.0.0.1 and localhost.
make_certificates() {
    [[ -e $T/ca/server.crt ]] && return
    mkdir -p "$T/ca"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=dhow test CA' \
        -keyout "$T/ca/ca.key" -out "$T/ca/ca.crt" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' \
        -keyout "$T/ca/server.key" -out "$T/ca/server.csr" 2>/dev/null
    openssl x509 -req -in "$T/ca/server.csr" -CA "$T/ca/ca.crt" -CAkey "$T/ca/ca.key" -CAcreateserial -days 2 \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$T/ca/server.crt" 2>/dev/null
    mkdir -p "$T/certs"
    cp "$T/ca/ca.crt" "$T/certs/ca.crt"
    chmod -R go+rX "$T/ca" "$T/certs"
}

# start_registry PORT [tls] [auth]: serves $T/registry-PORT until stop_registries. User ann, password
# "se:cret word" where auth is asked for.
start_registry() {
    local port=$1 scheme=http folder=$T/registry-$1
    shift
    mkdir -p "$folder"
    {
        printf 'version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: %s/data}\n  delete: {enabled: true}\n' "$folder"
        if [[ " $* " == *" auth "* ]]; then
            htpasswd -Bbn -C 4 ann 'se:cret word' >"$folder/htpasswd"
            printf 'auth:\n  htpasswd: {realm: dhow-test, path: %s/htpasswd}\n' "$folder"
        fi
        printf 'http:\n  addr: 127.0.0.1:%s\n' "$port"
        if [[ " $* " == *" tls "* ]]; then
            make_certificates
            printf '  tls: {certificate: %s/ca/server.crt, key: %s/ca/server.key}\n' "$T" "$T"
        fi
    } >"$folder/config.yml"
    [[ " $* " == *" tls "* ]] && scheme=https
    docker-registry serve "$folder/config.yml" >"$folder/log" 2>&1 3>&- &
    echo $! >"$folder/pid"
    wait_until 10 curl -ksS -o "$folder/probe" "$scheme://127.0.0.1:$port/v2/"
}

# start_liar PORT ARCHIVE FAULT...: lying_registry serving the image of an OCI archive; its log of requests is
# $T/registry-PORT/requests.
start_liar() {
    local port=$1 archive=$2 folder=$T/registry-$1
    shift 2
    rm -rf "$folder"
    mkdir -p "$folder/data"
    tar -C "$folder/data" -xf "$archive"
    : >"$folder/requests"
    python3 "$SUPPORT/lying_registry" "$port" "$folder/data" "$folder/requests" "$@" >"$folder/log" 2>&1 3>&- &
    echo $! >"$folder/pid"
    wait_until 10 bash -c ": </dev/tcp/127.0.0.1/$port"
}

stop_registry() {
    local folder=$T/registry-$1
    [[ -s $folder/pid ]] && kill "$(<"$folder/pid")" 2>/dev/null
    rm -rf "$folder/pid" "$folder/data"
}

stop_registries() {
    local folder
    for folder in "$T"/registry-*; do
        [[ -d $folder ]] && stop_registry "${folder##*-}"
    done
    return 0
}

# push SOURCE(skopeo's transport:path) PORT/NAME[:TAG] [skopeo option...]
push() {
    local source=$1 target=$2
    shift 2
    skopeo --insecure-policy copy -q --dest-tls-verify=false "$@" "$source" "docker://127.0.0.1:$target" >/dev/null
}

# The stored bytes of a blob of the registry at PORT: blob_file PORT HEX
blob_file() { echo "$T/registry-$1/data/docker/registry/v2/blobs/sha256/${2:0:2}/$2/data"; }

# The hexadecimal digest of layer N (from 0) of PORT/NAME:TAG.
layer_digest() {
    skopeo inspect --raw --tls-verify=false "docker://127.0.0.1:$1" | jq -r ".layers[$2].digest" | cut -d: -f2
}
