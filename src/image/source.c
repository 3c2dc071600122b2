/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/kernel.h"
#include "util/text.h"

#define STAGE STORE_NEW "/archive"
#define COPY STORE_NEW "/blob"

/* libjansson needs up to 80 bytes for a byte of JSON. The libraries of skopeo and podman take no more, either. */
enum { JSON_SIZE_MAX = 4 << 20 };

static const char *const prefixes[] = {
        [IMAGE_OCI] = "oci:",
        [IMAGE_OCI_ARCHIVE] = "oci-archive:",
        [IMAGE_DOCKER_ARCHIVE] = "docker-archive:",
};

void image_source_deinit(ImageSource *source) {
        free(source->path);
        free(source->tag);
        fd_close(source->directory);
        fd_close(source->input);
        *source = IMAGE_SOURCE_NONE;
}

/* The path may contain colons, so that a file of the whole name counts first. */
static int split(const char *text, ImageSource *source) {
        const char *colon = strrchr(text, ':');

        if (access(text, F_OK) < 0 && colon && colon > text && !strchr(colon, '/')) {
                source->path = format("%.*s", (int) (colon - text), text);
                source->tag = strdup(colon + 1);
                return source->path && source->tag ? 0 : -ENOMEM;
        }
        source->path = strdup(text);
        return source->path ? 0 : -ENOMEM;
}

static int parse(const char *text, ImageSource *source, Report *report) {
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                const char *rest = startswith(text, prefixes[i]);

                if (!rest || !*rest)
                        continue;
                source->format = (ImageFormat) i;
                return split(rest, source) < 0 ? report_oom(report) : 0;
        }
        return report_error(report, EINVAL, "the source of an image is oci:DIR[:TAG], oci-archive:FILE[:TAG] or "
                            "docker-archive:FILE[:TAG], not \"%s\" (isoctl fetches no images: skopeo copy "
                            "docker://… oci:DIR:TAG does)", text);
}

Compression image_source_compression(int fd) {
        uint8_t magic[4];

        if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic))
                return COMPRESSION_NONE;
        if (magic[0] == 0x1f && magic[1] == 0x8b)
                return COMPRESSION_GZIP;
        return memcmp(magic, "\x28\xb5\x2f\xfd", sizeof(magic)) == 0 ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

/* A file without a name, in the store. */
static int open_copy(const Store *store) {
        int fd = openat(store->fd, COPY, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0 || unlinkat(store->fd, COPY, 0) < 0)
                return fd_close(fd), -errno;
        return fd;
}

