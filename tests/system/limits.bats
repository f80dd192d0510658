#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# --memory, --cpus, --pids-limit: held by the kernel where it can, refused clearly where it cannot.
load ../support/common

is_v2() { [[ -e /sys/fs/cgroup/cgroup.controllers ]]; }

# limit V1_FILE V2_FILE NAME: the value in the container's own cgroup, read from outside.
limit() {
    local pid path controller=${1%%.*}
    pid=$(dhow inspect --format '{{.State.Pid}}' "$3")
    if is_v2; then
        path=$(awk -F: '$1 == 0 { print $3 }' "/proc/$pid/cgroup")
        cat "/sys/fs/cgroup$path/$2"
    else
        path=$(awk -F: -v c="$controller" '{ n = split($2, k, ","); for (i = 1; i <= n; i++) if (k[i] == c) print $3 }' "/proc/$pid/cgroup")
        cat "/sys/fs/cgroup/$controller$path/$1"
    fi
}

@test "--memory holds, and an end by it is told apart" {
    needs_controller memory
    succeed dhow run -d --network none --memory 32m --name m busybox sleep 100
    same 33554432 "$(limit memory.limit_in_bytes memory.max m)"
    run dhow run --network none --memory 16m --name big busybox sh -c 'x=$(head -c 64000000 /dev/zero | tr "\0" x); echo survived'
    same 137 "$status"
    same true "$(dhow inspect --format '{{.State.OOMKilled}}' big)"
    same false "$(dhow inspect --format '{{.State.OOMKilled}}' m)"
}

@test "--cpus is a share of time" {
    needs_controller cpu
    succeed dhow run -d --network none --cpus 0.5 --name c busybox sleep 100
    if is_v2; then
        same "50000 100000" "$(limit cpu.cfs_quota_us cpu.max c)"
    else
        same 50000 "$(limit cpu.cfs_quota_us cpu.max c)"
        same 100000 "$(limit cpu.cfs_period_us cpu.max c)"
    fi
}

@test "--pids-limit holds, and there is one by default" {
    needs_controller pids
    succeed dhow run -d --network none --pids-limit 5 --name p busybox sleep 100
    same 5 "$(limit pids.max pids.max p)"
    run dhow exec p sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait'
    contains "$output$stderr" "can't fork"
    succeed dhow run -d --network none --name d busybox sleep 100
    same 2048 "$(limit pids.max pids.max d)"
}

@test "the container's cgroup goes with it" {
    needs_controller pids
    succeed dhow run -d --network none --memory 64m --name g busybox sleep 100
    [[ -n $(stray_cgroups) ]]
    succeed dhow rm -f -t 0 g
    same "" "$(stray_cgroups)"
}

@test "a limit that cannot be had is refused, not ignored" {
    needs_rootless
    is_v2 && skip "this machine's cgroup v2 may delegate"
    refuse 125 memory dhow run --rm --network none --memory 32m busybox true
    refuse 125 cpu dhow run --rm --network none --cpus 1 busybox true
    refuse 125 pids dhow run --rm --network none --pids-limit 10 busybox true
    # Without a wish nothing is refused; `info` says what is missing.
    succeed dhow run --rm --network none busybox true
    contains "$(dhow info 2>&1)" cgroup
}

@test "nonsense limits are refused" {
    refuse 125 memory dhow run --rm --network none --memory 1 busybox true
    refuse 125 --memory dhow run --rm --network none --memory 12parsecs busybox true
    refuse 125 --cpus dhow run --rm --network none --cpus many busybox true
}
