#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Attacks on the runtime by who a process is and what it is told: users, groups, capabilities, keys,
# environment, numbers and names that end in the kernel's files. The users themselves: runtime_bad_input.bats.
# Run under tests/support/private_machine, in both modes.
# shellcheck disable=SC2016,SC2154

load runtime
load runtime_modes

setup_file() { setup_modes_file; }
setup() { setup_modes_bundle; }
teardown() { teardown_modes; }

@test "cve_2022_24769, cve_2022_27649, cve_2022_27650, cve_2022_27651, cve_2022_27652, cve_2022_29162: nothing is inherited" {
    local user
    # the caller's own inheritable and ambient sets are full
    local full=(setpriv "--inh-caps=+chown,+net_raw,+sys_admin" "--ambient-caps=+chown,+net_raw,+sys_admin")
    is_rootless && full=()
    for user in 0 1000; do
        edit "p['user'] = {'uid': $user, 'gid': $user}"
        script 'grep -E "Cap(Inh|Amb)" /proc/self/status | cut -f2 | sort -u'
        [ "$("${full[@]}" "${RT[@]}" run "$ID" 3>&-)" = 0000000000000000 ]
        args sleep 100
        "${full[@]}" "${RT[@]}" run --detach "$ID" >/dev/null 2>&1 </dev/null 3>&-
        [ "$("${full[@]}" "${RT[@]}" exec --cap CAP_CHOWN "$ID" sh -c 'grep -E "Cap(Inh|Amb)" /proc/self/status | cut -f2 | sort -u' 3>&-)" = 0000000000000000 ]
        rt delete --force "$ID"
    done
}

@test "cve_2022_2989, cve_2022_2990, cve_2022_2995: supplementary groups are the list's, in run and exec" {
    local caller=() groups
    is_rootless || caller=(setpriv "--groups=4,20,27,65534")
    edit 'p["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [7, 8]}'
    ln -sf busybox rootfs/bin/tr
    script 'grep ^Groups /proc/self/status; id -u; id -g'
    groups=$("${caller[@]}" "${RT[@]}" run "$ID" 3>&-)
    echo "$groups"
    [ "$(head -1 <<<"$groups" | tr -s ' \t' ' ')" = "Groups: 7 8 " ]
    args sleep 100
    "${caller[@]}" "${RT[@]}" run --detach "$ID" >/dev/null 2>&1 </dev/null 3>&-
    groups=$("${caller[@]}" "${RT[@]}" exec "$ID" grep ^Groups /proc/self/status 3>&-)
    [ "$(tr -s ' \t' ' ' <<<"$groups")" = "Groups: 7 8 " ]
    groups=$("${caller[@]}" "${RT[@]}" exec --user 5:6 --additional-gids 9 "$ID" grep -E '^(Groups|Uid|Gid)' /proc/self/status 3>&-)
    echo "$groups"
    [[ "$groups" != *20* && "$groups" != *27* ]]
    # a file that the group alone is kept from stays closed
    groups=$("${caller[@]}" "${RT[@]}" exec --user 0 "$ID" sh -c 'id -G' 3>&-)
    [[ " $groups " != *" 20 "* && " $groups " != *" 27 "* ]]
}

@test "keys: what the caller or another container keeps is not found, by the program or by exec" {
    local planted=("${RT[@]:0:${#RT[@]}-3}" "$ATTACKS" plant dhow-secret)
    "${planted[@]}" "$ATTACKS" find dhow-secret | grep -q "FOUND in the session" || skip "no keys on this machine"
    args attacks find dhow-secret
    run "${planted[@]}" "$RUNTIME" --root "$STATE" run "$ID"
    echo "$output"
    [ "$output" = searched ]
    args sleep 100
    "${planted[@]}" "$RUNTIME" --root "$STATE" run --detach "$ID" >/dev/null 2>&1 </dev/null 3>&-
    run "${planted[@]}" "$RUNTIME" --root "$STATE" exec "$ID" attacks find dhow-secret
    echo "$output"
    [ "$output" = searched ]
    # one container's from another
    rt exec --detach "$ID" attacks plant of-one sleep 100 </dev/null >/dev/null 2>&1
    args attacks find of-one
    [ "$(rt run "$ID-2")" = searched ]
    # what was asked for: the caller's ring is kept
    args attacks find dhow-secret
    run "${planted[@]}" "$RUNTIME" --root "$STATE" run --no-new-keyring "$ID-3"
    [[ "$output" == *"FOUND in the session"* ]] || is_rootless
}

