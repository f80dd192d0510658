# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian 12's packages: what a build needs, what dhow needs at work, what the tests need.

# shellcheck disable=SC2034  # used by contrib/try and contrib/check
packages_build=(
    g++ cmake ninja-build pkg-config
    libboost1.81-dev libboost-json1.81-dev libcli11-dev libsqlite3-dev libseccomp-dev libcap-dev
    libyaml-cpp-dev libtomlplusplus-dev libzstd-dev libisal-dev zlib1g-dev libcurl4-openssl-dev libssl-dev
    libnftables-dev
)
# shellcheck disable=SC2034
packages_run=(uidmap passt ca-certificates libcurl4 libnftables1 procps)
# shellcheck disable=SC2034
packages_test=(
    ccache libgtest-dev libgmock-dev libbenchmark-dev clang clang-format clang-tidy shellcheck python3 git
    bats jq curl openssl sqlite3 zstd busybox-static docker-registry apache2-utils skopeo mmdebstrap
    crun runc podman criu slirp4netns iproute2 nftables strace util-linux qemu-system-x86 e2fsprogs
    lld wasi-libc libclang-rt-14-dev-wasm32 nodejs
)

# The Debian names that are not installed, one a line.
missing_packages() {
    local name
    for name in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
    done
}

# install_packages NAME...: does nothing, and needs no root, when all are there.
install_packages() {
    command -v apt-get >/dev/null || die "apt-get is not here: this script is made for Debian 12"
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} == 0)) && return
    note "installing: ${missing[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends)
    # Lists that are there are tried first: an update asks the network for much.
    if ! as_root "${apt[@]}" install "${missing[@]}" >/dev/null 2>&1; then
        as_root apt-get -q update >/dev/null
        as_root "${apt[@]}" install "${missing[@]}" >/dev/null
    fi
}
