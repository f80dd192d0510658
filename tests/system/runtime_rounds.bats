#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many lives of containers, and runtimes that are killed amid them: nothing may grow, nothing may stay that
# `delete --force` does not take away. DHOW_TEST_ROUNDS makes the rounds more (1000, say).
# Run under tests/support/private_machine, in both modes.
# shellcheck disable=SC2016,SC2154

load runtime
load runtime_modes

setup_file() { setup_modes_file; }

setup() {
    setup_modes_bundle
    export STATE ID
    RUNTIME_COMMAND=$(python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "${RT[@]}")
    export RUNTIME_COMMAND
    cat >"$BATS_TEST_TMPDIR/machine.py" <<'PYTHON'
# What there is on this machine that a container could leave.
import glob, json, os, random, subprocess, time

COMMAND = json.loads(os.environ["RUNTIME_COMMAND"])
STATE, ID = os.environ["STATE"], os.environ["ID"]


def call(*arguments, **options):
    return subprocess.run(COMMAND + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=30, **options)


def processes():
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        try:
            name = open(path + "/comm").read().strip()
            status = open(path + "/status").read()
        except OSError:
            continue
        if "State:\tZ" in status: continue
        depth = len(next(line for line in status.splitlines() if line.startswith("NSpid")).split()) - 1
        if name.startswith("dhow") or depth > 1: found.append((path, name))
    return found


def cgroups():
    return sorted(folder for folder, _, _ in os.walk("/sys/fs/cgroup") if ID in folder)


def machine():
    return {
        "mounts": open("/proc/self/mountinfo").read().count("\n"),
        "cgroups": sum(1 for _ in os.walk("/sys/fs/cgroup")),
        "memory cgroups": sum(1 for _ in os.walk("/sys/fs/cgroup/memory")),
        "state": sorted(os.listdir(STATE)) if os.path.isdir(STATE) else [],
        "processes": processes(),
        "sockets": open("/proc/net/unix").read().count(STATE),
    }


def settle(wanted, seconds=5):
    end = time.monotonic() + seconds
    while machine() != wanted and time.monotonic() < end: time.sleep(0.02)
    now = machine()
    assert now == wanted, (now, wanted, cgroups())
PYTHON
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() { teardown_modes; }

@test "rounds of create, start, exec, delete leave the machine as it was" {
    args sleep 100
    ROUNDS=$(rounds 50) BUNDLE=$BUNDLE python3 - <<'PYTHON' >figures
from machine import *
bundle = os.environ["BUNDLE"]

def life():
    call("create", "--bundle", bundle, ID, check=True)
    call("start", ID, check=True)
    call("exec", ID, "true", check=True)
    call("delete", "--force", ID, check=True)

life()
before = machine()
began = time.monotonic()
rounds = int(os.environ["ROUNDS"])
for _ in range(rounds): life()
print(f"{rounds} rounds, {(time.monotonic() - began) / rounds * 1000:.1f} ms each; before {before}, after {machine()}")
settle(before)
PYTHON
    sed 's/^/# /' figures >&3
}

@test "an init holds as many descriptors after many calls as before" {
    args sleep 100
    rt run --detach --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null
    local pid before
    pid=$(rt state "$ID" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
    before=$(ls "/proc/$pid/fd")
    for _ in $(seq 20); do
        rt exec "$ID" true
        rt state "$ID" >/dev/null
        rt pause "$ID" 2>/dev/null && rt resume "$ID"
    done
    [ "$(ls "/proc/$pid/fd")" = "$before" ]
}

@test "a runtime killed at any moment of create: its init goes with it, delete --force clears the rest" {
    args sleep 100
    ROUNDS=$(rounds 60) BUNDLE=$BUNDLE python3 - <<'PYTHON'
from machine import *
bundle = os.environ["BUNDLE"]
assert call("create", "--bundle", bundle, ID).returncode == 0
call("delete", "--force", ID, check=True)
before = machine()
began = time.monotonic()
call("create", "--bundle", bundle, ID, check=True)
whole = time.monotonic() - began
call("delete", "--force", ID, check=True)
finished = halves = 0
for _ in range(int(os.environ["ROUNDS"])):
    create = subprocess.Popen(COMMAND + ["create", "--bundle", bundle, ID], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, whole * 1.2))
    create.kill()
    if create.wait() == 0:
        finished += 1
    elif not os.path.exists(f"{STATE}/{ID}/state.json"):
        halves += 1
        # nobody knows of it: it must end by itself
        end = time.monotonic() + 20
        while processes() and time.monotonic() < end: time.sleep(0.01)
        assert not processes(), processes()
    call("delete", "--force", ID, check=True)
    settle(before)
print(f"{finished} were finished, {halves} had stored nothing")
PYTHON
}

@test "a runtime killed at each system call that makes something" {
    python3 - <<'PYTHON' || skip "strace cannot be used here"
import subprocess
subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=True)
PYTHON
    args sleep 100
    STEPS=${DHOW_TEST_STEPS:-3} BUNDLE=$BUNDLE python3 - <<'PYTHON'
from machine import *
bundle = os.environ["BUNDLE"]
at = next(i for i, word in enumerate(COMMAND) if word.endswith("runtime"))
before = machine()
killed = 0
for name in ("mkdir", "symlinkat", "clone3", "write", "sendmsg", "recvmsg", "socketpair", "renameat", "renameat2", "rename", "bind", "open_tree"):
    for step in range(1, int(os.environ["STEPS"]) + 1):
        trace = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={step}"]
        with open("said", "wb") as said:  # a pipe would be the container's too
            done = subprocess.run(COMMAND[:at] + trace + COMMAND[at:] + ["create", "--bundle", bundle, ID],
                                  stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=30)
        if b"invalid system call" in open("said", "rb").read(): break
        killed += done.returncode not in (0, 1)
        call("delete", "--force", ID, check=True)
        settle(before)
print(f"killed {killed} times")
assert killed > 8
PYTHON
}

