# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The images of the system tests, made from Debian's packages alone and kept in TEST_CACHE:
#
#   busybox.oci.tar     OCI archive, one gzip layer, localhost/busybox:latest
#   busybox.docker.tar  docker-archive of the same
#   two_layers.oci.tar  a second layer with whiteouts over the first
#   debian-nginx/       OCI layout: Debian 12 (mmdebstrap), nginx from its packages in a second layer
#
# Each is made once, under a lock, in a temporary folder and then renamed.

TEST_CACHE=${DHOW_TEST_CACHE:-/var/cache/dhow-tests}
SUPPORT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PACK=$SUPPORT/../../contrib/image/pack

oci_arch() {
    case $(uname -m) in
        x86_64) echo amd64 ;;
        aarch64) echo arm64 ;;
        *) uname -m ;;
    esac
}

# plain_tar FOLDER OUT.tar: the folder's content, without times or owners of this machine.
plain_tar() {
    tar -C "$1" --sort=name --mtime=2024-01-01T00:00:00Z --owner=0 --group=0 --numeric-owner \
        --format=pax --pax-option=delete=atime,delete=ctime -cf "$2" .
}

# cached NAME FUNCTION: the path of $TEST_CACHE/NAME, made by FUNCTION PATH when it is not there.
cached() {
    local name=$1 make=$2
    mkdir -p "$TEST_CACHE"
    chmod 755 "$TEST_CACHE"
    (
        flock 9
        if [[ ! -e $TEST_CACHE/$name ]]; then
            local part=$TEST_CACHE/.part-$name
            rm -rf "$part"
            "$make" "$part" >&2
            chmod -R u+rwX,go+rX "$part"
            mv "$part" "$TEST_CACHE/$name"
        fi
    ) 9>"$TEST_CACHE/.lock-$name" || return
    echo "$TEST_CACHE/$name"
}

busybox_root() {
    local root=$1 applet
    mkdir -p "$root"/{bin,etc,dev,proc,sys,root,var/log,home/ann,work}
    mkdir -m 1777 "$root/tmp"
    install -m 755 "$(command -v busybox)" "$root/bin/busybox"
    for applet in $("$root/bin/busybox" --list); do
        [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:Ann:/home/ann:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\nann:x:1000:\nextra:x:2000:ann\nnogroup:x:65534:\n' >"$root/etc/group"
    printf '#!/bin/sh\nexit 0\n' >"$root/work/not-executable"
    chmod 644 "$root/work/not-executable"
    echo "from the image" >"$root/etc/greeting"
}

BUSYBOX_CONFIG='{"Env":["PATH=/bin","FROM_IMAGE=yes"],"Cmd":["sh"],"Labels":{"maker":"dhow-tests"}}'

make_busybox_oci() {
    local work
    work=$(mktemp -d)
    busybox_root "$work/root"
    plain_tar "$work/root" "$work/layer.tar"
    "$PACK" "$1" localhost/busybox:latest "$(oci_arch)" "$BUSYBOX_CONFIG" "$work/layer.tar"
    rm -rf "$work"
}

make_busybox_docker() {
    local oci
    oci=$(cached busybox.oci.tar make_busybox_oci)
    skopeo --insecure-policy copy -q "oci-archive:$oci" "docker-archive:$1:localhost/busybox:docker"
}

# A second layer that removes /etc/greeting, hides /work's old content and adds files of its own.
make_two_layers() {
    local work
    work=$(mktemp -d)
    busybox_root "$work/root"
    plain_tar "$work/root" "$work/layer1.tar"
    mkdir -p "$work/over/etc" "$work/over/work"
    touch "$work/over/etc/.wh.greeting" "$work/over/work/.wh..wh..opq"
    echo second >"$work/over/work/added"
    ln -s ../etc/passwd "$work/over/work/link"
    ln "$work/over/work/added" "$work/over/work/hard"
    plain_tar "$work/over" "$work/layer2.tar"
    COMPRESS=zstd "$PACK" "$1" localhost/two:latest "$(oci_arch)" "$BUSYBOX_CONFIG" "$work/layer1.tar" "$work/layer2.tar"
    rm -rf "$work"
}

# whiteouts_to_files UPPER: overlayfs's own marks, turned into the form an image layer carries.
whiteouts_to_files() {
    local upper=$1 file
    find "$upper" -type c -print0 | while IFS= read -r -d '' file; do
        [[ $(stat -c %t:%T "$file") == 0:0 ]] || continue
        rm "$file"
        : >"$(dirname "$file")/.wh.$(basename "$file")"
    done
    find "$upper" -type d -print0 | while IFS= read -r -d '' file; do
        python3 - "$file" <<'PY' && : >"$file/.wh..wh..opq"
import os, sys
try:
    sys.exit(os.getxattr(sys.argv[1], "trusted.overlay.opaque") != b"y")
except OSError:
    sys.exit(1)
PY
    done
    return 0
}

# The machine's own sources, so that nothing but its configured mirror is asked.
bookworm_sources() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | grep -E '^deb .*\bbookworm' || true
    awk '/^URIs:/{uri=$2} /^Suites:/{suites=$0; sub("Suites: *","",suites)}
         /^Signed-By:/{n=split(suites,s," "); for(i=1;i<=n;i++) if (s[i] ~ /^bookworm/) print "deb", uri, s[i], "main"}' \
        /etc/apt/sources.list.d/*.sources 2>/dev/null || true
}

