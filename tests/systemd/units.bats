#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016,SC2314  # bats's variables; $ is for the shell in the container
# `dhow generate systemd`, as a system unit (MODE=root) and a user unit, under a real systemd.
load common

# A program that ends at once when told to, and says so.
patient='trap "echo bye; exit 0" TERM; echo started; while :; do sleep 0.1; done'

# unit_for NAME [OPTION...]: the generated unit of container NAME, installed as container-NAME.service.
unit_for() {
    local name=$1
    shift
    dhow generate systemd --name "$@" "$name" | install_unit "container-$name.service"
}

@test "systemd accepts the files, with odd names and words in them" {
    dhow create --network none --name plain busybox sleep 100
    dhow create --network none --name odd -e 'A=50% of $HOME "quoted" \ and more' -w '/tmp' \
        -l 'says=it'"'"'s' busybox sh -c 'echo "$A" >/tmp/a; sleep 100'
    for name in plain odd; do
        for options in "" --new; do
            # shellcheck disable=SC2086  # no word or one
            unit_for "$name" $options
            if is_rootless; then
                run me systemd-analyze --user verify --man=no "container-$name.service"
            else
                run systemd-analyze verify --man=no "$(unit_dir)/container-$name.service"
            fi
            same "0:" "$status:$output"
        done
    done
    # Made anew by the unit, the container has exactly the words it had.
    dhow rm odd
    ctl start container-odd
    same 'A=50% of $HOME "quoted" \ and more' "$(dhow exec odd sh -c 'echo "A=$A"')"
    same "it's" "$(dhow inspect --format '{{index .Config.Labels "says"}}' odd)"
}

@test "start: active when the container runs, and the shim is the main process" {
    dhow create --network none --name web busybox sh -c "$patient"
    unit_for web
    ctl start container-web
    same active "$(property container-web ActiveState)"
    same true "$(dhow inspect --format '{{.State.Running}}' web)"
    local main
    main=$(property container-web MainPID)
    same dhow-shim "$(cat "/proc/$main/comm")"
    same "$main" "$(awk '/^PPid:/ { print $2 }' "/proc/$(pid_of web)/status")"
    # Shim and container are the unit's, so that its limits and its end reach both.
    local own
    own=$(property container-web ControlGroup)
    contains "$(cgroup_of "$main")/" "$own/"
    contains "$(cgroup_of "$(pid_of web)")/" "$own/"
}

@test "stop: the container's own end, in its own time, and the unit is no failure" {
    dhow create --network none --name web busybox sh -c "$patient"
    unit_for web
    ctl start container-web
    wait_until 5 grep -q started <(dhow logs web)
    ctl stop container-web
    same "inactive success" "$(property container-web ActiveState) $(property container-web Result)"
    same "exited 0" "$(dhow inspect --format '{{.State.Status}} {{.State.ExitCode}}' web)"
    contains "$(dhow logs web)" bye
    # A program that must be killed after its time-out is no failure of the unit either.
    dhow create --network none --name deaf --stop-timeout 1 busybox sh -c 'trap "" TERM; while :; do sleep 0.1; done'
    unit_for deaf
    ctl start container-deaf
    ctl stop container-deaf
    same "inactive success" "$(property container-deaf ActiveState) $(property container-deaf Result)"
    same 137 "$(dhow inspect --format '{{.State.ExitCode}}' deaf)"
    # And again: nothing of the first life is in the way.
    ctl start container-web
    ctl restart container-web
    same active "$(property container-web ActiveState)"
}

@test "stop by dhow ends the unit too, as a success" {
    dhow create --network none --name web busybox sh -c "$patient"
    unit_for web --restart-policy=always
    ctl start container-web
    dhow stop -t 3 web
    # Restart=always means what it says.
    wait_until 5 is_state container-web active
    ctl stop container-web
    unit_for web
    ctl start container-web
    dhow stop -t 3 web
    wait_until 5 is_state container-web inactive
    same success "$(property container-web Result)"
}

@test "a crash fails the unit, with the container's exit code" {
    dhow create --network none --name bad busybox sh -c 'sleep 0.3; exit 7'
    unit_for bad --restart-policy=no
    ctl start container-bad
    wait_until 5 is_state container-bad failed
    same "exit-code 7" "$(property container-bad Result) $(property container-bad ExecMainStatus)"
    # One that ends well does not.
    dhow create --network none --name good busybox sh -c 'sleep 0.3'
    unit_for good
    ctl start container-good
    wait_until 5 is_state container-good inactive
    same success "$(property container-good Result)"
}

