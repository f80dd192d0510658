# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The root folder of a small Debian 12 with systemd, D-Bus and bats, for tests/support/systemd_box and
# tests/support/vm. Made once with mmdebstrap and kept in TEST_CACHE, as the images of images.bash are.
# Nothing of dhow is in it: the tests bring an installation of their own.

. "$(dirname "${BASH_SOURCE[0]}")/images.bash"

guest_packages=(
    systemd-sysv dbus dbus-user-session libpam-systemd kmod uidmap passt iproute2 procps util-linux
    bats jq sqlite3 busybox-static curl ca-certificates libcurl4 libnftables1 libisal2
    apparmor
)
guest_user=dhow-test

# What a guest that lives for seconds has no use for.
quiet_units=(
    apparmor.service
    getty@.service serial-getty@.service console-getty.service apt-daily.timer apt-daily-upgrade.timer
    dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-firstboot.service
    systemd-pstore.service systemd-random-seed.service systemd-update-utmp.service
    systemd-update-utmp-runlevel.service systemd-sysctl.service
)

make_guest_root() {
    local option aptopts=(--aptopt='Acquire::Check-Valid-Until "false"') list root=$1
    while IFS= read -r option; do aptopts+=("--aptopt=$option"); done < <(machine_proxy)
    list=$(mktemp)
    bookworm_sources >"$list"
    # Its mounts live in a mount namespace of its own, so that a killed test leaves none.
    unshare --mount --propagation private mmdebstrap --quiet --mode=root --variant=minbase \
        --include="$(IFS=,; echo "${guest_packages[*]}")" "${aptopts[@]}" bookworm "$root" "$list" || return
    rm -f "$list" "$root"/etc/apt/apt.conf.d/99mmdebstrap
    furnish_guest_root "$root"
}

furnish_guest_root() {
    local root=$1 unit
    echo guest >"$root/etc/hostname"
    echo '127.0.0.1 localhost guest' >"$root/etc/hosts"
    : >"$root/etc/machine-id"
    chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash "$guest_user"
    echo "$guest_user:100000:65536" | tee "$root/etc/subuid" >"$root/etc/subgid"
    # The user's systemd runs from boot, as if somebody had logged in.
    mkdir -p "$root/var/lib/systemd/linger"
    touch "$root/var/lib/systemd/linger/$guest_user"
    for unit in "${quiet_units[@]}"; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
    # Unprivileged tests read the journal too.
    chroot "$root" usermod --append --groups systemd-journal "$guest_user"
}

guest_root() { cached guest-root make_guest_root; }

# What the guest runs: `command` in /run/guest, its output into `output`, its exit code into `status`;
# then it ends. The user's manager is up by then, as is all the rest.
guest_service() {
    cat <<'END'
[Unit]
Description=the command of this guest
After=multi-user.target user@1000.service
Wants=user@1000.service

[Service]
Type=exec
Delegate=yes
WorkingDirectory=/
ExecStart=/bin/bash -c 'systemctl is-system-running --wait >/dev/null; bash /run/guest/command </dev/null >/run/guest/output 2>&1; echo $? >/run/guest/status'
ExecStopPost=/bin/systemctl poweroff --force --force
END
}
