/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verb/embed-file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "policy/own-policy.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

enum { INPUT_FD = 3 };

static const int ending[] = { SIGHUP, SIGINT, SIGTERM };
static EmbedFiles *to_remove; /* if such a signal comes */

static void remove_files(const EmbedFiles *f) {
        if (f->place >= 0) {
                (void) unlinkat(f->place, "note", 0);
                (void) unlinkat(f->place, path_name(f->target), 0);
        }
        if (f->directory)
                (void) rmdir(f->directory);
}

/* Calls only what signal-safety(7) lists. */
static void remove_and_end(int sig) {
        if (to_remove && to_remove->objcopy > 0) {
                (void) kill(to_remove->objcopy, SIGKILL);
                (void) waitpid(to_remove->objcopy, NULL, 0);
        }
        if (to_remove)
                remove_files(to_remove);
        (void) raise(sig);
}

/* A signal that is ignored, as nohup(1) lets it be, stays so. */
static void catch_signals(EmbedFiles *f, void (*handler)(int)) {
        struct sigaction action = { .sa_handler = handler, .sa_flags = (int) SA_RESETHAND }, before;

        to_remove = f;
        for (size_t i = 0; i < ELEMENTSOF(ending); i++)
                if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
                        (void) sigaction(ending[i], &action, NULL);
}

static int open_binary(EmbedFiles *f, Report *report) {
        unsigned char ident[EI_NIDENT] = {};

        f->fd = file_open_regular(f->binary);
        if (f->fd < 0 || fstat(f->fd, &f->st) < 0 || pread(f->fd, ident, sizeof(ident), 0) < 0)
                return report_error(report, f->fd < 0 ? -f->fd : errno, "cannot read %s: %s", f->binary,
                                    text_file_strerror(f->fd < 0 ? -f->fd : errno));
        if (memcmp(ident, ELFMAG, SELFMAG) != 0)
                return report_error(report, ENOEXEC, "%s is not an ELF program (a script has its policy in comments: "
                                                     "isorun.policy(5))", f->binary);
        if (f->st.st_mode & (S_ISUID | S_ISGID))
                return report_error(report, EPERM, "%s is set-user-ID or set-group-ID, so isorun would not use its "
                                                   "policy", f->binary);
        f->big_endian = ident[EI_DATA] == ELFDATA2MSB;
        return 0;
}

static int find_target(EmbedFiles *f, const char *output, Report *report) {
        _cleanup_free_ char *sidecar = NULL;

        f->in_place = !output;
        f->target = output ? strdup(output) : realpath(f->binary, NULL);
        if (!f->target)
                return report_error(report, errno, "cannot find %s: %s", f->binary, strerror(errno));
        sidecar = format("%s" SIDECAR_SUFFIX, f->target);
        if (!sidecar)
                return report_oom(report);
        if (access(sidecar, F_OK) == 0)
                report_notice(report, "%s exists, and comes before the policy in the program", sidecar);
        if (f->in_place && f->st.st_nlink > 1)
                report_notice(report, "%s has other hard links, which keep the program as it is", f->target);
        return 0;
}

/* Opens the directory that was just made, as an fd that objcopy gets, too. */
static int open_place(const char *directory) {
        _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        int place;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid() || st.st_mode & 077)
                return -ESTALE; /* somebody has put another one there */
        place = fcntl(fd, F_DUPFD_CLOEXEC, INPUT_FD + 1);
        return place < 0 ? -errno : place;
}

static int make_place(EmbedFiles *f, Report *report) {
        _cleanup_free_ char *parent = path_parent(f->target);

        f->directory = parent ? path_join(parent, ".isoctl-embed-XXXXXX") : NULL;
        if (!f->directory)
                return report_oom(report);
        f->parent = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (f->parent < 0 || !mkdtemp(f->directory)) {
                free(TAKE_PTR(f->directory));
                return report_error(report, errno, "cannot make a directory in %s: %s", parent, strerror(errno));
        }
        f->place = open_place(f->directory);
        return f->place >= 0 ? 0 : report_error(report, -f->place, "cannot use %s: %s", f->directory,
                                                strerror(-f->place));
}

