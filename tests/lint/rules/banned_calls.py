# SPDX-License-Identifier: Apache-2.0
"""Calls that are unsafe here, or safe only in the files that carry a written contract for them."""
import re

from source import CXX, code_only, files

EVERYWHERE = r"(?!)"
LIBS = r"cmd/"


def call(names):
    """A call of a free function: not a member, not a declaration, not another namespace's."""
    return r"(?:^|(?<=[^\w\s.>:])|(?<= :)|(?<=\breturn)|(?<=\belse))\s*(?:std::|::)?\b(?:" + names + r")\s*\("


# (pattern in code, files where it is allowed, why it is banned elsewhere)
CALLS = [
    (call("system"), EVERYWHERE, "runs a shell"),
    (r"\bpopen\s*\(", EVERYWHERE, "runs a shell"),
    (r"\bstrtok(?:_r)?\s*\(", EVERYWHERE, "writes into its input"),
    (r"\bato(?:i|l|ll|f)\s*\(", EVERYWHERE, "hides bad numbers; use parse_int() of base/text.h"),
    (r"\bv?sprintf\s*\(", EVERYWHERE, "has no bound"),
    (r"\bstr(?:n?cpy|n?cat)\s*\(", EVERYWHERE, "has no safe bound"),
    (r"\bgets\s*\(", EVERYWHERE, "has no bound"),
    (call("dup"), EVERYWHERE, "makes a descriptor without CLOEXEC; use F_DUPFD_CLOEXEC"),
    (r"\bmktemp\s*\(|\btmpnam\s*\(", EVERYWHERE, "races"),
    (r"\b(?:std::)?filesystem::(?!path\b)\w+", EVERYWHERE, "resolves path strings; use base/file.h, RootDir"),
    (r"\bfs::(?!path\b)\w+", EVERYWHERE, "resolves path strings; use base/file.h, RootDir"),
    (r"\bremove_all\s*\(|\bcreate_directories\s*\(", EVERYWHERE, "follows symlinks"),
    (r"\bstd::(?:jthread|thread|async)\b", r"lib/store/.*|cmd/transfer/.*", "every binary but dhow-transfer is single-threaded"),
    (r"\bthrow\b(?!\s*\()", EVERYWHERE, "errors are values: Result<T>"),
    (call("exit|quick_exit"), LIBS, "libraries never end the process"),
    (r"\b(?:std::)?(?:cout|cerr)\b|" + call("printf|puts|perror"), LIBS, "libraries never print"),
    (r"\b(?:secure_)?getenv\s*\(", r"lib/rootless/paths\.|lib/.*config.*|lib/base/|lib/store/auth_file\.|lib/engine/systemd_notify\.|lib/oci/runtime/self_protect\.|cmd/",
     "the environment is read in one place a library"),
    (call("v?fork|clone3?") + r"|\b(?:SYS|__NR)_(?:clone3?|v?fork)\b",
     r"lib/base/spawn\.cc|lib/rootless/user_ns\.cc|lib/rootless/netns\.cc|lib/oci/runtime/launch\.cc|cmd/api/.*|cmd/init/.*|cmd/forward/main\.cc|lib/store/transfer/sandbox_filter\.cc",
     "a cloned child needs a written contract"),
    (call("setns|unshare") + r"|\b(?:SYS|__NR)_(?:setns|unshare)\b",
     r"lib/rootless/enter\.cc|lib/oci/runtime/.*|lib/store/transfer/sandbox\.cc|cmd/init/.*", "namespaces are entered in one place"),
    (call("kill|killpg"), r"cmd/init/.*", "a pid is reused; signal through a pidfd"),
    (call("wait|waitpid|wait4"), r"lib/base/spawn\.cc|lib/base/process\.cc|cmd/init/.*", "wait through pidfds"),
    (r"\bsignal\s*\(\s*SIG", EVERYWHERE, "use sigaction or signalfd"),
]
COMPILED = [(re.compile(p, re.MULTILINE), re.compile(allowed), why) for p, allowed, why in CALLS]


def check(root):
    found = []
    for source in files(root, ("lib", "cmd"), CXX):
        code = code_only(source.text)
        for pattern, allowed, why in COMPILED:
            if allowed.match(source.path):
                continue
            for match in pattern.finditer(code):
                name = match.group(0).strip().rstrip("(").strip()
                found.append(f"{source.path}:{source.line_of(match.end() - 1)}: '{name}' {why}")
    return found


def _bad(call):
    return ("lib/engine/a.cc", "void f() {\n    " + call + ";\n}\n")


BAD = [_bad(c) for c in (
    'system("ls")', 'std::system(s)', 'popen(a, b)', 'strtok(a, b)', 'atoi(s)', 'sprintf(b, s)',
    'strcpy(a, b)', 'strncpy(a, b, 1)', 'dup(1)', 'std::filesystem::exists(p)', 'fs::remove(p)',
    'remove_all(p)', 'create_directories(p)', 'std::thread t(f)', 'throw 1', 'exit(1)', '::exit(1)',
    'std::exit(1)', 'printf(s)', 'std::cout << 1', 'getenv(s)', 'fork()', '::fork()', 'vfork()',
    'clone(f, s, 0, nullptr)', 'syscall(SYS_clone3, &a, s)', 'setns(fd, 0)', '::unshare(0)',
    'kill(pid, 9)', 'return kill(pid, 9)', 'if (x) ::kill(1, 2)', 'x ? y : kill(1, 2)', 'wait(nullptr)', 'waitpid(p, nullptr, 0)', 'signal(SIGPIPE, f)',
)] + [("cmd/dhow/a.cc", "int x = fork();\n"), ("lib/oci/runtime/join.cc", "int x = fork();\n")]
GOOD = [
    ("lib/engine/a.cc", '// system("x") exit(1)\nauto s = "fork() popen(";\n/* setns(1, 2) */\n'),
    ("lib/engine/a.cc", 'auto s = R"(system("x"))";\nint n = 1\'000; auto c = \'"\'; g("fork()");\n'),
    ("lib/engine/a.cc", "child.kill(9); p->kill(9); x.clone(); _exit(1); Status kill(int s); shim::kill(1); fdup(1); filesystem::path p;\n"),
    ("lib/oci/runtime/launch.cc", "auto p = syscall(SYS_clone3, &a, s);\n"),
    ("lib/rootless/enter.cc", "setns(fd, 0);\n"),
    ("cmd/dhow/main.cc", 'printf("x"); exit(1); getenv(s);\n'),
]