@test "a runtime killed at any moment of run, start, exec and delete" {
    args sleep 100
    ROUNDS=$(rounds 20) BUNDLE=$BUNDLE python3 - <<'PYTHON'
from machine import *
bundle = os.environ["BUNDLE"]
before = machine()

def killed(*arguments):
    child = subprocess.Popen(COMMAND + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, 0.02))
    child.kill()
    child.wait()

for _ in range(int(os.environ["ROUNDS"])):
    killed("run", "--detach", "--bundle", bundle, ID)
    call("delete", "--force", ID, check=True)
    settle(before)
    call("create", "--bundle", bundle, ID, check=True)
    killed("start", ID)
    call("start", ID, stderr=subprocess.DEVNULL)
    killed("exec", ID, "sleep", "50")
    killed("delete", "--force", ID)
    call("delete", "--force", ID, check=True)
    settle(before)
PYTHON
}

@test "a caller killed at any moment of create, start, exec and delete: no call hangs, delete --force clears the rest" {
    edit 'p["terminal"] = True'
    args sleep 100
    cat >caller.py <<'PYTHON'
# What an engine's monitor does: it keeps the terminal's master and the ends of exec's pipes.
import array, json, os, socket, subprocess, sys
command, bundle, id = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
listener = socket.socket(socket.AF_UNIX)
listener.bind("console")
os.chmod("console", 0o666)
listener.listen()
create = subprocess.Popen(command + ["create", "--bundle", bundle, "--console-socket", "console", "--pid-file",
                                     f"{bundle}/pid", id])
master = listener.accept()[0].recvmsg(1, socket.CMSG_SPACE(4))
create.wait()
subprocess.run(command + ["start", id])
subprocess.run(command + ["exec", id, "echo", "hello"], stdout=subprocess.PIPE)
subprocess.run(command + ["kill", id, "KILL"])
subprocess.run(command + ["delete", "--force", id])
PYTHON
    ROUNDS=$(rounds 50) BUNDLE=$BUNDLE python3 - <<'PYTHON'
from machine import *
bundle = os.environ["BUNDLE"]
before = machine()

def command_line(path):
    try:
        return open(path + "/cmdline", "rb").read()
    except OSError:  # gone meanwhile
        return b""

def whole_calls():
    return [path for path, name in processes() if b"--root" in command_line(path)]

def caller():
    if os.path.exists("console"): os.unlink("console")
    return subprocess.Popen(["python3", "caller.py", json.dumps(COMMAND), bundle, ID], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

began = time.monotonic()
caller().wait()
span = time.monotonic() - began
settle(before)
for _ in range(int(os.environ["ROUNDS"])):
    killed = caller()
    time.sleep(random.uniform(0.3, 1.05) * span)
    killed.kill()
    killed.wait()
    end = time.monotonic() + 20
    quiet = 0  # one look is not enough: a child of the caller may be about to become a call
    while quiet < 5:
        quiet = 0 if whole_calls() else quiet + 1
        assert time.monotonic() < end, [command_line(path) for path in whole_calls()]
        time.sleep(0.01)
    call("delete", "--force", ID, check=True)
    settle(before)
print(f"each took {span:.2f} s")
PYTHON
}
