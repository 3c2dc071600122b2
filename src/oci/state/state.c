/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/json.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/process.h"
#include "util/text.h"

const char *status_name(Status status) {
        static const char *const names[] = { [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
                                             [STATUS_PAUSED] = "paused", [STATUS_STOPPED] = "stopped" };

        return names[status];
}

void state_deinit(State *state) {
        free(state->root);
        free(state->id);
        fd_close(state->directory);
        json_decref(state->json);
        *state = (State) { .directory = -1 };
}

/* The names that runc accepts. */
static int check_id(const char *id, Report *report) {
        const size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-");

        if (n == 0 || id[n] || n > NAME_MAX || *id == '.')
                return report_error(report, EINVAL, "invalid container ID: \"%.300s\" has an invalid character, or "
                                    "begins with a point (valid: letters, digits and _+.-)", id);
        return 0;
}

static int begin(const char *root, const char *id, State *ret, Report *report) {
        int r = check_id(id, report);

        if (r < 0)
                return r;
        *ret = (State) { .root = strdup(root), .id = strdup(id), .directory = -1 };
        return ret->root && ret->id ? 0 : report_oom(report);
}

/* containerd names a directory whose parents are not there yet. Returns 0, or -1 with errno. */
static int make_with_parents(const char *path) {
        _cleanup_free_ char *parent = NULL;

        if (mkdir(path, 0700) >= 0 || errno == EEXIST)
                return 0;
        if (errno != ENOENT)
                return -1;
        parent = path_parent(path);
        if (!parent || streq(parent, path) || streq(parent, "."))
                return -1;
        if (make_with_parents(parent) < 0)
                return -1;
        return mkdir(path, 0700) >= 0 || errno == EEXIST ? 0 : -1;
}

/* Whoever can write to the directory decides which processes are signalled, and where sockets are. */
static int open_root(const char *root, bool make, int *ret, Report *report) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (make && make_with_parents(root) < 0)
                return report_error(report, errno, "cannot make %s: %s", root, strerror(errno));
        fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        if (fd < 0 || fstat(fd, &st) < 0)
                return report_error(report, errno, "cannot open %s: %s", root, strerror(errno));
        if ((st.st_uid != geteuid() && st.st_uid != 0) || st.st_mode & 0022)
                return report_error(report, EPERM, "others can write to %s: see --root", root);
        *ret = TAKE_FD(fd);
        return 0;
}

int state_make(const char *root, const char *id, State *ret, Report *report) {
        _cleanup_close_ int directory = -1;
        int r = begin(root, id, ret, report);

        if (r >= 0)
                r = open_root(root, true, &directory, report);
        if (r < 0)
                return r;
        if (mkdirat(directory, id, 0700) < 0)
                return report_error(report, errno, errno == EEXIST ? "the container %s exists" :
                                                                     "cannot make the state of %s: %m", id);
        ret->directory = openat(directory, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (ret->directory < 0)
                return report_error(report, errno, "cannot open the state of %s: %s", id, strerror(errno));
        return 0;
}

/* delete kills what is in the cgroup. */
static bool is_whole(const State *state) {
        const json_t *pid = json_object_get(state->json, "pid"), *cgroup = json_object_get(state->json, "cgroup"),
                     *inode = json_object_get(state->json, "cgroupInode");

        return state->version && state->bundle && state->root_path && state->created && state->pid > 0 &&
               json_integer_value(pid) == state->pid && (!cgroup || json_is_null(cgroup) || state->cgroup) &&
               (state->cgroup ? path_is_safe(state->cgroup) : !state->systemd) &&
               (!inode || json_integer_value(inode) > 0);
}

static int half_made(const State *state, Report *report) {
        return report_error(report, EBUSY, "the container %s is still being created, or was left half made (delete "
                            "--force removes it)", state->id);
}

static int take_json(State *state, Report *report) {
        state->version = json_text_of(state->json, "ociVersion");
        state->bundle = json_text_of(state->json, "bundle");
        state->root_path = json_text_of(state->json, "rootfs");
        state->created = json_text_of(state->json, "created");
        state->cgroup = json_text_of(state->json, "cgroup");
        state->cgroup_inode = (uint64_t) json_integer_value(json_object_get(state->json, "cgroupInode"));
        state->cgroup_root = (uint64_t) json_integer_value(json_object_get(state->json, "cgroupRoot"));
        state->cgroup_claimed = json_is_true(json_object_get(state->json, "cgroupClaimed"));
        state->systemd = json_is_true(json_object_get(state->json, "systemd"));
        state->pid = (pid_t) json_integer_value(json_object_get(state->json, "pid"));
        state->started = (uint64_t) json_integer_value(json_object_get(state->json, "started"));
        state->half = json_is_true(json_object_get(state->json, "half"));
        if (state->half && (!state->cgroup || path_is_safe(state->cgroup)))
                return half_made(state, report);
        if (!state->half && is_whole(state))
                return 0;
        return report_error(report, EBADMSG, "the state of %s is damaged", state->id);
}

/* A reader sees the old file or the new one, all of it. */
static int replace(const State *state, const char *file, const char *new, const char *text, Report *report) {
        _cleanup_close_ int fd = openat(state->directory, new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                                        0600);
        int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

        if (r >= 0 && renameat(state->directory, new, state->directory, file) < 0)
                r = -errno;
        return r < 0 ? report_error(report, -r, "cannot write the state of %s: %s", state->id, strerror(-r)) : 0;
}

int state_write_config(const State *state, const char *text, Report *report) {
        return replace(state, STATE_CONFIG, STATE_CONFIG ".new", text, report);
}

int state_write_half(const State *state, Report *report) {
        json_t *json = json_pack("{sb ss* sI sI sb si sI}", "half", 1, "cgroup", state->cgroup, "cgroupInode",
                                 (json_int_t) state->cgroup_inode, "cgroupRoot", (json_int_t) state->cgroup_root,
                                 "cgroupClaimed", (int) state->cgroup_claimed, "pid", (int) state->pid, "started",
                                 (json_int_t) state->started);
        _cleanup_free_ char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

        json_decref(json);
        return text ? replace(state, STATE_FILE, STATE_FILE ".new", text, report) : report_oom(report);
}

int state_write(State *state, Report *report) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (json_object_set_new(state->json, "pid", json_integer(state->pid)) < 0 ||
            json_object_set_new(state->json, "started", json_integer((json_int_t) state->started)) < 0)
                return report_oom(report);
        text = json_dumps(state->json, JSON_INDENT(2));
        if (!text)
                return report_oom(report);
        r = replace(state, STATE_FILE, STATE_FILE ".new", text, report);
        return r < 0 ? r : take_json(state, report);
}

