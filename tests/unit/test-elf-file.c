/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ELF files need from their loader: real files, cut files and changed files. */
#include "helper.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#include "util/elf-file.h"
#include "util/fd.h"
#include "util/strv.h"

static const char dynamic_file[] = "/usr/bin/env", static_file[] = "/bin/busybox";

typedef struct Fixture {
        char *dir;
        char *elf; /* size of dynamic_file */
        size_t size;
} Fixture;

static int set_up(void **state) {
        Fixture *f = calloc(1, sizeof(Fixture));

        assert_non_null(f);
        f->dir = temp_make();
        assert_int_equal(file_read(AT_FDCWD, dynamic_file, &f->elf, &f->size), 0);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;

        temp_remove(f->dir);
        free(f->elf);
        free(f);
        return 0;
}

/* Reads size bytes as a file. The results must be in range for any bytes. */
static int read_bytes(const Fixture *f, const char *bytes, size_t size, ElfFile *ret) {
        char path[PATH_MAX];
        ElfFile file = {};
        int r;

        temp_file(f->dir, "elf", bytes, size);
        r = elf_file_read(temp_path(path, f->dir, "elf"), &file);
        if (r != 1 && r != 0 && r != -EBADMSG && r != -ENOMEM)
                fail_msg("returned %d", r);
        if (r <= 0) {
                assert_null(file.interpreter);
                assert_null(file.needed);
                assert_null(file.search);
        }
        if (ret)
                *ret = file;
        else
                elf_file_deinit(&file);
        return r;
}

static bool is_64_bit(const Fixture *f) {
        return f->elf[EI_CLASS] == ELFCLASS64 && f->size > sizeof(Elf64_Ehdr);
}

static void skip_without_libelf(void) {
        ElfFile f = {};
        int r = elf_file_read(dynamic_file, &f);

        elf_file_deinit(&f);
        if (r == -ENOPKG)
                skip();
}