@test "cve_2026_47262, cve_2022_4318, cve_2026_15809: a passwd file of any kind costs no time, memory or line" {
    edit 'p["env"] = ["PATH=/bin"]' 'p["user"] = {"uid": 1000, "gid": 1000}'
    script 'echo "home=$HOME"'
    # ends in time, in 64 MiB
    bounded() {
        local out
        out=$(ulimit -v 262144 && timeout 5 "${RT[@]}" run "$ID" 3>&-) || { echo "$1: failed"; return 1; }
        [ "$out" = "home=${2:-/}" ] || { echo "$1: $out"; return 1; }
    }
    bounded plain /tmp
    rm rootfs/etc/passwd
    bounded missing
    mkfifo rootfs/etc/passwd
    bounded fifo
    rm rootfs/etc/passwd
    mkdir rootfs/etc/passwd
    bounded folder
    rmdir rootfs/etc/passwd
    truncate -s 10G rootfs/etc/passwd
    bounded sparse
    rm rootfs/etc/passwd
    local target
    printf 'web:x:1000:1000::/of-the-host:/bin/sh\n' >"$BATS_TEST_TMPDIR/host-passwd"
    for target in /proc/self/mem /proc/kcore /dev/zero /dev/tty passwd "$BATS_TEST_TMPDIR/host-passwd" \
        "../../../../../../..$BATS_TEST_TMPDIR/host-passwd" /proc/1/fd/0 /proc/self/fd/0; do
        ln -s "$target" rootfs/etc/passwd
        bounded "$target" <"$BATS_TEST_TMPDIR/host-passwd"
        rm rootfs/etc/passwd
    done
    head -c 3000000 /dev/zero | tr '\0' x >rootfs/etc/passwd
    bounded "one long line"
    printf 'a:x:4294968296:0::/wrong:\nweb:x:+1000:0::/wrong:\nweb:x: 1000:0::/wrong:\nweb:x:1000\nweb:x:01x:0::/wrong:\nw:x:1000:0:::\nweb:x:1000:0::/right:\n' >rootfs/etc/passwd
    bounded "wrong numbers" /right
}

@test "cve_2026_57231, cve_2020_14370, cve_2021_3602: nothing of the caller's environment is the program's" {
    edit 'p["env"] = ["PATH=/bin", "A=1", "SECRET", "*", "LD_PRELOAD"]'
    args env
    run env SECRET=of-the-host LD_PRELOAD_=x OTHER=y _DHOW_X=1 "${RT[@]}" run "$ID"
    echo "$output"
    [[ "$output" != *of-the-host* && "$output" != *OTHER* && "$output" != *DHOW* ]]
    [[ "$output" == *A=1* ]]
    # nor is it in the sight of a created container, whose memory was the runtime's
    args sleep 100
    env SECRET=of-the-host "${RT[@]}" run --detach --pid-file pid "$ID" >/dev/null 2>&1 </dev/null
    ! grep -q of-the-host "/proc/$(cat pid)/environ" || false
    run env SECRET=of-the-host "${RT[@]}" exec "$ID" env
    [[ "$output" != *of-the-host* && "$output" != *DHOW* ]]
}

