# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Beside runtime.bash: the same test as root and as an ordinary user (MODE). The user's container has a
# user namespace of its own, the user as its root and subordinate ids for the others.

SUPPORT=$BATS_TEST_DIRNAME/../support
. "$SUPPORT/user.bash"

is_rootless() { [[ ${MODE:-root} == rootless ]]; }

first_of() { awk -F: -v name="$TEST_USER" '$1 == name { print $2; exit }' "$1"; }

# Once a file: also $ATTACKS, the hostile program; what a successful attack as root could spoil is read-only.
setup_modes_file() {
    setup_runtime_file
    c++ -std=c++20 -O1 -static -o "$BATS_FILE_TMPDIR/attacks" "$SUPPORT/attacks.cc"
    chmod 755 "$BATS_RUN_TMPDIR"
    if is_rootless; then
        ensure_test_user
        unshare --user true || skip "unprivileged user namespaces are off"
    else
        mount --bind /proc/sys /proc/sys
        mount -o remount,bind,ro /proc/sys
        [ ! -e /proc/sysrq-trigger ] || mount --bind /dev/null /proc/sysrq-trigger
    fi
}

setup_modes_bundle() {
    ATTACKS=$BATS_FILE_TMPDIR/attacks
    chmod 755 "$BATS_TEST_TMPDIR"
    if is_rootless; then
        setup_bundle --rootless
        local uid
        uid=$(id -u "$TEST_USER")
        edit "l['uidMappings'] = [{'containerID': 0, 'hostID': $uid, 'size': 1},
            {'containerID': 1, 'hostID': $(first_of /etc/subuid), 'size': 65535}]" \
            "l['gidMappings'] = [{'containerID': 0, 'hostID': $(id -g "$TEST_USER"), 'size': 1},
            {'containerID': 1, 'hostID': $(first_of /etc/subgid), 'size': 65535}]" \
            'l["namespaces"].append({"type": "network"})'
        mkdir -p "$STATE"
        RUNTIME=$BATS_TEST_TMPDIR/own-runtime
        cp "$BATS_FILE_TMPDIR/dhow-runtime" "$RUNTIME"
        chown -R "$TEST_USER:$TEST_USER" "$BUNDLE" "$STATE" "$RUNTIME"
        RT=(setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups "$RUNTIME" --root "$STATE")
    else
        setup_bundle
        RT=("$RUNTIME" --root "$STATE")
    fi
    install -m 755 "$ATTACKS" "$BUNDLE/rootfs/bin/attacks"
}

# The runtime as the mode's user.
rt() { timeout -k 5 30 "${RT[@]}" "$@" 3>&-; }

# own FILE...: files of the test that the container's root must reach.
own() { ! is_rootless || chown -hR "$TEST_USER:$TEST_USER" "$@"; }

with_capability() {
    edit "[p['capabilities'][k].append('$1') for k in ('bounding', 'effective', 'permitted')]"
}

# in_background COMMAND...: its pid in $BACKGROUND; ended by end_background.
in_background() {
    "$@" >/dev/null 2>&1 3>&- &
    BACKGROUND+=("$!")
}

end_background() {
    local pid
    for pid in ${BACKGROUND[@]+"${BACKGROUND[@]}"}; do
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    BACKGROUND=()
    return 0
}

# Names, owners, sizes and content of a tree that must stay as it is.
snapshot() { (cd "$1" && find . -printf '%p %y %i %U %m %l ' -a \( -type f -exec sha256sum {} \; -o -printf '\n' \)); }

# rounds DEFAULT: how often an attack is repeated; more with DHOW_TEST_ROUNDS.
rounds() { echo "${DHOW_TEST_ROUNDS:-$1}"; }

teardown_modes() {
    end_background
    teardown_bundle
}
