#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016  # bats's variables; $ is for the shell in the container
# Networks: none, host, pasta, bridge; published ports; what is cleared away after.
load ../support/common

setup_file() {
    setup_state
    load_busybox
}

# serve NAME FLAG...: a web server that answers with its name.
serve() {
    local name=$1
    shift
    succeed dhow run -d --name "$name" "$@" busybox sh -c "mkdir -p /www; echo I am $name >/www/index.html; exec httpd -f -p 80 -h /www"
}
page() { curl -sS --max-time 3 "http://$1/"; }
answers() { [[ $(page "$1") == "I am $2" ]]; }

@test "none: a loopback that is up, and nothing else" {
    succeed dhow run --rm --network none busybox sh -c 'ls /sys/class/net; cat /proc/sys/net/ipv4/ping_group_range; ip -o link show lo'
    same lo "${lines[0]}"
    # ping without privilege, as with Podman and Docker.
    same $'0\t0' "${lines[1]}"
    contains "${lines[2]}" "LOOPBACK,UP,LOWER_UP"
}

@test "host: the caller's network" {
    succeed dhow run --rm --network host busybox sh -c 'readlink /proc/self/ns/net; hostname'
    same "$(readlink /proc/self/ns/net)" "${lines[0]}"
    same dhow-test "${lines[1]}"
}

@test "the default network: an address, a default route, a name server" {
    needs_tun
    succeed dhow run --rm busybox sh -c 'ip -4 -o addr show scope global | wc -l; ip route | grep -c ^default; grep -c nameserver /etc/resolv.conf'
    same $'1\n1' "${lines[0]}"$'\n'"${lines[1]}"
}

@test "/etc/hosts and resolv.conf belong to the container" {
    succeed dhow run --rm --network none busybox sh -c 'echo "1.2.3.4 x" >>/etc/hosts; echo nameserver 1.2.3.4 >/etc/resolv.conf; grep localhost /etc/hosts'
    contains "$output" 127.0.0.1
    [[ $(</etc/hosts) != *"1.2.3.4 x"* ]]
}

@test "-p publishes a port: found on loopback, gone with the container" {
    needs_tun
    serve web -p 8080:80
    wait_until 5 answers 127.0.0.1:8080 web
    contains "$(dhow ps --format '{{.Ports}}')" "8080->80/tcp"
    succeed dhow stop -t 0 web
    run page 127.0.0.1:8080
    ((status != 0))
    succeed dhow start web
    wait_until 5 answers 127.0.0.1:8080 web
}

@test "-p on one address; a range of forms; a port chosen by dhow" {
    needs_tun
    serve one -p 127.0.0.1:8081:80/tcp
    wait_until 5 answers 127.0.0.1:8081 one
    run page 192.0.2.2:8081
    ((status != 0))
    serve any -p 80
    local port
    port=$(dhow inspect any | jq -r '.[0].NetworkSettings.Ports["80/tcp"][0].HostPort')
    ((port > 1023))
    wait_until 5 answers "127.0.0.1:$port" any
}

@test "UDP ports" {
    needs_tun
    succeed dhow run -d --name udp -p 8053:53/udp busybox sleep 100
    # Debian's busybox has no server for datagrams: one of the host's in the container's network.
    nsenter --net --target "$(dhow inspect --format '{{.State.Pid}}' udp)" python3 -c '
import socket
server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 53))
server.settimeout(10)
data, peer = server.recvfrom(100)
server.sendto(b"echo " + data, peer)' 3>&- &
    asked() {
        python3 -c '
import socket
client = socket.socket(type=socket.SOCK_DGRAM)
client.connect(("127.0.0.1", 8053))
client.settimeout(1)
client.send(b"ping")
print(client.recv(100).decode())'
    }
    echoes() { [[ $(asked) == "echo ping" ]]; }
    wait_until 5 echoes
}

@test "bridge: containers reach each other by address, and the host reaches them by port" {
    needs_tun
    serve a --network bridge -p 8082:80
    local address
    address=$(dhow inspect a --format '{{.NetworkSettings.IPAddress}}')
    [[ $address =~ ^10\. ]]
    wait_until 5 answers 127.0.0.1:8082 a
    succeed dhow run --rm --network bridge busybox wget -q -O- "http://$address/"
    same "I am a" "$output"
    succeed dhow run --rm --network bridge busybox ip -4 -o addr show dev eth0
    [[ $output != *"$address/"* ]]
}

@test "container:NAME shares that container's network" {
    serve web --network none
    beside() { [[ $(dhow run --rm --network container:web busybox wget -q -O- http://127.0.0.1/) == "I am web" ]]; }
    wait_until 5 beside
    succeed dhow run --rm --network container:web busybox cat /etc/hosts
    contains "$output" "$(dhow inspect --format '{{.Config.Hostname}}' web)"
    succeed dhow stop -t 0 web
    refuse 125 "dhow start web" dhow run --rm --network container:web busybox true
    same web "$(dhow ps -a --format "{{.Names}}")"
    refuse 125 nosuch dhow run --rm --network container:nosuch busybox true
}

@test "two containers cannot publish the same port; the first goes on" {
    needs_tun
    serve web -p 8083:80
    wait_until 5 answers 127.0.0.1:8083 web
    refuse 125 8083 dhow run --rm -p 8083:80 busybox true
    answers 127.0.0.1:8083 web
}

@test "a crashed network leaves no rule, interface or helper behind" {
    needs_tun
    serve web -p 8084:80
    succeed dhow rm -f -t 0 web
    nothing_left
    if ! is_rootless; then
        [[ $(nft list ruleset 2>/dev/null) != *8084* ]]
        same "" "$(ip -o link show type veth | grep -v 'up[01]@' || true)"
    fi
}
