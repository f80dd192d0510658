# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # read by the tests
# A bundle for dhow-runtime by itself, under a real systemd.

runtime=/usr/local/libexec/dhow/dhow-runtime

# Once a test: $B with a bundle of busybox that sleeps, container $ID, its scope $UNIT.
setup_bundle() {
    B=$(me mktemp -d /var/tmp/dhow-bundle.XXXXXX)
    ID=c$BATS_TEST_NUMBER-$$
    UNIT=dhow-$ID.scope
    local options=() name
    is_rootless && options=(--rootless)
    me mkdir -p "$B/rootfs"/{bin,proc,sys,dev,etc,tmp}
    me cp /bin/busybox "$B/rootfs/bin/busybox"
    for name in sh cat sleep grep true; do me ln -s busybox "$B/rootfs/bin/$name"; done
    me "$runtime" spec --bundle "$B" "${options[@]}"
    edit '.process.terminal = false | .process.args = ["sleep", "100"]'
    # A proc of its own is not to be had where parts of the outer one are covered.
    is_rootless && edit '.mounts |= map(if .type == "proc" then .type = "none" | .source = "/proc" |
        .options = ["rbind", "nosuid", "nodev", "noexec"] else . end)'
    cd "$B" || return
}

# edit FILTER: config.json through jq.
edit() {
    jq "$1" "$B/config.json" >"$BATS_TEST_TMPDIR/config.json"
    me tee "$B/config.json" <"$BATS_TEST_TMPDIR/config.json" >/dev/null
}

rt() { me "$runtime" --systemd-cgroup --root "$B/state" "$@"; }

teardown_bundle() {
    local folder
    cd /
    for folder in "$B"/state/*/; do
        [[ -d $folder ]] && rt delete --force "$(basename "$folder")"
    done
    rm -rf "$B"
}
