// SPDX-License-Identifier: Apache-2.0
// What a WebAssembly module sees of the container it runs in; compiled by tests/support/wasm.bash.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char** environ;

static int copy(const char* path, FILE* to) {
    char line[256];
    FILE* from = path ? fopen(path, "r") : stdin;
    if (from == NULL) {
        perror(path);
        return 4;
    }
    while (fgets(line, sizeof line, from) != NULL) fputs(line, to);
    return 0;
}

int main(int argc, char** argv) {
    const char* verb = argc > 1 ? argv[1] : "args";
    const char* operand = argc > 2 ? argv[2] : NULL;
    if (strcmp(verb, "args") == 0) {
        for (int i = 1; i < argc; i++) printf("<%s>", argv[i]);
        puts("");
    } else if (strcmp(verb, "env") == 0) {
        for (char** entry = environ; *entry != NULL; entry++) puts(*entry);
    } else if (strcmp(verb, "cat") == 0) {
        return copy(operand, stdout);
    } else if (strcmp(verb, "write") == 0) {
        FILE* file = fopen(operand, "w");
        if (file == NULL) {
            perror(operand);
            return 4;
        }
        fputs("written\n", file);
        return fclose(file);
    } else if (strcmp(verb, "both") == 0) {
        puts("out");
        fputs("err\n", stderr);
    } else if (strcmp(verb, "exit") == 0) {
        return atoi(operand);
    } else if (strcmp(verb, "trap") == 0) {
        __builtin_trap();
    } else if (strcmp(verb, "spin") == 0) {
        puts("spinning");
        fflush(stdout);
        for (volatile int i = 0;; i++) continue;
    }
    return 0;
}
