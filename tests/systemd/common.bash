# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154  # bats sets status, output and stderr
# What the tests under a real systemd start from (tests/support/systemd_box, tests/support/vm): each file
# runs inside, once with MODE=root against the system's manager and once with MODE=rootless against the
# user's own, as somebody who has logged in.
. "$BATS_TEST_DIRNAME/../support/common.bash"

GUEST_USER=dhow-test
user_environment=(env -i "PATH=$PATH" LANG=C.UTF-8 "HOME=/home/$GUEST_USER" "USER=$GUEST_USER"
    XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus)

# me COMMAND...: as the user of this mode, outside of the user's own manager, as in a login by ssh.
me() {
    if is_rootless; then
        setpriv --reuid 1000 --regid 1000 --init-groups "${user_environment[@]}" "$@" 3>&-
    else
        command "$@" 3>&-
    fi
}

dhow() { me dhow "$@"; }
ctl() { if is_rootless; then me systemctl --user "$@"; else systemctl "$@"; fi; }
journal() { if is_rootless; then me journalctl --user --no-pager -o cat "$@"; else journalctl --no-pager -o cat "$@"; fi; }

# within COMMAND...: in a service of this mode's manager that owns its cgroup, as from a desktop's terminal.
within() {
    local manager=()
    is_rootless && manager=(--user)
    me systemd-run "${manager[@]}" --quiet --wait --pipe --collect -p Delegate=yes -E "PATH=$PATH" "$@"
}

unit_dir() { if is_rootless; then echo "/home/$GUEST_USER/.config/systemd/user"; else echo /etc/systemd/system; fi; }

# install_unit NAME: the unit on stdin, where the manager finds it.
install_unit() {
    local dir
    dir=$(unit_dir)
    me mkdir -p "$dir"
    me tee "$dir/$1" >/dev/null
    ctl daemon-reload
}

property() { ctl show --value -p "$2" "$1"; }
# is_state UNIT STATE
is_state() { [[ $(property "$1" ActiveState) == "$2" ]]; }
pid_of() { dhow inspect --format '{{.State.Pid}}' "$1"; }
cgroup_of() { awk -F: '$1 == 0 { print $3 }' "/proc/$1/cgroup"; }

setup_file() {
    local archive=$TEST_CACHE/busybox.oci.tar
    dhow load -q -i "$archive" >/dev/null
}

teardown() {
    local unit
    for unit in "$(unit_dir)"/container-*.service; do
        [[ -e $unit ]] || continue
        ctl stop "${unit##*/}" 2>/dev/null || true
        ctl reset-failed "${unit##*/}" 2>/dev/null || true
        rm -f "$unit"
    done
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
}

teardown_file() {
    T=/nowhere
    state_dir() { if is_rootless; then echo "/home/$GUEST_USER/.local/share/dhow"; else echo /var/lib/dhow; fi; }
    run_dir() { if is_rootless; then echo /run/user/1000/dhow; else echo /run/dhow; fi; }
    local bad
    bad=$(leftovers)
    [[ -z $bad ]] && return
    printf 'left behind:\n%s\n' "$bad" >&2
    return 1
}
