# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154  # bats sets status, output and stderr
# What every system test starts from: the real binaries, run as root or as an ordinary user (MODE), on
# a state folder of this test file's own, with a look at what is left behind when the file ends.
#
#   DHOW_BIN_DIR  folder of the binaries under test     MODE  root | rootless
#   T             the file's folder, readable by the user; S its state folder (with a space in its name)

bats_require_minimum_version 1.5.0
SUPPORT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$SUPPORT/user.bash"
. "$SUPPORT/images.bash"
. "$SUPPORT/registry.bash"
. "$SUPPORT/leftovers.bash"

MODE=${MODE:-rootless}
# A fixed file's environment reaches its tests by export; what is derived from it is set here.
if [[ -n ${T:-} ]]; then
    S="$T/the state"
    USER_HOME=$T/home
    USER_ENV=("XDG_RUNTIME_DIR=$T/run" "XDG_DATA_HOME=$S")
fi

is_rootless() { [[ $MODE == rootless ]]; }

# dhow ARGUMENT...: the command under test. It is $T/dhow, a script that becomes the real binary by exec:
# its pid is dhow's. EXTRA_ENV holds one more "K=V"; PREFIX a program to run it under.
dhow() { "$T/dhow" "$@" 3>&-; }

write_command() {
    local become=() quoted
    if is_rootless; then
        become=(setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups)
    fi
    become+=(env -i "PATH=$TEST_PATH" "HOME=$USER_HOME" "USER=$(is_rootless && echo "$TEST_USER" || echo root)"
        "TERM=${TERM:-dumb}" "${USER_ENV[@]}")
    quoted=$(printf '%q ' "${become[@]}")
    {
        echo '#!/bin/bash'
        printf 'cd %q\n' "$T"
        # shellcheck disable=SC2016
        printf 'exec %s${EXTRA_ENV:+"$EXTRA_ENV"} $PREFIX %q' "$quoted" "$DHOW"
        is_rootless || printf ' --root %q --runroot %q' "$S/root" "$T/run"
        # shellcheck disable=SC2016
        printf ' "$@"\n'
    } >"$T/dhow"
    chmod 755 "$T/dhow"
}

# Where dhow keeps what is under test: state folder, run folder.
state_dir() { if is_rootless; then echo "$S/dhow"; else echo "$S/root"; fi; }
run_dir() { if is_rootless; then echo "$T/run/dhow"; else echo "$T/run"; fi; }

# wait_until SECONDS COMMAND...: polls each 20 ms.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS <= end)) || return 1
        sleep 0.02
    done
}

# succeed COMMAND...: stdout in $output and stderr in $stderr; fails with both when the command does.
succeed() {
    run --separate-stderr "$@"
    if ((status != 0)); then
        echo "exit code $status of: $*"
        echo "stdout: $output"
        echo "stderr: $stderr"
        return 1
    fi
}

# refuse CODE TEXT COMMAND...: ends with CODE and exactly one line on stderr, which contains TEXT.
refuse() {
    local code=$1 text=$2 lines
    shift 2
    run --separate-stderr "$@"
    lines=$(grep -c . <<<"$stderr" || true)
    if ((status != code)) || ((lines != 1)) || [[ $stderr != *"$text"* ]]; then
        echo "wanted exit code $code and one line with '$text' from: $*"
        echo "got $status; stdout: $output"
        echo "stderr ($lines lines): $stderr"
        return 1
    fi
}

# same WANTED GOT
same() {
    [[ $1 == "$2" ]] && return
    printf 'wanted: %q\ngot:    %q\n' "$1" "$2"
    return 1
}

# contains TEXT PART
contains() {
    [[ $1 == *"$2"* ]] && return
    printf 'no %q in:\n%s\n' "$2" "$1"
    return 1
}

needs() { command -v "$1" >/dev/null || skip "$1 is not installed"; }
needs_rootless() { is_rootless || skip "about rootless work alone"; }
needs_root_mode() { is_rootless && skip "about work as root alone"; return 0; }

needs_tun() {
    is_rootless || return 0
    [[ -w /dev/net/tun ]] || skip "/dev/net/tun is not there"
    command -v pasta >/dev/null || command -v slirp4netns >/dev/null || skip "neither pasta nor slirp4netns is installed"
}

# needs_controller NAME: the cgroup controller can be used in this mode.
needs_controller() {
    if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
        grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "no $1 controller in cgroup v2 here"
        is_rootless && skip "no delegated cgroup for the test user here"
    else
        [[ -d /sys/fs/cgroup/$1 ]] || skip "no $1 controller here"
        is_rootless && skip "cgroup v1 gives an ordinary user no controllers"
    fi
    return 0
}

# An ordinary user cannot look into most clones (under /root, say): they get copies.
# An empty folder $T/out that the user may write to.
empty_out() {
    rm -rf "$T/out"
    mkdir -p "$T/out"
    chmod 777 "$T/out"
}

place_binaries() {
    [[ -x ${DHOW_BIN_DIR:?the folder of the binaries under test}/dhow ]]
    if is_rootless && ! as_user test -x "$DHOW_BIN_DIR/dhow"; then
        mkdir -p "$T/bin" "$T/share"
        cp "$DHOW_BIN_DIR"/* "$T/bin/"
        cp -r "$DHOW_BIN_DIR/../share/." "$T/share/" 2>/dev/null || true
        chmod -R go+rX "$T/bin" "$T/share"
        export DHOW=$T/bin/dhow
    else
        export DHOW=$DHOW_BIN_DIR/dhow
    fi
}

setup_state() {
    ensure_test_user
    T=$(mktemp -d "${DHOW_TEST_TMP:-/var/tmp}/dt.XXXXXX")
    export T
    S="$T/the state"
    USER_HOME=$T/home
    USER_ENV=("XDG_RUNTIME_DIR=$T/run" "XDG_DATA_HOME=$S")
    chmod 755 "$T"
    mkdir -m 700 "$S" "$T/home" "$T/run"
    mkdir -m 777 "$T/share-out"
    is_rootless && chown "$TEST_USER:$TEST_USER" "$S" "$T/home" "$T/run"
    place_binaries
    write_command
}

load_busybox() {
    local archive
    archive=$(busybox_oci)
    dhow load -q -i "$archive" >/dev/null
}

end_state() {
    stop_registries
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
    local bad
    bad=$(leftovers) || true
    end_holder
    remove_state
    if [[ -n $bad ]]; then
        echo "left behind:" >&2
        echo "$bad" >&2
        return 1
    fi
}

# The state of a rootless user holds files of subordinate ids; root removes them.
remove_state() { rm -rf --one-file-system "${T:?}"; }

# Files with other needs define these themselves, and call the two functions above.
setup_file() {
    setup_state
    load_busybox
}

teardown() { dhow rm -a -f -t 0 >/dev/null 2>&1 || true; }

teardown_file() { end_state; }

# The docker client: the machine's, or the one inside Debian's package, unpacked but never installed.
docker_client() {
    command -v docker && return
    [[ -x $TEST_CACHE/docker-client/usr/bin/docker ]] && echo "$TEST_CACHE/docker-client/usr/bin/docker"
}
