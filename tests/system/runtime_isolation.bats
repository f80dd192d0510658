#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, as root: what a container may see, reach and use.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }
setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "capabilities are exactly those asked for, inheritable and ambient empty" {
    edit 'p["capabilities"] = {k: ["CAP_CHOWN", "CAP_KILL"] for k in ("bounding", "effective", "permitted")}'
    script 'grep ^Cap /proc/self/status'
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [ "${lines[0]##*$'\t'}" = 0000000000000000 ]
    [ "${lines[1]##*$'\t'}" = 0000000000000021 ]
    [ "${lines[2]##*$'\t'}" = 0000000000000021 ]
    [ "${lines[3]##*$'\t'}" = 0000000000000021 ]
    [ "${lines[4]##*$'\t'}" = 0000000000000000 ]
    args sleep 100
    rt run --detach "$ID"
    run rt exec "$ID" grep ^Cap /proc/self/status
    [ "${lines[0]##*$'\t'}" = 0000000000000000 ]
    [ "${lines[2]##*$'\t'}" = 0000000000000021 ]
    [ "${lines[4]##*$'\t'}" = 0000000000000000 ]
}

@test "another user holds no capability, and all of its groups" {
    edit 'p["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [7, 8], "umask": 63}'
    script 'id; umask; grep CapEff /proc/self/status; echo $HOME'
    run rt run "$ID"
    [[ "${lines[0]}" == "uid=1000(web) gid=1000"*"groups="*"7"*"8"* ]]
    [ "${lines[1]}" = 0077 ]
    [ "${lines[2]##*$'\t'}" = 0000000000000000 ]
    [ "${lines[3]}" = /tmp ]
}

@test "only descriptors 0 to 2 and the preserved ones reach the program" {
    script 'ls /proc/self/fd | wc -l; cat <&3'
    echo through >data
    # ls itself holds one more
    run rt run --preserve-fds 1 "$ID" 3<data 4<data 7</ 9</etc
    [ "$status" -eq 0 ]
    [ "${lines[0]}" -eq 5 ]
    [ "${lines[1]}" = through ]
    script 'ls /proc/self/fd | wc -l'
    run rt run "$ID" 3<data 7</ 9</etc
    [ "${lines[0]}" -eq 4 ]
    # One that is not open stays so, whatever the runtime itself opens meanwhile.
    script 'ls /proc/self/fd; cat <&6'
    run rt run --preserve-fds 4 "$ID" 3<&- 4<&- 5<&- 6<data
    [ "$status" -eq 0 ]
    [ "$(sort -n <<<"${output%through}" | xargs)" = "0 1 2 3 6" ]
    args sleep 100
    rt run --detach "$ID"
    [ "$(rt exec "$ID" sh -c 'ls /proc/self/fd | wc -l' 7</)" -eq 4 ]
}

# A list of system calls from before Linux 5.8 and 5.9.
old_filter() {
    edit "l['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [
        {'names': ['faccessat2', 'close_range', 'getcwd', 'openat2'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 1}]}"
}

@test "a filter that refuses the runtime's own system calls: the program runs, nothing is left open to it" {
    old_filter
    edit 'p["noNewPrivileges"] = False'
    args ls /proc/self/fd
    echo through >data
    run rt run "$ID" 3<data 7</ 9</etc
    [ "$status" -eq 0 ]
    [ "$(xargs <<<"$output")" = "0 1 2 3" ]
    args sleep 100
    rt create "$ID" 7</ 9</etc
    rt start "$ID"
    [ "$(rt exec "$ID" ls /proc/self/fd 7</ 9</etc | xargs)" = "0 1 2 3" ]
}

@test "socket activation: the descriptors, LISTEN_FDS, and LISTEN_PID of the container" {
    script 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3'
    echo through >data
    LISTEN_FDS=1 run rt run "$ID" 3<data
    [ "$output" = $'1 1\nthrough' ]
    # Somebody else's.
    LISTEN_FDS=1 LISTEN_PID=1 run rt run "$ID" 3<data
    [[ "${lines[0]}" != "1 1" && "$output" != *through* ]]
}