static void test_dynamic(_unused_ void **state) {
        _cleanup_(elf_file_deinit) ElfFile f = {};

        skip_without_libelf();
        assert_int_equal(elf_file_read(dynamic_file, &f), 1);
        assert_non_null(f.interpreter);
        assert_int_equal(f.interpreter[0], '/');
        assert_int_equal(access(f.interpreter, X_OK), 0);
        assert_true(strv_contains(f.needed, "libc.so.6"));
        expect_number("class", (uint64_t) f.class, sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
        assert_int_not_equal(f.machine, EM_NONE);
}

static void test_static(_unused_ void **state) {
        _cleanup_(elf_file_deinit) ElfFile f = {}, other = {};

        skip_without_libelf();
        if (access(static_file, R_OK) < 0)
                skip();
        assert_int_equal(elf_file_read(static_file, &f), 1);
        assert_int_equal(elf_file_read(dynamic_file, &other), 1);
        assert_null(f.interpreter);
        assert_null(f.needed);
        assert_null(f.search);
        expect_number("class", (uint64_t) f.class, (uint64_t) other.class);
        expect_number("machine", (uint64_t) f.machine, (uint64_t) other.machine);
}

static void test_not_elf(void **state) {
        static const struct {
                const char *text;
                size_t size;
        } cases[] = {
                { "", 0 }, { "x", 1 }, { "#!/bin/sh\n", 10 }, { "\x7f" "EL", 3 }, { "!<arch>\n", 8 }, { "\0\0\0\0\0\0", 6 },
        };
        Fixture *f = *state;
        char path[PATH_MAX];
        ElfFile file = {};

        skip_without_libelf();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_result(cases[i].text, read_bytes(f, cases[i].text, cases[i].size, NULL), 0);
        assert_int_equal(elf_file_read(temp_path(path, f->dir, "no"), &file), -ENOENT);
        if (elf_file_read(f->dir, &file) > 0)
                fail_msg("a directory is an ELF file");
}

/* Cuts the file at each length up to the end of the headers, and at some lengths after it. */
static void test_truncated(void **state) {
        Fixture *f = *state;

        skip_without_libelf();
        for (size_t size = 4; size < f->size; size += size < 1024 ? 1 : 509)
                read_bytes(f, f->elf, size, NULL);
        expect_result("half a header", read_bytes(f, f->elf, 40, NULL), 0);
        expect_result("half the program headers", read_bytes(f, f->elf, is_64_bit(f) ? 300 : 100, NULL), -EBADMSG);
}

static Elf64_Phdr *find_header(const Fixture *f, char *elf, unsigned type) {
        Elf64_Ehdr *header = (Elf64_Ehdr *) elf;

        for (unsigned i = 0; i < header->e_phnum; i++) {
                Elf64_Phdr *h = (Elf64_Phdr *) (elf + header->e_phoff) + i;

                if ((char *) (h + 1) <= elf + f->size && h->p_type == type)
                        return h;
        }
        fail_msg("no header of type %u", type);
        return NULL;
}

/* Changes a few of the n bytes from offset on, many times. */
static void corrupt(const Fixture *f, size_t offset, size_t n, unsigned times) {
        static const char evil[] = { 0, 1, 0x7f, (char) 0x80, (char) 0xff };
        _cleanup_free_ char *copy = malloc(f->size);
        uint32_t seed = 4711;

        assert_non_null(copy);
        assert_true(offset + n <= f->size);
        for (unsigned i = 0; i < times; i++) {
                unsigned changes = 1 + next_random(&seed) % 8;

                memcpy(copy, f->elf, f->size);
                for (unsigned k = 0; k < changes; k++) {
                        char *c = copy + offset + next_random(&seed) % n;

                        *c = next_random(&seed) % 2 ? evil[next_random(&seed) % sizeof(evil)]
                                                    : (char) next_random(&seed);
                }
                read_bytes(f, copy, f->size, NULL);
        }
}

static void test_corrupted(void **state) {
        Fixture *f = *state;
        const Elf64_Phdr *h;

        skip_without_libelf();
        corrupt(f, 4, 60, 400);
        if (!is_64_bit(f))
                return;
        corrupt(f, 64, 56 * 13, 600);
        h = find_header(f, f->elf, PT_DYNAMIC);
        corrupt(f, h->p_offset, h->p_filesz, 600);
        h = find_header(f, f->elf, PT_INTERP);
        corrupt(f, h->p_offset, h->p_filesz, 50);
}

/* Makes one thing wrong at a time, and checks the error. */
static void test_broken_one_by_one(void **state) {
        static const uint64_t far[] = { UINT64_MAX, INT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 40, UINT32_MAX };
        _cleanup_free_ char *copy = NULL;
        Fixture *f = *state;
        Elf64_Phdr *h;
        Elf64_Dyn *d;

        skip_without_libelf();
        if (!is_64_bit(f))
                skip();
        copy = malloc(f->size);
        for (size_t i = 0; i < ELEMENTSOF(far); i++) {
                memcpy(copy, f->elf, f->size);
                find_header(f, copy, PT_INTERP)->p_offset = far[i];
                expect_result("interpreter beyond the end", read_bytes(f, copy, f->size, NULL), -EBADMSG);

                memcpy(copy, f->elf, f->size);
                find_header(f, copy, PT_INTERP)->p_filesz = far[i];
                expect_result("endless interpreter", read_bytes(f, copy, f->size, NULL), -EBADMSG);

                memcpy(copy, f->elf, f->size);
                find_header(f, copy, PT_DYNAMIC)->p_offset = far[i];
                expect_result("dynamic section beyond the end", read_bytes(f, copy, f->size, NULL), -EBADMSG);

                memcpy(copy, f->elf, f->size);
                h = find_header(f, copy, PT_DYNAMIC);
                for (d = (Elf64_Dyn *) (copy + h->p_offset); d->d_tag != DT_NEEDED; d++)
                        ;
                d->d_un.d_val = far[i];
                expect_result("name beyond the end", read_bytes(f, copy, f->size, NULL), -EBADMSG);

                memcpy(copy, f->elf, f->size);
                h = find_header(f, copy, PT_DYNAMIC);
                for (d = (Elf64_Dyn *) (copy + h->p_offset); d->d_tag != DT_STRTAB; d++)
                        ;
                d->d_un.d_val = far[i];
                expect_result("names beyond the end", read_bytes(f, copy, f->size, NULL), -EBADMSG);

                /* Two numbers whose sum overflows. */
                memcpy(copy, f->elf, f->size);
                h = find_header(f, copy, PT_LOAD);
                h->p_offset = far[i];
                h->p_filesz = UINT64_MAX;
                read_bytes(f, copy, f->size, NULL);
        }

        memcpy(copy, f->elf, f->size);
        h = find_header(f, copy, PT_INTERP);
        memset(copy + h->p_offset, 'x', h->p_filesz);
        expect_result("interpreter without an end", read_bytes(f, copy, f->size, NULL), -EBADMSG);

        memcpy(copy, f->elf, f->size);
        ((Elf64_Ehdr *) copy)->e_phoff = f->size;
        expect_result("program headers beyond the end", read_bytes(f, copy, f->size, NULL), -EBADMSG);
}

enum { LOAD_ADDRESS = 0x400000 };

/* Reads a file that has only a dynamic section with these entries. It is loaded as load says; NULL: its strings are. */
static int read_loaded(const Fixture *f, const Elf64_Dyn *entries, size_t n, const char *strings, size_t size,
                       const Elf64_Phdr *load, ElfFile *ret) {
        struct {
                Elf64_Ehdr header;
                Elf64_Phdr programs[2];
                Elf64_Dyn entries[16];
                char strings[128];
        } file = {};
        assert_true(n < ELEMENTSOF(file.entries) - 1 && size <= sizeof(file.strings));
        memcpy(&file.header, f->elf, EI_NIDENT);
        file.header.e_type = ET_DYN;
        file.header.e_machine = ((const Elf64_Ehdr *) f->elf)->e_machine;
        file.header.e_version = EV_CURRENT;
        file.header.e_ehsize = sizeof(Elf64_Ehdr);
        file.header.e_phoff = offsetof(typeof(file), programs);
        file.header.e_phentsize = sizeof(Elf64_Phdr);
        file.header.e_phnum = 2;
        file.programs[0] = (Elf64_Phdr) { .p_type = PT_LOAD, .p_offset = offsetof(typeof(file), strings),
                                          .p_vaddr = LOAD_ADDRESS, .p_filesz = size, .p_memsz = size };
        if (load)
                file.programs[0] = *load;
        file.programs[1] = (Elf64_Phdr) { .p_type = PT_DYNAMIC, .p_offset = offsetof(typeof(file), entries),
                                          .p_filesz = (n + 2) * sizeof(Elf64_Dyn) };
        file.entries[0] = (Elf64_Dyn) { .d_tag = DT_STRTAB, .d_un.d_ptr = LOAD_ADDRESS };
        memcpy(file.entries + 1, entries, n * sizeof(Elf64_Dyn));
        memcpy(file.strings, strings, size);
        return read_bytes(f, (const char *) &file, sizeof(file), ret);
}

static int read_dynamic(const Fixture *f, const Elf64_Dyn *entries, size_t n, const char *strings, size_t size,
                        ElfFile *ret) {
        return read_loaded(f, entries, n, strings, size, NULL, ret);
}

/* Offsets and sizes that add up to more than fits into a number, signed or not. */
static void test_overflow(void **state) {
        static const struct {
                uint64_t offset, address, size, name;
        } cases[] = {
                { INT64_MAX, LOAD_ADDRESS, UINT64_MAX, 1 },
                { INT64_MAX - 8, LOAD_ADDRESS, UINT64_MAX, 16 },
                { INT64_MAX, LOAD_ADDRESS, UINT64_MAX, INT64_MAX },
                { UINT64_MAX, LOAD_ADDRESS, UINT64_MAX, 1 },
                { UINT64_MAX, 0, UINT64_MAX, 1 },
                { UINT64_MAX - LOAD_ADDRESS, 0, UINT64_MAX, 1 },
                { UINT64_MAX - LOAD_ADDRESS + 1, 0, UINT64_MAX, 1 },
                { 64, LOAD_ADDRESS, UINT64_MAX, INT64_MAX },
                { 64, LOAD_ADDRESS, UINT64_MAX, UINT64_MAX - 64 },
                { 64, LOAD_ADDRESS, UINT64_MAX, UINT64_MAX - 1 },
        };
        Fixture *f = *state;

        skip_without_libelf();
        if (!is_64_bit(f))
                skip();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Elf64_Phdr load = { .p_type = PT_LOAD, .p_offset = cases[i].offset, .p_vaddr = cases[i].address,
                                          .p_filesz = cases[i].size, .p_memsz = cases[i].size };
                const Elf64_Dyn needed = { DT_NEEDED, { cases[i].name } };
                char what[32];

                snprintf(what, sizeof(what), "row %zu", i);
                expect_result(what, read_loaded(f, &needed, 1, "", 1, &load, NULL), -EBADMSG);
        }
}

