// SPDX-License-Identifier: Apache-2.0
// The program of the embedded image: says hello from inside a container and shows what it sees
// there. Freestanding: no libc, a few kB, so that the first `dhow run` of a new user needs no
// network.

typedef unsigned long word;

enum { kBuffer = 512 };

#if defined(__x86_64__)
enum { kWrite = 1, kExit = 60, kUname = 63, kGetpid = 39, kGetuid = 102 };

static long call(long number, word a, word b, word c) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call start\n");
#elif defined(__aarch64__)
enum { kWrite = 64, kExit = 93, kUname = 160, kGetpid = 172, kGetuid = 174 };

static long call(long number, word a, word b, word c) {
    register long x8 __asm__("x8") = number;
    register word x0 __asm__("x0") = a;
    register word x1 __asm__("x1") = b;
    register word x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return (long)x0;
}

__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x0, sp\n"
    "  bl start\n");
#else
#error "hello.c knows x86-64 and aarch64"
#endif

struct line {
    char text[kBuffer];
    word length;
};

static void add(struct line* out, const char* text) {
    while (*text && out->length < kBuffer) out->text[out->length++] = *text++;
}

static void add_number(struct line* out, long number) {
    char digits[24];
    int n = sizeof digits - 1;
    digits[n] = 0;
    do digits[--n] = (char)('0' + number % 10);
    while (number /= 10);
    add(out, digits + n);
}

static void flush(struct line* out) {
    call(kWrite, 1, (word)out->text, out->length);
    out->length = 0;
}

// struct utsname of the kernel: six fields of 65 bytes.
struct uts {
    char system[65], host[65], release[65], version[65], machine[65], domain[65];
};

__attribute__((noreturn, used)) void start(word* stack) {
    const long arguments = (long)stack[0];
    char** argv = (char**)(stack + 1);
    struct uts uts;
    struct line out;
    out.length = 0;
    call(kUname, (word)&uts, 0, 0);

    add(&out, "Hello from dhow!\n  I am process ");
    add_number(&out, call(kGetpid, 0, 0, 0));
    add(&out, ", user ");
    add_number(&out, call(kGetuid, 0, 0, 0));
    add(&out, ", in a container called ");
    add(&out, uts.host);
    add(&out, ",\n  on Linux ");
    add(&out, uts.release);
    add(&out, " ");
    add(&out, uts.machine);
    add(&out, ". No daemon started me.\n");
    flush(&out);
    for (long i = 1; i < arguments; i++) {
        add(&out, i == 1 ? "  You said:" : "");
        add(&out, " ");
        add(&out, argv[i]);
        if (i + 1 == arguments) add(&out, "\n");
        flush(&out);
    }
    call(kExit, 0, 0, 0);
    for (;;) {
    }
}
