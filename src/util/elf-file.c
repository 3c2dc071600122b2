/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/elf-file.h"

#include <errno.h>
#include <gelf.h>
#include <limits.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/library.h"
#include "util/strv.h"

#define ELF_FUNCTIONS(X) \
        X(elf_version)   \
        X(elf_begin)     \
        X(elf_end)       \
        X(elf_kind)      \
        X(elf_getphdrnum) \
        X(elf_getdata_rawchunk) \
        X(gelf_getclass) \
        X(gelf_getehdr)  \
        X(gelf_getphdr)  \
        X(gelf_getdyn)

typedef struct ElfLibrary {
        ELF_FUNCTIONS(LIBRARY_POINTER)
} ElfLibrary;

LIBRARY_NOTE(elf, "libraries", "Finding the libraries of a command (BindLibraries=)", "suggested", "libelf.so.1");

static const ElfLibrary *elf_library(void) {
        static const char *const names[] = { ELF_FUNCTIONS(LIBRARY_NAME) };
        static ElfLibrary library;
        ElfLibrary loaded;

        if (library.elf_version)
                return &library;
        if (library_load("libelf.so.1", names, ELEMENTSOF(names), &loaded) < 0 ||
            loaded.elf_version(EV_CURRENT) == EV_NONE)
                return NULL;
        library = loaded;
        return &library;
}

void elf_file_deinit(ElfFile *f) {
        free(f->interpreter);
        strv_free(f->needed);
        strv_free(f->search);
        *f = (ElfFile) {};
}

/* These limits bound the memory that a malicious file can make the reader use. */
enum { HEADERS_MAX = 1024, DYNAMIC_MAX = 64 << 10, STRINGS_MAX = 1000 };

typedef struct Reader {
        const ElfLibrary *lib;
        Elf *elf;
        size_t n_headers;
        uint64_t size; /* of the file */
} Reader;

/* Reads size bytes at this offset. Returns NULL if they are not all in the file. */
static Elf_Data *read_chunk(const Reader *r, uint64_t offset, uint64_t size, Elf_Type type) {
        if (offset > r->size || size > r->size - offset)
                return NULL;
        return r->lib->elf_getdata_rawchunk(r->elf, (int64_t) offset, size, type);
}

/* Copies the NUL-terminated string at this offset of the file. Returns 0, -EBADMSG if no NUL is within max bytes, or
 * -ENOMEM. */
static int copy_string(const Reader *r, uint64_t offset, uint64_t max, char **ret) {
        Elf_Data *data = read_chunk(r, offset, max < PATH_MAX ? max : PATH_MAX, ELF_T_BYTE);

        if (!data || !memchr(data->d_buf, 0, data->d_size))
                return -EBADMSG;
        *ret = strdup(data->d_buf);
        return *ret ? 0 : -ENOMEM;
}

typedef struct Part {
        uint64_t offset, size;
} Part;

/* Finds the part of the file that is loaded at this address, up to the end of its segment or of the file. Returns false
 * if the file has no byte for the address. */
static bool find_loaded(const Reader *r, GElf_Addr address, Part *ret) {
        for (size_t i = 0; i < r->n_headers; i++) {
                uint64_t offset, left;
                GElf_Phdr h;

                if (!r->lib->gelf_getphdr(r->elf, (int) i, &h) || h.p_type != PT_LOAD || address < h.p_vaddr ||
                    address - h.p_vaddr >= h.p_filesz)
                        continue;
                left = h.p_filesz - (address - h.p_vaddr);
                if (__builtin_add_overflow(h.p_offset, address - h.p_vaddr, &offset) || offset >= r->size)
                        return false;
                *ret = (Part) { .offset = offset, .size = left < r->size - offset ? left : r->size - offset };
                return true;
        }
        return false;
}

static bool find_header(const Reader *r, unsigned type, GElf_Phdr *ret) {
        for (size_t i = 0; i < r->n_headers; i++)
                if (r->lib->gelf_getphdr(r->elf, (int) i, ret) && ret->p_type == type)
                        return true;
        return false;
}

static int add_search(ElfFile *f, const char *text, bool runpath) {
        _cleanup_free_ char *copy = strdup(text);
        char *position = NULL;

        if (!copy)
                return -ENOMEM;
        if (f->runpath && !runpath)
                return 0;
        if (runpath) {
                f->search = strv_free(f->search);
                f->runpath = true;
        }
        for (char *d = strtok_r(copy, ":", &position); d; d = strtok_r(NULL, ":", &position))
                if (strv_push(&f->search, d) < 0)
                        return -ENOMEM;
        return 0;
}

