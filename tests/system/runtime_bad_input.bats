#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What dhow-runtime makes of ids, users, configurations and machines that are not as they should be: one
# line that names the phase and the object, the right exit code, and nothing left behind.
# Run under tests/support/private_machine, in both modes.
# shellcheck disable=SC2016,SC2154

load runtime
load runtime_modes

setup_file() { setup_modes_file; }

setup() {
    setup_modes_bundle
    export STATE ID BUNDLE
    MOUNTS=$(wc -l </proc/self/mountinfo)
}

teardown() { teardown_modes; }

runtime_processes() { grep -l '^dhow' /proc/[0-9]*/comm 2>/dev/null || true; }

nothing_left() {
    assert_clean
    for _ in $(seq 40); do [ -z "$(runtime_processes)" ] && break; sleep 0.05; done
    [ -z "$(runtime_processes)" ]
    [ "$(wc -l </proc/self/mountinfo)" = "$MOUNTS" ]
}

# refused TEXT COMMAND...: exit code 1 (or $CODE), and one line that contains TEXT.
refused() {
    local text=$1
    shift
    run "$@"
    if [ "$status" != "${CODE:-1}" ] || [ "${#lines[@]}" != 1 ] || [[ $output != *"$text"* ]]; then
        echo "wanted ${CODE:-1} and one line with: $text"
        echo "got $status: $output"
        return 1
    fi
}

# The runtime for the python drivers below: RUNTIME_COMMAND as a JSON list.
export_command() {
    RUNTIME_COMMAND=$(python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "${RT[@]}")
    export RUNTIME_COMMAND
}

