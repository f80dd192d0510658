# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The ordinary user of the rootless tests.

TEST_USER=${DHOW_TEST_USER:-dhow-test}
TEST_PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin

# free_range FILE: a first id with 65536 free ones after it, above every range in FILE.
free_range() {
    awk -F: 'BEGIN { top = 165536 } $2 + $3 > top { top = $2 + $3 } END { print top }' "$1" 2>/dev/null || echo 165536
}

# Makes the user with subordinate ids; does nothing when that is so already. Several at once are fine.
ensure_test_user() {
    local lock=/run/dhow-test-user.lock
    (
        flock 9
        id "$TEST_USER" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$TEST_USER"
        touch /etc/subuid /etc/subgid
        if ! grep -q "^$TEST_USER:" /etc/subuid; then
            local first
            first=$(free_range /etc/subuid)
            usermod --add-subuids "$first-$((first + 65535))" "$TEST_USER"
        fi
        if ! grep -q "^$TEST_USER:" /etc/subgid; then
            local first
            first=$(free_range /etc/subgid)
            usermod --add-subgids "$first-$((first + 65535))" "$TEST_USER"
        fi
    ) 9>"$lock"
}

# as_user COMMAND...: as TEST_USER, with a clean environment of USER_ENV ("K=V" entries). Descriptors
# are the caller's.
as_user() {
    setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups \
        env -i "PATH=$TEST_PATH" "HOME=$USER_HOME" "USER=$TEST_USER" \
        "TERM=${TERM:-dumb}" ${USER_ENV[@]+"${USER_ENV[@]}"} "$@"
}