int embed_files_init(EmbedFiles *f, const char *binary, const char *output, Report *report) {
        int r;

        *f = (EmbedFiles) { .binary = binary, .fd = -1, .parent = -1, .place = -1 };
        catch_signals(f, remove_and_end);
        r = open_binary(f, report);
        if (r >= 0)
                r = find_target(f, output, report);
        if (r >= 0)
                r = make_place(f, report);
        if (r < 0)
                return r;
        f->made = path_join(f->directory, path_name(f->target));
        f->note = format("/proc/self/fd/%d/note", f->place);
        f->copy = format("/proc/self/fd/%d/%s", f->place, path_name(f->target));
        return f->made && f->note && f->copy ? 0 : report_oom(report);
}

void embed_files_deinit(EmbedFiles *f) {
        remove_files(f);
        catch_signals(NULL, SIG_DFL);
        fd_close(f->fd);
        fd_close(f->parent);
        fd_close(f->place);
        free(f->directory);
        free(f->made);
        free(f->note);
        free(f->copy);
        free(f->target);
        *f = (EmbedFiles) { .fd = -1, .parent = -1, .place = -1 };
}

static void put_word(FILE *f, bool big_endian, uint32_t word) {
        for (unsigned i = 0; i < 4; i++)
                fputc((int) (word >> (8 * (big_endian ? 3 - i : i)) & 0xff), f);
}

/* docs/elf-note.md */
static int write_note(const EmbedFiles *f, const char *text, size_t size, Report *report) {
        FILE *file = fopen(f->note, "wxe");
        bool failed;

        if (!file)
                return report_error(report, errno, "cannot write into %s: %s", f->directory, strerror(errno));
        put_word(file, f->big_endian, sizeof(NOTE_OWNER));
        put_word(file, f->big_endian, (uint32_t) size);
        put_word(file, f->big_endian, NOTE_TYPE_POLICY);
        fwrite(NOTE_OWNER "\0", 1, (sizeof(NOTE_OWNER) + 3) & ~3UL, file);
        fwrite(text, 1, size, file);
        fwrite("\0\0\0", 1, -size & 3, file);
        failed = ferror(file);
        if (fclose(file) != 0 || failed)
                return report_error(report, EIO, "cannot write into %s: %s", f->directory, strerror(EIO));
        return 0;
}

static int spawn_with_mask(const EmbedFiles *f, char *const *arguments, const sigset_t *mask, pid_t *ret) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r = posix_spawn_file_actions_init(&actions);

        (void) posix_spawnattr_init(&attributes); /* cannot fail in glibc and musl, nor can the next two */
        (void) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        (void) posix_spawnattr_setsigmask(&attributes, mask);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, f->fd, INPUT_FD);
        if (r == 0) /* clears close-on-exec */
                r = posix_spawn_file_actions_adddup2(&actions, f->place, f->place);
        if (r == 0)
                r = posix_spawnp(ret, arguments[0], &actions, &attributes, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        return -r;
}

/* The program may be replaced meanwhile, so objcopy gets it by its fd. A signal waits until its pid is known. */
static int spawn(EmbedFiles *f, char *const *arguments) {
        sigset_t all, before;
        int r;

        sigfillset(&all);
        if (sigprocmask(SIG_SETMASK, &all, &before) < 0)
                return -errno;
        r = spawn_with_mask(f, arguments, &before, &f->objcopy);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        return r;
}

/* Without --update-section, which damages a program whose allocated note grows, and in one go, because --add-section
 * does not add to a section that exists. */
static char **make_arguments(const EmbedFiles *f) {
        _cleanup_strv_free_ char **arguments = NULL;
        const char *command = getenv("OBJCOPY");
        int r;

        r = word_split(command && *command ? command : "objcopy", &arguments);
        if (r >= 0)
                r = strv_push(&arguments, "--remove-section=" NOTE_SECTION);
        if (r >= 0)
                r = strv_pushf(&arguments, "--add-section=" NOTE_SECTION "=%s", f->note);
        if (r >= 0)
                r = strv_pushf(&arguments, "/proc/self/fd/%d", INPUT_FD);
        if (r >= 0)
                r = strv_push(&arguments, f->copy);
        return r < 0 ? NULL : TAKE_PTR(arguments);
}

