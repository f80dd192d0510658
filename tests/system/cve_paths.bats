#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Attacks on the runtime by paths, mounts, procfs and descriptors; each test carries the number of the
# vulnerability that it plays again. Run under tests/support/private_machine, in both modes.
# shellcheck disable=SC2016,SC2154

load runtime
load runtime_modes

setup_file() { setup_modes_file; }
setup() { setup_modes_bundle; }
teardown() { teardown_modes; }

# A folder of the host that no container is given.
make_outside() {
    OUTSIDE=$BATS_TEST_TMPDIR/outside
    mkdir -p "$OUTSIDE/inner" "$OUTSIDE/sys/net/ipv4"
    echo host >"$OUTSIDE/HOSTMARK"
    echo 1024 >"$OUTSIDE/sys/net/ipv4/ip_unprivileged_port_start"
    own "$OUTSIDE"
    BEFORE=$(snapshot "$OUTSIDE")
}

outside_untouched() {
    local now
    now=$(snapshot "$OUTSIDE")
    [ "$now" = "$BEFORE" ] || diff <(echo "$BEFORE") <(echo "$now")
}

@test "cve_2019_5736: the runtime's executable cannot be overwritten from a container" {
    local before
    before=$(sha256sum <"$RUNTIME")
    printf '#!/proc/self/exe\n' >rootfs/bin/trap
    chmod 755 rootfs/bin/trap
    own rootfs/bin/trap
    with_capability CAP_SYS_PTRACE
    with_capability CAP_DAC_OVERRIDE
    args attacks overwrite
    rt run --detach "$ID" >told 2>&1 </dev/null
    for _ in $(seq "$(rounds 40)"); do
        "${RT[@]}" exec "$ID" trap >/dev/null 2>&1 3>&- || true
        "${RT[@]}" exec "$ID" true >/dev/null 2>&1 3>&- || true
    done
    args trap
    for _ in $(seq $(($(rounds 40) / 8))); do "${RT[@]}" run "$ID-2" >/dev/null 2>&1 3>&- || true; done
    cat told
    [ -z "$(grep WRITTEN told)" ]
    grep -q '^seen' told
    [ "$(sha256sum <"$RUNTIME")" = "$before" ]
}

@test "cve_2019_5736: what runs inside is sealed or on a read-only file system" {
    args true
    rt create --pid-file pid "$ID" </dev/null >/dev/null 2>&1
    python3 - "$(cat pid)" <<'PYTHON'
import fcntl, os, sys
fd = os.open(f"/proc/{sys.argv[1]}/exe", os.O_RDONLY)
read_only = os.fstatvfs(fd).f_flag & os.ST_RDONLY
try:
    sealed = fcntl.fcntl(fd, 1034) & 0xf == 0xf
except OSError:
    sealed = False
assert read_only or sealed, os.readlink(f"/proc/{sys.argv[1]}/exe")
PYTHON
}

@test "cve_2016_9962: nothing of the host is seen through a process that exec brings in" {
    touch "$BATS_TEST_TMPDIR/HOSTMARK" /HOSTMARK
    with_capability CAP_SYS_PTRACE
    args attacks look HOSTMARK
    rt run --detach "$ID" >told 2>&1 </dev/null
    for _ in $(seq "$(rounds 60)"); do
        "${RT[@]}" exec "$ID" true 3>&- 7</ 8<"$BATS_TEST_TMPDIR" </dev/null
    done
    rm /HOSTMARK
    grep -q newborn told
    [ -z "$(grep SEEN told)" ]
}

@test "cve_2024_21626: a working directory among the descriptors is refused by run, create and exec" {
    local fd
    for fd in {3..12} 17 64; do
        edit "p['cwd'] = '/proc/self/fd/$fd'"
        run rt run "$ID" 7</ 9</etc
        [ "$status" -eq 1 ]
        run rt create "$ID" 7</ 9</etc
        [ "$status" -eq 1 ]
    done
    assert_clean
    edit "p['cwd'] = '/'"
    args sleep 100
    rt run --detach "$ID" </dev/null >/dev/null 2>&1
    for fd in 3 4 5 6 7 8 9 17; do
        for path in /proc/self/fd/$fd /proc/1/fd/$fd /proc/self/fd/$fd/../../../../../..; do
            run rt exec --cwd "$path" "$ID" pwd 7</ 9</etc
            [ "$status" -eq 255 ]
        done
    done
}

