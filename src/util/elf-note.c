/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/elf-note.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/macro.h"

/* A part of the file in memory. */
typedef struct Window {
        unsigned char bytes[4096];
        uint64_t offset;
        size_t size;
} Window;

typedef struct Part {
        uint64_t offset, size;
} Part;

typedef struct Reader {
        int fd;
        uint64_t size; /* of the file */
        bool wide, big_endian;
        const ElfNoteKind *kind;
        ElfNoteTake take;
        void *userdata;
        const char *why;
        uint64_t n_read; /* bytes of all note sections so far */
        Window headers, text;
        Part found[ELF_NOTES_MAX]; /* the descriptors */
        int n_found;
} Reader;

static int broken(Reader *r, const char *why) {
        r->why = why;
        return -EBADMSG;
}

static bool is_in_file(const Reader *r, uint64_t offset, uint64_t size) {
        return offset <= r->size && size <= r->size - offset;
}

/* Reads size bytes at this offset, which must be in the file by its size. The file may shrink while it is read. */
static int read_at(Reader *r, void *bytes, size_t size, uint64_t offset) {
        for (size_t done = 0; done < size;) {
                ssize_t n = pread(r->fd, (char *) bytes + done, size - done, (off_t) (offset + done));

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return broken(r, "the file changes while it is read");
                done += n > 0 ? (size_t) n : 0;
        }
        return 0;
}

static bool is_in_window(const Window *w, uint64_t offset, uint64_t size) {
        return offset >= w->offset && offset + size <= w->offset + w->size;
}

/* Shows size bytes at this offset, at most those of a window. Linkers put the names of the sections before their
 * headers, at the end of the file, so one window often has both. */
static int look(Reader *r, Window *w, uint64_t offset, size_t size, const unsigned char **ret) {
        int result;

        if (!is_in_file(r, offset, size))
                return broken(r, "the file ends before its headers and notes do");
        if (!is_in_window(w, offset, size) && is_in_window(&r->headers, offset, size))
                w = &r->headers;
        if (!is_in_window(w, offset, size)) {
                uint64_t room = r->size < sizeof(w->bytes) ? r->size : sizeof(w->bytes), last = r->size - room;

                w->size = 0;
                w->offset = offset < last ? offset : last;
                result = read_at(r, w->bytes, (size_t) room, w->offset);
                if (result < 0)
                        return result;
                w->size = (size_t) room;
        }
        *ret = w->bytes + (offset - w->offset);
        return 0;
}

static uint64_t number(const Reader *r, const unsigned char *p, size_t size) {
        uint64_t n = 0;

        for (size_t i = 0; i < size; i++)
                n = n << 8 | p[r->big_endian ? i : size - 1 - i];
        return n;
}

