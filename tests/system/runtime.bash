# SPDX-License-Identifier: Apache-2.0
# Helpers of runtime*.bats: a bundle with a busybox root, and dhow-runtime with a state folder of its own.

runtime_binary() {
    echo "${DHOW_BIN_DIR:?set DHOW_BIN_DIR to the folder of dhow-runtime}/dhow-runtime"
}

# Once a file: the binary where every user may run it, a root file system to copy.
setup_runtime_file() {
    chmod 755 "$BATS_FILE_TMPDIR" "$(dirname "$BATS_FILE_TMPDIR")"
    cp "$(runtime_binary)" "$BATS_FILE_TMPDIR/dhow-runtime"
    chmod 755 "$BATS_FILE_TMPDIR/dhow-runtime"
    local root=$BATS_FILE_TMPDIR/rootfs
    mkdir -p "$root"/{bin,proc,sys,dev,etc,tmp,root}
    cp /bin/busybox "$root/bin/busybox"
    local name
    for name in sh cat id true false sleep ls echo mkdir touch stat env pwd hostname mount grep kill \
        mknod head sed test tty stty chmod rm ps wc readlink printf ulimit trap dd; do
        ln -sf busybox "$root/bin/$name"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/tmp:/bin/sh\n' >"$root/etc/passwd"
}

# Once a test: $BUNDLE with config.json, $RUNTIME with its state folder.
setup_bundle() {
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    STATE=$BATS_TEST_TMPDIR/state
    mkdir -p "$BUNDLE"
    cp -a "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
    RUNTIME=$BATS_FILE_TMPDIR/dhow-runtime
    ID=t$BATS_TEST_NUMBER-$$
    "$RUNTIME" spec --bundle "$BUNDLE" "$@"
    edit 'p["terminal"] = False' 'c["root"]["readonly"] = False'
    cd "$BUNDLE" || return
}

# Changes config.json: python statements on c (all), p (process), l (linux).
edit() {
    python3 - "$BUNDLE/config.json" "$@" <<'PYTHON'
import json, sys
path = sys.argv[1]
c = json.load(open(path))
p, l = c["process"], c["linux"]
for statement in sys.argv[2:]:
    exec(statement)
json.dump(c, open(path, "w"))
PYTHON
}

args() {
    edit "p['args'] = $(python3 -c 'import sys; print(repr(sys.argv[1:]))' "$@")"
}

# A shell in the container.
script() {
    args sh -c "$1"
}

rt() {
    timeout -k 5 30 "$RUNTIME" --root "$STATE" "$@"
}

status_of() {
    rt state "$1" | sed -n 's/.*"status": "\(.*\)".*/\1/p'
}

wait_for_status() {
    for _ in $(seq 100); do
        [ "$(status_of "$1")" = "$2" ] && return
        sleep 0.05
    done
    echo "container $1 is $(status_of "$1"), not $2"
    return 1
}

# Nothing is left of any container of this test.
assert_clean() {
    [ -z "$(ls -A "$STATE" 2>/dev/null)" ] || { echo "state left: $(ls "$STATE")"; return 1; }
    [ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$ID*" 2>/dev/null)" ] || {
        echo "cgroups left: $(find /sys/fs/cgroup -maxdepth 2 -name "$ID*")"
        return 1
    }
}

teardown_bundle() {
    local folder
    for folder in "$STATE"/*/; do
        [ -d "$folder" ] && rt delete --force "$(basename "$folder")"
    done
    return 0
}