/* Returns 0 or -errno. */
static int copy_bounded(int to, uint64_t size_max) {
        char buffer[COPY_SIZE];
        uint64_t size = 0;
        ssize_t n;
        int r = 0;

        while (r >= 0 && (n = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0) {
                size += (uint64_t) n;
                r = size > size_max ? -EFBIG : fd_write_all(to, buffer, (size_t) n);
        }
        return r >= 0 && n < 0 ? -errno : r;
}

/* Copies standard input: an archive is read twice, for its compression and its contents. The copy has no name, so that
 * this needs no lock: the input may come late. */
static int copy_input(ImageSource *source, const Unpackers *u) {
        int r;

        if (isatty(STDIN_FILENO))
                return report_error(u->report, EINVAL, "standard input is a terminal: pipe an archive into it");
        source->input = openat(u->store->fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        r = source->input < 0 ? -errno : copy_bounded(source->input, archive_size_max(u));
        if (r == -EFBIG)
                return report_error(u->report, EFBIG, "standard input is larger than --max-size= allows");
        if (r < 0)
                return report_error(u->report, -r, "cannot copy standard input to %s: %s", u->store->path,
                                    strerror(-r));
        free(source->path);
        source->path = strdup("standard input");
        return source->path ? 0 : report_oom(u->report);
}

/* Returns an fd or -errno, reported. */
static int open_archive(ImageSource *source, const Unpackers *u) {
        int fd = source->input >= 0 ? TAKE_FD(source->input) : file_open_regular(source->path);

        return fd >= 0 ? fd : report_error(u->report, -fd, "cannot open %s: %s%s", source->path,
                                           text_file_strerror(-fd), fd == -EISDIR ? " (add oci:DIR)" : "");
}

static int stage(ImageSource *source, Unpackers *u) {
        _cleanup_close_ int archive = open_archive(source, u);
        Digest ignored;

        if (archive < 0)
                return archive;
        if (mkdirat(u->store->fd, STAGE, 0700) < 0)
                return report_error(u->report, errno, "cannot make a directory in %s: %s", u->store->path,
                                    strerror(errno));
        source->directory = openat(u->store->fd, STAGE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (source->directory < 0)
                return report_error(u->report, errno, "cannot open a directory in %s: %s", u->store->path,
                                    strerror(errno));
        source->own = true;
        return unpack_archive(u, archive, image_source_compression(archive), source->directory, true, source->path,
                              &ignored);
}

int image_source_begin(const char *text, const Unpackers *u, ImageSource *ret) {
        int r = parse(text, ret, u->report);

        return r >= 0 && ret->format != IMAGE_OCI && streq(ret->path, "-") ? copy_input(ret, u) : r;
}

int image_source_open(ImageSource *source, Unpackers *u) {
        if (source->format != IMAGE_OCI)
                return stage(source, u);
        source->directory = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (source->directory < 0)
                return report_error(u->report, errno, "cannot open %s: %s%s", source->path, strerror(errno),
                                    errno == ENOTDIR ? " (add oci-archive:FILE or docker-archive:FILE)" : "");
        return 0;
}

/* A symlink may lead to another file of the source, but not out of it. Returns the fd, -EINVAL for another kind of
 * file, or another -errno. */
static int open_file(const ImageSource *source, const char *path, int64_t *ret_size) {
        const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                                      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
        int fd = sys_openat2(source->directory, path, &how);
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return fd_close(fd), -EINVAL;
        *ret_size = st.st_size;
        return fd;
}

static const char *describe(int error, uint64_t size_max) {
        switch (error) {
        case EXDEV:
        case ELOOP:
                return "it is a link that leads elsewhere";
        case EINVAL:
                return "it is not a regular file";
        case EFBIG:
                return size_max == JSON_SIZE_MAX ? "it is larger than 4 MiB" : "it is larger than --max-size= allows";
        case EINTR:
                return "interrupted";
        default:
                return strerror(error);
        }
}

/* Reports why a file of the source cannot be copied or read. */
static int report_file(const ImageSource *source, const char *path, const Unpackers *u, uint64_t size_max, int r) {
        static const char *const others[] = {
                [IMAGE_OCI] = " (it is not the directory of an OCI image)",
                [IMAGE_OCI_ARCHIVE] = " (an archive of docker save is docker-archive:FILE)",
                [IMAGE_DOCKER_ARCHIVE] = " (an archive in OCI's format is oci-archive:FILE)",
        };
        const bool first = streq(path, "index.json") || streq(path, "manifest.json");

        if (r == -ENOSPC || r == -EDQUOT)
                return report_error(u->report, -r, "cannot copy %s to %s: %s", path, u->store->path, strerror(-r));
        return report_error(u->report, -r, "%s: cannot read %s: %s%s", source->path, path, describe(-r, size_max),
                            r == -ENOENT && first ? others[source->format] : "");
}

/* The size first: a file that is not what it should be is not copied, however large it is. */
static int take(const ImageSource *source, const char *path, const Descriptor *expected, uint64_t size_max,
                Unpackers *u) {
        int64_t size = 0;
        _cleanup_close_ int file = open_file(source, path, &size), copy = -1;
        Digest digest;
        int r = file;

        if (r >= 0 && expected && expected->size >= 0 && size != expected->size)
                return report_error(u->report, EBADMSG, "%s: %s has %lld bytes, and not %lld as the image says",
                                    source->path, path, (long long) size, (long long) expected->size);
        if (r >= 0 && (uint64_t) size > size_max)
                r = -EFBIG;
        if (r >= 0 && !source->own) {
                copy = open_copy(u->store);
                r = copy;
        }
        if (r >= 0)
                r = digest_copy(&u->hash, file, copy, size_max, &digest);
        if (r < 0)
                return report_file(source, path, u, size_max, r);
        if (expected && !streq(digest.hex, expected->digest.hex))
                return report_error(u->report, EBADMSG, "%s: %s does not have the digest sha256:%.12s…, but %.12s…",
                                    source->path, path, expected->digest.hex, digest.hex);
        return copy >= 0 ? TAKE_FD(copy) : TAKE_FD(file);
}

int image_source_take(const ImageSource *source, const char *path, const Descriptor *expected, Unpackers *u) {
        return take(source, path, expected, archive_size_max(u), u);
}

int image_source_read(const ImageSource *source, const char *path, const Descriptor *expected, Unpackers *u, char **ret,
                      size_t *ret_size) {
        _cleanup_close_ int fd = take(source, path, expected, JSON_SIZE_MAX, u);
        int r;

        if (fd < 0)
                return fd;
        r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read_all(fd, ret, ret_size);
        return r < 0 ? report_error(u->report, -r, "%s: cannot read %s: %s", source->path, path, strerror(-r)) : 0;
}