/* A field of a header, which p points to. */
#define FIELD_OF(r, p, type, field) number(r, (p) + offsetof(type, field), sizeof(((const type *) NULL)->field))
#define FIELD(r, p, type, field) \
        ((r)->wide ? FIELD_OF(r, p, Elf64_##type, field) : FIELD_OF(r, p, Elf32_##type, field))
#define HEADER_SIZE(r, type) ((r)->wide ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

/* The name, with its NUL, is in one window even if the file says that it is long. */
static int is_wanted(Reader *r, const unsigned char *note, uint64_t name_offset, bool *ret) {
        size_t size = strlen(r->kind->owner) + 1;
        const unsigned char *name;
        int result;

        *ret = false;
        if (FIELD_OF(r, note, Elf64_Nhdr, n_namesz) != size ||
            FIELD_OF(r, note, Elf64_Nhdr, n_type) != r->kind->type)
                return 0;
        result = look(r, &r->text, name_offset, size, &name);
        if (result >= 0)
                *ret = memcmp(name, r->kind->owner, size) == 0;
        return result;
}

static int take_note(Reader *r, uint64_t offset, uint64_t size) {
        char *copy;
        int result;

        if (r->n_found >= ELF_NOTES_MAX)
                return broken(r, "it has too many notes");
        if (size > r->kind->size_max)
                return broken(r, "a note is too large");
        for (int i = 0; i < r->n_found; i++)
                if (offset < r->found[i].offset + r->found[i].size && r->found[i].offset < offset + size)
                        return broken(r, "two notes overlap");
        r->found[r->n_found++] = (Part) { offset, size };

        copy = malloc(size + 1);
        if (!copy)
                return -ENOMEM;
        result = read_at(r, copy, size, offset);
        if (result < 0) {
                free(copy);
                return result;
        }
        copy[size] = '\0';
        return r->take(r->userdata, copy, size);
}

static uint64_t padded(uint64_t size) {
        return (size + 3) & ~(uint64_t) 3;
}

/* Reads one note, and moves *part behind it. Its numbers have 32 bits, so that no sum of them overflows. */
static int read_note(Reader *r, Part *part) {
        uint64_t name_size, size, description, end;
        const unsigned char *note;
        bool wanted;
        int result;

        if (part->size < sizeof(Elf64_Nhdr))
                return broken(r, "a note is cut off");
        result = look(r, &r->text, part->offset, sizeof(Elf64_Nhdr), &note);
        if (result < 0)
                return result;
        name_size = FIELD_OF(r, note, Elf64_Nhdr, n_namesz);
        size = FIELD_OF(r, note, Elf64_Nhdr, n_descsz);
        description = sizeof(Elf64_Nhdr) + padded(name_size);
        if (description + size > part->size)
                return broken(r, "a note is larger than its section");

        result = is_wanted(r, note, part->offset + sizeof(Elf64_Nhdr), &wanted);
        if (result >= 0 && wanted)
                result = take_note(r, part->offset + description, size);
        end = description + padded(size);
        if (end > part->size) /* nothing pads the last one */
                end = part->size;
        part->offset += end;
        part->size -= end;
        return result;
}

static int read_notes(Reader *r, Part part) {
        int result = 0;

        if (!is_in_file(r, part.offset, part.size))
                return broken(r, "its notes are not in the file");
        if (part.size > ELF_NOTES_SIZE_MAX || (r->n_read += part.size) > ELF_NOTES_SIZE_MAX)
                return broken(r, "its notes are too large");
        while (result >= 0 && part.size > 0)
                result = read_note(r, &part);
        return result;
}

/* A table of headers. */
typedef struct Table {
        uint64_t offset, n, entry_size;
} Table;

static int read_header(Reader *r, const Table *table, uint64_t i, const unsigned char **ret) {
        return look(r, &r->headers, table->offset + i * table->entry_size, table->entry_size, ret);
}

/* Whether the section has the wanted name, which is at this offset of the names. */
static int has_name(Reader *r, const Part *names, uint64_t name, bool *ret) {
        size_t size = strlen(r->kind->section) + 1;
        const unsigned char *text;
        int result;

        *ret = false;
        if (name > names->size || size > names->size - name)
                return 0;
        result = look(r, &r->text, names->offset + name, size, &text);
        if (result >= 0)
                *ret = memcmp(text, r->kind->section, size) == 0;
        return result;
}

static int read_section(Reader *r, const Table *table, const Part *names, uint64_t i) {
        const unsigned char *h;
        bool wanted = false;
        int result;

        result = read_header(r, table, i, &h);
        if (result >= 0)
                result = has_name(r, names, FIELD(r, h, Shdr, sh_name), &wanted);
        if (result < 0 || !wanted)
                return result;
        if (FIELD(r, h, Shdr, sh_type) == SHT_NOBITS || FIELD(r, h, Shdr, sh_flags) & SHF_COMPRESSED)
                return broken(r, "the section of its notes is empty or compressed");
        return read_notes(r, (Part) { FIELD(r, h, Shdr, sh_offset), FIELD(r, h, Shdr, sh_size) });
}

static int read_sections(Reader *r, const Table *table, uint64_t names_index) {
        const unsigned char *h;
        Part names;
        int result;

        /* elf(5) has another place for larger numbers. Linkers make no program with so many sections. */
        if (table->n == 0 || table->n >= SHN_LORESERVE || names_index >= table->n)
                return broken(r, "its section headers are broken");
        if (table->entry_size != HEADER_SIZE(r, Shdr) || !is_in_file(r, table->offset, table->n * table->entry_size))
                return broken(r, "its section headers are not in the file");
        result = read_header(r, table, names_index, &h);
        if (result < 0)
                return result;
        names = (Part) { FIELD(r, h, Shdr, sh_offset), FIELD(r, h, Shdr, sh_size) };
        if (!is_in_file(r, names.offset, names.size))
                return broken(r, "the names of its sections are not in the file");
        result = names.size > 0 ? look(r, &r->text, names.offset, 1, &h) : 0; /* the names are in no order: read all */
        if (result < 0)
                return result;
        for (uint64_t i = 1; result >= 0 && i < table->n; i++)
                result = read_section(r, table, &names, i);
        return result;
}

/* Notes with 8-byte alignment are the linker's own properties. */
static int read_segments(Reader *r, const Table *table) {
        int result = 0;

        if (table->n > 0 && (table->entry_size != HEADER_SIZE(r, Phdr) ||
                             !is_in_file(r, table->offset, table->n * table->entry_size)))
                return broken(r, "its program headers are not in the file");
        for (uint64_t i = 0; result >= 0 && i < table->n; i++) {
                const unsigned char *h;

                result = read_header(r, table, i, &h);
                if (result >= 0 && FIELD(r, h, Phdr, p_type) == PT_NOTE && FIELD(r, h, Phdr, p_align) <= 4)
                        result = read_notes(r, (Part) { FIELD(r, h, Phdr, p_offset), FIELD(r, h, Phdr, p_filesz) });
        }
        return result;
}

static int read_file(Reader *r) {
        const unsigned char *h;
        uint64_t type, names;
        Table sections, segments;
        int result;

        result = look(r, &r->headers, 0, HEADER_SIZE(r, Ehdr), &h);
        if (result < 0)
                return result;
        type = FIELD(r, h, Ehdr, e_type);
        if (type != ET_EXEC && type != ET_DYN && type != ET_REL)
                return 0;
        names = FIELD(r, h, Ehdr, e_shstrndx);
        sections = (Table) { FIELD(r, h, Ehdr, e_shoff), FIELD(r, h, Ehdr, e_shnum), FIELD(r, h, Ehdr, e_shentsize) };
        segments = (Table) { FIELD(r, h, Ehdr, e_phoff), FIELD(r, h, Ehdr, e_phnum), FIELD(r, h, Ehdr, e_phentsize) };
        return sections.offset ? read_sections(r, &sections, names) : read_segments(r, &segments);
}

int elf_notes_read(int fd, const ElfNoteKind *kind, ElfNoteTake take, void *userdata, const char **ret_why) {
        Reader r = { .fd = fd, .kind = kind, .take = take, .userdata = userdata };
        const unsigned char *ident;
        struct stat st;
        int result;

        if (fstat(fd, &st) < 0)
                return -errno;
        r.size = st.st_size > 0 ? (uint64_t) st.st_size : 0;
        if (r.size < EI_NIDENT)
                return 0;
        result = look(&r, &r.headers, 0, EI_NIDENT, &ident);
        if (result == -EBADMSG)
                *ret_why = r.why;
        if (result < 0)
                return result;
        if (memcmp(ident, ELFMAG, SELFMAG) != 0)
                return 0;
        r.wide = ident[EI_CLASS] == ELFCLASS64;
        r.big_endian = ident[EI_DATA] == ELFDATA2MSB;
        if ((!r.wide && ident[EI_CLASS] != ELFCLASS32) || (!r.big_endian && ident[EI_DATA] != ELFDATA2LSB))
                result = broken(&r, "it has an unknown class or byte order");
        else
                result = read_file(&r);
        if (result == -EBADMSG && r.why)
                *ret_why = r.why;
        return result < 0 ? result : r.n_found;
}