@test "cve_2022_0811, cve_2024_3154, cve_2023_6476: no sysctl, annotation or cgroup path reaches what is the host's" {
    args true
    cp config.json plain.json
    local name
    for name in kernel.core_pattern kernel/core_pattern kernel.sysrq vm.overcommit_memory fs.suid_dumpable kernel.modprobe \
        kernel.yama.ptrace_scope fs.binfmt_misc.register net.../../kernel/core_pattern net/../kernel/core_pattern net..x net. .net \
        net//core kernel.msgmax/../core_pattern fs.mqueue.../x kernel.hostname "" "net core" user.max_user_namespaces dev.tty.ldisc_autoload; do
        cp plain.json config.json
        edit "l['sysctl'] = {'$name': '1'}"
        run rt run "$ID"
        [ "$status" -eq 1 ] || { echo "sysctl '$name': $output"; false; }
    done
    for name in '1\n2' '1\n+x' '1\u00002'; do
        cp plain.json config.json
        edit "l['sysctl'] = {'net.core.somaxconn': '$name'}"
        run rt run "$ID"
        [ "$status" -eq 1 ]
    done
    for name in ../../x /../x x/../../y .. /a/.. / 'system.slice:../..:x' 'a\nb'; do
        cp plain.json config.json
        edit "l['cgroupsPath'] = '$name'"
        run rt run "$ID"
        [[ "$status" -eq 1 || "$name" == 'a\nb' || "$name" == system* ]] || { echo "cgroup '$name': $output"; false; }
        assert_clean
    done
    find /sys/fs/cgroup -depth \( -name 'a?b' -o -name 'system.slice:..' \) -type d -exec rmdir {} \; 2>/dev/null || true
    cp plain.json config.json
    edit 'c["annotations"] = {"org.systemd.property.ExecStart": "/bin/touch /run/owned", "run.oci.hooks.stderr": "/run/owned",
        "run.oci.seccomp_fail_unknown_syscall": "0", "io.podman.annotations.privileged": "TRUE",
        "x\nowned": "y\n", "run.oci.mount_context_type": "rootcontext", "run.oci.systemd.subgroup": "../../x"}' 'p["user"] = {"uid": 5, "gid": 5}'
    script 'grep -E "^(Groups|CapEff|NoNewPrivs|Seccomp):" /proc/self/status'
    local with
    with=$(rt run "$ID")
    edit 'c.pop("annotations")'
    [ "$(rt run "$ID")" = "$with" ]
    [ ! -e /run/owned ]
}

@test "cve_2025_52881, cve_2022_0811: a namespace joined by path that is the host's own allows no sysctl" {
    args true
    local kind key
    while read -r kind key; do
        edit "l['namespaces'] = [n for n in l['namespaces'] if n['type'] != '$kind'] + [{'type': '$kind', 'path': '/proc/self/ns/${kind/network/net}'}]" \
            "l['sysctl'] = {'$key': '1'}" 'c.pop("hostname", None)'
        run rt run "$ID"
        echo "$output"
        [[ "$status" -eq 1 && "$output" == *"is not allowed"* ]]
    done <<'CASES'
network net.core.somaxconn
ipc kernel.shm_rmid_forced
uts kernel.domainname
CASES
}

@test "cve_2021_43784: lengths beyond the wire's are errors, not others' attributes" {
    args true
    cp config.json plain.json
    local statement
    for statement in 'c["hostname"] = "h" * 70000' 'c["domainname"] = "d" * 70000' 'p["cwd"] = "/" + "w/" * 40000' \
        'p["args"] = ["x" * 200000]' 'p["apparmorProfile"] = "p" * 70000' 'l["cgroupsPath"] = "/" + "g" * 70000' \
        'c["mounts"].append({"destination": "/" + "m" * 70000, "type": "tmpfs", "source": "s" * 70000})' \
        'c["mounts"].append({"destination": "/m", "type": "tmpfs", "source": "tmpfs", "options": ["size=" + "9" * 70000]})' \
        'l["uidMappings"] = [{"containerID": i, "hostID": 100000 + i, "size": 1} for i in range(5000)]' \
        'l["netDevices"] = {"n" * 70000: {"name": "x" * 70000}}' 'c["root"]["path"] = "r" * 70000' \
        'l["namespaces"] = [{"type": "mount"}] + [{"type": "network", "path": "/proc/" + "n" * 70000}]'; do
        cp plain.json config.json
        edit "$statement"
        run rt run "$ID"
        [ "$status" -ne 0 ] || { echo "$statement"; false; }
        [ "$status" -lt 126 ] || { echo "$statement: $status"; false; }
        [ "${#output}" -lt 200000 ]
        assert_clean
    done
}
