# SPDX-License-Identifier: Apache-2.0
"""Which part may include which: the arrows of ARCHITECTURE.md, to the right only.

    cmd/dhow, cmd/api -> engine -> store -> rootless -> oci/spec -> base   engine -> shim/{protocol,...}
    cmd/shim -> shim -> oci/spec -> base
    cmd/runtime -> oci/runtime -> rootless -> oci/spec -> base
    cmd/transfer -> store (its registry half) -> oci/spec -> base
    cmd/forward -> rootless -> base
    cmd/init -> nothing

A front door speaks to the engine and never to SQL, mounts or namespaces.
"""
import re

from source import CXX, files, includes

BASE = ("base/",)
SPEC = ("oci/spec/",) + BASE
ROOTLESS = ("rootless/",) + SPEC
STORE = ("store/",) + ROOTLESS
SHIM_WIRE = ("shim/protocol.h", "shim/client.h", "shim/k8s_log.h", "shim/fields.h", "shim/runtime_error.h")
ENGINE = ("engine/",) + STORE + SHIM_WIRE
FRONT_DOOR = ("engine/",) + SHIM_WIRE + SPEC

# Longest matching folder wins.
ALLOWED = {
    "lib/base/": BASE,
    "lib/oci/spec/": SPEC,
    "lib/oci/runtime/": ("oci/runtime/",) + ROOTLESS,
    "lib/rootless/": ROOTLESS,
    "lib/store/": STORE,
    "lib/shim/": ("shim/",) + SPEC,
    "lib/shim/protocol.": SHIM_WIRE + BASE,
    "lib/shim/client.": SHIM_WIRE + BASE,
    "lib/shim/k8s_log.": SHIM_WIRE + BASE,
    "lib/shim/fields.": SHIM_WIRE + BASE,
    "lib/engine/": ENGINE,
    "cmd/dhow/": ("cmd/dhow/",) + FRONT_DOOR,
    "cmd/api/": ("cmd/api/",) + FRONT_DOOR,
    "cmd/shim/": ("cmd/shim/", "shim/") + SPEC,
    "cmd/runtime/": ("cmd/runtime/", "oci/runtime/") + ROOTLESS,
    "cmd/transfer/": ("cmd/transfer/", "store/") + SPEC,
    "cmd/init/": ("cmd/init/",),
    "cmd/forward/": ("cmd/forward/",) + ROOTLESS,
}
PROJECT = re.compile(r"^(base|oci|rootless|store|shim|engine|cmd)/")


def check(root):
    found = []
    for source in files(root, ("lib", "cmd"), CXX):
        folder = max((f for f in ALLOWED if source.path.startswith(f)), key=len, default=None)
        if folder is None:
            found.append(f"{source.path}:1: belongs to no part with an include rule")
            continue
        for line, quoted, header in includes(source):
            if quoted and not PROJECT.match(header):
                found.append(f'{source.path}:{line}: "{header}" is not rooted at lib/ or the top')
            elif PROJECT.match(header) and not header.startswith(ALLOWED[folder]):
                found.append(f"{source.path}:{line}: {folder} must not include {header}")
    return found


BAD = [
    ("lib/base/a.h", '#include "oci/spec/digest.h"\n'),
    ("lib/rootless/a.cc", '#include "store/database.h"\n'),
    ("lib/engine/a.cc", '#include "oci/runtime/launch.h"\n'),
    ("lib/engine/a.cc", '#include "shim/supervisor.h"\n'),
    ("lib/shim/client.cc", '#include "shim/supervisor.h"\n'),
    ("lib/shim/a.cc", '#include "store/database.h"\n'),
    ("cmd/api/a.cc", '#include "cmd/dhow/output.h"\n'),
    ("cmd/dhow/a.cc", '  #  include "store/database.h"\n'),
    ("cmd/dhow/a.cc", "#include <rootless/enter.h>\n"),
    ("cmd/dhow/a.cc", '#include "output.h"\n'),
    ("cmd/runtime/a.cc", '#include "engine/engine.h"\n'),
    ("cmd/init/a.c", '#include "base/file.h"\n'),
    ("lib/extra/a.cc", "int x;\n"),
]
GOOD = [
    ("lib/engine/a.cc", '#include "store/database.h"\n#include "shim/client.h"\n#include <vector>\n'),
    ("lib/shim/supervisor.cc", '#include "shim/stdio.h"\n'),
    ("cmd/api/a.cc", '#include "cmd/api/http.h"\n#include "engine/engine.h"\n'),
]