machine_proxy() { apt-config dump | sed -n 's/^\(Acquire::https\{0,1\}::[Pp]roxy[^ ]* "[^"]*"\);$/\1/p'; }

# Its mounts live in a mount namespace of its own, so that a killed test leaves none.
make_debian_nginx() {
    local work
    work=$(mktemp -d /var/tmp/dhow-debian.XXXXXX)
    if ! unshare --mount --propagation private bash -euo pipefail -c '
        . "$1/images.bash"
        debian_nginx_layers "$2"' _ "$SUPPORT" "$work"; then
        rm -rf "$work"
        return 1
    fi
    "$PACK" "$work/image.tar" debian-nginx "$(oci_arch)" \
        '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Entrypoint":["/usr/sbin/nginx"],"Cmd":["-g","daemon off;"],"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGQUIT"}' \
        "$work/base.tar" "$work/nginx.tar" || return
    mkdir -p "$1"
    tar -C "$1" -xf "$work/image.tar"
    rm -rf "$work"
}

debian_nginx_layers() {
    local work=$1
    local option options=('Acquire::Check-Valid-Until "false"') aptopts=()
    while IFS= read -r option; do options+=("$option"); done < <(machine_proxy)
    for option in "${options[@]}"; do aptopts+=("--aptopt=$option"); done
    bookworm_sources >"$work/sources.list"
    mmdebstrap --quiet --mode=root --variant=minbase "${aptopts[@]}" bookworm "$work/base" "$work/sources.list"
    mkdir "$work"/{upper,work,merged}
    mount -t overlay overlay -o "lowerdir=$work/base,upperdir=$work/upper,workdir=$work/work" "$work/merged"
    cp /etc/resolv.conf "$work/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$work/merged/usr/sbin/policy-rc.d"
    chmod +x "$work/merged/usr/sbin/policy-rc.d"
    mount --bind "$work/resolv.conf" "$work/merged/etc/resolv.conf" 2>/dev/null || cp "$work/resolv.conf" "$work/merged/etc/resolv.conf"
    mount -t proc proc "$work/merged/proc"
    local apt=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$work/merged" apt-get -q)
    "${apt[@]}" update
    "${apt[@]}" install -y --no-install-recommends nginx-light
    "${apt[@]}" clean
    umount "$work/merged/proc"
    umount "$work/merged/etc/resolv.conf" 2>/dev/null || true
    rm -rf "$work"/merged/usr/sbin/policy-rc.d "$work"/merged/var/lib/apt/lists/* "$work"/merged/var/cache/apt/*.bin
    ln -sf /dev/stdout "$work/merged/var/log/nginx/access.log"
    ln -sf /dev/stderr "$work/merged/var/log/nginx/error.log"
    echo 'dhow says hello from nginx' >"$work/merged/var/www/html/index.html"
    umount "$work/merged"
    rm -f "$work/base/etc/apt/apt.conf.d/99mmdebstrap"
    whiteouts_to_files "$work/upper"
    tar -C "$work/base" --numeric-owner -cf "$work/base.tar" .
    tar -C "$work/upper" --numeric-owner -cf "$work/nginx.tar" .
}

busybox_oci() { cached busybox.oci.tar make_busybox_oci; }
busybox_docker() { cached busybox.docker.tar make_busybox_docker; }
two_layers_oci() { cached two_layers.oci.tar make_two_layers; }
debian_nginx() { cached debian-nginx make_debian_nginx; }

# Debian's docker client alone: its package also holds a daemon, which nobody wants started here.
make_docker_client() {
    mkdir -p "$1/package"
    (cd "$1/package" && apt-get -q download docker.io) && dpkg-deb -x "$1"/package/docker.io_*.deb "$1/all" || return
    install -D "$1/all/usr/bin/docker" "$1/usr/bin/docker"
    rm -rf "$1/package" "$1/all"
}

docker_client_package() { cached docker-client make_docker_client; }