@test "of a variable given twice the last value counts" {
    edit 'p["env"] += ["TWICE=1", "TWICE=2", "HOME=/tmp"]'
    script 'env | grep -c TWICE; echo $TWICE $HOME'
    run rt run "$ID"
    [ "$output" = $'1\n2 /tmp' ]
    args sleep 100
    rt run --detach "$ID"
    [ "$(rt exec --env TWICE=3 "$ID" sh -c 'echo $TWICE')" = 3 ]
}

@test "run.oci.keep_original_groups: the caller's groups, in run and exec; otherwise none" {
    script 'grep ^Groups /proc/self/status'
    run setpriv --groups 7,8 "$RUNTIME" --root "$STATE" run "$ID"
    [ "$(xargs <<<"$output")" = "Groups:" ]
    edit 'c.setdefault("annotations", {})["run.oci.keep_original_groups"] = "1"'
    run setpriv --groups 7,8 "$RUNTIME" --root "$STATE" run "$ID"
    [ "$(xargs <<<"$output")" = "Groups: 7 8" ]
}

@test "a user namespace without maps: root is the caller, the caller's subordinate ids follow" {
    chmod 755 "$BUNDLE"
    edit 'l["namespaces"].append({"type": "user"})' \
        'c["mounts"] = [m for m in c["mounts"] if m["destination"] != "/dev/pts"]'
    script 'cat /proc/self/uid_map'
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [ "$(head -1 <<<"$output" | xargs)" = "0 0 1" ]
    edit 'l["uidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 1}]'
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"needs uidMappings and gidMappings"* ]]
}

@test "cve_2024_21626: a created container holds no folder of the host" {
    args true
    rt create --pid-file pid "$ID"
    for fd in /proc/"$(cat pid)"/fd/*; do
        target=$(readlink "$fd")
        case $target in
            /dev/null | pipe:* | socket:* | anon_inode:* | *stdout* | *stderr* | "$BATS_ROOT"* | /tmp/*) ;;
            *) echo "held: $fd -> $target"; [ "${fd##*/}" -le 2 ] ;;
        esac
        [ "${fd##*/}" -le 2 ] || [[ $target == socket:* ]]
    done
}

@test "cve_2024_21626: a working directory outside of the root is refused" {
    args true
    for fd in 3 4 5 6 7 8 9 10 11 12; do
        edit "p['cwd'] = '/proc/self/fd/$fd'"
        run rt run "$ID" 7</
        [ "$status" -eq 1 ]
        assert_clean
    done
    edit "p['cwd'] = '/made/by/runtime'"
    script pwd
    [ "$(rt run "$ID")" = /made/by/runtime ]
}

@test "masked paths are empty and read-only paths are read-only" {
    mkdir -p rootfs/secret rootfs/fixed
    echo x >rootfs/secret/f
    echo y >rootfs/etc/hidden
    edit 'l["maskedPaths"] += ["/secret", "/etc/hidden", "/not/there"]' 'l["readonlyPaths"] += ["/fixed", "/not/there"]' \
        'p["capabilities"]["bounding"].append("CAP_SYS_ADMIN")'
    script 'ls /secret | wc -l; cat /etc/hidden | wc -c; cat /proc/keys | wc -c
        for f in /secret/a /fixed/a /proc/sys/kernel/hostname; do
            (echo x >$f) 2>&1 | grep -q -i "read-only" && echo refused; done'
    run rt run "$ID"
    echo "$output"
    [ "$output" = $'0\n0\n0\nrefused\nrefused\nrefused' ]
}

