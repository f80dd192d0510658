#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, as root: bundles whose program is a WebAssembly module.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime
load ../support/wasm

setup_file() {
    setup_runtime_file
    compile_probe "$BATS_FILE_TMPDIR/rootfs/probe.wasm" || true
}

setup() {
    needs_wasm "$BATS_FILE_TMPDIR/rootfs/probe.wasm"
    setup_bundle
    edit 'c["annotations"] = {"run.oci.handler": "wasm"}'
}

teardown() { [ -z "${BUNDLE:-}" ] || teardown_bundle; }

@test "arguments, variables, input, output and exit code are a program's" {
    args /probe.wasm args 'a b' --x -- '$HOME'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "$output" == '<args><a b><--x><--><$HOME>' ]]
    edit 'p["env"] = ["A=1", "B=x y=z", "LD_PRELOAD=/evil.so", "NODE_OPTIONS=--evil", "no value"]'
    args /probe.wasm env
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    for entry in A=1 'B=x y=z' LD_PRELOAD=/evil.so NODE_OPTIONS=--evil; do grep -qxF -- "$entry" <<<"$output"; done
    args /probe.wasm cat
    [ "$(echo through | rt run "$ID")" = through ]
    args /probe.wasm both
    [ "$(rt run "$ID" 2>/dev/null)" = out ]
    [ "$(rt run "$ID" 2>&1 >/dev/null)" = err ]
    args /probe.wasm exit 7
    run rt run "$ID"
    [ "$status" -eq 7 ]
    assert_clean
}

@test "the module sees the container's files, and writes to them" {
    echo inside >rootfs/etc/greeting
    args /probe.wasm cat /etc/greeting
    run rt run "$ID"
    echo "$output"
    [ "$output" = inside ]
    mkdir volume
    edit 'c["mounts"].append({"destination": "/volume", "type": "bind", "source": "volume", "options": ["bind"]})'
    args /probe.wasm write /volume/made
    rt run "$ID"
    [ "$(cat volume/made)" = written ]
    edit 'c["mounts"][-1]["options"].append("ro")'
    run rt run "$ID"
    [ "$status" -eq 4 ]
    # Nothing of the engine stays in the image.
    [ -z "$(ls -A rootfs/dev)" ]
    [ ! -e rootfs/run ]
}

@test "a trap is the end by a signal's number" {
    args /probe.wasm trap
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 134 ]
}

@test "a module is named by path, by \$PATH or from the working directory, and needs no execute bit" {
    chmod 644 rootfs/probe.wasm
    args ./probe.wasm args
    [ "$(rt run "$ID")" = '<args>' ]
    args probe.wasm args
    [ "$(rt run "$ID")" = '<args>' ]
    mkdir rootfs/opt
    mv rootfs/probe.wasm rootfs/opt/
    edit 'p["env"] = ["PATH=/bin:/opt"]'
    [ "$(rt run "$ID")" = '<args>' ]
    edit 'p["cwd"] = "/opt"' 'p["env"] = []'
    [ "$(rt run "$ID")" = '<args>' ]
}

@test "what is missing or no module is an error as for programs" {
    args /no.wasm
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *'exec: "/no.wasm": no such file or directory'* ]]
    args no.wasm
    run rt run "$ID"
    [[ "$output" == *'"no.wasm": module not found in $PATH'* ]]
    args /bin/busybox
    run rt run "$ID"
    [[ "$output" == *'"/bin/busybox": not a WebAssembly module'* ]]
    args /etc
    run rt run "$ID"
    [[ "$output" == *'"/etc": is a directory'* ]]
    mkfifo rootfs/fifo
    args /fifo
    run rt run "$ID"
    [[ "$output" == *'"/fifo": not a WebAssembly module'* ]]
    assert_clean
}

