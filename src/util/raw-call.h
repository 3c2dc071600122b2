/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* System calls that leave errno alone. A process that was made with CLONE_VM, and goes on together with its parent, has
 * the parent's errno: whatever it writes there, the parent may take for the reason of a failure of its own. */

/* Makes the system call of this number: syscall(2). Returns its result, or -errno. */
static inline long raw_call(long number, long a, long b, long c) {
#ifdef __x86_64__
        __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
        return number;
#elif defined __aarch64__
        register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;

        __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory", "cc");
        return x0;
#else
#error "raw_call() has not been written for this architecture"
#endif
}