static int take_entry(const Reader *r, const Part *strings, const GElf_Dyn *d, ElfFile *f) {
        _cleanup_free_ char *text = NULL;
        int result;

        if (d->d_tag != DT_NEEDED && d->d_tag != DT_RPATH && d->d_tag != DT_RUNPATH)
                return 0;
        if (d->d_un.d_val >= strings->size || strv_length(f->needed) + strv_length(f->search) >= STRINGS_MAX)
                return -EBADMSG;
        result = copy_string(r, strings->offset + d->d_un.d_val, strings->size - d->d_un.d_val, &text);
        if (result < 0)
                return result;
        return d->d_tag == DT_NEEDED ? strv_push(&f->needed, text) : add_search(f, text, d->d_tag == DT_RUNPATH);
}

static int read_dynamic(const Reader *r, const GElf_Phdr *h, ElfFile *f) {
        Elf_Data *data = h->p_filesz > DYNAMIC_MAX ? NULL : read_chunk(r, h->p_offset, h->p_filesz, ELF_T_DYN);
        bool found = false;
        Part strings = {};
        GElf_Dyn d;
        int result = 0;

        if (!data)
                return -EBADMSG;
        for (int i = 0; r->lib->gelf_getdyn(data, i, &d) && d.d_tag != DT_NULL; i++)
                if (d.d_tag == DT_STRTAB)
                        found = find_loaded(r, d.d_un.d_ptr, &strings);
        if (!found)
                return -EBADMSG;
        for (int i = 0; result >= 0 && r->lib->gelf_getdyn(data, i, &d) && d.d_tag != DT_NULL; i++)
                result = take_entry(r, &strings, &d, f);
        return result;
}

static int read_file(Reader *r, ElfFile *f) {
        GElf_Ehdr header;
        GElf_Phdr h;
        int result = 0;

        if (!r->lib->gelf_getehdr(r->elf, &header) || r->lib->elf_getphdrnum(r->elf, &r->n_headers) < 0 ||
            r->n_headers > HEADERS_MAX)
                return -EBADMSG;
        if (header.e_phnum != PN_XNUM && r->n_headers != header.e_phnum) /* libelf counts only those in the file */
                return -EBADMSG;
        /* Other types, such as core files, are not loaded by a loader. */
        if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
                return 0;
        f->class = r->lib->gelf_getclass(r->elf);
        f->machine = header.e_machine;

        if (find_header(r, PT_INTERP, &h)) {
                if (h.p_filesz > PATH_MAX) /* execve(2) rejects a longer one, too */
                        return -EBADMSG;
                result = copy_string(r, h.p_offset, h.p_filesz, &f->interpreter);
                if (result < 0)
                        return result;
        }
        if (find_header(r, PT_DYNAMIC, &h))
                result = read_dynamic(r, &h, f);
        return result < 0 ? result : 1;
}

/* Whether the first section header holds the number of sections, as it does for 65280 or more sections (elf(5)). libelf
 * allocates memory for all of them at once, so such a file is rejected. */
static bool has_many_sections(int fd) {
        union {
                unsigned char ident[EI_NIDENT];
                Elf32_Ehdr small;
                Elf64_Ehdr large;
        } h = {};

        if (pread(fd, &h, sizeof(h), 0) < (ssize_t) sizeof(h.small))
                return false;
        return h.ident[EI_CLASS] == ELFCLASS64 ? h.large.e_shoff && !h.large.e_shnum
                                               : h.small.e_shoff && !h.small.e_shnum;
}

int elf_file_read(const char *path, ElfFile *ret) {
        Reader r = { .lib = elf_library() };
        _cleanup_(elf_file_deinit) ElfFile f = {};
        _cleanup_close_ int fd = -1;
        struct stat st;
        int result;

        if (!r.lib)
                return -ENOPKG;
        fd = file_open_regular(path);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (has_many_sections(fd))
                return -EBADMSG;
        r.size = (uint64_t) st.st_size;
        r.elf = r.lib->elf_begin(fd, ELF_C_READ, NULL);
        if (!r.elf)
                return -EBADMSG;
        result = r.lib->elf_kind(r.elf) == ELF_K_ELF ? read_file(&r, &f) : 0;
        r.lib->elf_end(r.elf);
        if (result > 0) {
                *ret = f;
                f = (ElfFile) {};
        }
        return result;
}