@test "a read-only root, and mounts with their options" {
    mkdir -p "$BATS_TEST_TMPDIR/data"
    echo content >"$BATS_TEST_TMPDIR/data/file"
    edit 'c["root"]["readonly"] = True' \
        "c['mounts'] += [
            {'destination': '/ro', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/data', 'options': ['rbind', 'ro', 'nosuid']},
            {'destination': '/one/file', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/data/file', 'options': ['bind']},
            {'destination': '/fill', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['size=1m', 'mode=1777', 'ro']},
            {'destination': '/etc', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['tmpcopyup']}]"
    script 'cat /ro/file /one/file; (echo x >/file) 2>&1; (echo x >/ro/x) 2>&1; (echo x >/fill/x) 2>&1
        grep -c web /etc/passwd; touch /etc/new && echo made; mount | grep " /ro "'
    run rt run "$ID"
    echo "$output"
    [[ "${lines[0]}" = content && "${lines[1]}" = content ]]
    [[ "${lines[2]}" == *"ead-only"* && "${lines[3]}" == *"ead-only"* && "${lines[4]}" == *"ead-only"* ]]
    [[ "${lines[5]}" = 1 && "${lines[6]}" = made && "${lines[7]}" == *"ro,nosuid"* ]]
    [ ! -e rootfs/etc/new ]
}

@test "hostname, sysctl, rlimits, oom score, no_new_privs" {
    edit 'c["hostname"] = "inner"' 'c["domainname"] = "example"' \
        'l["sysctl"] = {"net.ipv4.ip_unprivileged_port_start": "81", "kernel.msgmax": "4096"}' \
        'p["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]' 'p["oomScoreAdj"] = 500'
    script 'hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax
        ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj; grep NoNew /proc/self/status'
    run rt run "$ID"
    echo "$output"
    [ "$output" = $'inner\nexample\n81\n4096\n100\n200\n500\nNoNewPrivs:\t1' ]
    [ "$(cat /proc/self/oom_score_adj)" != 500 ]
}

@test "a sysctl of the host's is refused" {
    args true
    for name in kernel.core_pattern kernel/sysrq vm.swappiness net.../x kernel.hostname; do
        edit "l['sysctl'] = {'$name': '0'}"
        run rt run "$ID"
        [[ "$status" -eq 1 && "$output" == *"is not allowed"* ]]
    done
    edit 'l["sysctl"] = {"net.core.somaxconn": "1\n2"}'
    run rt run "$ID"
    [ "$status" -eq 1 ]
}

@test "devices: a list of all that the host has (--privileged of docker and podman)" {
    edit 'l["devices"] = [{"path": "/dev/" + n, "type": "c", "major": a, "minor": b, "fileMode": 438, "uid": 0, "gid": 0} for n, a, b in (("ptmx", 5, 2), ("null", 1, 3), ("tty", 5, 0), ("net/tun", 10, 200))]'
    script 'readlink /dev/ptmx; ls /dev/null /dev/net/tun'
    run rt run --bundle "$BUNDLE" "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "${lines[0]}" = pts/ptmx ]]
}

@test "devices: the default ones work, others cannot be opened" {
    edit 'l["devices"] = [{"path": "/dev/sub/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 384, "uid": 5, "gid": 6}]' \
        'p["capabilities"]["bounding"].append("CAP_MKNOD")' 'p["capabilities"]["effective"].append("CAP_MKNOD")' \
        'p["capabilities"]["permitted"].append("CAP_MKNOD")'
    script 'for d in null zero full random urandom tty; do [ -c /dev/$d ] && echo -n "$d "; done; echo
        head -c 4 /dev/zero | wc -c; echo x >/dev/null && echo written; stat -c "%a %u %g %t:%T" /dev/sub/fuse
        readlink /dev/fd; readlink /dev/ptmx; mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk'
    run rt run "$ID"
    echo "$output"
    [ "${lines[0]}" = "null zero full random urandom tty " ]
    [[ "${lines[1]}" = 4 && "${lines[2]}" = written && "${lines[3]}" = "600 5 6 a:e5" ]]
    [[ "${lines[4]}" = /proc/self/fd && "${lines[5]}" = pts/ptmx ]]
    [[ "$output" == *"/tmp/disk"*"not permitted"* ]]
}

@test "cve_2019_19921, cve_2026_41579: /proc, /sys and /dev that are links in the image lead nowhere" {
    args true
    outside=$BATS_TEST_TMPDIR/outside
    mkdir "$outside"
    for name in proc sys; do
        rmdir "rootfs/$name"
        ln -s /tmp "rootfs/$name"
        run rt run "$ID"
        [ "$status" -eq 1 ]
        assert_clean
        rm "rootfs/$name"
        mkdir "rootfs/$name"
    done
    rmdir rootfs/dev
    ln -s "../../../../../..$outside" rootfs/dev
    run rt run "$ID"
    [ -z "$(ls -A "$outside")" ]
}

@test "cve_2019_16884: nothing is mounted over files of /proc" {
    args true
    edit "c['mounts'].append({'destination': '/proc/self/attr', 'type': 'tmpfs', 'source': 'tmpfs'})"
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"inside /proc"* ]]
    assert_clean
}

