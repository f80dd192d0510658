// SPDX-License-Identifier: Apache-2.0
#include "shim/memory.h"

#include <cstddef>
#include <cstdint>

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>

namespace dhow::shim {

namespace {

constexpr uintptr_t kPage = 4096;

// The address sanitizer keeps its own marks on the stack.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

void forget(uintptr_t begin, uintptr_t end) {
    begin &= ~(kPage - 1);
    // An address space, not an object: no other way to name it.
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT
}

// The read-only segments of this program (getauxval(3), elf(5)). Never a writable one:
// MADV_DONTNEED would undo its relocations.
void forget_program() {
    const auto* headers = reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR));  // NOLINT
    const size_t count = ::getauxval(AT_PHNUM);
    if (headers == nullptr) return;
    uintptr_t bias = 0;
    for (size_t i = 0; i < count; ++i) {
        if (headers[i].p_type == PT_PHDR) {
            bias = reinterpret_cast<uintptr_t>(headers) - headers[i].p_vaddr;
        }
    }
    for (size_t i = 0; i < count; ++i) {
        const ElfW(Phdr)& segment = headers[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        forget(bias + segment.p_vaddr, bias + segment.p_vaddr + segment.p_filesz);
    }
}

// What deeper calls have left below this frame.
void forget_stack() {
    constexpr uintptr_t kRedZone = 2 * kPage;
    constexpr uintptr_t kDeepest = 128 * kPage;
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    forget(here - kDeepest, (here - kRedZone) & ~(kPage - 1));
}

}  // namespace

void trim_memory() {
    if constexpr (kSanitized) return;
    ::malloc_trim(0);
    forget_stack();
    forget_program();
}

}  // namespace dhow::shim
