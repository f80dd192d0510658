# SPDX-License-Identifier: Apache-2.0
"""What crun's tests use of util-linux's libmount, which Debian 12 has no Python module of."""


class Mount:
    """One line of mountinfo, as proc(5) has it."""

    def __init__(self, line):
        mount, filesystem = line.split(" - ", 1)
        fields = mount.split()
        self.target, self.vfs_options = fields[4], fields[5]
        self.fs_options = filesystem.split()[2]


class Table:
    """A file of such lines."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.mounts = [Mount(line) for line in file if " - " in line]

    def find_target(self, path):
        """The mount on top at `path`."""
        found = [mount for mount in self.mounts if mount.target == path]
        return found[-1] if found else None
