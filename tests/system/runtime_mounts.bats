#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bind mounts with mapped ids (idmap, ridmap, mappings of a mount's own), as root.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }

setup() {
    setup_bundle
    SOURCE=$BATS_TEST_TMPDIR/source
    mkdir -p "$SOURCE/below"
    touch "$SOURCE/roots" "$SOURCE/anns"
    chown 1000:1000 "$SOURCE/anns"
    chmod 777 "$SOURCE"
    chmod 755 "$BATS_TEST_TMPDIR"
}

teardown() {
    umount "$SOURCE/below" 2>/dev/null || true
    teardown_bundle
}

# bind OPTION,... [PYTHON DICT OF MORE MEMBERS]
bind() {
    edit "c['mounts'].append(dict({'destination': '/mnt', 'type': 'bind', 'source': '$SOURCE',
        'options': '$1'.split(',')}, **${2:-{\}}))"
}

own_map="{'uidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 1}, {'containerID': 1000, 'hostID': 0, 'size': 1}],
    'gidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 1}, {'containerID': 1000, 'hostID': 0, 'size': 1}]}"

user_namespace() {
    chmod 755 "$BUNDLE"
    edit 'l["namespaces"].append({"type": "user"})' \
        'l["uidMappings"] = l["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
    chown -R 100000:100000 "$BUNDLE/rootfs"
}

@test "a mount's own mapping, without a user namespace" {
    bind rbind "$own_map"
    script 'stat -c %u:%g /mnt/roots /mnt/anns; touch /mnt/new'
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [ "$output" = $'1000:1000\n0:0' ]
    # What root makes inside belongs to 1000 outside.
    [ "$(stat -c %u:%g "$SOURCE/new")" = 1000:1000 ]
    assert_clean
}

@test "idmap=, ridmap=: maps in the option itself, as crun and podman write them" {
    bind 'rbind,idmap=uids=0-1000-1#1000-0-1;gids=0-1000-1#1000-0-1'
    script 'stat -c %u:%g /mnt/roots /mnt/anns'
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [ "$output" = $'1000:1000\n0:0' ]
    local option
    for option in idmap= 'idmap=uids=0-1-1' 'idmap=uids=0-1;gids=0-1-1' 'ridmap=uids=0-1-1;gids=0-1-0' \
        'idmap=uids=@0-1-1;gids=@0-1-1' 'idmap=ids=0-1-1' 'idmap=uids=0-4294967296-1;gids=0-1-1' 'idmap=uids=0--1;gids=0-1-1'; do
        edit "c['mounts'][-1]['options'] = ['rbind', '$option']"
        run rt run "$ID"
        echo "$option: $output"
        [[ "$status" -eq 1 && "$output" == *"option idmap: '"* ]]
    done
    # Of a user namespace, relative to its ids: the files' 1000 is 5 in it.
    user_namespace
    edit "c['mounts'][-1]['options'] = ['rbind', 'ridmap=uids=@0-0-1#@1000-5-1;gids=@0-0-1#1000-100006-1']"
    run rt run "$ID"
    [ "$output" = $'0:0\n5:6' ]
    edit "c['mounts'][-1]['options'] = ['rbind', 'idmap=uids=@0-65535-2;gids=0-0-1']"
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"not within one line of the container's own map"* ]]
    assert_clean
}

@test "idmap: the container's mapping; without it the same files belong to nobody" {
    user_namespace
    bind rbind
    script 'stat -c %u:%g /mnt/roots /mnt/anns'
    run rt run "$ID"
    [ "$output" = $'65534:65534\n65534:65534' ]
    edit 'c["mounts"][-1]["options"].append("idmap")'
    script 'stat -c %u:%g /mnt/roots /mnt/anns; touch /mnt/new'
    run rt run "$ID"
    [ "$status" -eq 0 ]
    [ "$output" = $'0:0\n1000:1000' ]
    [ "$(stat -c %u:%g "$SOURCE/new")" = 0:0 ]
}

@test "ridmap reaches what is mounted below, idmap does not" {
    mount -t tmpfs tmpfs "$SOURCE/below"
    touch "$SOURCE/below/deep"
    bind rbind,ridmap "$own_map"
    script 'stat -c %u /mnt/roots /mnt/below/deep'
    run rt run "$ID"
    [ "$output" = $'1000\n1000' ]
    edit 'c["mounts"][-1]["options"] = ["rbind", "idmap"]'
    run rt run "$ID"
    [ "$output" = $'1000\n0' ]
}

@test "other options go with it, and the source itself is as it was" {
    bind rbind,ro,noexec "$own_map"
    script 'stat -c %u /mnt/roots; touch /mnt/new 2>&1 | grep -c Read-only'
    run rt run "$ID"
    [ "$output" = $'1000\n1' ]
    [ "$(stat -c %u "$SOURCE/roots")" = 0 ]
}