@test "cve_2024_21626: a standard stream that is a folder of the host is no working directory" {
    edit "p['cwd'] = '/proc/self/fd/0'"
    args pwd
    run rt run "$ID" </
    echo "$output"
    [[ "$status" -eq 1 && "$output" == *"outside of the container"* ]]
    assert_clean
}

@test "cve_2024_21626: a created container and its program hold 0, 1 and 2 alone" {
    args attacks fds
    exec 17</ 18</etc
    rt create --pid-file pid "$ID" >told </dev/null
    local fd
    for fd in /proc/"$(cat pid)"/fd/*; do
        [ "${fd##*/}" -le 2 ] && continue
        [[ $(readlink "$fd") == socket:* ]] || { echo "held: $fd -> $(readlink "$fd")"; false; }
    done
    rt start "$ID"
    wait_for_status "$ID" stopped
    exec 17<&- 18<&-
    [ "$(cut -d' ' -f1 told | paste -sd' ')" = "0 1 2" ]
    args sleep 100
    rt delete "$ID"
    rt run --detach "$ID" >/dev/null 2>&1 </dev/null
    [ "$(rt exec "$ID" attacks fds 17</ </dev/null | cut -d' ' -f1 | paste -sd' ')" = "0 1 2" ]
}

@test "cve_2019_19921, cve_2023_27561, cve_2023_28642: /proc and /sys that are links stop the start" {
    args true
    make_outside
    local name target
    for name in proc sys; do
        for target in /tmp "../../../../../../../..$OUTSIDE" "$OUTSIDE" . / "$name"; do
            rm -rf "rootfs/$name"
            ln -s "$target" "rootfs/$name"
            run rt run "$ID"
            [ "$status" -eq 1 ]
            assert_clean
        done
        rm "rootfs/$name"
        mkdir "rootfs/$name"
        own "rootfs/$name"
    done
    outside_untouched
    rt run "$ID"
}

@test "cve_2019_16884: nothing is mounted over /proc or a file of it, save what lxcfs has" {
    local target
    mkdir "$BATS_TEST_TMPDIR/data"
    echo 7.00 8.00 >"$BATS_TEST_TMPDIR/uptime"
    own "$BATS_TEST_TMPDIR/data"
    ln -s /proc/self rootfs/tmp/link
    own rootfs/tmp/link
    args true
    cp config.json plain.json
    for target in /proc /proc/self/attr /proc/self /proc/sys /proc/1 /tmp/link/attr /tmp/../proc/self/fd; do
        for kind in tmpfs bind; do
            cp plain.json config.json
            edit "c['mounts'].append({'destination': '$target', 'type': '$kind', 'source': '$BATS_TEST_TMPDIR/data',
                'options': ['bind'] if '$kind' == 'bind' else []})"
            run rt run "$ID"
            echo "$target $kind: $output"
            [[ "$status" -eq 1 && "$output" == *"inside /proc"* ]]
            assert_clean
        done
    done
    cp plain.json config.json
    edit "c['mounts'].append({'destination': '/proc/uptime', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/uptime', 'options': ['bind']})"
    args cat /proc/uptime
    [ "$(rt run "$ID")" = "7.00 8.00" ]
}

@test "cve_2025_52881: a /proc that changes under the start takes no write of the runtime's" {
    make_outside
    edit 'l["sysctl"] = {"net.ipv4.ip_unprivileged_port_start": "81"}'
    # the true one, by whichever name it has meanwhile
    script 'for i in 1 2 3 4 5 6; do cat /*/sys/net/ipv4/ip_unprivileged_port_start; done 2>/dev/null | grep 81 | head -1'
    mkdir -p rootfs/fake/sys/net/ipv4 rootfs/fake/self/attr
    echo 1024 | tee rootfs/fake/sys/net/ipv4/ip_unprivileged_port_start >rootfs/fake/self/attr/exec
    ln -s "$OUTSIDE" rootfs/away
    ln -s /fake rootfs/within
    own rootfs/fake rootfs/away rootfs/within
    in_background "$ATTACKS" swap rootfs/proc rootfs/away rootfs/proc rootfs/fake rootfs/proc rootfs/within
    local good=0 out
    for _ in $(seq "$(rounds 60)"); do
        out=$("${RT[@]}" run "$ID" 2>/dev/null 3>&-) || continue
        [[ "$out" != 81* ]] || good=$((good + 1))
    done
    end_background
    echo "$good starts went well"
    [ "$good" -gt 0 ]
    outside_untouched
    # whichever name the folders have by now
    [ "$(cat rootfs/*/sys/net/ipv4/ip_unprivileged_port_start | sort -u)" = 1024 ]
    [ "$(cat rootfs/*/self/attr/exec | sort -u)" = 1024 ]
    assert_clean
}

