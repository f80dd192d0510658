#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# An installation under any prefix, and one that was moved: helpers are found from where the binary is.
load ../support/common

setup_file() {
    command -v cmake >/dev/null || return 0
    setup_state
    cmake --install "$DHOW_BIN_DIR/.." --prefix "$T/a prefix" >"$T/install.log"
    chmod -R go+rX "$T/a prefix"
    export DHOW="$T/a prefix/bin/dhow"
    write_command
}

setup() { needs cmake; }
teardown_file() { [[ -z ${T:-} ]] || end_state; }

@test "what is installed, and where" {
    cd "$T/a prefix"
    same dhow "$(ls bin)"
    for helper in dhow-shim dhow-runtime dhow-transfer dhow-init dhow-forward; do
        [[ -x libexec/dhow/$helper ]]
    done
    [[ -s share/dhow/hello.tar ]]
}

@test "the embedded image runs from there, with every helper" {
    succeed dhow load -q -i "$T/a prefix/share/dhow/hello.tar"
    succeed dhow run --rm --network none --init hello
    contains "$output" "Hello from dhow!"
}

@test "moved to another prefix it still runs" {
    succeed dhow load -q -i "$T/a prefix/share/dhow/hello.tar"
    end_holder
    mv "$T/a prefix" "$T/elsewhere"
    DHOW=$T/elsewhere/bin/dhow write_command
    succeed dhow run --rm --network none hello
    contains "$output" "Hello from dhow!"
}
