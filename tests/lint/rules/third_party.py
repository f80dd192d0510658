# SPDX-License-Identifier: Apache-2.0
"""A third-party library is reached through one place: one .cc (and that file's header), or one folder
where the table says so. What a library is replaced by later then changes one file.
"""
import re
from pathlib import PurePosixPath

from source import CXX, files, includes

# header prefix: (where it may appear, whether several files there may include it)
PLACES = {
    "CLI/": (r"cmd/dhow/", True),
    "boost/json": (r"lib/base/json\.", False),
    "boost/beast": (r"cmd/api/", True),
    "boost/asio": (r"cmd/api/", True),
    "boost/": (r"lib/base/|cmd/api/", True),
    "sqlite3.h": (r"lib/store/", False),
    "seccomp.h": (r"lib/oci/runtime/|lib/engine/", False),
    "sys/capability.h": (r"lib/oci/|lib/rootless/", False),
    "curl/": (r"lib/store/registry/", False),
    "openssl/": (r"lib/store/", False),
    "isa-l": (r"lib/store/transfer/(?:de)?compress\.", True),
    "zstd.h": (r"lib/store/transfer/(?:de)?compress\.", True),
    "zlib.h": (r"lib/store/", False),
    "yaml-cpp/": (r"lib/engine/", False),
    "toml": (r"lib/engine/|lib/store/", False),
    "nftables/": (r"lib/engine/network/", False),
    "gtest/": (r"tests/", True),
    "gmock/": (r"tests/", True),
    "benchmark/": (r"tests/", True),
}


def check(root):
    found = []
    users = {}
    for source in files(root, ("lib", "cmd"), CXX):
        for line, quoted, header in includes(source):
            prefix = max((p for p in PLACES if header.startswith(p)), key=len, default=None)
            if prefix is None or quoted:
                continue
            where, many = PLACES[prefix]
            if not re.match(where, source.path):
                found.append(f"{source.path}:{line}: <{header}> belongs in {where} alone")
            elif not many:
                stem = PurePosixPath(source.path).with_suffix("").as_posix()
                users.setdefault(prefix, {}).setdefault(stem, f"{source.path}:{line}")
    for prefix, stems in users.items():
        if len(stems) > 1:
            places = ", ".join(sorted(stems.values()))
            found.append(f"{places}: <{prefix}> is included by more than one part")
    return found


BAD = [
    ("lib/engine/a.cc", "#include <CLI/CLI.hpp>\n"),
    ("lib/engine/a.cc", "#include <sqlite3.h>\n"),
    ("cmd/dhow/a.cc", "#include <boost/json.hpp>\n"),
    ("lib/store/a.cc", "#include <gtest/gtest.h>\n"),
    [("lib/store/a.cc", "#include <sqlite3.h>\n"), ("lib/store/b.cc", "#include <sqlite3.h>\n")],
]
GOOD = [
    [("lib/store/a.cc", "#include <sqlite3.h>\n"), ("lib/store/a.h", "#include <sqlite3.h>\n")],
    [("cmd/dhow/a.cc", "#include <CLI/CLI.hpp>\n"), ("cmd/dhow/b.cc", "#include <CLI/App.hpp>\n")],
]