@test "cve_2025_52881, cve_2022_1227, cve_2019_14271: inside, the runtime opens no /proc, no library and no program" {
    is_rootless && skip "strace cannot follow newuidmap"
    script 'exit 0'
    edit 'l["sysctl"] = {"net.ipv4.ip_unprivileged_port_start": "81"}' 'p["user"] = {"uid": 1000, "gid": 1000}'
    strace -f -qq -o run.trace -e trace=pivot_root,setns,openat,openat2,open,execve "$RUNTIME" --root "$STATE" run "$ID"
    args sleep 100
    rt run --detach "$ID" </dev/null >/dev/null 2>&1
    strace -f -qq -o exec.trace -e trace=pivot_root,setns,openat,openat2,open,execve \
        "$RUNTIME" --root "$STATE" exec "$ID" /bin/busybox true
    python3 - <<'PYTHON'
import re
for name, entered in (("run.trace", "pivot_root("), ("exec.trace", "setns(")):
    inside, programs = set(), 0
    lines = open(name).read().splitlines()
    assert any(entered in line for line in lines), name
    born_inside = False
    for line in lines:
        pid, call = line.split(None, 1)
        if entered in call: inside.add(pid); born_inside = True; continue
        # exec: who comes after the one that entered is its child
        if born_inside and entered == "setns(" and pid not in {l.split()[0] for l in lines[:lines.index(line)]}: inside.add(pid)
        if pid not in inside: continue
        if call.startswith("execve("): programs += 1; inside.discard(pid); continue
        assert ".so" not in call, (name, line)
        assert '"/proc' not in call or call.startswith("openat2(") and "O_PATH" in call, (name, line)
    assert programs == 1, (name, programs)
PYTHON
}

# start_amid_swaps MOUNT...: a volume whose folder `target` is exchanged with links while containers start
# that mount something in it.
start_amid_swaps() {
    make_outside
    local volume=$BATS_TEST_TMPDIR/volume good=0 out
    mkdir -p "$volume/target/inner" "$BATS_TEST_TMPDIR/data"
    ln -s "$OUTSIDE" "$volume/absolute"
    ln -s "../../../../../../../../../../..$OUTSIDE" "$volume/upwards"
    ln -s /proc/self/root "$volume/magic"
    touch "$BATS_TEST_TMPDIR/data/marker"
    own "$volume" "$BATS_TEST_TMPDIR/data"
    edit "c['mounts'] += [{'destination': '/vol', 'type': 'bind', 'source': '$volume', 'options': ['rbind']}]" "$@"
    script 'grep -c /data /proc/self/mountinfo; ls -d /vol/*/HOSTMARK /vol/*/inner/HOSTMARK 2>/dev/null; true'
    in_background "$ATTACKS" swap "$volume/target" "$volume/absolute" "$volume/target" "$volume/upwards" "$volume/target" "$volume/magic"
    for _ in $(seq "$(rounds 60)"); do
        out=$("${RT[@]}" run "$ID" 2>>errors 3>&-) || continue
        good=$((good + 1))
        [ "$out" = 1 ] || { echo "the container saw: $out"; return 1; }
    done
    end_background
    echo "$good starts went well"
    [ "$good" -gt 0 ]
    outside_untouched
    assert_clean
}

@test "cve_2021_30465: a mount target that is exchanged for a link gets its mount inside, or none" {
    start_amid_swaps "c['mounts'].append({'destination': '/vol/target/inner', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/data', 'options': ['rbind']})"
}

@test "cve_2024_45310: folders and files of mount targets are never made outside" {
    start_amid_swaps "c['mounts'].append({'destination': '/vol/target/new/deep', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/data', 'options': ['rbind']})" \
        "c['mounts'].append({'destination': '/vol/target/file', 'type': 'bind', 'source': '/etc/hostname', 'options': ['bind']})"
}

