/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* There are two ways from the host's file to the copy. Root, also of a user namespace, puts the copy's pages in place
 * of the file's, and tells the kernel that the copy is what this process executes. The kernel refuses that as long as
 * a page of the file is mapped (prctl(2), PR_SET_MM_MAP). For other users, and where a kernel or a security module
 * refuses a step, this program executes the copy. That leads to the same state, and costs another start, with the
 * loader and the libraries. */
#include "oci/outside/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* The linker's name for the beginning of this program. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* This program in memory: its headers, and what the addresses in them are relative to. */
typedef struct Program {
        const ElfW(Phdr) *headers;
        size_t n;
        uintptr_t base;
        uintptr_t page;    /* its size */
        size_t size;       /* of the part of its file that is ever mapped: debug information is not */
        size_t constant;   /* of the part that is never written to */
        uintptr_t guarded; /* the loader has made what is below this read-only; 0: nothing */
} Program;

static uintptr_t page_down(const Program *p, uintptr_t address) {
        return address & ~(p->page - 1);
}

static Program look_at_program(void) {
        Program p = { .headers = (const void *) ((uintptr_t) &__ehdr_start + __ehdr_start.e_phoff),
                      .n = __ehdr_start.e_phnum, .base = (uintptr_t) &__ehdr_start,
                      .page = (uintptr_t) sysconf(_SC_PAGESIZE) };

        for (size_t i = 0; i < p.n; i++) {
                const ElfW(Phdr) *h = &p.headers[i];

                if (h->p_type == PT_LOAD && h->p_offset == 0)
                        p.base -= h->p_vaddr;
                if (h->p_type == PT_LOAD && h->p_offset + h->p_filesz > p.size)
                        p.size = h->p_offset + h->p_filesz;
                if (h->p_type == PT_LOAD && !(h->p_flags & PF_W) && h->p_offset + h->p_filesz > p.constant)
                        p.constant = h->p_offset + h->p_filesz;
        }
        for (size_t i = 0; i < p.n; i++)
                if (p.headers[i].p_type == PT_GNU_RELRO)
                        p.guarded = page_down(&p, p.base + p.headers[i].p_vaddr + p.headers[i].p_memsz);
        return p;
}

static int make_memory(void) {
        int fd = memfd_create("isorun-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("isorun-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        return fd < 0 ? -errno : fd;
}

static int copy_file(int from, size_t size, int to) {
        for (size_t left = size; left > 0;) {
                ssize_t n = sendfile(to, from, NULL, left);

                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                left -= (size_t) n;
        }
        return fcntl(to, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

/* Not memcpy(3): AddressSanitizer's would find the gaps between variables. */
__attribute__((no_sanitize("address", "undefined")))
static void copy_words(volatile uintptr_t *to, const volatile uintptr_t *from, size_t size) {
        for (size_t i = 0; i < size / sizeof(*to); i++)
                to[i] = from[i];
}

/* What this process has written to stays. Each change of an address is one system call, so there is always a page. */
static int move_to_memory(uintptr_t start, uintptr_t end, int protection) {
        const size_t size = end - start;
        void *new;

        if (start >= end)
                return 0;
        new = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (new == MAP_FAILED)
                return -errno;
        copy_words(new, (const volatile uintptr_t *) start, size);
        if ((!(protection & PROT_WRITE) && mprotect(new, size, protection) < 0) ||
            mremap(new, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *) start) == MAP_FAILED) {
                const int error = errno;

                (void) munmap(new, size);
                return -error;
        }
        return 0;
}

static int exchange_segment(const Program *p, const ElfW(Phdr) *h, int copy) {
        const uintptr_t start = page_down(p, p->base + h->p_vaddr),
                        end = page_down(p, p->base + h->p_vaddr + h->p_filesz + p->page - 1);
        const uintptr_t guarded = p->guarded > start && p->guarded <= end ? p->guarded : start;
        const int protection = (h->p_flags & PF_R ? PROT_READ : 0) | (h->p_flags & PF_X ? PROT_EXEC : 0);
        int r;

        if (!(h->p_flags & PF_W))
                return mmap((void *) start, end - start, protection, MAP_PRIVATE | MAP_FIXED, copy,
                            (off_t) page_down(p, h->p_offset)) == MAP_FAILED ? -errno : 0;
        r = move_to_memory(start, guarded, PROT_READ);
        return r < 0 ? r : move_to_memory(guarded, end, PROT_READ | PROT_WRITE);
}

/* The call sets the addresses that /proc/self/stat shows, too: these stay as they are. */
static int read_addresses(struct prctl_mm_map *map) {
        enum { START_CODE = 26, START_DATA = 45, END = 52 };
        uint64_t fields[END - START_CODE];
        const uint64_t *code = fields, *data = fields + (START_DATA - START_CODE);
        int r = process_stat(0, START_CODE, fields, ELEMENTSOF(fields));

        if (r >= 0)
                *map = (struct prctl_mm_map) { .start_code = code[0], .end_code = code[1], .start_stack = code[2],
                                               .start_data = data[0], .end_data = data[1], .start_brk = data[2],
                                               .arg_start = data[3], .arg_end = data[4], .env_start = data[5],
                                               .env_end = data[6], .brk = (uintptr_t) sbrk(0) };
        return r;
}

static int set_executed(struct prctl_mm_map *map, int copy) {
        map->exe_fd = (uint32_t) copy;
        return prctl(PR_SET_MM, PR_SET_MM_MAP, map, sizeof(*map), 0) < 0 ? -errno : 0;
}

/* Whether the kernel lets this process say what it executes. EBUSY: only pages of the file are in the way. */
static bool may_exchange(struct prctl_mm_map *map, int copy) {
        return read_addresses(map) >= 0 && set_executed(map, copy) == -EBUSY;
}

/* Variables stay as they are in memory, so the copy is without them. */
static int exchange(const Program *p, struct prctl_mm_map *map, int file, int copy) {
        int r = copy_file(file, p->constant, copy);

        for (size_t i = 0; r >= 0 && i < p->n; i++)
                if (p->headers[i].p_type == PT_LOAD)
                        r = exchange_segment(p, &p->headers[i], copy);
        return r < 0 ? r : set_executed(map, copy);
}

/* Returns -errno, or does not return. */
static int execute_copy(const Program *p, int file, char *const *argv, char *const *environment) {
        _cleanup_close_ int copy = make_memory();
        int r = copy < 0 ? copy : lseek(file, 0, SEEK_SET) < 0 ? -errno : copy_file(file, p->size, copy);

        if (r < 0)
                return r;
        execveat(copy, "", argv, environment, AT_EMPTY_PATH);
        return -errno;
}

int sealed_ensure(char *const *argv, char *const *environment, Report *report) {
        _cleanup_close_ int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy = -1;
        const int seals = self < 0 ? -1 : fcntl(self, F_GET_SEALS);
        struct prctl_mm_map map;
        Program program;
        int r;

        if (self < 0)
                return report_error(report, errno, "cannot open /proc/self/exe: %s", strerror(errno));
        if (seals >= 0 && (seals & SEALS) == SEALS) {
                (void) prctl(PR_SET_NAME, "isorun-oci", 0, 0, 0);
                return 0;
        }
        program = look_at_program();
        copy = make_memory();
        if (copy >= 0 && may_exchange(&map, copy) && exchange(&program, &map, self, copy) >= 0)
                return 0;
        r = execute_copy(&program, self, argv, environment);
        return report_error(report, -r, "cannot execute isorun-oci from memory: %s", strerror(-r));
}
