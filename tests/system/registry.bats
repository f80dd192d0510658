#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# pull from registries that break off, lie, are busy, or lead elsewhere; archives as other tools write
# them; progress on a terminal, in a pipe, and not at all.
load ../support/common

setup_file() { setup_state; }

teardown() {
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
    stop_registries
    dhow rmi -a -f >/dev/null 2>&1 || true
}

pull() { dhow pull -q --tls-verify=false "127.0.0.1:5005/$1"; }
pulls() { succeed pull "$1" && works "127.0.0.1:5005/$1"; }
works() { same fine "$(dhow run --rm --network none --pull never "$1" echo fine)"; }
requests() { cat "$T/registry-5005/requests"; }
layer_of() { jq -r '.layers[0].digest' < <(tar -xOf "$1" "blobs/sha256/$(tar -xOf "$1" index.json | jq -r '.manifests[0].digest' | cut -d: -f2)"); }

# refused TEXT COMMAND...: one line that names the image, and nothing half-made.
refused() {
    local text=$1
    shift
    refuse 125 "$text" "$@"
    contains "$stderr" 127.0.0.1:5005/
    nothing_left
    same "" "$(dhow images -q)"
    same "" "$(find "$(state_dir)/layers" -mindepth 1 -maxdepth 1 2>/dev/null)"
}

@test "a connection cut again and again: each request asks for what is missing" {
    local archive layer
    archive=$(busybox_oci)
    layer=$(layer_of "$archive")
    start_liar 5005 "$archive" cut=100000
    pulls cut:1
    same "bytes=100000-" "$(requests | awk -v d="$layer" 'index($2, d)' | sed -n 2p | cut -d' ' -f3)"
    (($(requests | grep -c "$layer") > 5))
    # Nothing was asked for twice.
    same "" "$(requests | grep "$layer" | cut -d' ' -f3 | sort | uniq -d)"
}

@test "a server deaf to ranges: what is there already is skipped" {
    start_liar 5005 "$(busybox_oci)" cut=400000 deaf further
    pulls deaf:1
    requests | grep -q 'bytes=400000- .* 200$'
}

@test "a server that never gets further is given up" {
    start_liar 5005 "$(busybox_oci)" cut=1000 deaf
    refused "127.0.0.1:5005/stuck:1" pull stuck:1
    (($(requests | grep -c bytes=1000-) <= 5))
}

@test "another range than the one asked for is no part of the layer" {
    start_liar 5005 "$(busybox_oci)" cut=300000 shifted
    refused range pull shifted:1
}

@test "a forged range is caught by the digest" {
    start_liar 5005 "$(two_layers_oci)" cut=300000 forged
    refused "127.0.0.1:5005/forged:1" pull forged:1
}

@test "a blob that never ends is cut off" {
    start_liar 5005 "$(busybox_oci)" endless
    refused larger pull endless:1
}

@test "a busy registry is asked again" {
    start_liar 5005 "$(busybox_oci)" busy=3
    pulls busy:1
    stop_registries
    dhow rmi -a -f >/dev/null
    start_liar 5005 "$(busybox_oci)" busy=1000
    refused 503 pull busy:2
}

@test "bearer tokens: asked for, renewed when they are used up" {
    start_liar 5005 "$(two_layers_oci)" token=2
    refused "dhow login 127.0.0.1:5005" pull private:1
    refused "dhow login 127.0.0.1:5005" dhow pull -q --tls-verify=false --creds ann:wrong 127.0.0.1:5005/private:1
    succeed dhow pull -q --tls-verify=false --creds ann:secret 127.0.0.1:5005/private:1
    works 127.0.0.1:5005/private:1
    succeed dhow login --tls-verify=false -u ann -p secret 127.0.0.1:5005
    dhow rmi -a -f >/dev/null
    pulls private:1
    dhow logout 127.0.0.1:5005 >/dev/null
}