int state_load(const char *root, const char *id, State *ret, Report *report) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int directory = -1;
        size_t size;
        int r = begin(root, id, ret, report);

        if (r >= 0)
                r = open_root(root, false, &directory, report);
        if (r < 0 && r != -ENOENT)
                return r;
        ret->directory = r < 0 ? -1 : openat(directory, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (r < 0 || (ret->directory < 0 && errno == ENOENT))
                return report_error(report, ENOENT, "the container %s does not exist", id);
        r = ret->directory < 0 ? -errno : file_read(ret->directory, STATE_FILE, &text, &size);
        if (r == -ENOENT)
                return half_made(ret, report);
        if (r < 0)
                return report_error(report, -r, "cannot read the state of %s: %s", id, strerror(-r));
        ret->json = json_parse(text, size, STATE_FILE, report);
        return ret->json ? take_json(ret, report) : -EBADMSG;
}

bool state_is_paused(const State *state) {
        _cleanup_free_ char *path = state->cgroup ? format("/sys/fs/cgroup%s/cgroup.freeze", state->cgroup) : NULL;
        _cleanup_free_ char *value = NULL;

        return path && file_read_line(AT_FDCWD, path, &value) >= 0 && streq(value, "1");
}

/* The pidfd first: if the process has started when the state says, the number was not another one's by then. */
int state_status(const State *state, Status *ret, int *ret_pidfd, Report *report) {
        _cleanup_close_ int pidfd = process_open(state->pid);
        uint64_t started;

        if (pidfd < 0 && pidfd != -ESRCH)
                return report_error(report, -pidfd, "cannot ask for the first process of %s: %s", state->id,
                                    strerror(-pidfd));
        /* A zombie is readable: pidfd_open(2). */
        if (pidfd < 0 || poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, 0) != 0 ||
            process_started(state->pid, &started) < 0 || started != state->started) {
                *ret = STATUS_STOPPED;
                pidfd = fd_close(pidfd);
        } else if (state_is_paused(state))
                *ret = STATUS_PAUSED;
        else
                *ret = faccessat(state->directory, STATE_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? STATUS_CREATED :
                                                                                                    STATUS_RUNNING;
        if (ret_pidfd)
                *ret_pidfd = TAKE_FD(pidfd);
        return 0;
}

/* By the directory's fd, since an address has room for 107 bytes only. */
struct sockaddr_un state_socket_address(const State *state) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATE_SOCKET, state->directory);
        return address;
}

bool state_is_removed(const State *state) {
        struct stat st;

        return fstat(state->directory, &st) >= 0 && st.st_nlink == 0;
}

static int remove_directory(const State *state) {
        _cleanup_close_ int root = open(state->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        static const char *const files[] = { STATE_SOCKET, STATE_CONFIG ".new", STATE_CONFIG, STATE_FILE ".new",
                                             STATE_FILE };

        if (root < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                (void) unlinkat(state->directory, files[i], 0);
        return unlinkat(root, state->id, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int state_remove(const State *state, Report *report) {
        int r = remove_directory(state);

        if (r < 0 && r != -ENOENT)
                return report_error(report, -r, "cannot remove the state of %s: %s", state->id, strerror(-r));
        return r >= 0;
}