@test "what cannot be mapped is refused, and nothing stays" {
    bind rbind,idmap
    script true
    run rt run "$ID"
    [ "$status" -ne 0 ]
    [[ "$output" == *"idmap needs a user namespace"* ]]
    edit 'c["mounts"][-1].update(type="tmpfs", source="tmpfs", options=["idmap"])'
    run rt run "$ID"
    [ "$status" -ne 0 ]
    [[ "$output" == *"only bind mounts"* ]]
    edit 'one = [{"containerID": 0, "hostID": 1000, "size": 1}]' \
        'c["mounts"][-1].update(type="bind", options=["bind"], source="/tmp", uidMappings=one)'
    run rt run "$ID"
    [ "$status" -ne 0 ]
    [[ "$output" == *"uidMappings and gidMappings are needed together"* ]]
    # A file system that the kernel maps no ids of.
    edit 'one = [{"containerID": 0, "hostID": 1000, "size": 1}]' \
        'c["mounts"][-1].update(type="bind", options=["bind"], source="/proc", uidMappings=one, gidMappings=one)'
    run rt run "$ID"
    [ "$status" -ne 0 ]
    [[ "$output" == *"map the ids"* ]]
    assert_clean
}

@test "features says so" {
    [ "$(rt features | python3 -c 'import json, sys; print(json.load(sys.stdin)["linux"]["mountExtensions"]["idmap"]["enabled"])')" = True ]
}

@test "a container of a user namespace sends no mount to the host through a shared volume or root" {
    mkdir -p shared
    mount -t tmpfs -o mode=755 tmpfs shared
    mount --make-shared shared
    mkdir -p shared/volume/inside
    cp -a rootfs shared/rootfs
    chown -R 100000:100000 shared/rootfs shared/volume
    chmod a+rx "$BATS_TEST_TMPDIR" "$BUNDLE"
    edit 'c["root"]["path"] = "shared/rootfs"' 'l["namespaces"].append({"type": "user"})' \
        'l["uidMappings"] = l["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]' \
        'c["mounts"].append({"destination": "/volume", "type": "bind", "source": "shared/volume", "options": ["rbind"]})' \
        'p["capabilities"] = {k: ["CAP_SYS_ADMIN"] for k in ("bounding", "effective", "permitted")}'
    script 'mount -t tmpfs none /volume/inside && mount -t tmpfs none /root && echo mounted && sleep 100'
    rt run --detach "$ID" >out 2>&1 || true
    for _ in $(seq 40); do grep -q . out && break; sleep 0.1; done
    local seen
    seen=$(grep -c "$BUNDLE/shared/" /proc/self/mountinfo || true)
    rt delete --force "$ID" || true
    umount -l shared
    cat out
    [[ "$(cat out)" == mounted ]]
    [ "$seen" -eq 0 ]
}

@test "what goes behind a link that leads nowhere is made where the link says, in the root" {
    ln -s /far/away rootfs/jump
    ln -s /jump/deep/hosts rootfs/etc/hosts
    ln -s ../new/folder rootfs/etc/relative
    echo content >file
    edit "c['mounts'] += [{'destination': '/etc/hosts', 'source': 'file', 'options': ['bind']},
        {'destination': '/etc/relative', 'type': 'tmpfs', 'source': 'tmpfs'}]"
    script 'cat /far/away/deep/hosts; grep -c " /new/folder tmpfs" /proc/mounts'
    run rt run "$ID"
    [ "$output" = $'content\n1' ]
    [ ! -e /far ]
    ln -s round rootfs/etc/round
    edit "c['mounts'][-1]['destination'] = '/etc/round/x'"
    run rt run "$ID"
    [ "$status" -eq 1 ]
}

@test "a tmpfs has the mode of the folder it covers" {
    mkdir -m 0710 rootfs/there
    edit "c['mounts'] += [{'destination': d, 'type': 'tmpfs', 'source': 'tmpfs', 'options': o} for d, o in
        [('/there', []), ('/made', []), ('/tmp', ['mode=0500'])]]"
    args stat -c %a /there /made /tmp
    run rt run "$ID"
    [ "$output" = $'710\n1777\n500' ]
}

@test "a path that is masked twice is covered once; /dev/ptmx is the runtime's" {
    mkdir rootfs/hidden
    edit "l['maskedPaths'] += ['/hidden', '/hidden']" \
        "l['devices'] = [{'path': '/dev/ptmx', 'type': 'c', 'major': 5, 'minor': 2}]"
    script 'grep -c " /hidden " /proc/mounts; readlink /dev/ptmx'
    run rt run "$ID"
    [ "$output" = $'1\npts/ptmx' ]
}

@test "a relative destination is below the root (config.md, Mounts)" {
    edit 'c["mounts"].append({"destination": "mnt/deep", "type": "tmpfs", "source": "tmpfs"})'
    script 'grep " /mnt/deep " /proc/self/mounts'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "$output" == "tmpfs /mnt/deep tmpfs"* ]]
}

