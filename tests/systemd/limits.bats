#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# --memory, --cpus, --pids-limit on cgroup v2 with every controller: in a virtual machine (tests/support/vm),
# as root and as a user whose limits live in what systemd has delegated.
load common
load runtime

controllers() {
    if is_rootless; then
        cat /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers
    else
        cat /sys/fs/cgroup/cgroup.controllers
    fi
}

needs_controller() { grep -qw "$1" <<<"$(controllers)" || skip "the $1 controller is not delegated to a user here"; }

# limit CONTAINER FILE: from the container's own cgroup, as the machine sees it.
limit() { cat "/sys/fs/cgroup$(cgroup_of "$(pid_of "$1")")/$2"; }

teardown() {
    [[ -z ${B:-} ]] || teardown_bundle
    dhow rm -a -f -t 0 >/dev/null 2>&1 || true
}

@test "--memory is set, holds, and an end by it is told apart" {
    needs_controller memory
    dhow run -d --network none --memory 32m --name m busybox sleep 100
    same 33554432 "$(limit m memory.max)"
    run dhow run --network none --memory 16m --name big busybox sh -c 'x=$(head -c 64000000 /dev/zero | tr "\0" x); echo survived'
    same 137 "$status"
    same "true false" "$(dhow inspect --format '{{.State.OOMKilled}}' big) $(dhow inspect --format '{{.State.OOMKilled}}' m)"
}

@test "--cpus is a share of time, and the kernel holds it" {
    needs_controller cpu
    dhow run -d --network none --cpus 0.25 --name c busybox sh -c 'while :; do :; done'
    same "25000 100000" "$(limit c cpu.max)"
    throttled() { (($(limit c cpu.stat | awk '$1 == "nr_throttled" { print $2 }') > 2)); }
    wait_until 20 throttled
}

@test "--pids-limit is set, holds, and there is one by default" {
    needs_controller pids
    dhow run -d --network none --pids-limit 5 --name p busybox sleep 100
    same 5 "$(limit p pids.max)"
    run dhow exec p sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait'
    contains "$output" "can't fork"
    dhow run -d --network none --name d busybox sleep 100
    same 2048 "$(limit d pids.max)"
}

@test "what the user has not been given is refused, with the way to get it" {
    local controller flag
    for controller in memory:--memory=32m cpu:--cpus=1 pids:--pids-limit=10; do
        flag=${controller#*:}
        if grep -qw "${controller%%:*}" <<<"$(controllers)"; then
            dhow run --rm --network none "$flag" busybox true
        else
            run dhow run --rm --network none "$flag" busybox true
            same 125 "$status"
            contains "$output" Delegate=
        fi
    done
}

@test "info tells the version, the manager and what can be limited" {
    local told
    told=$(dhow info --format '{{json .}}')
    contains "$told" '"v2"'
    contains "$told" memory
    if is_rootless; then contains "$told" systemd; else contains "$told" cgroupfs; fi
}

@test "the container's cgroup goes with it" {
    dhow run -d --network none --name g busybox sleep 100
    local folder
    folder=/sys/fs/cgroup$(cgroup_of "$(pid_of g)")
    [[ -d $folder ]]
    dhow rm -f -t 0 g
    [[ ! -e $folder ]]
}

@test "dhow-runtime --systemd-cgroup: limits are the scope's, and outlive daemon-reload and update" {
    needs_controller memory
    needs_controller pids
    needs_controller cpu
    setup_bundle
    edit '.linux.resources |= . + {"memory": {"limit": 33554432, "reservation": 16777216}, "pids": {"limit": 20},
        "cpu": {"shares": 1024, "quota": 60000, "period": 90000}}'
    rt run --detach --pid-file "$B/pid" "$ID"
    local group
    group=/sys/fs/cgroup$(cgroup_of "$(<"$B/pid")")
    # both FILE VALUE PROPERTY VALUE: the kernel and systemd agree.
    both() { same "$2 $4" "$(<"$group/$1") $(property "$UNIT" "$3")"; }
    every() {
        both memory.max "$1" MemoryMax "$1"
        both memory.low 16777216 MemoryLow 16777216
        both pids.max 20 TasksMax 20
        both cpu.weight 100 CPUWeight 100
        both cpu.max "60300 90000" CPUQuotaPerSecUSec 670ms
    }
    every 33554432
    ctl daemon-reload
    every 33554432
    rt update --memory 64M "$ID"
    every 67108864
    ctl daemon-reload
    every 67108864
    rt update --pids-limit -1 --cpu-quota -1 "$ID"
    both pids.max max TasksMax infinity
    both cpu.max "max 90000" CPUQuotaPerSecUSec infinity
    rt delete --force "$ID"
    [[ ! -e $group ]]
}
