#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dhow-runtime by itself, as root: linux.netDevices. A veth pair stands for a card: nd0 is moved, nd1 stays.
# Run under tests/support/private_machine.
# shellcheck disable=SC2016,SC2154

load runtime

setup_file() { setup_runtime_file; }

setup() {
    setup_bundle
    ip link add nd0 type veth peer name nd1
    ln -sf busybox "$BUNDLE/rootfs/bin/ip"
}

teardown() {
    teardown_bundle
    ip netns del "ns-$ID" 2>/dev/null
    ip link del nd1 2>/dev/null
    return 0
}

# The container joins a network namespace that outlives it.
use_named_namespace() {
    ip netns add "ns-$ID"
    edit "[n.update(path='/run/netns/ns-$ID') for n in l['namespaces'] if n['type'] == 'network']"
}

@test "a device becomes the container's, is up, and keeps MAC, MTU and global addresses" {
    ip link set nd0 address 02:11:22:33:44:55 mtu 1400
    ip addr add 10.9.8.7/24 dev nd0
    ip addr add 127.0.0.33/32 scope host dev nd0
    ip addr add fd00:9::7/64 dev nd0 nodad
    ip link set nd0 up
    edit 'l["netDevices"] = {"nd0": {}}'
    script 'ip addr show dev nd0; ip link show lo'
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"UP"*"mtu 1400"*"02:11:22:33:44:55"* ]]
    [[ "$output" == *"inet 10.9.8.7/24"* ]]
    [[ "$output" != *"127.0.0.33"* ]]
    [[ "$output" == *"inet6 fd00:9::7/64"* ]]
    # A virtual device goes with the container's own namespace.
    run ip link show nd0
    [ "$status" -ne 0 ]
    assert_clean
}

@test "a device is renamed, and stays in a namespace that was there before" {
    use_named_namespace
    ip addr add 10.9.8.7/24 dev nd0
    edit 'l["netDevices"] = {"nd0": {"name": "wan0"}}'
    script 'ip addr show dev wan0'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "$output" == *"10.9.8.7/24"* ]]
    run ip netns exec "ns-$ID" ip addr show dev wan0
    [[ "$status" -eq 0 && "$output" == *"10.9.8.7/24"* ]]
}

@test "%d in a name asks the kernel for a number" {
    use_named_namespace
    ip -n "ns-$ID" link add eth0 type veth peer name other
    edit 'l["netDevices"] = {"nd0": {"name": "eth%d"}}'
    script 'ip link show eth1'
    run rt run "$ID"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "a device goes back as it was when the container does not come to be" {
    ip addr add 10.9.8.7/24 dev nd0
    ip link set nd0 up
    local index
    index=$(ip -o link show nd0 | cut -d: -f1)
    for broken in 'p["args"] = ["/no/such"]' 'c["mounts"].append({"destination": "/x", "type": "bind", "source": "/no/such", "options": ["bind"]})'; do
        edit 'l["netDevices"] = {"nd0": {"name": "wan0"}}' "$broken"
        run rt run "$ID"
        [ "$status" -ne 0 ]
        run ip addr show dev nd0
        echo "$output"
        [[ "$status" -eq 0 && "$output" == *"10.9.8.7/24"* && "$output" == *UP* ]]
        [ "$(ip -o link show nd0 | cut -d: -f1)" = "$index" ]
        assert_clean
    done
}

@test "a name that is taken, a device that is not there, a name that is none" {
    edit 'l["netDevices"] = {"nd0": {"name": "lo"}}'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"move network device 'nd0'"*"'lo' already"* ]]
    ip link show nd0
    edit 'l["netDevices"] = {"nd7": {}}'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"'nd7'"*"no such network interface"* ]]
    edit 'l["netDevices"] = {"nd0": {"name": "a/b"}}'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *'invalid network device name "a/b"'* ]]
    # Of two, the one that was moved comes back when the other fails.
    edit 'l["netDevices"] = {"nd0": {}, "nd7": {}}'
    run rt run "$ID"
    [ "$status" -ne 0 ]
    ip link show nd0
    assert_clean
}

@test "devices need a network namespace of the container's own, and the right to them" {
    edit 'l["netDevices"] = {"nd0": {}}' 'l["namespaces"] = [n for n in l["namespaces"] if n["type"] != "network"]'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"NET namespace"* ]]
    ip link show nd0
    edit 'l["namespaces"].append({"type": "network"})'
    chmod a+rX "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
    chmod 777 "$BATS_TEST_TMPDIR" "$BUNDLE"
    run setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Ur "$RUNTIME" --root "$BUNDLE/s" run --bundle "$BUNDLE" "$ID"
    echo "$output"
    [[ "$status" -ne 0 && "$output" == *"network device 'nd0'"*"not permitted"* ]]
    ip link show nd0
}

@test "a device moves into the namespaces of a new user namespace" {
    ip addr add 10.9.8.7/24 dev nd0
    edit 'l["netDevices"] = {"nd0": {"name": "wan0"}}' 'l["namespaces"].append({"type": "user"})' \
        'l["uidMappings"] = l["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
    chown -R 100000:100000 "$BUNDLE/rootfs"
    chmod -R a+rX "$BATS_TEST_TMPDIR"
    script 'ip addr show dev wan0'
    run rt run "$ID"
    echo "$output"
    [[ "$status" -eq 0 && "$output" == *"10.9.8.7/24"* ]]
}
