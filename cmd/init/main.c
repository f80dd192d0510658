// SPDX-License-Identifier: Apache-2.0
// dhow-init, twice small. `dhow-init [--] COMMAND...` is pid 1 of a container with --init: it
// starts the command, hands on every signal, reaps whatever falls to it, and ends as the command
// ended. `dhow-init hold` keeps a user's namespaces alive for the commands that join them; it
// sleeps and serves nobody. C, static, no allocation: it stays in memory for as long as a container
// or a login does.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

// Born before its id maps are written: stays only when told so on stdin (lib/rootless/user_ns.h).
// Then nothing of the command that made us may be kept open, or its pipes never end.
static int hold(void) {
    sigset_t end;
    int signal_number = 0;
    char word = 0;
    while (read(0, &word, 1) < 0 && errno == EINTR) {
    }
    if (word != 'k') return 1;
    prctl(PR_SET_NAME, "dhow-init");
    if (chdir("/") != 0) return 1;
    syscall(SYS_close_range, 0U, ~0U, 0U);
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_SETMASK, &end, NULL);
    return sigwait(&end, &signal_number);
}

static int exit_code(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The child gets the terminal, when there is one, so that Ctrl-C finds it and not us.
static void run_child(char** argv, const sigset_t* before) {
    setpgid(0, 0);
    // Blocked, SIGTTOU lets a background group take the terminal (tcsetpgrp(3)).
    sigset_t ttou;
    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU);
    sigprocmask(SIG_BLOCK, &ttou, NULL);
    tcsetpgrp(0, getpgrp());
    sigprocmask(SIG_SETMASK, before, NULL);
    execvp(argv[0], argv);
    const int code = errno;
    dprintf(2, "dhow-init: execute '%s': %s\n", argv[0], strerror(code));
    _exit(code == ENOENT ? 127 : 126);
}

static int reap_until(pid_t child, int* code) {
    for (;;) {
        int status = 0;
        const pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended <= 0) return 0;
        if (ended != child) continue;
        *code = exit_code(status);
        return 1;
    }
}

static int supervise(char** argv) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t child = fork();
    if (child < 0) {
        perror("dhow-init: fork");
        return 126;
    }
    if (child == 0) run_child(argv, &before);
    for (;;) {
        siginfo_t info;
        int code = 0;
        const int number = sigwaitinfo(&all, &info);
        if (number < 0) continue;
        if (number == SIGCHLD) {
            if (reap_until(child, &code)) return code;
        } else if (number != SIGTTIN && number != SIGTTOU) {
            kill(child, number);
        }
    }
}

int main(int argc, char** argv) {
    if (argc == 2 && strcmp(argv[1], "hold") == 0) return hold();
    int first = 1;
    if (argc > 1 && strcmp(argv[1], "--") == 0) first = 2;
    if (first >= argc) {
        fputs("usage: dhow-init [--] COMMAND [ARG...]\n", stderr);
        return 125;
    }
    return supervise(argv + first);
}
