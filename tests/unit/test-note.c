/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy in a program's own file: good files of each class and byte order, hostile ones, and scripts. */
#include "helper.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "policy/own-policy.h"
#include "util/fd.h"

/* A file that is written field by field, in the class and byte order of another machine. */
typedef struct Image {
        bool wide, big_endian, has_sections;
        unsigned char bytes[4096];
        size_t size;
        size_t notes, notes_size; /* of the first section or segment */
        size_t headers;           /* the section headers, or the program headers */
} Image;

static void put(Image *i, size_t offset, size_t size, uint64_t number) {
        assert_true(offset + size <= sizeof(i->bytes));
        for (size_t k = 0; k < size; k++)
                i->bytes[offset + (i->big_endian ? size - 1 - k : k)] = (unsigned char) (number >> (8 * k));
}

#define PUT_OF(i, base, type, field, number) \
        put(i, (base) + offsetof(type, field), sizeof(((type *) NULL)->field), number)
#define PUT(i, base, type, field, number)                                  \
        do {                                                               \
                if ((i)->wide)                                             \
                        PUT_OF(i, base, Elf64_##type, field, number);      \
                else                                                       \
                        PUT_OF(i, base, Elf32_##type, field, number);      \
        } while (0)
#define SIZE(i, type) ((i)->wide ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

static void put_bytes(Image *i, const void *bytes, size_t size) {
        assert_true(i->size + size <= sizeof(i->bytes));
        memcpy(i->bytes + i->size, bytes, size);
        i->size += size;
}

static void put_note(Image *i, const char *owner, unsigned type, const char *text, size_t size) {
        size_t name_size = strlen(owner) + 1;

        PUT_OF(i, i->size, Elf64_Nhdr, n_namesz, name_size);
        PUT_OF(i, i->size, Elf64_Nhdr, n_descsz, size);
        PUT_OF(i, i->size, Elf64_Nhdr, n_type, type);
        i->size += sizeof(Elf64_Nhdr);
        put_bytes(i, owner, name_size);
        i->size = (i->size + 3) & ~(size_t) 3;
        put_bytes(i, text, size);
        i->size = (i->size + 3) & ~(size_t) 3;
}

static void put_file_header(Image *i) {
        memcpy(i->bytes, ELFMAG, SELFMAG);
        i->bytes[EI_CLASS] = i->wide ? ELFCLASS64 : ELFCLASS32;
        i->bytes[EI_DATA] = i->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
        i->bytes[EI_VERSION] = EV_CURRENT;
        PUT(i, 0, Ehdr, e_type, ET_DYN);
        PUT(i, 0, Ehdr, e_machine, EM_S390);
        i->size = i->notes = SIZE(i, Ehdr);
}

static void put_sections(Image *i) {
        static const char names[] = "\0" NOTE_SECTION "\0.note.other";
        size_t strings = i->size, h;

        put_bytes(i, names, sizeof(names));
        i->headers = i->size;
        i->size += 4 * SIZE(i, Shdr);
        PUT(i, 0, Ehdr, e_shoff, i->headers);
        PUT(i, 0, Ehdr, e_shnum, 4);
        PUT(i, 0, Ehdr, e_shentsize, SIZE(i, Shdr));
        PUT(i, 0, Ehdr, e_shstrndx, 3);
        h = i->headers + SIZE(i, Shdr);
        PUT(i, h, Shdr, sh_name, 1);
        PUT(i, h, Shdr, sh_type, SHT_NOTE);
        PUT(i, h, Shdr, sh_offset, i->notes);
        PUT(i, h, Shdr, sh_size, i->notes_size);
        h += SIZE(i, Shdr);
        PUT(i, h, Shdr, sh_name, sizeof(NOTE_SECTION) + 1); /* not ours, so that nothing of it is read */
        PUT(i, h, Shdr, sh_type, SHT_NOTE);
        PUT(i, h, Shdr, sh_offset, i->notes + 5);
        PUT(i, h, Shdr, sh_size, 3);
        h += SIZE(i, Shdr);
        PUT(i, h, Shdr, sh_type, SHT_STRTAB);
        PUT(i, h, Shdr, sh_offset, strings);
        PUT(i, h, Shdr, sh_size, sizeof(names));
}

static void put_segments(Image *i) {
        i->headers = i->size;
        i->size += 2 * SIZE(i, Phdr);
        PUT(i, 0, Ehdr, e_phoff, i->headers);
        PUT(i, 0, Ehdr, e_phnum, 2);
        PUT(i, 0, Ehdr, e_phentsize, SIZE(i, Phdr));
        PUT(i, i->headers, Phdr, p_type, PT_NOTE);
        PUT(i, i->headers, Phdr, p_align, 8); /* the linker's own, with other gaps */
        PUT(i, i->headers, Phdr, p_offset, i->notes + 5);
        PUT(i, i->headers, Phdr, p_filesz, 3);
        PUT(i, i->headers + SIZE(i, Phdr), Phdr, p_type, PT_NOTE);
        PUT(i, i->headers + SIZE(i, Phdr), Phdr, p_align, 4);
        PUT(i, i->headers + SIZE(i, Phdr), Phdr, p_offset, i->notes);
        PUT(i, i->headers + SIZE(i, Phdr), Phdr, p_filesz, i->notes_size);
}

#define FIRST "[Policy]\nDescription=first\n"
#define SECOND "[Scope]\nTasksMax=7\n"

/* shape: of 0 to 7, each another combination. */
static Image make_image(unsigned shape) {
        Image i = { .wide = shape & 1, .big_endian = shape & 2, .has_sections = shape & 4 };

        put_file_header(&i);
        put_note(&i, "GNU", 1, "other", 5);
        put_note(&i, NOTE_OWNER, NOTE_TYPE_POLICY, FIRST, strlen(FIRST));
        put_note(&i, NOTE_OWNER, NOTE_TYPE_POLICY + 1, "another type", 12);
        put_note(&i, "isoruN", NOTE_TYPE_POLICY, "another owner", 13);
        put_note(&i, NOTE_OWNER, NOTE_TYPE_POLICY, SECOND "\0\0", strlen(SECOND) + 2);
        i.notes_size = i.size - i.notes;
        if (i.has_sections)
                put_sections(&i);
        else
                put_segments(&i);
        return i;
}

/* The header of the section or segment that has the notes. */
static size_t notes_header(const Image *i) {
        return i->headers + (i->has_sections ? SIZE(i, Shdr) : SIZE(i, Phdr));
}

static void set_notes(Image *i, uint64_t offset, uint64_t size) {
        size_t h = notes_header(i);

        if (i->has_sections) {
                PUT(i, h, Shdr, sh_offset, offset);
                PUT(i, h, Shdr, sh_size, size);
        } else {
                PUT(i, h, Phdr, p_offset, offset);
                PUT(i, h, Phdr, p_filesz, size);
        }
}

static int memory_file(const void *bytes, size_t size) {
        int fd = memfd_create("note", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
        return fd;
}

/* Reads these bytes. Any result is complete: a failure is reported once, and gives no note. */
static int read_bytes(const void *bytes, size_t size, Notes *ret, char **ret_log) {
        _cleanup_close_ int fd = memory_file(bytes, size);
        Notes notes = {};
        Log log;
        int r;

        log_init(&log);
        r = notes_read(fd, "server", &notes, &log.report);
        if (r != 0 && r != -ENODATA && r != -EBADMSG && r != -EFBIG)
                fail_msg("returned %d", r);
        if (log.report.n_errors > 1 && r != -EBADMSG)
                fail_msg("several errors:\n%s", log_text(&log));
        expect_number("reported", log.report.n_errors > 0, r == -EBADMSG || r == -EFBIG);
        expect_number("notes", notes.n > 0, r == 0);
        if (ret_log)
                *ret_log = strdup(log_text(&log));
        log_deinit(&log);
        if (ret)
                *ret = notes;
        else
                notes_deinit(&notes);
        return r;
}

static void expect_broken(const char *what, unsigned shape, const Image *i, const char *why) {
        _cleanup_free_ char *log = NULL;
        char name[64];

        snprintf(name, sizeof(name), "%s, shape %u", what, shape);
        expect_result(name, read_bytes(i->bytes, i->size, NULL, &log), -EBADMSG);
        expect_in(name, log, "error: server: cannot look for a policy in it: ");
        expect_in(name, log, why);
}

static void test_good(_unused_ void **state) {
        for (unsigned shape = 0; shape < 8; shape++) {
                Image i = make_image(shape);
                Notes notes = {};

                assert_int_equal(read_bytes(i.bytes, i.size, &notes, NULL), 0);
                assert_int_equal(notes.n, 2);
                expect_text("name", notes.items[0].name, "server (note)");
                expect_text("text", notes.items[0].text, FIRST);
                expect_text("name", notes.items[1].name, "server (note 2)");
                expect_text("text", notes.items[1].text, SECOND);
                expect_number("size", notes.items[1].size, strlen(SECOND));
                notes_deinit(&notes);
        }
}

/* The section headers of a file with both are the ones that count, as for readelf. */
static void test_none(_unused_ void **state) {
        Image i = make_image(5);

        PUT(&i, notes_header(&i), Shdr, sh_name, sizeof(NOTE_SECTION) + 1);
        expect_result("no section of the name", read_bytes(i.bytes, i.size, NULL, NULL), -ENODATA);
        i = make_image(5);
        PUT(&i, 0, Ehdr, e_type, ET_CORE);
        expect_result("a core dump", read_bytes(i.bytes, i.size, NULL, NULL), -ENODATA);
        expect_result("empty", read_bytes("", 0, NULL, NULL), -ENODATA);
        expect_result("a letter", read_bytes("x", 1, NULL, NULL), -ENODATA);
        expect_result("a part of an ident", read_bytes(i.bytes, 15, NULL, NULL), -ENODATA);
        i = make_image(1);
        PUT(&i, 0, Ehdr, e_phoff, 0);
        PUT(&i, 0, Ehdr, e_phnum, 0);
        expect_result("no headers", read_bytes(i.bytes, i.size, NULL, NULL), -ENODATA);
}

/* promise P33 */
static void test_cut(_unused_ void **state) {
        for (unsigned shape = 0; shape < 8; shape++) {
                Image whole = make_image(shape);

                for (size_t size = EI_NIDENT; size < whole.size; size++) {
                        Image i = whole;

                        i.size = size;
                        expect_broken("cut", shape, &i, "");
                }
        }
}

/* A file has a policy, and one number of it is wrong: it must not count as a file without a policy. */
/* promise P33 */
static void test_hostile_numbers(_unused_ void **state) {
        static const uint64_t far[] = { UINT64_MAX, INT64_MAX, UINT64_MAX - 3, (UINT64_C(1) << 40) + 5000, UINT32_MAX,
                                        INT32_MAX, 5000 };

        for (unsigned shape = 0; shape < 8; shape++)
                for (size_t k = 0; k < ELEMENTSOF(far); k++) {
                        Image i = make_image(shape);

                        set_notes(&i, far[k], i.notes_size);
                        expect_broken("notes beyond the end", shape, &i, "its notes are not in the file");
                        i = make_image(shape);
                        set_notes(&i, i.notes, far[k]);
                        expect_broken("endless notes", shape, &i, "its notes are not in the file");
                        i = make_image(shape);
                        PUT_OF(&i, i.notes, Elf64_Nhdr, n_namesz, far[k]);
                        expect_broken("endless name", shape, &i, "a note is larger than its section");
                        i = make_image(shape);
                        PUT_OF(&i, i.notes, Elf64_Nhdr, n_descsz, far[k]);
                        expect_broken("endless text", shape, &i, "a note is larger than its section");
                        i = make_image(shape);
                        if (i.has_sections)
                                PUT(&i, 0, Ehdr, e_shoff, far[k]);
                        else
                                PUT(&i, 0, Ehdr, e_phoff, far[k]);
                        expect_broken("headers beyond the end", shape, &i, "headers are not in the file");
                }
}

static void test_hostile_headers(_unused_ void **state) {
        for (unsigned shape = 0; shape < 8; shape++) {
                Image i = make_image(shape);

                set_notes(&i, i.notes, i.notes_size - 4 - strlen(SECOND) - 20);
                expect_broken("a cut note", shape, &i, "a note is");
                i = make_image(shape);
                i.bytes[EI_CLASS] = 3;
                expect_broken("class", shape, &i, "unknown class or byte order");
                i = make_image(shape);
                i.bytes[EI_DATA] = 0;
                expect_broken("byte order", shape, &i, "unknown class or byte order");
                if (!i.has_sections)
                        continue;
                i = make_image(shape);
                PUT(&i, 0, Ehdr, e_shnum, 0);
                expect_broken("more sections than fit", shape, &i, "its section headers are broken");
                i = make_image(shape);
                PUT(&i, 0, Ehdr, e_shstrndx, 4);
                expect_broken("no names", shape, &i, "its section headers are broken");
                i = make_image(shape);
                PUT(&i, 0, Ehdr, e_shentsize, 1);
                expect_broken("size of a header", shape, &i, "its section headers are not in the file");
                i = make_image(shape);
                PUT(&i, notes_header(&i), Shdr, sh_type, SHT_NOBITS);
                expect_broken("no bytes", shape, &i, "empty or compressed");
                i = make_image(shape);
                PUT(&i, notes_header(&i), Shdr, sh_flags, SHF_COMPRESSED);
                expect_broken("compressed", shape, &i, "empty or compressed");
                i = make_image(shape);
                PUT(&i, i.headers + 2 * SIZE(&i, Shdr), Shdr, sh_name, 1);
                PUT(&i, i.headers + 2 * SIZE(&i, Shdr), Shdr, sh_offset, i.notes);
                PUT(&i, i.headers + 2 * SIZE(&i, Shdr), Shdr, sh_size, i.notes_size);
                expect_broken("the same notes twice", shape, &i, "two notes overlap");
        }
}

/* A sparse file, and many notes. */
static void test_huge(_unused_ void **state) {
        _cleanup_close_ int fd = -1;
        Image i = make_image(5);
        Notes notes = {};
        Log log;

        set_notes(&i, i.notes, UINT64_C(1) << 30);
        fd = memory_file(i.bytes, i.size);
        assert_int_equal(ftruncate(fd, INT64_C(4) << 30), 0);
        log_init(&log);
        expect_result("1 GiB of notes", notes_read(fd, "server", &notes, &log.report), -EBADMSG);
        expect_in("1 GiB", log_text(&log), "its notes are too large");
        log_deinit(&log);

        PUT_OF(&i, i.notes, Elf64_Nhdr, n_namesz, sizeof(NOTE_OWNER));
        PUT_OF(&i, i.notes, Elf64_Nhdr, n_descsz, 2 << 20);
        PUT_OF(&i, i.notes, Elf64_Nhdr, n_type, NOTE_TYPE_POLICY);
        memcpy(i.bytes + i.notes + sizeof(Elf64_Nhdr), NOTE_OWNER, sizeof(NOTE_OWNER));
        set_notes(&i, i.notes, 4 << 20);
        assert_int_equal(pwrite(fd, i.bytes, i.size, 0), i.size);
        log_init(&log);
        expect_result("a policy of 2 MiB", notes_read(fd, "server", &notes, &log.report), -EBADMSG);
        expect_in("2 MiB", log_text(&log), "a note is too large");
        log_deinit(&log);

        i = (Image) { .wide = true };
        put_file_header(&i);
        for (unsigned k = 0; k < 65; k++)
                put_note(&i, NOTE_OWNER, NOTE_TYPE_POLICY, "#", 1);
        i.notes_size = i.size - i.notes;
        put_sections(&i);
        expect_broken("65 notes", 1, &i, "too many notes");
}

/* Changes some bytes of each shape. */
/* promise P33 */
static void test_fuzz(_unused_ void **state) {
        static const unsigned char evil[] = { 0, 1, 4, 7, 0x7f, 0x80, 0xff };
        unsigned results[3] = {};
        uint32_t seed = 4711;

        for (unsigned round = 0; round < 20000; round++) {
                Image i = make_image(round % 8);
                int r;

                for (unsigned n = 1 + next_random(&seed) % 4; n > 0; n--) {
                        unsigned char *c = i.bytes + 4 + next_random(&seed) % (i.size - 4);

                        *c = next_random(&seed) % 2 ? evil[next_random(&seed) % sizeof(evil)]
                                                    : (unsigned char) next_random(&seed);
                }
                r = read_bytes(i.bytes, next_random(&seed) % 8 ? i.size : next_random(&seed) % i.size, NULL, NULL);
                results[r == 0 ? 0 : r == -ENODATA ? 1 : 2]++;
        }
        /* If this fails, the changes are badly chosen. */
        for (unsigned k = 0; k < ELEMENTSOF(results); k++)
                assert_true(results[k] > 100);
}

/* Programs of this machine have notes of other owners, and no policy. */
static void test_real_files(_unused_ void **state) {
        static const char *const files[] = { "/usr/bin/env",     "/bin/sh",       "/bin/busybox",
                                             "/usr/bin/python3", "/usr/bin/perl", "/proc/self/exe" };
        unsigned n = 0;

        for (size_t k = 0; k < ELEMENTSOF(files); k++) {
                _cleanup_close_ int fd = open(files[k], O_RDONLY | O_CLOEXEC);
                Report silent = {};
                Notes notes;

                if (fd < 0)
                        continue;
                expect_result(files[k], notes_read(fd, files[k], &notes, &silent), -ENODATA);
                n++;
        }
        assert_true(n >= 2);
}

static void test_scripts(_unused_ void **state) {
        static const struct {
                const char *script, *text; /* text NULL: no policy */
        } cases[] = {
                { "#!/bin/sh\n# isorun: [Scope]\n# isorun: TasksMax=7\necho\n", "\n [Scope]\n TasksMax=7\n\n" },
                { "#!/usr/bin/python3\n# -*- coding: utf-8 -*-\n\n"
                  "#isorun:[Scope]\n#\n#\tisorun: TasksMax=7\n# isorun: MemoryMax=1G",
                  "\n\n\n[Scope]\n\n TasksMax=7\n MemoryMax=1G\n" },
                { "#!/usr/bin/env node\n// isorun: [Scope]\n", "\n [Scope]\n" },
                { "#!/usr/bin/lua\n-- isorun: [Scope]\n", "\n [Scope]\n" },
                { "#!/bin/sh\r\n# isorun: [Scope]\r\n\r\n# isorun: TasksMax=7\r\n", "\n [Scope]\r\n\n TasksMax=7\r\n" },
                { "#!/bin/sh\necho\n# isorun: [Scope]\n", NULL },
                { "#!/bin/sh\n# isorun [Scope]\n", NULL },
                { "#!/bin/sh\nisorun: [Scope]\n", NULL },
                { "#!/bin/sh", NULL },
                { "# isorun: [Scope]\n", NULL },
        };

        for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
                const char *script = cases[k].script, *text = cases[k].text;
                Notes notes = {};

                expect_result(script, read_bytes(script, strlen(script), &notes, NULL), text ? 0 : -ENODATA);
                expect_number(script, notes.n, text != NULL);
                if (text) {
                        expect_text(script, notes.items[0].text, text);
                        expect_text(script, notes.items[0].name, "server");
                }
                notes_deinit(&notes);
        }
}

/* A script of pieces that have a meaning, and of any bytes. */
static size_t make_script(uint32_t *seed, char *script, size_t size) {
        static const char *const pieces[] = { "#", "//", "--", " ", "\t", "isorun:", " isorun: ", "isorun", "[Sandbox]",
                                              "[Policy]", "[Stage.x]", "ExecStart=/bin/sh", "Program=ignore", "Base=./x",
                                              "PrivateNetwork=no", "SystemCallFilter=~execve", "\\", "\n", "\n# isorun: ",
                                              "\n#isorun:", "\n// isorun: ", "\r\n", "\n\n", ":", "=", "\n-", "\n/" };
        size_t n = (size_t) snprintf(script, size, "#!/bin/sh%s", next_random(seed) % 8 == 0 ? "" : next_random(seed) % 2 ? "\n# isorun: " : "\n# isorun: [Policy]\n# isorun: ");

        for (unsigned i = next_random(seed) % 40; i > 0 && n + 64 < size; i--) {
                const char *piece = pieces[next_random(seed) % ELEMENTSOF(pieces)];

                if (next_random(seed) % 16 == 0)
                        script[n++] = (char) next_random(seed);
                else {
                        memcpy(script + n, piece, strlen(piece));
                        n += strlen(piece);
                }
        }
        return n;
}

/* Each line of the policy is the rest of the script's line with the same number, which is a comment. */
static void check_lines(const char *script, size_t size, const Note *note) {
        const char *line = script, *end = script + size, *text = note->text;

        for (const char *stop = note->text + note->size; text < stop && line < end;) {
                const char *newline = memchr(line, '\n', (size_t) (end - line)) ?: end;
                const char *text_end = memchr(text, '\n', (size_t) (stop - text)) ?: stop;
                const size_t n = (size_t) (text_end - text);

                if (n > 0 && ((size_t) (newline - line) < n || memcmp(newline - n, text, n) != 0 ||
                              !strchr("#/-", *line) || memcmp(newline - n - strlen("isorun:"), "isorun:", 7) != 0))
                        fail_msg("%.*s\ngave\n%.*s", (int) size, script, (int) note->size, note->text);
                line = newline + 1;
                text = text_end + 1;
        }
}

/* Any script gives its policy, or one error, and so does the policy. */
static void test_fuzz_scripts(_unused_ void **state) {
        unsigned results[3] = {}, policies = 0;
        uint32_t seed = 815;

        for (unsigned round = 0; round < 20000; round++) {
                char script[2048];
                const size_t size = make_script(&seed, script, sizeof(script));
                Notes notes = {};
                int r = read_bytes(script, size, &notes, NULL);

                results[r == 0 ? 0 : r == -ENODATA ? 1 : 2]++;
                for (size_t k = 0; k < notes.n; k++) {
                        _cleanup_(policy_freep) Policy *policy = policy_new(&test_specifiers);
                        Log log;

                        check_lines(script, size, &notes.items[k]);
                        log_init(&log);
                        r = policy_read(policy, notes.items[k].name, notes.items[k].text, notes.items[k].size, &log.report);
                        expect_number("reported", log.report.n_errors > 0, r < 0);
                        policies += r == 0;
                        log_deinit(&log);
                }
                notes_deinit(&notes);
        }
        if (results[0] < 100 || results[1] < 100 || results[2] < 100 || policies < 100)
                fail_msg("%u policies, %u of them good, %u without one, %u errors", results[0], policies, results[1],
                         results[2]);
}

static void test_long_script(_unused_ void **state) {
        static const char begin[] = "#!/bin/sh\n# isorun: [Scope]\n";
        _cleanup_free_ char *script = malloc(100000), *log = NULL;

        assert_non_null(script);
        memset(script, '#', 100000);
        memcpy(script, begin, strlen(begin));
        expect_result("endless comments", read_bytes(script, 100000, NULL, &log), -EFBIG);
        expect_in("endless comments", log, "the comments at the beginning are too long");
        memset(script, '#', strlen(begin));
        memcpy(script, "#!", 2);
        expect_result("endless comments without a policy", read_bytes(script, 100000, NULL, NULL), -ENODATA);
}

/* A program brings no command along, and no file of another place. */
static void test_refused_lines(_unused_ void **state) {
        static const struct {
                const char *line, *error; /* error NULL: accepted */
        } cases[] = {
                { "ExecStart=/bin/sh", "error: server (note):2: ExecStart=: a program's own policy has no command" },
                { "Base=/etc/other.conf",
                  "error: server (note):2: Base=: a program's own policy can be based only on" },
                { "Base=other.conf", "error: server (note):2: Base=: a program's own policy can be based only on" },
                { "Base=web", NULL },
                { "NoSuchLine=", NULL }, /* for policy_read() to say */
        };

        for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
                _cleanup_free_ char *text = NULL, *log = NULL;
                Image i = { .wide = true };

                assert_true(asprintf(&text, "[Policy]\n%s\n", cases[k].line) > 0);
                put_file_header(&i);
                put_note(&i, NOTE_OWNER, NOTE_TYPE_POLICY, text, strlen(text));
                i.notes_size = i.size - i.notes;
                put_sections(&i);
                expect_result(cases[k].line, read_bytes(i.bytes, i.size, NULL, &log), cases[k].error ? -EBADMSG : 0);
                expect_in(cases[k].line, log, cases[k].error ?: "");
        }
}

typedef struct SidecarCase {
        const char *what;
        mode_t directory, sidecar;
        uid_t directory_owner, program_owner, sidecar_owner; /* 1: somebody; all 0: not root's alone */
        int result;
} SidecarCase;

static void try_sidecar(const SidecarCase *c) {
        static const char text[] = "[Scope]\nTasksMax=7\n";
        char *dir = temp_make(), program[PATH_MAX], sidecar[PATH_MAX];
        Notes notes = {};
        Log log;
        int fd;

        temp_file(dir, "x", "#!/bin/sh\n", 10);
        temp_file(dir, "x" SIDECAR_SUFFIX, text, strlen(text));
        temp_path(program, dir, "x");
        temp_path(sidecar, dir, "x" SIDECAR_SUFFIX);
        assert_int_equal(chmod(sidecar, c->sidecar), 0);
        if (c->program_owner || c->sidecar_owner || c->directory_owner) {
                assert_int_equal(chown(sidecar, c->sidecar_owner, 0), 0);
                assert_int_equal(chown(program, c->program_owner, 0), 0);
                assert_int_equal(chown(dir, c->directory_owner, 0), 0);
        }
        assert_int_equal(chmod(dir, c->directory), 0);

        fd = open(program, O_RDONLY | O_CLOEXEC);
        log_init(&log);
        expect_result(c->what, own_policy_read(fd, "x", &notes, &log.report), c->result);
        expect_in(c->what, log_text(&log), c->result ? "error: refused: " : "");
        if (c->result == 0) {
                expect_text(c->what, notes.items[0].text, text);
                expect_text(c->what, notes.items[0].name, sidecar);
        }
        log_deinit(&log);
        notes_deinit(&notes);
        close(fd);
        temp_remove(dir);
}

/* promise P44 */
static void test_sidecar_owner(_unused_ void **state) {
        static const SidecarCase cases[] = {
                { "the owner's", 0755, 0644, 0, 0, 0, 0 },
                { "a private one", 0700, 0600, 0, 0, 0, 0 },
                { "its group can write to it", 0755, 0664, 0, 0, 0, -EPERM },
                { "all can write to it", 0755, 0646, 0, 0, 0, -EPERM },
                { "a group can replace it", 0775, 0644, 0, 0, 0, -EPERM },
                { "all can replace it", 0777, 0644, 0, 0, 0, -EPERM },
                { "in a directory like /tmp", 01777, 0644, 0, 0, 0, 0 },
                { "root's beside somebody's program", 0755, 0644, 1, 1, 0, 0 },
                { "somebody's own", 0755, 0644, 1, 1, 1, 0 },
                { "somebody's beside root's program", 0755, 0644, 0, 0, 1, -EPERM },
                { "somebody's in a directory like /tmp", 01777, 0644, 0, 0, 1, -EPERM },
                { "beside the program of somebody else", 0755, 0644, 0, 1, 2, -EPERM },
                { "in the directory of somebody else", 0755, 0644, 1, 0, 0, -EPERM },
        };

        for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
                const SidecarCase *c = &cases[k];

                if (geteuid() == 0 || !(c->program_owner || c->sidecar_owner || c->directory_owner))
                        try_sidecar(c);
        }
}