static int run_objcopy(EmbedFiles *f, Report *report) {
        _cleanup_strv_free_ char **arguments = make_arguments(f);
        int status, r;

        if (!arguments)
                return report_oom(report);
        r = spawn(f, arguments);
        if (r < 0)
                return report_error(report, -r, "cannot run %s: %s (it is in the package binutils, and OBJCOPY can "
                                                "name another one)", arguments[0], strerror(-r));
        r = (int) TEMP_FAILURE_RETRY(waitpid(f->objcopy, &status, 0));
        f->objcopy = 0;
        if (r < 0)
                return report_error(report, errno, "cannot wait for %s: %s", arguments[0], strerror(errno));
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        return report_error(report, EIO, "%s failed for %s (for a program of another architecture, set OBJCOPY to one "
                                         "that knows it)", arguments[0], f->binary);
}

/* Some versions of llvm-objcopy damage the names of sections in programs of Go, and succeed. */
static int check_made(const EmbedFiles *f, const char *text, size_t size, Report *report) {
        _cleanup_close_ int fd = file_open_regular(f->copy);
        _cleanup_(notes_deinit) Notes notes = {};
        Report silent = {};

        if (fd >= 0 && notes_read(fd, f->made, &notes, &silent) >= 0 && notes.n == 1 && notes.items[0].size == size &&
            memcmp(notes.items[0].text, text, size) == 0)
                return 0;
        return report_error(report, EIO, "%s did not put the policy into a copy of %s (OBJCOPY can name another one)",
                            getenv("OBJCOPY") ?: "objcopy", f->binary);
}

int embed_files_make(EmbedFiles *f, const char *text, size_t size, Report *report) {
        int r = write_note(f, text, size, report);

        if (r >= 0)
                r = run_objcopy(f, report);
        return r < 0 ? r : check_made(f, text, size, report);
}

static void copy_attribute(const EmbedFiles *f, int made, const char *name, Report *report) {
        _cleanup_free_ char *value = malloc(XATTR_SIZE_MAX);
        ssize_t size = value ? fgetxattr(f->fd, name, value, XATTR_SIZE_MAX) : -1;

        /* They sign the old content. */
        if (streq(name, "security.ima") || streq(name, "security.evm"))
                report_notice(report, "%s loses the attribute %s, which signs the file without the policy", f->target,
                              name);
        else if (size < 0 || fsetxattr(made, name, value, (size_t) size, 0) < 0)
                report_notice(report, "%s loses the attribute %s: %s", f->target, name, strerror(errno));
}

static void copy_attributes(const EmbedFiles *f, int made, Report *report) {
        char names[XATTR_LIST_MAX];
        ssize_t size = flistxattr(f->fd, names, sizeof(names));

        if (size < 0 && errno != ENOTSUP)
                report_notice(report, "cannot list the attributes of %s: %s", f->binary, strerror(errno));
        for (const char *name = names; size > 0 && name < names + size; name += strlen(name) + 1)
                copy_attribute(f, made, name, report);
}

/* Another owner would change who may write to the program, and whose sidecar counts. */
static int keep(const EmbedFiles *f, int made, Report *report) {
        if (f->in_place && fchown(made, f->st.st_uid, f->st.st_gid) < 0)
                return report_error(report, errno, "cannot keep the owner of %s: %s (-o OUT writes a copy of yours)",
                                    f->target, strerror(errno));
        if (fchmod(made, f->st.st_mode & 07777) < 0)
                return report_error(report, errno, "cannot set the mode of %s: %s", f->made, strerror(errno));
        copy_attributes(f, made, report);
        return fsync(made) < 0 ? report_error(report, errno, "cannot write %s: %s", f->made, strerror(errno)) : 0;
}

int embed_files_move(EmbedFiles *f, Report *report) {
        const char *name = path_name(f->target);
        _cleanup_close_ int made = openat(f->place, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        int r;

        if (made < 0)
                return report_error(report, errno, "cannot read %s: %s", f->made, strerror(errno));
        r = keep(f, made, report);
        if (r < 0)
                return r;
        if (f->in_place && (fstatat(f->parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != f->st.st_dev ||
                            st.st_ino != f->st.st_ino))
                return report_error(report, ESTALE, "%s has been replaced meanwhile", f->target);
        if (renameat(f->place, name, f->parent, name) < 0)
                return report_error(report, errno, "cannot write %s: %s", f->target, strerror(errno));
        return 0;
}