/* Neither is opened: a FIFO would block. */
static void test_other_kinds(void **state) {
        Fixture *f = *state;
        char path[PATH_MAX];
        ElfFile file = {};

        skip_without_libelf();
        assert_int_equal(mkfifo(temp_path(path, f->dir, "fifo"), 0600), 0);
        expect_result("a FIFO", elf_file_read(path, &file), -EINVAL);
        expect_result("/dev/zero", elf_file_read("/dev/zero", &file), -EINVAL);
        expect_result("a directory", elf_file_read(f->dir, &file), -EISDIR);
}

/* ld.so(8): DT_RPATH is ignored if there is a DT_RUNPATH, whichever comes first. */
static void test_search(void **state) {
        static const char strings[] = "\0libone.so\0/a:/b\0$ORIGIN/../lib\0lib/two";
        enum { ONE = 1, RPATH = 11, RUNPATH = 17, TWO = 32 };
        static const struct {
                Elf64_Dyn entries[4];
                const char *needed, *search;
        } cases[] = {
                { { { DT_NEEDED, { ONE } }, { DT_NEEDED, { TWO } } }, "libone.so lib/two", "" },
                { { { DT_RPATH, { RPATH } }, { DT_NEEDED, { ONE } } }, "libone.so", "/a /b" },
                { { { DT_RUNPATH, { RUNPATH } } }, "", "$ORIGIN/../lib" },
                { { { DT_RUNPATH, { RUNPATH } }, { DT_RPATH, { RPATH } } }, "", "$ORIGIN/../lib" },
                { { { DT_RPATH, { RPATH } }, { DT_RUNPATH, { RUNPATH } } }, "", "$ORIGIN/../lib" },
                { { { DT_RPATH, { RPATH } }, { DT_RPATH, { RUNPATH } } }, "", "/a /b $ORIGIN/../lib" },
                { { { DT_NEEDED, { ONE } }, { DT_NULL, { 0 } }, { DT_NEEDED, { TWO } } }, "libone.so", "" },
        };
        Fixture *f = *state;

        skip_without_libelf();
        if (!is_64_bit(f))
                skip();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(elf_file_deinit) ElfFile file = {};
                _cleanup_free_ char *needed = NULL, *search = NULL;
                char what[32];

                snprintf(what, sizeof(what), "row %zu", i);
                expect_result(what, read_dynamic(f, cases[i].entries, 4, strings, sizeof(strings), &file), 1);
                needed = strv_join(file.needed, " ");
                search = strv_join(file.search, " ");
                expect_text(what, needed, cases[i].needed);
                expect_text(what, search, cases[i].search);
                assert_null(file.interpreter);
        }
}

static void test_names_without_end(void **state) {
        static const Elf64_Dyn at[] = { { DT_NEEDED, { 0 } }, { DT_NEEDED, { 3 } }, { DT_NEEDED, { 4 } } };
        Fixture *f = *state;

        skip_without_libelf();
        if (!is_64_bit(f))
                skip();
        for (size_t i = 0; i < ELEMENTSOF(at); i++)
                expect_result("no NUL", read_dynamic(f, at + i, 1, "libx", 4, NULL), -EBADMSG);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_dynamic),
                cmocka_unit_test(test_static),
                IN_DIRECTORY(test_not_elf),
                IN_DIRECTORY(test_truncated),
                IN_DIRECTORY(test_corrupted),
                IN_DIRECTORY(test_broken_one_by_one),
                IN_DIRECTORY(test_overflow),
                IN_DIRECTORY(test_other_kinds),
                IN_DIRECTORY(test_search),
                IN_DIRECTORY(test_names_without_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
