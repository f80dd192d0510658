# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# How contrib's scripts speak, and how they become root where they must.

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    bold=$'\e[1m' plain=$'\e[0m'
else
    bold='' plain=''
fi

step() { printf '%s==> %s%s\n' "$bold" "$1" "$plain"; }
note() { printf '    %s\n' "$1"; }

die() {
    printf 'Error: %s\n' "$1" >&2
    exit 1
}

# as_root COMMAND...
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "'$*' needs root: run this script as root, or install sudo"
    fi
}
