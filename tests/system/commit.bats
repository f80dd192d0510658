#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# commit, export, import, history: images out of containers and tars.
load ../support/common

setup_file() {
    setup_state
    load_busybox
}

setup() {
    empty_out
}

# A container called `made` that has run a script.
made() { dhow run --name made --network none "${@:2}" localhost/busybox:latest sh -c "$1"; }
runs() { dhow run --rm --network none --pull never "$@"; }
config_of() { dhow image inspect "$1" | jq -c ".[0].Config.$2"; }

@test "what a container changed is in the image: files, owners, modes, links, deletions" {
    made 'echo new >/new; chown 7:8 /new; chmod 4755 /new; ln /new /hard; ln -s new /soft; rm -r /root
        mkdir -p /a/b; echo deep >/a/b/c; mkfifo /fifo; touch -d @1000000000 /a/b/c'
    succeed dhow commit -q made localhost/committed:1
    [[ $output =~ ^[0-9a-f]{64}$ ]]
    succeed runs localhost/committed:1 sh -c 'cat /new; stat -c "%a %u:%g %h" /new; readlink /soft; cat /a/b/c
        stat -c %Y /a/b/c; stat -c %F /fifo; [ -e /root ] || echo gone'
    same "new|4755 7:8 2|new|deep|1000000000|fifo|gone" "$(paste -sd'|' <<<"$output")"
}

@test "an opaque folder hides what was below it" {
    made 'rm -rf /bin/../usr; rm -rf /sbin; mkdir -p /var/deep; echo x >/var/deep/x'
    succeed dhow commit -q made localhost/below:1
    dhow rm made
    dhow run --name made --network none localhost/below:1 sh -c 'rm -r /var; mkdir /var; echo y >/var/y'
    succeed dhow commit -q made localhost/opaque:1
    same y "$(runs localhost/opaque:1 ls /var)"
}

@test "the image runs as the container was run" {
    dhow create --name made -e GREETING=hello -w /tmp -u 1000:1000 --label who=me -p 0:80 \
        --network none --entrypoint echo localhost/busybox:latest said >/dev/null
    succeed dhow commit -q made localhost/config:1
    same '["echo"]' "$(config_of localhost/config:1 Entrypoint)"
    same '["said"]' "$(config_of localhost/config:1 Cmd)"
    same '"/tmp"' "$(config_of localhost/config:1 WorkingDir)"
    same '"1000:1000"' "$(config_of localhost/config:1 User)"
    same '"me"' "$(config_of localhost/config:1 Labels.who)"
    contains "$(config_of localhost/config:1 Env)" GREETING=hello
    [[ $(config_of localhost/config:1 Env) != *HOSTNAME* ]]
    same said "$(runs localhost/config:1)"
}

@test "--change, --author, --message, --iidfile" {
    made true
    succeed dhow commit -q --author Ann --message "a change" --iidfile "$T/out/id" \
        -c 'CMD ["sh", "-c", "echo $COLOUR"]' -c 'ENV COLOUR="dark green" SIZE=3' -c 'EXPOSE 80 53/udp' \
        -c LABEL=a=b -c 'VOLUME /data' -c 'WORKDIR /srv' -c 'USER 5' -c 'STOPSIGNAL SIGINT' made localhost/changed:1
    same "sha256:$output" "$(<"$T/out/id")"
    same "dark green" "$(runs localhost/changed:1)"
    same '{"53/udp":{},"80/tcp":{}}' "$(dhow image inspect localhost/changed:1 | jq -cS '.[0].Config.ExposedPorts')"
    same '"b"' "$(config_of localhost/changed:1 Labels.a)"
    same '{"/data":{}}' "$(config_of localhost/changed:1 Volumes)"
    same Ann "$(dhow image inspect localhost/changed:1 | jq -r '.[0].Author')"
    contains "$(dhow history --format '{{.Comment}}' localhost/changed:1)" "a change"
    refuse 125 "DANCE" dhow commit -q -c 'DANCE all night' made localhost/no:1
    refuse 125 "port" dhow commit -q -c 'EXPOSE many' made localhost/no:1
    refuse 125 "nobody-knows" dhow commit -q nobody-knows localhost/no:1
    refuse 125 "digest" dhow commit -q made "localhost/no@sha256:$(printf '0%.0s' {1..64})"
    same "" "$(dhow images -q localhost/no)"
}