@test "cve_2019_5736: the runtime's binary cannot be written from a container" {
    before=$(sha256sum "$RUNTIME")
    printf '#!/proc/self/exe\n' >rootfs/bin/trap
    chmod 755 rootfs/bin/trap
    edit 'p["capabilities"] = {k: ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_KILL"] for k in ("bounding", "effective", "permitted")}'
    script 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); for p in /proc/[0-9]*; do
        case $(readlink $p/exe) in */busybox|"") ;; *) (echo hit >$p/exe) 2>/dev/null && echo WRITTEN;; esac; done; done'
    rt run --detach "$ID" >written
    for _ in $(seq 40); do rt exec "$ID" trap >/dev/null 2>&1 || true; done
    [ "$(sha256sum "$RUNTIME")" = "$before" ]
    [ -z "$(cat written)" ]
    # and by hand: what runs is not the file on disk, or cannot be written
    args trap
    run rt run "$ID-2"
    [ "$(sha256sum "$RUNTIME")" = "$before" ]
}

@test "existing namespaces are joined, and a wrong file is refused" {
    ip link set lo up
    unshare --net --uts sh -c 'hostname joined; exec sleep 100' 3>&- &
    holder=$!
    for _ in $(seq 50); do
        [ "$(readlink /proc/$holder/ns/net)" != "$(readlink /proc/self/ns/net)" ] && break
        sleep 0.05
    done
    sleep 0.1
    edit "l['namespaces'] = [n for n in l['namespaces'] if n['type'] not in ('network', 'uts')]
l['namespaces'] += [{'type': 'network', 'path': '/proc/$holder/ns/net'}, {'type': 'uts', 'path': '/proc/$holder/ns/uts'}]" \
        'c.pop("hostname")'
    script 'hostname; readlink /proc/self/ns/net'
    run rt run "$ID"
    echo "$output"
    [ "$output" = "joined"$'\n'"$(readlink /proc/$holder/ns/net)" ]
    edit "l['namespaces'][-1]['path'] = '/proc/$holder/ns/net'"
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"not a namespace of that type"* ]]
    kill "$holder"
}

@test "a pid namespace is joined through a stage" {
    args sleep 100
    rt run --detach --pid-file pid "$ID"
    edit "[n.update(path='/proc/$(cat pid)/ns/pid') for n in l['namespaces'] if n['type'] == 'pid']"
    script 'cat /proc/1/cmdline'
    run rt run "$ID-2"
    [ "$status" -eq 0 ]
    [[ "$output" == *sleep* ]]
}

