#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# A person at a terminal: run -it, attach, exec -it, detach keys, window sizes, control characters.
load ../support/common

# at_terminal STEP... -- ARGUMENT...: dhow on a pseudo-terminal (tests/support/on_terminal); what it showed
# is in $output without carriage returns.
at_terminal() {
    local steps=()
    while [[ $1 != -- ]]; do
        steps+=("$1")
        shift
    done
    shift
    run --separate-stderr "$SUPPORT/on_terminal" ${steps[@]+"${steps[@]}"} -- "$T/dhow" "$@"
    output=${output//$'\r'/}
    if ((status == 98)); then
        printf '%s\n%s\n' "$output" "$stderr"
        return 1
    fi
}

status_of() { dhow inspect --format '{{.State.Status}}' "$1"; }
shell_container() { succeed dhow run -dit --network none --name "$1" busybox sh; }

@test "run -it: typing, echo, exit code" {
    at_terminal 'expect # ' 'send echo one$((1+1))\r' 'expect one2' 'send exit 4\r' -- run -it --rm --network none busybox sh
    same 4 "$status"
    nothing_left
}

@test "the window's size is the container's from the beginning, and follows" {
    at_terminal 'size 33 77' 'expect # ' 'send stty size\r' 'expect 33 77' 'size 40 120' 'pause 0.3' \
        'send stty size\r' 'expect 40 120' 'send exit\r' -- run -it --rm --network none busybox sh
    same 0 "$status"
}

@test "a program is told of a new size" {
    at_terminal 'expect ready' 'size 50 60' 'expect changed 50 60' 'send \x03' -- run -it --rm --network none busybox \
        sh -c 'trap "echo changed \$(stty size)" WINCH; trap "exit 9" INT; echo ready; while :; do sleep 0.05; done'
    same 9 "$status"
}

@test "control characters are the container's: ctrl-C, ctrl-D, ctrl-Z, backslash" {
    at_terminal 'expect # ' 'send sleep 100\r' 'pause 0.3' 'send \x03' 'expect # ' 'send echo still\r' 'expect still\r' \
        'send \x04' -- run -it --rm --network none busybox sh
    same 0 "$status"
    at_terminal 'expect # ' 'send cat -v\r' 'pause 0.2' 'send \x16\x1c\x16\x1a\r' 'expect ^\\^Z' 'send \x04' 'send exit 3\r' \
        -- run -it --rm --network none busybox sh
    same 3 "$status"
}

@test "the caller's terminal is as it was afterwards" {
    local command
    command="before=\$(stty -g); '$T/dhow' run -it --rm --network none busybox true; [ \"\$before\" = \"\$(stty -g)\" ] && echo same"
    run "$SUPPORT/on_terminal" -- sh -c "$command"
    contains "$output" same
    command="before=\$(stty -g); '$T/dhow' run -it --rm --network none busybox nosuch; [ \"\$before\" = \"\$(stty -g)\" ] && echo same"
    run "$SUPPORT/on_terminal" -- sh -c "$command"
    contains "$output" same
}

@test "detach with ctrl-p ctrl-q leaves it running; attach comes back to it" {
    at_terminal 'expect # ' 'send X=kept\r' 'expect # ' 'send \x10\x11' -- run -it --name d --network none busybox sh
    same 0 "$status"
    same running "$(status_of d)"
    at_terminal 'send \r' 'expect # ' 'send echo $X\r' 'expect kept' 'send exit 5\r' -- attach d
    same 5 "$status"
    same exited "$(status_of d)"
}

@test "--detach-keys: others, and none" {
    shell_container d
    at_terminal 'send \r' 'expect # ' 'send \x18a' -- attach --detach-keys ctrl-x,a d
    same 0 "$status"
    same running "$(status_of d)"
    at_terminal 'send \r' 'expect # ' 'send echo \x10\x11done\r' 'expect done' 'send exit\r' -- attach --detach-keys '' d
    same exited "$(status_of d)"
    refuse 125 'ctrl-?' dhow attach --detach-keys 'ctrl-?' d
}

# A key that begins the sequence is held until the next says what it was.
@test "half a detach sequence reaches the program" {
    at_terminal 'expect ready' 'send a\x10b\r' 'expect a^Pb' -- run -it --rm --network none busybox \
        sh -c 'stty -icanon min 1; echo ready; head -c 4 | cat -v'
    same 0 "$status"
}

@test "two at once see the same; one detaching does not disturb the other" {
    shell_container two
    "$SUPPORT/on_terminal" 'send \r' 'expect # ' 'expect from the other' 'send exit 8\r' -- "$T/dhow" attach two >"$T/share-out/first" 3>&- &
    local first=$! code=0
    sleep 0.5
    at_terminal 'send \r' 'expect # ' 'send echo from the other\r' 'expect from the other' 'expect from the other' 'send \x10\x11' -- attach two
    same 0 "$status"
    wait $first || code=$?
    same 8 "$code"
}

@test "a closed window ends the session, not the container" {
    succeed dhow run -dit --network none --name survivor busybox sh -c 'while :; do sleep 0.1; done'
    python3 - "$T/dhow" <<'PY'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "attach", "survivor"])
time.sleep(0.7)
os.close(fd)
end = time.monotonic() + 10
while os.waitpid(pid, os.WNOHANG) == (0, 0):
    assert time.monotonic() < end, "attach does not end"
    time.sleep(0.05)
PY
    same running "$(status_of survivor)"
}

@test "exec -it: a terminal of its own, sized, with the exit code" {
    succeed dhow run -d --network none --name e busybox sleep 1000
    at_terminal 'size 21 43' 'expect # ' 'send tty; stty size\r' 'expect /dev/pts/' 'expect 21 43' 'size 30 50' 'pause 0.3' \
        'send stty size\r' 'expect 30 50' 'send exit 6\r' -- exec -it e sh
    same 6 "$status"
    same running "$(status_of e)"
    at_terminal 'expect # ' 'send sleep 50\r' 'pause 0.3' 'send \x03' 'expect # ' 'send exit 2\r' -- exec -it e sh
    same 2 "$status"
}

@test "-t output of many kilobytes arrives whole" {
    at_terminal -- run -it --rm --network none busybox sh -c 'seq 1 20000'
    same 20000 "$(grep -cE '^[0-9]+$' <<<"$output")"
    contains "$output" $'\n20000'
}

@test "start -ai: back into a shell that was left" {
    at_terminal 'expect # ' 'send echo mark >/file\r' 'expect # ' 'send exit 3\r' -- run -it --name s --network none busybox sh
    same 3 "$status"
    at_terminal 'expect # ' 'send cat /file\r' 'expect mark' 'send exit 4\r' -- start -ai s
    same 4 "$status"
}

@test "a terminal's log is in logs" {
    at_terminal -- run -t --name l --network none busybox sh -c 'echo shown; echo twice >&2'
    contains "$output" shown
    contains "$(dhow logs l)" twice
}