@test "cve_2025_31133: a masked file is covered by the null device, whatever the image calls /dev/null" {
    make_outside
    mkdir rootfs/image-dev
    ln -s "$OUTSIDE/HOSTMARK" rootfs/image-dev/null
    ln -s /proc/sys/kernel/core_pattern rootfs/image-dev/zero
    echo secret >rootfs/etc/hidden
    own rootfs/image-dev rootfs/etc/hidden
    edit "c['mounts'] = [m for m in c['mounts'] if not m['destination'].startswith('/dev')] + [
        {'destination': '/dev', 'type': 'bind', 'source': '$BUNDLE/rootfs/image-dev', 'options': ['bind']}]" \
        'l["maskedPaths"].append("/etc/hidden")'
    script 'stat -c %t:%T /etc/hidden; cat /etc/hidden | wc -c'
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" = $'1:3\n0' ]
    outside_untouched
}

@test "cve_2025_31133: a host whose /dev/null is something else masks nothing with it" {
    make_outside
    args true
    # seen by the runtime alone, in a mount namespace of its own
    cat >with_false_null.sh <<SHELL
mount --bind "$OUTSIDE/HOSTMARK" /dev/null || exit 3
exec ${RT[*]@Q} run --bundle "$BUNDLE" "$ID"
SHELL
    run unshare --mount sh with_false_null.sh </dev/zero
    echo "$output"
    [[ "$status" -eq 1 && "$output" == *"/dev/null"* ]]
    assert_clean
    outside_untouched
}

@test "cve_2025_52565, cve_2026_88264: a terminal is the container's own devpts's, through any links" {
    make_outside
    edit 'p["terminal"] = True'
    script 'tty; ls -l /dev/console | cut -c1; stat -c %t /dev/console'
    # /dev of the image
    mkdir -p rootfs/image-dev/pts
    ln -s "$OUTSIDE/HOSTMARK" rootfs/image-dev/console
    own rootfs/image-dev
    cp config.json plain.json
    edit "c['mounts'] = [m if m['destination'] != '/dev' else
        {'destination': '/dev', 'type': 'bind', 'source': '$BUNDLE/rootfs/image-dev', 'options': ['bind']} for m in c['mounts']
        if m['destination'] not in ('/dev/shm', '/dev/mqueue')]"
    run command script -qec "${RT[*]@Q} run $ID" /dev/null </dev/null
    echo "$output"
    outside_untouched
    [[ "$output" == */dev/pts/0* ]]
    # no devpts: a farm of links in its place
    local n
    for n in ptmx 0 1 2 3; do ln -s "$OUTSIDE/HOSTMARK" "rootfs/image-dev/pts/$n"; done
    own rootfs/image-dev
    edit "c['mounts'] = [m for m in c['mounts'] if m['destination'] != '/dev/pts']"
    run command script -qec "${RT[*]@Q} run $ID" /dev/null </dev/null
    echo "$output"
    [[ "$status" -eq 1 ]]
    # a link to the host's multiplexer by magic
    rm rootfs/image-dev/pts/ptmx
    ln -s /proc/self/root/dev/pts/ptmx rootfs/image-dev/pts/ptmx
    run command script -qec "${RT[*]@Q} run $ID" /dev/null </dev/null
    [[ "$status" -eq 1 ]]
    rmdir rootfs/image-dev/pts 2>/dev/null || rm -r rootfs/image-dev/pts
    ln -s /dev/pts rootfs/image-dev/pts
    run command script -qec "${RT[*]@Q} run $ID" /dev/null </dev/null
    [[ "$status" -eq 1 ]]
    outside_untouched
    assert_clean
}

@test "cve_2025_52565: terminals amid exchanges of /dev/console" {
    make_outside
    edit 'p["terminal"] = True'
    args true
    mkdir -p rootfs/image-dev/pts
    touch rootfs/image-dev/console
    ln -s "$OUTSIDE/HOSTMARK" rootfs/image-dev/other
    ln -s "$OUTSIDE/new" rootfs/image-dev/third
    own rootfs/image-dev
    edit "c['mounts'] = [m if m['destination'] != '/dev' else
        {'destination': '/dev', 'type': 'bind', 'source': '$BUNDLE/rootfs/image-dev', 'options': ['bind']} for m in c['mounts']
        if m['destination'] not in ('/dev/shm', '/dev/mqueue')]"
    in_background "$ATTACKS" swap rootfs/image-dev/console rootfs/image-dev/other rootfs/image-dev/console rootfs/image-dev/third
    for _ in $(seq "$(rounds 60)"); do
        command script -qec "${RT[*]@Q} run $ID" /dev/null </dev/null >/dev/null 3>&- || true
    done
    end_background
    outside_untouched
    assert_clean
}

