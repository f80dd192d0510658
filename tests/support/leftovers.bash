# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a container may leave behind and must not: processes, mounts, cgroups, folders, rows. Each
# function prints what it finds, one a line, nothing when all is clean. The private machine of a test
# makes this exact: whatever is there, the test made.

# The process that keeps the user's namespaces between commands, and its network helpers, may stay.
is_holder() {
    local command
    command=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) || return 1
    [[ $command == *dhow-init\ hold* || $command == *"(dhow-hold)"* || $command == dhow-hold* ]]
}

ancestors() {
    local pid=$BASHPID
    while ((pid > 0)); do
        echo "$pid"
        pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || break
    done
}

# Processes of dhow: its helpers by name, and whatever runs as a subordinate id or in a deeper pid
# namespace (a container's own).
stray_processes() {
    local pid name pids
    for pid in /proc/[0-9]*; do
        pid=${pid#/proc/}
        name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
        pids=$(awk '/^NSpid:/ { print NF - 1 }' "/proc/$pid/status" 2>/dev/null) || continue
        case $name in
            dhow* | conmon | crun | runc* | pasta* | passt* | slirp4netns) ;;
            *) ((${pids:-1} > 1)) || continue ;;
        esac
        is_holder "$pid" && continue
        grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null && continue
        echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) ($name)"
    done
}

stray_mounts() { awk -v t="$T/" 'index($5, t) == 1 && $5 !~ /\/share-out/ { print "mount " $5 }' /proc/self/mountinfo; }

stray_cgroups() {
    find /sys/fs/cgroup -mindepth 1 -type d 2>/dev/null | grep -E '[0-9a-f]{64}' | sed 's/^/cgroup /' || true
}

stray_folders() {
    local state run folder
    state=$(state_dir) run=$(run_dir)
    for folder in "$state/containers" "$state/staging" "$run/c" "$run/runtime"; do
        [[ -d $folder ]] && find "$folder" -mindepth 1 -maxdepth 1 | sed 's/^/folder /'
    done
    return 0
}

stray_rows() {
    local database
    database=$(state_dir)/db.sqlite
    [[ -e $database ]] || return 0
    sqlite3 "file:$database?mode=ro" "SELECT 'row container ' || name FROM containers" 2>/dev/null || true
}

leftovers() {
    local try
    # An end is answered before the last helper has been reaped: a moment of grace, no more.
    for try in 1 2 3 4 5 6 7 8 9 10; do
        [[ -z $(stray_processes) ]] && break
        sleep 0.05
    done
    : "$try"
    stray_processes
    stray_mounts
    stray_cgroups
    stray_folders
    stray_rows
}

nothing_left() {
    local found
    found=$(leftovers)
    [[ -z $found ]] && return
    printf 'left behind:\n%s\n' "$found"
    return 1
}

end_holder() {
    local pid
    for pid in /proc/[0-9]*; do
        pid=${pid#/proc/}
        is_holder "$pid" && kill -9 "$pid" 2>/dev/null
    done
    return 0
}