/* A symlink may lead to a file that others write, and a FIFO would block. */
static void test_sidecar_kind(_unused_ void **state) {
        char *dir = temp_make(), path[PATH_MAX];
        _cleanup_close_ int fd = -1;
        Notes notes = {};
        Log log;

        temp_file(dir, "x", "#!/bin/sh\n", 10);
        fd = open(temp_path(path, dir, "x"), O_RDONLY | O_CLOEXEC);
        log_init(&log);
        expect_result("no sidecar", own_policy_read(fd, "x", &notes, &log.report), -ENODATA);
        temp_path(path, dir, "x" SIDECAR_SUFFIX);
        assert_int_equal(symlink("x", path), 0);
        expect_result("a symlink", own_policy_read(fd, "x", &notes, &log.report), -EPERM);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        expect_result("a FIFO", own_policy_read(fd, "x", &notes, &log.report), -EINVAL);
        expect_number("reported", log.report.n_errors, 2);
        assert_int_equal(fchmod(fd, 04755), 0);
        expect_result("a set-user-ID program", own_policy_read(fd, "x", &notes, &log.report), -ENODATA);
        log_deinit(&log);
        temp_remove(dir);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),
                cmocka_unit_test(test_none),
                cmocka_unit_test(test_cut),
                cmocka_unit_test(test_hostile_numbers),
                cmocka_unit_test(test_hostile_headers),
                cmocka_unit_test(test_huge),
                cmocka_unit_test(test_fuzz),
                cmocka_unit_test(test_real_files),
                cmocka_unit_test(test_scripts),
                cmocka_unit_test(test_fuzz_scripts),
                cmocka_unit_test(test_long_script),
                cmocka_unit_test(test_refused_lines),
                cmocka_unit_test(test_sidecar_owner),
                cmocka_unit_test(test_sidecar_kind),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
