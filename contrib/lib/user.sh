# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The ordinary user that contrib/try shows dhow to, and what the machine must allow that user.

# The user for the rootless run: the caller, the caller behind sudo, or one made for the purpose.
try_user() {
    if ((EUID != 0)); then
        id -un
    elif [[ -n ${SUDO_USER:-} && $SUDO_USER != root ]]; then
        echo "$SUDO_USER"
    else
        id dhow-try >/dev/null 2>&1 || useradd --create-home --shell /bin/bash dhow-try
        echo dhow-try
    fi
}

# first_free FILE: the first id above every range in FILE.
first_free() { awk -F: 'BEGIN { top = 100000 } $2 + $3 > top { top = $2 + $3 } END { print top }' "$1"; }

# prepare_ids USER: 65536 subordinate user and group ids, where there are none.
prepare_ids() {
    local user=$1 kind file first
    for kind in uid gid; do
        file=/etc/sub$kind
        if [[ -r $file ]] && grep -qE "^($user|$(id -u "$user")):" "$file"; then
            continue
        fi
        [[ -e $file ]] || as_root touch "$file"
        first=$(first_free "$file")
        as_root usermod "--add-sub${kind}s" "$first-$((first + 65535))" "$user"
        note "gave $user the subordinate ${kind}s $first-$((first + 65535)) in $file"
    done
}

setting() { cat "/proc/sys/$1" 2>/dev/null || echo "$2"; }

# What would stop a rootless container, each with its fix.
check_kernel() {
    if [[ $(setting kernel/unprivileged_userns_clone 1) == 0 ]]; then
        die "unprivileged user namespaces are off: sysctl -w kernel.unprivileged_userns_clone=1"
    fi
    if [[ $(setting user/max_user_namespaces 1) == 0 ]]; then
        die "user namespaces are off: sysctl -w user.max_user_namespaces=15000"
    fi
    if [[ $(setting kernel/apparmor_restrict_unprivileged_userns 0) == 1 ]]; then
        note "AppArmor restricts user namespaces here; if the run fails: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    fi
}

device_usable() { as_user "$1" sh -c 'test -r "$1" && test -w "$1"' sh "$2"; }

# The devices that rootless networking and FUSE use; without them dhow works, with less.
check_devices() {
    device_usable "$1" /dev/net/tun ||
        note "/dev/net/tun cannot be used by $1: containers get no network until: modprobe tun; chmod 666 /dev/net/tun"
    device_usable "$1" /dev/fuse || note "/dev/fuse cannot be used by $1 (dhow itself does not need it): chmod 666 /dev/fuse"
}

home_of() { getent passwd "$1" | cut -d: -f6; }

# as_user USER COMMAND...: with that user's own environment and nothing of ours.
as_user() {
    local user=$1 environment
    shift
    if [[ $user == "$(id -un)" ]]; then
        "$@"
        return
    fi
    environment=("PATH=/usr/local/bin:/usr/bin:/bin" "HOME=$(home_of "$user")" "USER=$user" "TERM=${TERM:-dumb}")
    [[ -d /run/user/$(id -u "$user") ]] && environment+=("XDG_RUNTIME_DIR=/run/user/$(id -u "$user")")
    (cd "$(home_of "$user")" 2>/dev/null || cd /
     setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env -i "${environment[@]}" "$@")
}