@test "commit of a running container, and of an image made so" {
    dhow run -d --name made --network none localhost/busybox:latest sh -c 'echo 1 >/one; sleep 1000' >/dev/null
    wait_until 5 dhow exec made test -s /one
    succeed dhow commit -q made localhost/first:1
    dhow rm -f -t 0 made
    made 'echo 2 >/two'
    dhow rm made
    dhow run --name made --network none localhost/first:1 sh -c 'echo 2 >/two'
    succeed dhow commit -q made localhost/second:1
    same "1 2" "$(runs localhost/second:1 sh -c 'cat /one /two | xargs')"
    same 3 "$(dhow image inspect localhost/second:1 | jq '.[0].RootFS.Layers | length')"
    # What is the same is stored once.
    dhow rm made
    dhow rmi localhost/first:1
    same 1 "$(runs localhost/second:1 cat /one)"
}

@test "a committed image travels: saved, removed, loaded" {
    made 'echo travels >/where'
    succeed dhow commit -q made localhost/travels:1
    local id=$output
    dhow rm made
    succeed dhow save -q -o "$T/out/t.tar" localhost/travels:1
    dhow rmi localhost/travels:1
    succeed dhow load -q -i "$T/out/t.tar"
    same "$id" "$(dhow images -q --no-trunc localhost/travels:1 | sed s/sha256://)"
    same travels "$(runs localhost/travels:1 cat /where)"
    dhow rmi localhost/travels:1
}

@test "export is the tree, import makes an image of it" {
    made 'echo kept >/kept; chown 3:4 /kept; rm -r /root; ln /kept /other'
    succeed dhow export -o "$T/out/tree.tar" made
    same "" "$(tar -tf "$T/out/tree.tar" | grep -E '^(root/|\.wh\.)' || true)"
    same "3/4" "$(tar -tvf "$T/out/tree.tar" --numeric-owner kept | awk '{print $2}')"
    same "link to kept" "$(tar -tvf "$T/out/tree.tar" other | sed 's/.*other //')"
    same kept "$(dhow export made | tar -xOf - kept)"
    gzip -k "$T/out/tree.tar"
    succeed dhow import -q -c 'CMD ["cat", "/kept"]' -m imported "$T/out/tree.tar.gz" localhost/imported:1
    [[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
    same kept "$(runs localhost/imported:1)"
    contains "$(dhow history --no-trunc localhost/imported:1)" "imported from"
    # shellcheck disable=SC2002
    succeed bash -c "'$T/dhow' import -q - localhost/piped:1 <'$T/out/tree.tar'"
    same kept "$(runs localhost/piped:1 cat /kept)"
    head -c 1000 "$T/out/tree.tar.gz" >"$T/out/cut.gz"
    refuse 125 "cut" dhow import -q "$T/out/cut.gz" localhost/cut:1
    same "" "$(dhow images -q localhost/cut)"
}

@test "history: newest first, sizes, ids, JSON" {
    made 'head -c 100000 /dev/zero >/zeros'
    succeed dhow commit -q made localhost/history:1
    local id=$output
    same "$id" "$(dhow history -q --no-trunc localhost/history:1 | head -1)"
    same 100000 "$(dhow history --format json localhost/history:1 | jq '.[0].size')"
    contains "$(dhow history --format json localhost/history:1 | jq -r '.[0].CreatedBy')" "head -c"
    contains "$(dhow history localhost/history:1 | head -1)" "CREATED BY"
    refuse 125 nowhere dhow history localhost/nowhere
}