@test "a user namespace of its own maps the ids" {
    edit 'l["namespaces"].append({"type": "user"})' \
        'l["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]' \
        'l["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
    chown -R 100000:100000 rootfs
    chmod 700 "$BATS_TEST_TMPDIR"
    script 'cat /proc/self/uid_map; touch /tmp/made; id -u; head -c 3 /dev/zero | wc -c; sleep 0'
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == *100000*65536 && "${lines[1]}" = 0 && "${lines[2]}" = 3 ]]
    [ "$(stat -c %u rootfs/tmp/made)" = 100000 ]
    args sleep 100
    rt run --detach "$ID"
    [ "$(rt exec --user 5 "$ID" id -u)" = 5 ]
}

@test "devices in a user namespace: the host's nodes where they serve, others with the owner and mode that was asked for" {
    # /dev/null again as the default one is, /dev/zero by another name, one that the host has not got, one with ids of none.
    edit 'l["namespaces"].append({"type": "user"})' \
        'l["uidMappings"] = l["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]' \
        'l["devices"] = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "uid": 0, "gid": 0, "fileMode": 0o600},
            {"path": "/dev/own/zeroes", "type": "c", "major": 1, "minor": 5, "uid": 7, "gid": 8, "fileMode": 0o640},
            {"path": "/dev/memory", "type": "b", "major": 1, "minor": 77},
            {"path": "/dev/pipe", "type": "p", "fileMode": 0o600}]'
    chown -R 100000:100000 rootfs
    chmod a+rx "$BATS_TEST_TMPDIR" "$BUNDLE"
    script 'umask 77; stat -c "%n %a %u:%g %t:%T" /dev/null /dev/own/zeroes /dev/memory
        head -c 3 /dev/zero | wc -c; grep -c " /dev/own/zeroes .*nosuid.*noexec" /proc/self/mountinfo
        grep -c " - tmpfs devices " /proc/self/mountinfo; ls -A /dev/own; test -p /dev/pipe && echo pipe'
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = $'/dev/null 666 65534:65534 1:3\n/dev/own/zeroes 640 7:8 1:5\n/dev/memory 666 0:0 1:4d\n3\n1\n2\nzeroes\npipe' ]
    # Its user may open it, another may not.
    edit 'p["user"] = {"uid": 7, "gid": 7}'
    script 'head -c 3 /dev/own/zeroes | wc -c'
    [ "$(rt run "$ID")" = 3 ]
    edit 'p["user"] = {"uid": 9, "gid": 9}'
    run rt run "$ID"
    [[ "$output" == *"ermission denied"* ]]
    # None of the container's ids: the host's node is not in its place.
    edit 'l["devices"][2]["uid"] = 100000'
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"create device '/dev/memory'"* ]]
    run grep " - tmpfs devices " /proc/self/mountinfo
    [ "$status" -eq 1 ]
    assert_clean
}

@test "time offsets" {
    edit 'l["namespaces"].append({"type": "time"})' 'l["timeOffsets"] = {"boottime": {"secs": 10000000, "nanosecs": 0}}'
    script 'cat /proc/uptime'
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [ "${output%%.*}" -gt 10000000 ]
}

@test "without pivot_root no procfs or sysfs of the host is within reach" {
    # A whole procfs anywhere in the mount namespace would let a user namespace mount its own, unmasked.
    mkdir -p whole && mount -t proc proc whole
    edit "p['capabilities'] = {k: ['CAP_SETFCAP', 'CAP_SETUID', 'CAP_SETGID'] for k in ('bounding', 'permitted', 'effective')}" \
        "p['noNewPrivileges'] = False"
    script 'busybox unshare -Urmpf sh -c "mount -t proc none /proc && echo revealed"; cat /proc/self/mountinfo'
    run rt run --no-pivot "$ID"
    umount whole
    [[ "$output" != *revealed* && "$output" == *"ermission denied"* ]]
    [[ "$output" != *"$BUNDLE/whole"* ]]
    grep -q ' /proc ' /proc/self/mountinfo
}
