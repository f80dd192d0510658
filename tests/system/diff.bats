#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # bats's variables
# diff of containers and images, image tree.
load ../support/common

setup_file() {
    setup_state
    load_busybox
}

teardown() { dhow rm -fa -t 0 >/dev/null; }

image=localhost/busybox:latest
made() { dhow run --name made --network none "${@:2}" $image sh -c "$1"; }

@test "a container: added, changed, deleted; what dhow put in is left out" {
    made 'echo x >/new; mkdir -p /a/b; echo y >/a/b/c; chmod 700 /root; rm /etc/passwd; ln -s /new /link' -v /vol --tmpfs /mem
    same "A /a|A /a/b|A /a/b/c|C /etc|D /etc/passwd|A /link|A /new|C /root" "$(dhow diff made | paste -sd'|')"
    same '["/a","/a/b","/a/b/c","/link","/new"]' "$(dhow diff --format json made | jq -c .added)"
    same '["/etc/passwd"]' "$(dhow container diff --format json made | jq -c .deleted)"
}

@test "one that changed nothing, one that never ran, one that runs" {
    made true
    same "" "$(dhow diff made)"
    dhow create --name fresh --network none $image true >/dev/null
    same "" "$(dhow diff fresh)"
    dhow run -d --name up --network none $image sh -c 'echo x >/new; sleep 1000' >/dev/null
    wait_until 5 dhow exec up test -s /new
    same "A /new" "$(dhow diff up)"
}

@test "a folder that replaces another hides what was there" {
    made 'rm -r /root; mkdir /root; echo z >/root/z; rm -r /var 2>/dev/null; echo file >/var'
    contains "$(dhow diff made)" "A /root/z"
    contains "$(dhow diff made)" "C /root"
}

@test "images: the topmost layer, and one beside another; tree" {
    made 'echo 1 >/one; rm /etc/passwd'
    dhow commit -q made localhost/above:1 >/dev/null
    contains "$(dhow diff localhost/above:1)" "A /one"
    contains "$(dhow image diff localhost/above:1)" "D /etc/passwd"
    contains "$(dhow image diff localhost/above:1 $image)" "A /one"
    contains "$(dhow image diff $image localhost/above:1)" "D /one"
    contains "$(dhow image diff $image localhost/above:1)" "A /etc/passwd"
    [[ $(dhow image diff $image) != *"D "* ]]
    tree=$(dhow image tree localhost/above:1)
    contains "$tree" "Tags:     [localhost/above:1]"
    contains "$tree" "├── ID: "
    contains "$tree" "Top Layer of: [$image]"
    contains "$tree" "└── ID: "
}

@test "what is not there, and formats that are not" {
    refuse 125 nothing dhow diff nothing
    refuse 125 nothing dhow container diff nothing
    refuse 125 json dhow diff --format table nothing
}
