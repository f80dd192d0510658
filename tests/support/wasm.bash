# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A WebAssembly module compiled by Debian's clang and wasi-libc, and whether something here can run it.

WASM_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/wasm/probe.c

# compile_probe OUT.wasm: fails where the toolchain is missing.
compile_probe() {
    command -v clang >/dev/null && [[ -e /usr/lib/wasm32-wasi/crt1.o ]] || return
    clang --target=wasm32-wasi --sysroot=/usr -O1 -o "$1" "$WASM_SOURCE"
}

# As dhow-runtime chooses, but for wabt, which Debian builds without WASI.
has_wasm_engine() {
    local engine
    for engine in wasmtime wasmedge iwasm node; do command -v "$engine" >/dev/null && return; done
    return 1
}

needs_wasm() {
    [[ -e $1 ]] || skip "no clang for wasm32-wasi (packages clang lld wasi-libc libclang-rt-14-dev-wasm32)"
    has_wasm_engine || skip "no WebAssembly engine (package nodejs)"
}
