/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A stopped thread of the payload: ptrace(2). It may be killed at any time, so each of these can fail with -ESRCH. */

#include <linux/limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>

enum { TRACEE_PROGRAM_SIZE = 16 }; /* TASK_COMM_LEN */

/* Calls ptrace(2). Returns 0 or -errno. */
int tracee_do(int request, pid_t tid, uint64_t data);

/* Asks which call the thread is in. Returns 0 or -errno. */
int tracee_get_call(pid_t tid, struct __ptrace_syscall_info *ret);

/* Lets the call that the thread has been stopped before fail with this errno, and not happen. Returns 0 or -errno. */
int tracee_cancel_call(pid_t tid, int error);

/* Reads a path from the thread's memory. If it is relative, puts the path of the fd of a directory before it, or of the
 * working directory for AT_FDCWD. The answer may be out of date, or wrong by the payload's will. Returns false if it
 * cannot be read, is empty or is too long. */
bool tracee_read_path(pid_t tid, int directory, uint64_t address, char ret[static PATH_MAX]);

/* Reads the address of a socket (fd): "192.0.2.1:53/udp", "[2001:db8::1]:80", a path, or "@" and an abstract name. */
bool tracee_read_address(pid_t tid, int fd, uint64_t address, uint64_t size, char ret[static PATH_MAX]);

/* The same, of a struct msghdr at this address, or of the first one in an array of struct mmsghdr. */
bool tracee_read_header(pid_t tid, int fd, uint64_t address, char ret[static PATH_MAX]);

/* The port that a socket of IP itself has, or 0. */
uint16_t tracee_get_port(pid_t tid, int fd);

/* Asks for the number of the call that the thread was in when it died, and for its architecture (AUDIT_ARCH_*). Returns
 * 0 or -errno. */
int tracee_get_last_call(pid_t tid, int *ret_number, uint32_t *ret_architecture);

/* The process that the thread belongs to. *ret_alone, which may be NULL, is whether it certainly is its only thread. */
pid_t tracee_get_process(pid_t tid, bool *ret_alone);

/* Reads bytes. Returns how many, 0 if none. */
size_t tracee_read_bytes(pid_t tid, uint64_t address, void *ret, size_t size);

/* Reads a number of 64 bits. */
bool tracee_read_number(pid_t tid, uint64_t address, uint64_t *ret);

/* The name that the thread has given itself, or "". */
void tracee_read_program(pid_t tid, char ret[static TRACEE_PROGRAM_SIZE]);
