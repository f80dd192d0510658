#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hostile images and command lines against the whole: dhow, its shim and its runtime. Each test carries the
# number of the vulnerability that it plays again; the runtime by itself: cve_paths.bats, cve_identity.bats.
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
load ../support/common

setup_file() {
    setup_state
    load_busybox
    c++ -std=c++20 -O1 -static -o "$T/attacks" "$SUPPORT/attacks.cc"
    chmod 755 "$T/attacks"
}

# hostile_image NAME CONFIG [COMMAND...]: a busybox image with that config, its root changed by the command,
# which finds the root in $1.
hostile_image() {
    local name=$1 config=$2 work
    shift 2
    work=$(mktemp -d "$T/image.XXXXXX")
    busybox_root "$work/root"
    (($# == 0)) || (cd "$work/root" && "$@")
    plain_tar "$work/root" "$work/layer.tar"
    "$PACK" "$work/image.tar" "localhost/$name:latest" "$(oci_arch)" "$config" "$work/layer.tar" >/dev/null
    chmod -R go+rX "$work"
    dhow load -q -i "$work/image.tar" >/dev/null
    rm -rf "$work"
}

run_attacks() { succeed dhow run --rm --network none -v "$T/attacks:/attacks:ro" "$@"; }

@test "cve_2026_123876, cve_2026_31431: denied families of sockets, plain, with high bits, by 32-bit calls" {
    run_attacks busybox /attacks sockets 38 40 1
    grep -q "OPEN 1 by socket$" <<<"$output"
    same "" "$(grep -E 'OPEN (38|40)' <<<"$output")"
    contains "$output" tried
    # every other family that the policy has not
    run_attacks busybox /attacks sockets $(seq 46 60)
    same tried "$output"
    # with capabilities that widen the policy
    run_attacks --cap-add SYS_ADMIN --cap-add NET_ADMIN busybox /attacks sockets 38 40
    same tried "$output"
}

@test "the baseline: eleven capabilities, seccomp, masks, mount options" {
    succeed dhow run --rm --network none busybox sh -c 'grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status | tr "\t" " "'
    same $'CapInh: 0000000000000000\nCapPrm: 00000000800405fb\nCapEff: 00000000800405fb\nCapBnd: 00000000800405fb\nCapAmb: 0000000000000000\nNoNewPrivs: 0\nSeccomp: 2' "$output"
    succeed dhow run --rm --network none --user 1000 --security-opt no-new-privileges busybox sh -c 'grep -E "^(CapPrm|CapEff|CapAmb|CapInh|NoNewPrivs)" /proc/self/status | tr "\t" " "'
    same $'CapInh: 0000000000000000\nCapPrm: 0000000000000000\nCapEff: 0000000000000000\nCapAmb: 0000000000000000\nNoNewPrivs: 1' "$output"
    succeed dhow run --rm --network none busybox sh -c 'while read -r _ _ _ _ place options rest; do echo "$place $options"; done </proc/self/mountinfo'
    local place
    for place in /proc /dev/pts /sys /dev/shm /dev/mqueue; do
        contains "$(grep "^$place " <<<"$output")" nosuid
        contains "$(grep "^$place " <<<"$output")" noexec
    done
    contains "$(grep "^/sys " <<<"$output")" " ro"
    contains "$(grep "^/proc/sys " <<<"$output")" " ro"
    contains "$(grep "^/dev " <<<"$output")" nosuid
    succeed dhow run --rm --network none busybox sh -c 'for p in /proc/interrupts /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap /sys/devices/system/cpu/cpu*/thermal_throttle; do
            [ -e $p ] || continue
            if [ -d $p ]; then [ -z "$(ls -A $p)" ] || echo "open: $p"; else [ $(stat -c %t:%T $p) = 1:3 ] || echo "open: $p"; fi; done; echo swept'
    same swept "$output"
}

@test "cve_2024_21626: a working directory among descriptors, from the image, from run, from exec" {
    local fd
    for fd in 3 7 8 9 10; do
        run dhow run --rm --network none -w "/proc/self/fd/$fd" busybox pwd
        ((status != 0))
        run dhow run --rm --network none -w "/proc/1/fd/$fd/../../.." busybox pwd
        ((status != 0))
    done
    hostile_image leaky '{"Cmd":["pwd"],"WorkingDir":"/proc/self/fd/8"}'
    run dhow run --rm --network none leaky
    ((status != 0))
    dhow run -d --name w --network none busybox sleep 100 >/dev/null
    for fd in 3 7 8 9 10; do
        run dhow exec -w "/proc/self/fd/$fd" w pwd
        ((status != 0))
        run dhow exec -w "/proc/1/fd/$fd/../.." w cat etc/hostname
        ((status != 0))
    done
    succeed dhow exec w sh -c 'ls /proc/1/fd | wc -l'
    same 3 "$output"
}

no_proc() { rmdir proc && ln -s /fake proc && mkdir -p fake/self/attr && touch fake/self/attr/exec; }
no_sys() { rmdir sys && ln -s /tmp sys; }
no_dev() { rmdir dev && ln -s ../../../../../../tmp dev; }

@test "cve_2019_16884, cve_2019_19921, cve_2026_41579: images whose /proc, /sys or /dev is a link or a volume" {
    local kind
    for kind in proc sys dev; do
        hostile_image "link-$kind" '{"Cmd":["true"]}' "no_$kind"
        run dhow run --rm --network none "link-$kind"
        ((status != 0))
        contains "$output" "/$kind"
    done
    for kind in /proc /proc/self/attr /proc/sys /proc/1; do
        hostile_image volume "{\"Cmd\":[\"sh\",\"-c\",\"stat -f -c %T /proc; ls -A /proc/self/attr\"],\"Volumes\":{\"$kind\":{}}}"
        run dhow run --rm --network none volume
        echo "$kind: $output"
        # refused, or procfs is over it
        ((status != 0)) || contains "$output" proc
    done
}

odd_fifo() { rm etc/passwd && mkfifo etc/passwd; }
odd_link() { rm etc/passwd && ln -s /etc/shadow etc/passwd; }
odd_proc() { rm etc/passwd && ln -s /proc/self/mem etc/passwd; }
odd_folder() { rm etc/passwd && mkdir etc/passwd; }
odd_sparse() { truncate -s 10G etc/passwd; }
odd_line() { head -c 40000000 /dev/zero | tr '\0' : >etc/group; }

@test "cve_2026_55686, cve_2024_9341, cve_2022_23648, cve_2026_47262: odd passwd and group files hang nothing" {
    local kind begun
    for kind in fifo link proc folder line; do
        hostile_image "odd-$kind" '{"Cmd":["true"],"User":"ann"}' "odd_$kind"
        begun=$SECONDS
        run timeout 20 "$T/dhow" run --rm --network none "odd-$kind"
        ((status != 124 && SECONDS - begun < 10))
        [[ $output != *root:* ]]
    done
    nothing_left
}

linked_places() { ln -s "$1" w && ln -s "$1" v && ln -s "$1/secret" file; }
piped_places() { mkfifo w v; }

@test "cve_2026_55686, cve_2022_23648: a working directory and a volume that are links or pipes lead nowhere outside" {
    local outside=$T/share-out/outside target before begun
    mkdir "$outside"
    echo of-the-host >"$outside/secret"
    chmod -R a+rwX "$outside"
    before=$(find "$outside" -printf '%p %m %u %s %C@\n')
    for target in "$outside" "../../../../../../../../..$outside" "/proc/self/root$outside" "/proc/1/root$outside"; do
        hostile_image places '{"Cmd":["sh","-c","pwd; cat secret ../secret /v/secret /file; touch made /v/made; true"],"WorkingDir":"/w/new","Volumes":{"/v":{},"/file":{}}}' \
            linked_places "$target"
        run timeout 20 "$T/dhow" run --rm --network none places
        echo "$target: $output"
        ((status != 124))
        [[ $output != *of-the-host* ]]
        same "$before" "$(find "$outside" -printf '%p %m %u %s %C@\n')"
    done
    hostile_image pipes '{"Cmd":["true"],"WorkingDir":"/w","Volumes":{"/v":{}}}' piped_places
    begun=$SECONDS
    run timeout 20 "$T/dhow" run --rm --network none pipes
    echo "$output"
    ((status != 124 && SECONDS - begun < 10))
    nothing_left
}

@test "cve_2026_94603, cve_2026_53488, cve_2026_121885: labels of an image change nothing of the container" {
    hostile_image plain '{"Cmd":["sleep","100"],"Env":["PATH=/bin"]}'
    hostile_image labelled '{"Cmd":["sleep","100"],"Env":["PATH=/bin"],"Labels":{"io.podman.annotations.privileged":"TRUE","io.podman.annotations.seccomp":"unconfined","io.podman.annotations.checkpoint.name":"x","io.kubernetes.cri-o.Devices":"/dev/sda","run.oci.keep_original_groups":"1","run.oci.hooks.stderr":"/tmp/owned","org.systemd.property.ExecStart":"/bin/touch /tmp/owned","io.containers.capabilities":"SYS_ADMIN","com.docker.compose.project":"x","io.containers.autoupdate":"registry","PODMAN_SYSTEMD_UNIT":"other.service","containerd.io/restart.logpath":"binary:///bin/sh","dhow.privileged":"true"}}'
    local name config
    for name in plain labelled; do
        dhow run -d --name "of-$name" --network none --hostname same "$name" >/dev/null
        config=$(find "$(run_dir)/c/$(dhow inspect -f '{{.Id}}' "of-$name")" -name config.json)
        jq -S 'del(.root, .linux.cgroupsPath, .mounts)' "$config" | sed "s/of-$name//" >"$T/share-out/$name.json"
        [ "$(jq -r .process.args[0] "$T/share-out/$name.json")" = sleep ]
    done
    diff "$T/share-out/plain.json" "$T/share-out/labelled.json"
    [ ! -e /tmp/owned ]
}

@test "cve_2026_57231, cve_2020_14370: variables of an image without a value import nothing" {
    hostile_image environment '{"Cmd":["env"],"Env":["PATH=/bin","SECRET","*","LD_PRELOAD","=x"]}'
    EXTRA_ENV=SECRET=of-the-host run dhow run --rm --network none environment
    echo "$output"
    [[ $output != *of-the-host* ]]
    EXTRA_ENV=SECRET=of-the-host succeed dhow run -d --name e --network none busybox sleep 100
    local pid
    pgrep -x dhow-shim
    for pid in $(pgrep -x dhow-shim); do
        [[ $(tr '\0' '\n' <"/proc/$pid/environ") != *of-the-host* ]]
    done
    EXTRA_ENV=SECRET=of-the-host succeed dhow exec e env
    [[ $output != *of-the-host* ]]
}

@test "cve_2022_29162: nothing is inherited by run and exec, whoever the user is" {
    dhow run -d --name c --network none busybox sleep 100 >/dev/null
    local user
    for user in 0 ann 4000; do
        succeed dhow exec --user "$user" c sh -c 'grep -E "Cap(Inh|Amb)" /proc/self/status | cut -f2 | sort -u'
        same 0000000000000000 "$output"
        succeed dhow run --rm --user "$user" --network none busybox sh -c 'grep -E "Cap(Inh|Amb)" /proc/self/status | cut -f2 | sort -u'
        same 0000000000000000 "$output"
    done
}

@test "cve_2024_40635, cve_2026_30892: users beyond 32 bits are refused, from the command line, exec and the image" {
    dhow run -d --name u --network none busybox sleep 100 >/dev/null
    local user
    for user in -1 +0 0x0 4294967295 4294967296 4294967297 18446744073709551616 1:2:3 0:-1 0:4294967296 '0 '; do
        run dhow run --rm --network none --user "$user" busybox id -u
        ((status != 0))
        run dhow exec --user "$user" u id -u
        ((status != 0))
        hostile_image user "{\"Cmd\":[\"id\",\"-u\"],\"User\":\"$user\"}"
        run dhow run --rm --network none user
        ((status != 0))
    done
}

@test "cve_2023_25809: control groups are read-only, in every kind of cgroup and user namespace" {
    local flags
    for flags in "" "--cgroupns host" "--cgroupns private" "--userns host" "--network host" "--cgroupns host --network host"; do
        # shellcheck disable=SC2086  # words on purpose
        run dhow run --rm --network none $flags busybox sh -c 'for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir "$d/escape" 2>/dev/null && echo "made in $d"; done; echo tried'
        echo "$flags: $output"
        [[ $output != *made* ]]
        ((status != 0)) || contains "$output" tried
    done
}

@test "cve_2022_0492: a version 1 hierarchy cannot be mounted" {
    succeed dhow run --rm --network none busybox sh -c 'mkdir /tmp/c; mount -t cgroup -o memory cgroup /tmp/c 2>&1 && echo MOUNTED; echo tried'
    [[ $output != *MOUNTED* ]]
}

@test "cve_2022_0811, cve_2022_4318: hostile sysctls, names and parents of groups" {
    local name
    for name in kernel.core_pattern=x kernel.sysrq=1 net.../x=1 'net.core.somaxconn=1
2'; do
        run dhow run --rm --network none --sysctl "$name" busybox true
        ((status != 0))
    done
    run dhow run --rm --network none --name 'a
b' busybox true
    ((status != 0))
    for name in ../../x /../x a/../../b; do
        run dhow run --rm --network none --cgroup-parent "$name" busybox true
        ((status != 0))
    done
    run dhow run --rm --network none --add-host $'a:1.1.1.1\n2.2.2.2 b' busybox cat /etc/hosts
    ((status != 0)) || [[ $(grep -c '^2.2.2.2' <<<"$output") == 0 ]]
    run dhow run --rm --network none --hostname $'a\nb' busybox cat /etc/hosts
    ((status != 0))
}

@test "keys: the session of the one who calls is not the container's" {
    dhow run -d --name k -v "$T/attacks:/attacks:ro" --network none busybox sleep 100 >/dev/null
    PREFIX="$T/attacks plant dhow-secret" run dhow run --rm --network none -v "$T/attacks:/attacks:ro" busybox /attacks find dhow-secret
    [[ $output != *FOUND* ]]
    contains "$output" searched
    PREFIX="$T/attacks plant dhow-secret" run dhow exec k /attacks find dhow-secret
    [[ $output != *FOUND* ]]
    contains "$output" searched
}