@test "40 hostile ids are refused by every verb, in one printable line, and touch nothing" {
    args true
    export_command
    mkdir "$BATS_TEST_TMPDIR/x"
    touch "$BATS_TEST_TMPDIR/x/kept"
    cp config.json process.json
    python3 - <<'PYTHON'
import json, os, subprocess
command = json.loads(os.environ["RUNTIME_COMMAND"])
ids = ["", ".", "..", "../x", "../../x", "/", "/etc", "a/b", "a/../b", "./a", "a/", " a", "a ", "a b", "a\nb", "a\tb",
       "\x1b[31mred", "\u00fc", b"\xff\xfe", "-", "--", "-x", "--force", "*", "?", "$(id)", "`id`", "a;b", "a|b", "a&b",
       "a>b", "a'b", 'a"b', "a\\b", "%s%n", "a:b", "a@b", "a=b", "a,b", "~", "{a}", "x" * 256, "x" * 1025, "x" * 100000]
verbs = [["create"], ["run"], ["start"], ["state"], ["kill"], ["delete"], ["delete", "--force"], ["pause"], ["resume"],
         ["ps"], ["update", "--memory", "1000000"], ["exec"], ["events", "--stats"]]
assert len(ids) >= 40
for verb in verbs:
    for name in ids:
        tail = ["true"] if verb[0] == "exec" else ["KILL"] if verb[0] == "kill" else []
        done = subprocess.run(command + verb + ["--", name] + tail, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
        text = done.stderr.decode(errors="replace")
        what = (verb, name[:40], done.returncode, text[:300])
        if verb == ["delete", "--force"] and name == "x" * 256: continue  # well formed, and not there
        assert done.returncode == (255 if verb[0] == "exec" else 1), what
        assert text.count("\n") == 1 and all(" " <= c <= "~" for c in text[:-1]), what
PYTHON
    [ -e "$BATS_TEST_TMPDIR/x/kept" ]
    nothing_left
}

@test "cve_2024_40635, cve_2026_46680, cve_2026_30892: 40 hostile users are nobody, least of all root" {
    args sleep 100
    printf '4294967296:x:0:0::/:/bin/sh\n99999999999:x:0:0::/:/bin/sh\n' >>rootfs/etc/passwd
    rt run --detach "$ID" </dev/null >/dev/null 2>&1
    export_command
    python3 - <<'PYTHON'
import json, os, subprocess
command = json.loads(os.environ["RUNTIME_COMMAND"])
users = ["", "-1", "+0", " 0", "0 ", "0x0", "0x7fffffff", "0b0", "0o0", "1e3", "1.0", "4294967295", "4294967296", "4294967297",
         "8589934592", "99999999999", "18446744073709551615", "18446744073709551616", "9" * 400, "root", "web", "nobody", "1:2:3",
         "1000:", ":0", ":", "::", "0::0", "0:0:", "0:-1", "0:+0", "0:4294967295", "0:4294967296", "0:root", "0,1", "0 0", "0\n",
         "0;id", "$(id -u)", "*", "\u0660", "-", "0:0x0"]
assert len(users) >= 40
for user in users:
    done = subprocess.run(command + ["exec", "--user", user, os.environ["ID"], "id", "-u"], capture_output=True, timeout=30)
    text = done.stderr.decode()
    assert done.returncode == 255 and not done.stdout, (user, done)
    assert "invalid" in text and text.count("\n") == 1, (user, text)
for user in ("1000", "1000:7", "0", "65533"):
    done = subprocess.run(command + ["exec", "--user", user, os.environ["ID"], "id", "-u"], capture_output=True, timeout=30)
    assert done.stdout.decode().strip() == user.split(":")[0], (user, done)
PYTHON
    rt delete --force "$ID"
    args id -u
    edit 'p["user"] = {"uid": 424242, "gid": 434343, "additionalGids": [444444]}'
    cp config.json plain.json
    local value number
    for value in -1 4294967295 4294967296 4294967297 8589934592 18446744073709551616 1.5 '"0"' '"root"' '[0]' '{}' true 1e20; do
        for number in 424242 434343 444444; do
            sed "s/$number/$value/" plain.json >config.json
            refused "process.user" rt run "$ID"
        done
    done
    nothing_left
}

@test "config.json: missing, empty, cut off, no object, too deep, too large, a pipe" {
    args true
    cp config.json plain.json
    export_command
    python3 - <<'PYTHON'
import json, os, subprocess
command = json.loads(os.environ["RUNTIME_COMMAND"])
whole = open("plain.json", "rb").read()
cases = [whole[:n] for n in range(0, len(whole) - 2, max(1, len(whole) // 60))]
cases += [b"", b" ", b"null", b"[]", b'"x"', b"1", b"{", b"}", b"{}{}", b"\xff\xfe{}", b"\0", whole + b"x", b"//c\n" + whole,
          b'{"a":' * 100000, b"[" * 1000000, b'{"ociVersion":"1.0.2","process":' + b'{"user":' * 70 + b"}" * 71,
          b'{"ociVersion": "1.0.2", "x": "' + b"y" * (17 << 20) + b'"}', whole.replace(b"1.", b"2.", 1)]
for case in cases:
    open("config.json", "wb").write(case)
    done = subprocess.run(command + ["run", os.environ["ID"]], capture_output=True, timeout=20)
    text = done.stderr.decode()
    assert done.returncode == 1 and "config.json" in text and text.count("\n") == 1 and len(text) < 500, (case[:60], done)
PYTHON
    rm config.json
    refused config.json rt run "$ID"
    mkdir config.json
    refused config.json rt run "$ID"
    rmdir config.json
    refused "/no/such/bundle" rt run --bundle /no/such/bundle "$ID"
    nothing_left
}

@test "config.json: each member of a wrong type is named by its path" {
    edit 'c["annotations"] = {"a.b": "c"}' 'l["sysctl"] = {"net.core.somaxconn": "128"}' \
        'l["resources"] = {"unified": {"pids.max": "10"}, "devices": [{"allow": False, "access": "rwm"}]}' \
        'l["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]' \
        'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO",
            "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}' \
        'c["hooks"] = {"poststop": [{"path": "/bin/true", "args": ["true"], "timeout": 5}]}'
    args true
    export_command
    python3 - <<'PYTHON'
import copy, json, os, subprocess
command = json.loads(os.environ["RUNTIME_COMMAND"])
whole = json.load(open("config.json"))
MAPS = {"annotations", "sysctl", "unified"}

def walk(node, path):
    if isinstance(node, dict):
        for key, value in node.items():
            name = f"['{key}']" if path and path[-1][1] in MAPS else ("." if path else "") + key
            yield from walk(value, path + [(name, key)])
    elif isinstance(node, list):
        for index, value in enumerate(node): yield from walk(value, path + [(f"[{index}]", index)])
    if path: yield path, node

tried = 0
for path, node in walk(whole, []):
    for wrong in ([[1]] if isinstance(node, str) else ["text"]) + ([7] if isinstance(node, (dict, list, bool)) else []):
        if isinstance(node, list) and isinstance(wrong, list): continue
        changed = copy.deepcopy(whole)
        at = changed
        for _, key in path[:-1]: at = at[key]
        at[path[-1][1]] = wrong
        json.dump(changed, open("config.json", "w"))
        done = subprocess.run(command + ["run", os.environ["ID"]], capture_output=True, timeout=20)
        name = "".join(text for text, _ in path)
        assert done.returncode == 1, (name, wrong, done)
        assert f"config.json: member: {name} is not" in done.stderr.decode(), (name, wrong, done.stderr)
        tried += 1
assert tried > 150, tried
PYTHON
    nothing_left
}

@test "config.json: unknown members are kept and are no error" {
    edit 'c["x-mine"] = {"deep": [1, {"a": None}]}' 'p["later"] = True' 'l["future"] = {"y": 1}' 'c["mounts"][0]["new"] = 1' \
        'l["resources"] = {"next": {}}'
    script 'echo ran'
    [ "$(rt run "$ID")" = ran ]
    grep -q x-mine config.json
}

@test "root file system: missing, a file, empty" {
    args true
    edit 'c["root"]["path"] = "nowhere"'
    refused nowhere rt run "$ID"
    edit 'c["root"]["path"] = "config.json"'
    refused config.json rt run "$ID"
    edit 'c["root"]["path"] = ""'
    refused root.path rt run "$ID"
    edit 'c["root"]["path"] = "/root/\u0000x"'
    refused root.path rt run "$ID"
    edit 'c.pop("root")'
    refused root.path rt run "$ID"
    nothing_left
}

@test "the program: missing, not executable, a folder, no program, without its interpreter" {
    printf '\1\2\3 not a program' >rootfs/bin/noexec
    printf '#!/no/such/interpreter\n' >rootfs/bin/nointerpreter
    printf '#!/bin/sh\n' >rootfs/bin/noright
    chmod 755 rootfs/bin/noexec rootfs/bin/nointerpreter
    chmod 644 rootfs/bin/noright
    own rootfs/bin
    while read -r program text; do
        args "$program"
        refused "$text" rt run "$ID"
        refused "$text" rt run --detach "$ID"
        nothing_left
    done <<'CASES'
nowhere executable file not found in $PATH
/bin/nowhere no such file or directory
/bin/sh/x not a directory
noright permission denied
/bin/noright permission denied
/bin is a directory
/bin/noexec exec format error
/bin/nointerpreter no such file or directory
CASES
    edit 'p["args"] = []'
    refused process.args rt run "$ID"
    args sleep 100
    rt run --detach "$ID" </dev/null >/dev/null 2>&1
    CODE=255 refused "executable file not found" rt exec "$ID" nowhere
    CODE=255 refused "permission denied" rt exec "$ID" /bin/noright
    CODE=255 refused "is a directory" rt exec "$ID" /bin
    CODE=255 refused "exec format error" rt exec "$ID" /bin/noexec
}

@test "mounts: a source that is not there, a target of the other kind, an unknown type, a bad option" {
    args true
    cp config.json plain.json
    mkdir "$BATS_TEST_TMPDIR/folder" rootfs/folder
    touch "$BATS_TEST_TMPDIR/file" rootfs/file
    own "$BATS_TEST_TMPDIR/folder" "$BATS_TEST_TMPDIR/file" rootfs/folder rootfs/file
    local mount
    while read -r source target type option text; do
        cp plain.json config.json
        mount="{'destination': '$target', 'type': '$type', 'source': '$source', 'options': ['$option']}"
        edit "c['mounts'].append($mount)"
        refused "'$target'" rt run "$ID"
        [[ "$output" == *"$text"* ]]
        nothing_left
    done <<CASES
/no/such/source /data bind bind no such file
$BATS_TEST_TMPDIR/folder /file bind bind
$BATS_TEST_TMPDIR/file /folder bind bind
$BATS_TEST_TMPDIR/file /file/below bind bind
nodev /data nosuchfs ro
tmpfs /data tmpfs size=x size
tmpfs /data tmpfs nosuchoption=1 nosuchoption
CASES
    cp plain.json config.json
    edit "c['mounts'].append({'destination': 'relative/../..', 'type': 'nosuchfs', 'source': 'x'})"
    refused relative rt run "$ID"
    nothing_left
}

@test "hooks: one that fails, hangs, is not there, is killed" {
    args true
    cp config.json plain.json
    local kind
    for kind in prestart createRuntime createContainer; do
        while read -r words text; do
            cp plain.json config.json
            edit "c['hooks'] = {'$kind': [{'path': '${words%%,*}', 'args': '$words'.split(','), 'timeout': 1}]}"
            refused "$kind hook" timeout 10 "${RT[@]}" run "$ID"
            [[ "$output" == *"${words%%,*}"* && "$output" == *"$text"* ]]
            nothing_left
        done <<'CASES'
/bin/false exit status 1
/bin/sleep,60 no end within 1 s
/no/such/hook no such file
CASES
    done
    cp plain.json config.json
    edit "c['hooks'] = {'createRuntime': [{'path': 'relative'}]}"
    refused "hook" rt run "$ID"
    nothing_left
}

@test "a control group that cannot be made or written" {
    args true
    edit 'l["resources"]["pids"] = {"limit": 10}' 2>/dev/null || edit 'l["resources"] = {"pids": {"limit": 10}}'
    edit 'l["cgroupsPath"] = "/../escape"'
    refused cgroupsPath rt run "$ID"
    edit "l['cgroupsPath'] = '/$ID'"
    if ! is_rootless; then
        cat >read_only.sh <<SHELL
mount -o remount,ro,bind /sys/fs/cgroup/pids 2>/dev/null || mount -o remount,ro,bind /sys/fs/cgroup || exit 3
exec ${RT[*]@Q} run --bundle "$BUNDLE" "$ID"
SHELL
        refused cgroup unshare --mount sh read_only.sh
    else
        refused cgroup rt run "$ID"
    fi
    nothing_left
}

@test "a full disk: state folder, root file system, pid file" {
    args true
    local full=$BATS_TEST_TMPDIR/full
    mkdir "$full"
    cat >full.sh <<SHELL
mount -t tmpfs -o size=64k,nr_inodes=12,mode=777 tmpfs "$full" || exit 3
head -c 1M /dev/zero >"$full/filler" 2>/dev/null
"\$@"
code=\$?
find "$full" -mindepth 1 ! -name filler | sed 's/^/left: /'
exit \$code
SHELL
    local user=("${RT[@]:0:${#RT[@]}-3}")
    run unshare --mount sh full.sh "${user[@]}" "$RUNTIME" --root "$full/state" run --bundle "$BUNDLE" "$ID"
    echo "$output"
    [[ "$status" -eq 1 && "$output" == *"no space left"* && "$output" != *"left: $full/state/"* ]]
    run unshare --mount sh full.sh "${RT[@]}" run --bundle "$BUNDLE" --pid-file "$full/pid" "$ID"
    echo "$output"
    [[ "$status" -eq 1 && "$output" == *"no space left"* ]]
    nothing_left
}

@test "too few descriptors: it works, or says so" {
    args true
    edit 'p["rlimits"] = []'
    local limit worked=0
    for limit in $(seq 3 24) 64; do
        status=0  # not by `run`, which warns of 127
        output=$(timeout 20 prlimit --nofile="$limit:$limit" "${RT[@]}" run "$ID" 2>&1 3>&-) || status=$?
        [ "$status" -ne 124 ]
        [[ "$status" -eq 0 ]] && worked=1
        [[ "$status" -eq 0 || "$status" -eq 1 || "$status" -eq 127 ]] || { echo "$limit: $status $output"; false; }
        nothing_left
    done
    [ "$worked" = 1 ]
}

@test "closed standard streams: null devices in their places, for the program too" {
    args attacks fds
    local log=$BATS_TEST_TMPDIR/log
    touch "$log"
    own "$log"
    [ "$(rt run "$ID" 0<&- | cut -d' ' -f1 | paste -sd' ')" = "0 1 2" ]
    [ "$(rt run "$ID" 2>&- | cut -d' ' -f1 | paste -sd' ')" = "0 1 2" ]
    rt run "$ID" 0<&- 1>&- 2>&-
    edit 'p["cwd"] = "relative"'
    run timeout 20 "${RT[@]:0:${#RT[@]}-2}" --root "$STATE" --log "$log" run "$ID" 0<&- 1>&- 2>&-
    [ "$status" -eq 1 ]
    grep -q process.cwd "$log"
    nothing_left
}