@test "the annotations of crun and containerd, and no other, choose the handler" {
    args /probe.wasm args
    edit 'c["annotations"] = {"module.wasm.image/variant": "compat"}'
    [ "$(rt run "$ID")" = '<args>' ]
    local smart
    for smart in '{"run.oci.handler": "wasm-smart"}' '{"module.wasm.image/variant": "compat-smart"}'; do
        edit "c['annotations'] = $smart"
        args /probe.wasm args
        [ "$(rt run "$ID")" = '<args>' ]
        args echo native
        [ "$(rt run "$ID")" = native ]
    done
    edit 'c["annotations"] = {"com.example.wasm": "wasm", "module.wasm.image/variant": "other"}'
    [ "$(rt run "$ID")" = native ]
    edit 'c["annotations"] = {"run.oci.handler": "krun"}'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"handler 'krun' not found"* ]]
}

@test "called by a name that ends in -wasm it runs modules, as Podman calls crun-wasm" {
    edit 'del c["annotations"]'
    args /probe.wasm args
    run rt run "$ID"
    [ "$status" -ne 0 ]
    ln -s "$RUNTIME" crun-wasm
    RUNTIME=$PWD/crun-wasm
    [ "$(rt run "$ID")" = '<args>' ]
}

@test "an engine that is asked for and not installed is said to be missing" {
    command -v iwasm && skip "iwasm is installed"
    edit 'c["annotations"] = {"run.oci.handler": "wamr"}'
    args /probe.wasm args
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"no WebAssembly engine: install one of wasmtime, wasmedge, iwasm, "* ]]
    assert_clean
}

@test "the walls are those of every container: user, capabilities, seccomp, read-only engine" {
    edit 'p["user"] = {"uid": 1000, "gid": 1000}' 'p["noNewPrivileges"] = True' 'c["root"]["readonly"] = True' \
        'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
    args /probe.wasm spin
    rt run --detach --pid-file pid "$ID" >out
    for _ in $(seq 50); do grep -q spinning out && break; sleep 0.1; done
    grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' "/proc/$(cat pid)/status" | tr '\t' ' ' >seen
    cat seen
    grep -q '^Uid: 1000 1000 1000 1000' seen
    grep -q '^CapEff: 0000000000000000' seen
    grep -q '^NoNewPrivs: 1' seen
    grep -q '^Seccomp: 2' seen
    # The engine comes from the host, read-only, and no other folder of the host's is there.
    grep dhow-wasm "/proc/$(cat pid)/mountinfo" >mounts
    [ "$(wc -l <mounts)" -ge 2 ]
    [ -z "$(grep -v ' ro[, ]' mounts)" ]
    [ -z "$(grep ' /usr ' "/proc/$(cat pid)/mountinfo")" ]
    # exec runs programs of the container as ever.
    [ "$(rt exec "$ID" echo native)" = native ]
    run rt exec --user 0 "$ID" sh -c 'for f in /dev/dhow-wasm/*; do echo x >$f; done'
    [ "$status" -ne 0 ]
    [[ "$output" == *"Read-only file system"* ]]
    rt delete --force "$ID"
    assert_clean
}

@test "a file of the container is never taken for the engine's" {
    # The loader would find these before the engine's own, were it to look.
    mkdir -p rootfs/lib/x86_64-linux-gnu rootfs/lib64 rootfs/etc
    local name
    for name in libc.so.6 libm.so.6 libdl.so.2 libstdc++.so.6 libpthread.so.0; do echo broken >"rootfs/lib/x86_64-linux-gnu/$name"; done
    echo /evil.so >rootfs/etc/ld.so.preload
    edit 'p["env"] = ["LD_LIBRARY_PATH=/lib/x86_64-linux-gnu", "PATH=/bin"]'
    for name in node wasmtime wasmedge iwasm; do
        printf '#!/bin/sh\necho taken\n' >"rootfs/bin/$name"
        chmod 755 "rootfs/bin/$name"
    done
    args /probe.wasm args
    run rt run "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "$output" == *'<args>'* && "$output" != *taken* ]]
}

@test "create and start; a user namespace" {
    args /probe.wasm args later
    rt create "$ID" >out
    [ "$(status_of "$ID")" = created ]
    rt start "$ID"
    wait_for_status "$ID" stopped
    grep -q '<later>' out
    rt delete "$ID"
    edit 'l["namespaces"].append({"type": "user"})' \
        'l["uidMappings"] = l["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
    chown -R 100000:100000 rootfs
    [ "$(rt run "$ID")" = '<args><later>' ]
    assert_clean
}