@test "copy-symlink, src-nofollow, dest-nofollow" {
    echo content >"$BATS_TEST_TMPDIR/file"
    ln -s elsewhere "$BATS_TEST_TMPDIR/link"
    ln -s nowhere "$BUNDLE/rootfs/target"
    edit "c['mounts'] += [
        {'destination': '/a/copy', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/link', 'options': ['bind', 'copy-symlink']},
        {'destination': '/a/file', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/file', 'options': ['bind', 'copy-symlink']},
        {'destination': '/target', 'type': 'bind', 'source': '$BATS_TEST_TMPDIR/link',
         'options': ['bind', 'src-nofollow', 'dest-nofollow']}]"
    script 'readlink /a/copy; cat /a/file; readlink /target'
    run rt run "$ID"
    [ "$output" = $'elsewhere\ncontent\nelsewhere' ]
    # Never below /proc, link or not.
    edit "c['mounts'][-1]['destination'] = '/proc/self'"
    run rt run "$ID"
    [[ "$status" -eq 1 && "$output" == *"inside /proc"* ]]
}

@test "rbind stays recursive beside bind" {
    mount -t tmpfs tmpfs "$SOURCE/below"
    touch "$SOURCE/below/deep"
    bind rbind,bind
    args ls /mnt/below
    run rt run "$ID"
    [ "$output" = deep ]
}

@test "every option that the specification wants is taken, for a file system and for a bind (config.md, Mounts)" {
    local options="async atime defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime
        noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rdev rdiratime
        relatime rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime
        rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave strictatime suid symfollow
        sync tmpcopyup unbindable"
    mkdir source
    edit "options = '''$options'''.split()" \
        'c["mounts"] += [{"destination": f"/t/{o}", "type": "tmpfs", "source": "tmpfs", "options": [o]} for o in options]' \
        'c["mounts"] += [{"destination": f"/b/{o}", "type": "bind", "source": "source", "options": ["bind", o]} for o in options]'
    script 'grep -c -e " /t/" -e " /b/" /proc/self/mounts'
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$output" -eq $((2 * $(wc -w <<<"$options"))) ]
    # And each is one that features lists.
    local option
    rt features >features.json
    for option in $options; do grep -q "\"$option\"" features.json || { echo "not listed: $option"; return 1; }; done
}

@test "a source inside the container's root is what earlier mounts made of it" {
    mkdir -p volume/deep rootfs/mnt rootfs/final
    echo content >volume/deep/file
    local users=
    for users in '' "l['namespaces'].append({'type': 'user'})"; do
        [ -z "$users" ] || chown -R 100000:100000 rootfs
        edit "c['mounts'] = [m for m in c['mounts'] if not m['destination'].endswith(('/mnt', '/final'))]" \
            "c['mounts'] += [{'destination': '/mnt', 'source': '$BUNDLE/volume', 'options': ['bind']},
            {'destination': '$BUNDLE/rootfs/final', 'source': '$BUNDLE/rootfs/mnt/deep', 'options': ['rbind']}]" \
            "l['uidMappings'] = l['gidMappings'] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}] if ${#users} else []" "${users:-pass}"
        args cat /final/file
        run rt run "$ID"
        echo "$output"
        [ "$output" = content ]
    done
}

mounts_below_bundle() {
    grep -c " $BUNDLE/rootfs" /proc/self/mountinfo || true
}

@test "in the mount namespace of another process: its view is unharmed, exec finds the container's root" {
    unshare --mount sleep 100 &
    local other=$!
    until [ "$(readlink /proc/$other/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]; do sleep 0.05; done
    edit "[n for n in l['namespaces'] if n['type'] == 'mount'][0]['path'] = '/proc/$other/ns/mnt'"
    args sleep 100
    rt run --detach "$ID"
    [ "$(readlink "/proc/$(rt state "$ID" | jq .pid)/ns/mnt")" = "$(readlink /proc/$other/ns/mnt)" ]
    [ "$(nsenter --target $other --mount ls /)" = "$(ls /)" ]
    [ "$(rt exec "$ID" ls /)" = "$(ls "$BUNDLE/rootfs")" ]
    [ "$(mounts_below_bundle)" -eq 0 ]
    rt delete --force "$ID"
    kill $other
}

@test "without a mount namespace: a chroot on the host, of which nothing is left" {
    edit "l['namespaces'] = [n for n in l['namespaces'] if n['type'] != 'mount']"
    args sleep 100
    rt run --detach "$ID"
    [ "$(readlink "/proc/$(rt state "$ID" | jq .pid)/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ]
    [ "$(rt exec "$ID" ls /)" = "$(ls "$BUNDLE/rootfs")" ]
    [ "$(mounts_below_bundle)" -gt 2 ]
    rt delete --force "$ID"
    [ "$(mounts_below_bundle)" -eq 0 ]
    # Nor of one that fails, before its mounts and after them; a mount of the caller's own stays.
    mount --bind rootfs rootfs
    args /missing
    run rt run "$ID"
    [ "$status" -ne 0 ]
    [ "$(mounts_below_bundle)" -eq 1 ]
    edit "c['mounts'].insert(0, {'destination': '/x', 'type': 'none-such'})"
    run rt run "$ID"
    [ "$status" -eq 1 ]
    [ "$(mounts_below_bundle)" -eq 1 ]
    umount rootfs
    assert_clean
}