@test "a busy moment before the question for credentials" {
    start_liar 5005 "$(busybox_oci)" busy=2 token=1000
    succeed dhow pull -q --tls-verify=false --creds ann:secret 127.0.0.1:5005/private:1
}

@test "a redirect is followed, and no credentials go there" {
    start_liar 5005 "$(busybox_oci)" redirect token=1000
    succeed dhow pull -q --tls-verify=false --creds ann:secret 127.0.0.1:5005/moved:1
    works 127.0.0.1:5005/moved:1
    requests | grep -q ' /elsewhere/.* - 200$'
    same "" "$(requests | grep /elsewhere/ | grep -E 'Basic|Bearer' || true)"
}

@test "ctrl-C in the middle of a pull leaves nothing" {
    start_liar 5005 "$(busybox_oci)" stall=300000
    local code=0
    # Not in the background: bats would let it ignore SIGINT.
    python3 - "$T/dhow" <<'PY' || code=$?
import signal, subprocess, sys, time
child = subprocess.Popen([sys.argv[1], "pull", "-q", "--tls-verify=false", "127.0.0.1:5005/stalled:1"], restore_signals=True,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
time.sleep(1.5)
child.send_signal(signal.SIGINT)
sys.exit(128 - child.wait(10) if child.returncode is None or child.returncode < 0 else child.returncode)
PY
    same 130 "$code"
    stop_registries
    succeed dhow images
    dhow load -q -i "$(busybox_oci)" >/dev/null
    nothing_left
}

@test "progress: a bar that fills on a terminal" {
    start_liar 5005 "$(busybox_oci)" cut=250000
    run "$SUPPORT/on_terminal" 'size 24 100' -- "$T/dhow" pull --tls-verify=false 127.0.0.1:5005/bar:1
    same 0 "$status"
    contains "$output" "Trying to pull 127.0.0.1:5005/bar:1"
    contains "$output" "Copying blob"
    [[ $output =~ \[=+\>-+\] ]]
    [[ $output == *$'\e['*A* ]]
    # No line is longer than the window is wide: a wrapped one could not be drawn over.
    (($(tr '\r' '\n' <<<"$output" | sed 's/\x1b\[[0-9]*[A-Z]//g' | awk '{ print length }' | sort -n | tail -1) <= 100))
}

@test "progress: whole lines in a pipe, nothing with -q" {
    start_liar 5005 "$(two_layers_oci)"
    succeed dhow pull --tls-verify=false 127.0.0.1:5005/lines:1
    [[ $output =~ ^[0-9a-f]{64}$ ]]
    same 2 "$(grep -c '^Copying blob .* done$' <<<"$stderr")"
    contains "$stderr" "Writing manifest"
    [[ $stderr != *$'\e'* && $stderr != *$'\r'* ]]
    succeed dhow pull --tls-verify=false 127.0.0.1:5005/lines:2
    same 2 "$(grep -c '^Copying blob .* skipped: already exists$' <<<"$stderr")"
    dhow rmi -a -f >/dev/null
    succeed dhow pull -q --tls-verify=false 127.0.0.1:5005/lines:1
    same "" "$stderr"
    [[ $output =~ ^[0-9a-f]{64}$ ]]
    run "$SUPPORT/on_terminal" -- "$T/dhow" pull -q --tls-verify=false 127.0.0.1:5005/lines:3
    [[ $output != *Copying* ]]
}

@test "archives as skopeo writes them: OCI, docker, with zstd, of an index" {
    local from out=$T/share-out copy=(skopeo --insecure-policy copy -q)
    from="oci-archive:$(two_layers_oci)"
    needs skopeo
    rm -rf "$out"/*.tar
    "${copy[@]}" "$from" "oci-archive:$out/named.tar:example.org/team/app:v1"
    "${copy[@]}" --dest-compress-format zstd --dest-compress "$from" "oci-archive:$out/zstd.tar:example.org/team/zstd:v1"
    "${copy[@]}" "oci-archive:$(busybox_oci)" "docker-archive:$out/docker.tar:example.org/team/docker:v1"
    "${copy[@]}" --additional-tag example.org/team/other:v2 "oci-archive:$(busybox_oci)" "docker-archive:$out/two.tar:example.org/team/docker:v2"
    chmod 644 "$out"/*.tar
    local name
    for name in named:app:v1 zstd:zstd:v1 docker:docker:v1 two:docker:v2; do
        succeed dhow load -i "$out/${name%%:*}.tar"
        contains "$output" "Loaded image: example.org/team/${name#*:}"
        works "example.org/team/${name#*:}"
        dhow rmi -a -f >/dev/null
    done
    succeed dhow load -q -i "$out/two.tar"
    works example.org/team/other:v2
    rm -f "$out"/*.tar
}

# docker save of today: an OCI layout that also has manifest.json, whose layers are blobs; before 25: a
# folder a layer with layer.tar, links between equal ones.
@test "archives as docker save writes them, old and new" {
    local work=$T/share-out/save
    mkdir -p "$work/in"
    tar -C "$work/in" -xf "$(two_layers_oci)"
    python3 - "$work" <<'PY'
import hashlib, json, os, subprocess, sys
work = sys.argv[1]
blob = lambda digest: os.path.join(work, "in/blobs/sha256", digest.split(":")[1])
index = json.load(open(f"{work}/in/index.json"))
manifest = json.load(open(blob(index["manifests"][0]["digest"])))
config = manifest["config"]["digest"].split(":")[1]
layers = manifest["layers"]
diff_ids = json.load(open(blob(manifest["config"]["digest"])))["rootfs"]["diff_ids"]
tars = [subprocess.run(["zstd", "-dcq", blob(layer["digest"])], stdout=subprocess.PIPE, check=True).stdout for layer in layers]

new = f"{work}/new"
os.makedirs(f"{new}/blobs/sha256")
def put(data):
    digest = hashlib.sha256(data).hexdigest()
    open(f"{new}/blobs/sha256/{digest}", "wb").write(data)
    return digest
for tar in tars:
    put(tar)
put(open(blob(manifest["config"]["digest"]), "rb").read())
for layer, tar in zip(layers, tars):
    layer.update(mediaType="application/vnd.oci.image.layer.v1.tar", digest="sha256:" + put(tar), size=len(tar))
whole = json.dumps(manifest).encode()
listed = dict(index["manifests"][0], digest="sha256:" + put(whole), size=len(whole),
              annotations={"io.containerd.image.name": "docker.io/library/saved:new", "org.opencontainers.image.ref.name": "new"})
json.dump(dict(index, manifests=[listed]), open(f"{new}/index.json", "w"))
json.dump([{"Config": f"blobs/sha256/{config}", "RepoTags": ["saved:new"],
            "Layers": ["blobs/sha256/" + diff_id.split(":")[1] for diff_id in diff_ids],
            "LayerSources": {}}], open(f"{new}/manifest.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open(f"{new}/oci-layout", "w"))

old = f"{work}/old"
names = []
for number, tar in enumerate(tars):
    name = f"{number:064x}"
    os.makedirs(f"{old}/{name}")
    open(f"{old}/{name}/layer.tar", "wb").write(tar)
    open(f"{old}/{name}/VERSION", "w").write("1.0")
    names.append(f"{name}/layer.tar")
os.makedirs(f"{old}/linked")
os.symlink(f"../{names[1]}", f"{old}/linked/layer.tar")
names[1] = "linked/layer.tar"
open(f"{old}/{config}.json", "wb").write(open(blob(manifest["config"]["digest"]), "rb").read())
json.dump([{"Config": f"{config}.json", "RepoTags": ["saved:old"], "Layers": names}], open(f"{old}/manifest.json", "w"))
json.dump({"saved": {"old": "0" * 64}}, open(f"{old}/repositories", "w"))
PY
    local kind
    for kind in new old; do
        tar -C "$work/$kind" -cf "$work/$kind.tar" .
        chmod 644 "$work/$kind.tar"
        succeed dhow load -i "$work/$kind.tar"
        contains "$output" "saved:$kind"
        works "saved:$kind"
        succeed dhow run --rm --network none "saved:$kind" sh -c 'cat /work/added; ls /etc'
        contains "$output" second
        [[ $output != *greeting* ]]
        dhow rmi -a -f >/dev/null
    done
    rm -rf "$work"
}

@test "an archive with several platforms gives this machine's" {
    local work=$T/share-out/index
    mkdir -p "$work/in"
    tar -C "$work/in" -xf "$(busybox_oci)"
    python3 - "$work/in" "$(oci_arch)" <<'PY'
import hashlib, json, os, sys
layout, here = sys.argv[1:]
def put(data):
    digest = hashlib.sha256(data).hexdigest()
    open(f"{layout}/blobs/sha256/{digest}", "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
read = lambda digest: json.load(open(f"{layout}/blobs/sha256/" + digest.split(":")[1]))
listed = json.load(open(f"{layout}/index.json"))["manifests"][0]
manifest = read(listed["digest"])
config = dict(read(manifest["config"]["digest"]), architecture="s390x")
manifest["config"].update(put(json.dumps(config).encode()))
other = dict(put(json.dumps(manifest).encode()), mediaType=listed["mediaType"], platform={"os": "linux", "architecture": "s390x"})
unknown = dict(other, platform={"os": "unknown", "architecture": "unknown"})
listed.pop("annotations")
listed["platform"] = {"os": "linux", "architecture": here}
kind = "application/vnd.oci.image.index.v1+json"
index = dict(put(json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": [unknown, other, listed]}).encode()),
             mediaType=kind, annotations={"org.opencontainers.image.ref.name": "localhost/several:1"})
json.dump({"schemaVersion": 2, "manifests": [index]}, open(f"{layout}/index.json", "w"))
PY
    tar -C "$work/in" -cf "$work/several.tar" .
    chmod 644 "$work/several.tar"
    succeed dhow load -i "$work/several.tar"
    contains "$output" localhost/several:1
    same "$(oci_arch)" "$(dhow image inspect --format '{{.Architecture}}' localhost/several:1)"
    works localhost/several:1
    rm -rf "$work"
}

# of PID FIELD: of /proc/PID/status.
of() { awk -v f="$2:" '$1 == f { print $2 }' "/proc/$1/status"; }

@test "a transfer under way is behind walls: a root of its own, few capabilities, few system calls" {
    local pid="" listener puller
    # A registry that takes the connection and never answers.
    python3 -c 'import socket,time
s=socket.create_server(("127.0.0.1", 5009)); time.sleep(30)' 3>&- &
    listener=$!
    wait_until 5 bash -c ": </dev/tcp/127.0.0.1/5009"
    dhow pull -q --tls-verify=false 127.0.0.1:5009/stuck:1 >/dev/null 2>&1 3>&- &
    puller=$!
    wait_until 5 pgrep -x dhow-transfer
    pid=$(pgrep -x dhow-transfer)
    wait_until 5 same 2 "$(of "$pid" Seccomp)"
    same 1 "$(of "$pid" NoNewPrivs)"
    # Nothing but chown, dac_override, fowner, fsetid, mknod, setfcap; as root what trusted attributes need.
    same 0 $((0x$(of "$pid" CapEff) & ~0x8820001b))
    same "" "$(ls -A "/proc/$pid/root/home" "/proc/$pid/root/root" "/proc/$pid/root/proc" 2>/dev/null)"
    same "" "$(awk '$5 == "/staging" && $6 !~ /^rw,nosuid,nodev,noexec/ || $5 != "/staging" && $6 !~ /^ro,nosuid,nodev/' "/proc/$pid/mountinfo")"
    kill "$listener" "$puller"
    wait "$puller" "$listener" || true
    wait_until 5 bash -c "! pgrep -x dhow-transfer"
}
