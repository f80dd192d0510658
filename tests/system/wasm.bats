#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is not for this shell
# Images for the platform wasi/wasm: run by an engine, with the same command line, shim and log as any other.
load ../support/common
load ../support/wasm

setup_file() {
    setup_state
    mkdir -p "$T/wasm/etc"
    compile_probe "$T/wasm/probe.wasm" || return 0
    echo "from the image" >"$T/wasm/etc/greeting"
    plain_tar "$T/wasm" "$T/layer.tar"
    "$PACK" "$T/probe.oci.tar" localhost/probe:latest wasi/wasm '{"Entrypoint":["/probe.wasm"],"Env":["FROM_IMAGE=yes"]}' "$T/layer.tar"
    "$PACK" "$T/old.oci.tar" localhost/old:latest wasip1/wasm '{"Entrypoint":["probe.wasm"]}' "$T/layer.tar"
    # A Linux image that only says that it is a module: its word does not count.
    "$PACK" "$T/liar.oci.tar" localhost/liar:latest "$(oci_arch)" \
        '{"Cmd":["/probe.wasm"],"Labels":{"run.oci.handler":"wasm","module.wasm.image/variant":"compat"}}' "$T/layer.tar"
    local image
    for image in probe old liar; do dhow load -q -i "$T/$image.oci.tar" >/dev/null; done
}

setup() { needs_wasm "$T/wasm/probe.wasm"; }

@test "an image for wasi/wasm runs without further flags" {
    succeed dhow run --rm --network none probe args 'a b' --rm
    same '<args><a b><--rm>' "$output"
    succeed dhow run --rm --network none old args
    same '<args>' "$output"
    succeed dhow run --rm --network none --platform wasi/wasm probe args
    same '<args>' "$output"
    run dhow run --rm --network none probe exit 7
    same 7 "$status"
    run dhow run --rm --network none probe trap
    same 134 "$status"
    nothing_left
}

@test "variables, input, files and volumes" {
    succeed dhow run --rm --network none -e A=1 -e 'B=x y' probe env
    contains "$output" FROM_IMAGE=yes
    contains "$output" A=1
    contains "$output" 'B=x y'
    same through "$(echo through | dhow run --rm -i --network none probe cat)"
    same "from the image" "$(dhow run --rm --network none probe cat /etc/greeting)"
    mkdir -m 777 "$T/data"
    succeed dhow run --rm --network none -v "$T/data:/data" probe write /data/made
    same written "$(cat "$T/data/made")"
    run dhow run --rm --network none -v "$T/data:/data:ro" probe write /data/made
    same 4 "$status"
}

@test "detached: logs, exit code, stop, start again" {
    succeed dhow run -d --name m --network none probe both
    wait_until 10 test "$(dhow wait m)" = 0
    same out "$(dhow logs m 2>/dev/null)"
    same err "$(dhow logs m 2>&1 >/dev/null)"
    succeed dhow start m
    same 0 "$(dhow wait m)"
    same $'out\nout' "$(dhow logs m 2>/dev/null)"
    contains "$(dhow inspect --format '{{json .Config.Annotations}}' m)" '"run.oci.handler":"wasm"'
    succeed dhow rm m
    succeed dhow run -d --name s --network none probe spin
    wait_until 10 eval '[[ $(dhow logs s) == spinning ]]'
    succeed dhow stop -t 0 s
    succeed dhow rm s
    nothing_left
}

@test "126 and 127 as for programs" {
    refuse 127 no.wasm dhow run --rm --network none --entrypoint /no.wasm probe
    refuse 126 'not a WebAssembly module' dhow run --rm --network none --entrypoint /etc/greeting probe
    nothing_left
}

@test "a label is no platform, an annotation of the user is the user's word" {
    # The kernel knows no modules.
    refuse 126 probe.wasm dhow run --rm --network none liar
    succeed dhow run --rm --network none --annotation run.oci.handler=wasm liar /probe.wasm args
    same '<args>' "$output"
    refuse 125 "handler 'krun' not found" dhow run --rm --network none --annotation run.oci.handler=krun probe
    refuse 125 'needs a program of this machine' dhow run --rm --network none --init probe
    nothing_left
}

@test "an image that is here for another platform is not taken" {
    refuse 125 "is not here for platform 'linux/$(oci_arch)'" dhow run --rm --pull never --platform "linux/$(oci_arch)" probe
    refuse 125 "is not here for platform 'wasi/wasm'" dhow run --rm --pull never --platform wasi/wasm liar
}

@test "another runtime gets the annotation" {
    needs crun
    crun --version | grep -q WASM && skip "this crun runs modules itself"
    # Without a handler of its own it tries to run the module as a program: not silently something else.
    run dhow run --rm --network none --runtime crun probe args
    [ "$status" -ne 0 ]
    run dhow create --name x --network none --runtime crun probe args
    contains "$(dhow inspect --format '{{json .Config.Annotations}}' x)" '"run.oci.handler":"wasm"'
    succeed dhow rm x
}
