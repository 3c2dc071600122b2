/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Runs programs of classic BPF as the kernel would for seccomp(2). */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

/* The answer to a program that leaves its end, or has an instruction that neither isorun nor libseccomp writes. */
#define PROGRAM_BROKEN (SECCOMP_RET_KILL_PROCESS | SECCOMP_RET_DATA)

/* The answer (SECCOMP_RET_*) of a program. Adds the number of instructions that ran to *steps, which may be NULL. */
uint32_t program_answer(const struct sock_fprog *program, const struct seccomp_data *data, unsigned *steps);