@test "cve_2026_41579, cve_2026_47766: a /dev that is a link stops the start and makes no node outside" {
    args true
    make_outside
    local target
    for target in "$OUTSIDE" "../../../../../../../../..$OUTSIDE" ../../.. . /tmp /dev; do
        rm -rf rootfs/dev
        ln -s "$target" rootfs/dev
        run rt run "$ID"
        echo "$target: $output"
        [ "$status" -eq 1 ]
        assert_clean
    done
    outside_untouched
    [ -z "$(find rootfs -type c)" ]
    [ -z "$(ls -A rootfs/tmp)" ]
}

@test "cve_2026_88265: a standard stream that is a device or a file of the host keeps its owner" {
    edit 'p["user"] = {"uid": 1000, "gid": 1000}'
    args true
    local file=$BATS_TEST_TMPDIR/out before
    touch "$file"
    chmod 666 "$file"
    before=$(stat -c '%u:%g:%a' /dev/null /dev/zero "$file")
    rt run "$ID" </dev/null >"$file" 2>/dev/null
    rt run "$ID" </dev/zero >/dev/null 2>"$file"
    [ "$(stat -c '%u:%g:%a' /dev/null /dev/zero "$file")" = "$before" ]
}

@test "cve_2023_25809: control groups are never the container's to write" {
    local folder path=
    if is_rootless; then
        # groups that belong to the user, as systemd delegates them
        for folder in /sys/fs/cgroup/*/; do
            [ -e "$folder/cgroup.procs" ] && mkdir "$folder/deleg-$$" 2>/dev/null || continue
            chown -R "$TEST_USER" "$folder/deleg-$$"
            path=deleg-$$
        done
        [ -n "$path" ] || skip "no control groups here"
    fi
    script 'n=0; for d in $(find /sys/fs/cgroup -type d 2>/dev/null | head -60); do
            mkdir $d/escape 2>/dev/null && echo "made $d/escape"; echo 0 2>/dev/null >$d/cgroup.procs && echo "joined $d"; n=1
        done; [ $n = 1 ] && echo tried'
    ln -sf busybox rootfs/bin/find
    with_capability CAP_DAC_OVERRIDE
    edit "l['namespaces'] = [n for n in l['namespaces'] if n['type'] != 'cgroup']"
    local extra
    cp config.json plain.json
    for extra in 'pass' 'c["mounts"] = [m for m in c["mounts"] if m["destination"] != "/sys/fs/cgroup"] + [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro", "nosuid", "nodev", "noexec"]}]' \
        'l["namespaces"].append({"type": "cgroup"})'; do
        cp plain.json config.json
        edit "$extra"
        run rt run "$ID"
        echo "$output"
        [[ "$output" != *made* && "$output" != *joined* ]]
        [[ "$output" == *tried* ]]
    done
    if is_rootless; then
        for folder in /sys/fs/cgroup/*/"$path"; do rmdir "$folder"; done
    fi
}

@test "cve_2022_0492: version 1 groups cannot be mounted, release_agent cannot be reached" {
    script 'mkdir /tmp/c; mount -t cgroup -o memory cgroup /tmp/c && echo MOUNTED; mount -t cgroup2 cgroup /tmp/c && echo MOUNTED
        for f in /sys/fs/cgroup/*/release_agent; do [ -e $f ] && echo $f; (echo /x >$f) 2>/dev/null && echo WRITTEN; done; echo tried'
    run rt run "$ID"
    echo "$output"
    [[ "$output" == *tried* && "$output" != *MOUNTED* && "$output" != *WRITTEN* ]]
}

@test "ghsa_6fw5: what tells of the host is masked" {
    script 'for p in /proc/interrupts /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats /proc/acpi /proc/scsi /proc/asound /sys/firmware /sys/devices/virtual/powercap; do
            [ -e $p ] || continue
            if [ -d $p ]; then [ -z "$(ls -A $p)" ] || echo "open: $p"; else [ $(stat -c %t:%T $p) = 1:3 ] || echo "open: $p"; fi; done; echo swept
        for p in /proc/sys /proc/sysrq-trigger /proc/irq /proc/bus /proc/fs; do [ -e $p ] || continue; grep -q " $p ro[, ]" /proc/self/mountinfo || echo "writable: $p"; done'
    run rt run "$ID"
    echo "$output"
    [ "$output" = swept ]
}
