/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ISORUN_POLICY_H
#define ISORUN_POLICY_H

/* Puts an isorun policy into a program or library: isorun.policy(5), "The policy in a program's file". Write one of
 * these lines outside of any function, in C, C++ or assembler (in a file that the C preprocessor reads: .S). Needs no
 * library.
 *
 *     ISORUN_POLICY("[Sandbox]\n"
 *                   "PrivateNetwork=no\n")       not in assembler; a string literal, with a newline after each line
 *     ISORUN_POLICY_FILE("server.conf")          a string literal, too
 *
 * The assembler looks for a file in its working directory, and with the compiler's option -Wa,-IDIR in DIR. It reports
 * no dependency on the file, so tell the build system of it.
 *
 * The note is allocated, because tools such as llvm-strip remove the notes that are not. Each line makes one note, and
 * isorun reads all of them, in the order of the program. A linker keeps the order of its files, but compilers do not
 * keep that of several lines in one file. `isoctl check --syntax FILE` tests a policy, and also a finished program. */

#ifdef __ASSEMBLER__

#define ISORUN_POLICY_FILE(file)                                \
        .pushsection .note.isorun, "a", %note;                  \
        .balign 4;                                              \
        .long 2f - 1f, 4f - 3f, 1;                              \
        1: .asciz "isorun";                                     \
        2: .balign 4;                                           \
        3: .incbin file;                                        \
        4: .balign 4;                                           \
        .popsection;                                            \
        .pushsection .note.GNU-stack, "", %progbits;            \
        .popsection

#else

#define ISORUN_POLICY_FILE(file)                                \
        __asm__(".pushsection .note.isorun, \"a\", %note\n"      \
                ".balign 4\n"                                   \
                ".long 2f - 1f, 4f - 3f, 1\n"                   \
                "1: .asciz \"isorun\"\n"                        \
                "2: .balign 4\n"                                \
                "3: .incbin \"" file "\"\n"                     \
                "4: .balign 4\n"                                \
                ".popsection\n");

#define ISORUN_POLICY_JOIN2_(a, b) a##b
#define ISORUN_POLICY_JOIN_(a, b) ISORUN_POLICY_JOIN2_(a, b)

#define ISORUN_POLICY(policy)                                                                                   \
        static const struct {                                                                                   \
                unsigned name_size, size, type;                                                                 \
                char name[8];                                                                                   \
                char text[sizeof(policy)];                                                                      \
        } ISORUN_POLICY_JOIN_(isorun_policy_, __COUNTER__)                                                      \
        __attribute__((used, aligned(4), section(".note.isorun"))) = { 7, sizeof(policy), 1, "isorun", policy };

#endif
#endif
