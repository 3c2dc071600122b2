/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code that is made at run time. It is harmless by itself: only the policy filter forbids it. */
#include "adversary.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 4096

static int mapped(void *p) {
        return p == MAP_FAILED ? -errno : 0;
}

static int try_map(const Facts *facts, const Attempt *a) {
        return mapped(mmap(NULL, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int try_protect(const Facts *facts, const Attempt *a) {
        void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                return -errno;
        return result(syscall(a->number, p, SIZE, PROT_READ | PROT_EXEC, -1));
}

static int try_shm_exec(const Facts *facts, const Attempt *a) {
        int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0700), r;
        void *p;

        if (id < 0)
                return -errno;
        p = shmat(id, NULL, SHM_EXEC);
        r = p == (void *) -1 ? -errno : 0;
        (void) shmctl(id, IPC_RMID, NULL);
        return r;
}

static int try_memfd_map(const Facts *facts, const Attempt *a) {
        int fd = memfd_create("adversary", MFD_CLOEXEC);

        if (fd < 0 || ftruncate(fd, SIZE) < 0)
                return -errno;
        return mapped(mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
}

/* Changes code that is mapped read-only, through a file that knows no protection. */
static int try_own_memory(const Facts *facts, const Attempt *a) {
        static const char code = 0;
        char byte = code;
        int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = result(pwrite(fd, &byte, 1, (off_t) (uintptr_t) &code));
        close(fd);
        return r;
}

/* What the caller passes as data. */
static int try_map_input(const Facts *facts, const Attempt *a) {
        return mapped(mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, STDIN_FILENO, 0));
}

static int try_map_file(const Facts *facts, const Attempt *a) {
        char path[] = "/tmp/adversary.XXXXXX";
        int fd = mkstemp(path);

        if (fd < 0)
                return -errno;
        (void) unlink(path);
        if (ftruncate(fd, SIZE) < 0)
                return -errno;
        return mapped(mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
}

static int copy_self(int to) {
        char buffer[65536];
        int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        ssize_t n = 0;

        if (from < 0)
                return -errno;
        while ((n = read(from, buffer, sizeof(buffer))) > 0)
                if (write(to, buffer, (size_t) n) != n)
                        return -errno;
        close(from);
        return result(n);
}

/* "list" of the copy ends with status 0, as an attempt that got through does. */
static int execute(int fd) {
        char *argv[] = { (char *) "adversary", (char *) "list", NULL }, *env[] = { NULL };
        int null = open("/dev/null", O_WRONLY);

        if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
                return -errno;
        fexecve(fd, argv, env);
        return -errno;
}

static int try_memfd_exec(const Facts *facts, const Attempt *a) {
        int fd = memfd_create("adversary", MFD_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = copy_self(fd);
        return r < 0 ? r : execute(fd);
}

static int try_exec_in(const Facts *facts, const Attempt *a) {
        char path[64];
        int fd, r;

        (void) snprintf(path, sizeof(path), "%s/adversary.XXXXXX", a->path);
        fd = mkstemp(path);
        if (fd < 0)
                return -errno;
        r = copy_self(fd);
        if (r == 0 && fchmod(fd, 0700) < 0)
                r = -errno;
        close(fd);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        (void) unlink(path);
        return fd < 0 ? -errno : execute(fd);
}

static const Attempt attempts[] = {
        { "code-map", "map memory that is writable and executable", try_map },
        { "code-protect", "make memory executable (mprotect)", try_protect, .number = SYS_mprotect },
        { "pkey-protect", "make memory executable (pkey_mprotect)", try_protect, .number = SYS_pkey_mprotect,
          .needs = "protection keys" },
        { "code-shm", "attach shared memory as executable", try_shm_exec },
        { "code-memfd", "map a file in memory as executable", try_memfd_map },
        { "code-tmp", "map a file in /tmp as executable", try_map_file },
        { "code-input", "map standard input as executable", try_map_input },
        { "memory-file", "change its code through /proc/self/mem", try_own_memory },
        { "code-memfd-exec", "run a program that it has made in a memfd", try_memfd_exec },
        { "code-tmp-exec", "run a program that it has made in /tmp", try_exec_in, .path = "/tmp" },
        { "code-shm-exec", "run a program that it has made in /dev/shm", try_exec_in, .path = "/dev/shm" },
};
AREA(area_code, "Code made at run time");