@test "a crash restarts the container where Restart= says so" {
    dhow create --network none --name again busybox sh -c 'sleep 0.3; exit 7'
    unit_for again --restart-policy=on-failure
    ctl start container-again
    restarted() { (($(property container-again NRestarts) >= 2)); }
    wait_until 10 restarted
    # The shim killed from outside: the unit fails, nothing of the container stays, and it starts again.
    dhow create --network none --name shot busybox sleep 100
    unit_for shot --restart-policy=on-failure
    ctl start container-shot
    local shim pid
    shim=$(property container-shot MainPID)
    pid=$(pid_of shot)
    kill -9 "$shim"
    anew() { [[ $(property container-shot NRestarts) == 1 ]] && is_state container-shot active; }
    wait_until 10 anew
    [[ ! -e /proc/$pid ]]
    same true "$(dhow inspect --format '{{.State.Running}}' shot)"
}

@test "a container that cannot start fails the unit, and the journal says why" {
    dhow create --network none --name none busybox /no/such/program
    unit_for none --restart-policy=no
    run ctl start container-none
    ((status != 0))
    same failed "$(property container-none ActiveState)"
    # The journal has it a moment later.
    told() { journal -u container-none | grep -q '/no/such/program'; }
    wait_until 5 told
}

@test "--new: run makes the container, stop removes it" {
    dhow create --network none --name fresh -v /tmp:/mnt/in:ro busybox sh -c "$patient"
    unit_for fresh --new
    dhow rm fresh
    ctl start container-fresh
    same true "$(dhow inspect --format '{{.State.Running}}' fresh)"
    same dhow-shim "$(cat "/proc/$(property container-fresh MainPID)/comm")"
    ctl stop container-fresh
    same "inactive success" "$(property container-fresh ActiveState) $(property container-fresh Result)"
    same "" "$(dhow ps -aq)"
    # Started anew over a container of that name which somebody made meanwhile.
    dhow create --network none --name fresh busybox true
    ctl start container-fresh
    same true "$(dhow inspect --format '{{.State.Running}}' fresh)"
}

@test "daemon-reload and the re-execution of the manager leave it alone" {
    dhow create --network none --name web busybox sh -c "$patient"
    unit_for web
    ctl start container-web
    local main
    main=$(property container-web MainPID)
    ctl daemon-reload
    ctl daemon-reexec
    wait_until 5 is_state container-web active
    same "$main" "$(property container-web MainPID)"
    ctl stop container-web
    same "exited 0" "$(dhow inspect --format '{{.State.Status}} {{.State.ExitCode}}' web)"
}

@test "one unit's end does not touch what runs beside it" {
    dhow create --network none --name one busybox sh -c "$patient"
    dhow create --network none --name two busybox sh -c "$patient"
    unit_for one
    unit_for two
    ctl start container-one
    ctl start container-two
    ctl stop container-one
    same active "$(property container-two ActiveState)"
    same hello "$(dhow exec two echo hello)"
    # Not even what a plain command left running within a unit that is gone.
    within dhow run -d --network none --name three busybox sleep 100
    same true "$(dhow inspect --format '{{.State.Running}}' three)"
    same hello "$(dhow exec three echo hello)"
}

@test "a container that runs already is not taken over in silence" {
    dhow create --network none --name web busybox sh -c "$patient"
    unit_for web --restart-policy=no
    dhow start web
    run ctl start container-web
    ((status != 0))
    contains "$(journal -u container-web)" "already runs outside of this unit"
    same true "$(dhow inspect --format '{{.State.Running}}' web)"
}

@test "the journal has the output of a unit that runs in the foreground" {
    install_unit container-loud.service <<END
[Service]
Type=exec
ExecStart=/usr/local/bin/dhow run --rm --network none --name loud busybox sh -c 'echo to the journal; sleep 100'
ExecStop=/usr/local/bin/dhow stop --time=1 loud
END
    ctl start container-loud
    said() { journal -u container-loud | grep -qx 'to the journal'; }
    wait_until 5 said
    ctl stop container-loud
    same "" "$(dhow ps -aq)"
}
