/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts: what is built in and what the policy asks for, placed one by one, parents first, into a model of the
 * new root, so that each entry is known to have a place. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <linux/sched.h>
#include <sys/stat.h>

#include "plan/build-root.h"
#include "util/array.h"
#include "util/path.h"

#define TMPFS_SIZE "size=64M"

/* A directory with more than this is not copied into memory, bind by bind, to put one more into it. */
enum { MERGE_MAX = 512 };

static int add(RootBuilder *rb, PlanMount mount) {
        PlanMount *m = ARRAY_APPEND(rb->wanted, rb->n_wanted);

        if (!m) {
                plan_mount_deinit(&mount);
                return -ENOMEM;
        }
        *m = mount;
        return m->destination ? 0 : -ENOMEM;
}

/* The options of a tmpfs that is the payload's own. */
static char *own_tmpfs(const Plan *plan, const char *mode, const char *rest) {
        char *s;

        if (!plan->set_ids)
                return asprintf(&s, "mode=%s,%s", mode, rest) < 0 ? NULL : s;
        return asprintf(&s, "mode=%s,uid=%u,gid=%u,%s", mode, plan->uid, plan->gid, rest) < 0 ? NULL : s;
}

static int add_tmpfs(RootBuilder *rb, const char *destination, const char *mode) {
        char *options = own_tmpfs(rb->b->plan, mode, TMPFS_SIZE);

        return add(rb, (PlanMount) { .kind = MOUNT_TMPFS, .destination = strdup(destination), .options = options,
                                     .directory = true });
}

static int add_directory(RootBuilder *rb, const char *destination, mode_t mode) {
        return add(rb, (PlanMount) { .kind = MOUNT_DIRECTORY, .destination = strdup(destination), .directory = true,
                                     .mode = mode });
}

static int add_symlink(RootBuilder *rb, const char *destination, const char *target) {
        return add(rb, (PlanMount) { .kind = MOUNT_SYMLINK, .destination = strdup(destination),
                                     .source = strdup(target) });
}

/* An empty directory in place of one of the host's, where the host has it. */
static int add_hidden(RootBuilder *rb, const char *destination, DirectiveId id) {
        const Setting *s = id == _DIRECTIVE_MAX ? NULL : policy_get(rb->b->policy, id);

        return add(rb, (PlanMount) {
                               .kind = MOUNT_TMPFS,
                               .destination = strdup(destination),
                               .options = strdup("mode=755,size=4k"),
                               .directory = true,
                               .read_only = true,
                               .optional = true,
                               .origin = s ? s->origin : (Origin) {},
                       });
}

static int add_devices(RootBuilder *rb) {
        static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };
        static const char *const links[][2] = { { "/dev/ptmx", "pts/ptmx" },
                                                { "/dev/fd", "/proc/self/fd" },
                                                { "/dev/stdin", "/proc/self/fd/0" },
                                                { "/dev/stdout", "/proc/self/fd/1" },
                                                { "/dev/stderr", "/proc/self/fd/2" } };
        int r = 0;

        if (!policy_is_true(rb->b->policy, D_PrivateDevices))
                return add(rb, (PlanMount) { .kind = MOUNT_BIND, .destination = strdup("/dev"),
                                             .source = strdup("/dev"), .directory = true, .recursive = true,
                                             .devices = true, .read_only = true,
                                             .origin = policy_get(rb->b->policy, D_PrivateDevices)->origin });

        r = add(rb, (PlanMount) { .kind = MOUNT_TMPFS, .destination = strdup("/dev"), .directory = true,
                                  .options = strdup("mode=755,size=64k"), .read_only = true });
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(nodes); i++) {
                char *path = path_join("/dev", nodes[i]);

                /* Read-only is the node, not the device: its mode and times are the host's. */
                r = add(rb, (PlanMount) { .kind = MOUNT_BIND, .destination = path, .source = path ? strdup(path) : NULL,
                                          .devices = true, .read_only = true });
        }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(links); i++)
                r = add_symlink(rb, links[i][0], links[i][1]);
        if (r >= 0)
                r = add(rb, (PlanMount) { .kind = MOUNT_DEVPTS, .destination = strdup("/dev/pts"),
                                          .directory = true, .devices = true,
                                          .options = strdup("newinstance,ptmxmode=0666,mode=620") });
        return r < 0 ? r : add_tmpfs(rb, "/dev/shm", "1777");
}

/* /proc is read-only: what can be written there acts on the host where uid 0 inside is the host's (/proc/sys tests
 * the global root's id, not a capability). Where the payload makes namespaces it must write its id maps there. */
static int add_proc(RootBuilder *rb) {
        const Policy *policy = rb->b->policy;
        const char *who = policy_get(policy, D_ProtectProc)->value.text,
                   *subset = policy_get(policy, D_ProcSubset)->value.text;
        bool nesting = policy_is_true(policy, D_Nesting);
        char *options;
        int r;

        if (asprintf(&options, "%s%s%s", streq(who, "default") ? "" : "hidepid=", streq(who, "default") ? "" : who,
                     streq(subset, "pid") ? (streq(who, "default") ? "subset=pid" : ",subset=pid") : "") < 0)
                return -ENOMEM;
        r = add(rb, (PlanMount) { .kind = MOUNT_PROC, .destination = strdup("/proc"), .options = options,
                                  .directory = true, .read_only = !nesting });
        if (r < 0 || nesting || streq(subset, "pid"))
                return r;
        /* It lists the keys of the user, whatever the namespace: keyrings(7). */
        return add(rb, (PlanMount) { .kind = MOUNT_BLOCKED, .destination = strdup("/proc/keys"), .read_only = true,
                                     .optional = true });
}

/* What programs look for below a /var and a /run that begin empty. */
static int add_skeleton(RootBuilder *rb) {
        static const char *const directories[] = { "/var/cache", "/var/lib", "/var/log" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++)
                r = add_directory(rb, directories[i], 0755);
        if (r >= 0)
                r = add_directory(rb, "/run/lock", 01777);
        if (r >= 0)
                r = add_symlink(rb, "/var/lock", "/run/lock");
        if (r >= 0)
                r = add_symlink(rb, "/var/run", "/run");
        return r;
}

static int add_private(RootBuilder *rb) {
        bool private_tmp = policy_is_true(rb->b->policy, D_PrivateTmp);
        int r = 0;

        if (private_tmp)
                r = add_tmpfs(rb, "/tmp", "1777");
        if (r >= 0)
                r = add_tmpfs(rb, "/run", "755");
        if (!rb->host_root)
                return r >= 0 && private_tmp ? add_tmpfs(rb, "/var/tmp", "1777") : r;

        if (r >= 0)
                r = add_tmpfs(rb, "/var", "755");
        if (r >= 0)
                r = add_skeleton(rb);
        if (r < 0)
                return r;
        return private_tmp ? add_directory(rb, "/var/tmp", 01777)
                           : add(rb, (PlanMount) { .kind = MOUNT_BIND, .destination = strdup("/var/tmp"),
                                                   .source = strdup("/var/tmp"), .directory = true,
                                                   .read_only = true, .recursive = true });
}

static int add_built_in(RootBuilder *rb) {
        const char *home = policy_get(rb->b->policy, D_ProtectHome)->value.text;
        int r;

        r = add_proc(rb);
        if (r >= 0)
                r = add_devices(rb);
        if (r >= 0)
                r = add_private(rb);
        if (r >= 0 && (streq(home, "yes") || streq(home, "tmpfs"))) {
                r = add_hidden(rb, "/home", D_ProtectHome);
                if (r >= 0)
                        r = add_hidden(rb, "/root", D_ProtectHome);
        }
        if (r >= 0 && rb->host_root) {
                r = add_hidden(rb, "/boot", _DIRECTIVE_MAX);
                if (r >= 0)
                        r = add_hidden(rb, "/sys", _DIRECTIVE_MAX);
        }
        if (r >= 0 && rb->b->plan->delegate)
                r = add(rb, (PlanMount) { .kind = MOUNT_CGROUP, .destination = strdup("/sys/fs/cgroup"),
                                          .directory = true, .key = "Delegate",
                                          .origin = policy_get(rb->b->policy, D_Delegate)->origin });
        return r;
}

/* A source is resolved here, with all its symlinks; the start opens what came out without following any. */
static int resolve_source(Builder *b, const Setting *s, DirectiveId id, const char *source, char **ret,
                          bool *ret_directory) {
        struct stat st;
        char *real;

        real = realpath(source, NULL);
        if (!real || stat(real, &st) < 0) {
                int error = errno;

                free(real);
                if (s->value.optional && error == ENOENT)
                        return 0;
                return build_error(b, s, id, error, "%s: %s", source, strerror(error));
        }
        *ret = real;
        *ret_directory = S_ISDIR(st.st_mode);
        return 1;
}

static int add_bind(RootBuilder *rb, DirectiveId id, const Setting *s) {
        PlanMount m = {
                .kind = MOUNT_BIND,
                .read_only = s->value.number & BIND_READ_ONLY,
                .recursive = !(s->value.number & BIND_NO_RECURSE),
                .no_exec = s->value.number & BIND_NO_EXEC,
                .origin = s->origin,
                .key = directive_table[id].name,
        };
        int r;

        r = resolve_source(rb->b, s, id, s->value.words[0], &m.source, &m.directory);
        if (r <= 0)
                return r;
        m.destination = strdup(s->value.words[1]);
        return add(rb, m);
}

static int add_policy_tmpfs(RootBuilder *rb, DirectiveId id, const Setting *s) {
        _cleanup_free_ char *rest = strdup(TMPFS_SIZE);
        const char *mode = "0755";
        PlanMount m = { .kind = MOUNT_TMPFS, .directory = true, .origin = s->origin, .key = directive_table[id].name };

        for (char **o = s->value.words + 1; *o && rest; o++) {
                char *joined;

                if (streq(*o, "ro") || streq(*o, "rw"))
                        m.read_only = streq(*o, "ro");
                else if (streq(*o, "noexec") || streq(*o, "exec"))
                        m.no_exec = streq(*o, "noexec");
                else if (startswith(*o, "mode="))
                        mode = *o + strlen("mode=");
                else if (strchr(*o, '=')) {
                        if (asprintf(&joined, "%s,%s", rest, *o) < 0)
                                joined = NULL;
                        free(rest);
                        rest = joined;
                }
        }
        if (!rest)
                return -ENOMEM;

        m.options = own_tmpfs(rb->b->plan, mode, rest);
        m.destination = strdup(s->value.words[0]);
        return m.options ? add(rb, m) : -ENOMEM;
}

static int add_blocked(RootBuilder *rb, DirectiveId id, const Setting *s) {
        return add(rb, (PlanMount) { .kind = MOUNT_BLOCKED, .destination = strdup(s->value.text), .read_only = true,
                                     .optional = s->value.optional, .origin = s->origin,
                                     .key = directive_table[id].name });
}

static int add_policy(RootBuilder *rb) {
        static const struct {
                DirectiveId id;
                int (*add)(RootBuilder *rb, DirectiveId id, const Setting *s);
        } table[] = {
                { D_BindPaths, add_bind },
                { D_BindReadOnlyPaths, add_bind },
                { D_Volume, add_bind },
                { D_TemporaryFileSystem, add_policy_tmpfs },
                { D_InaccessiblePaths, add_blocked },
        };
        int result = 0;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const SettingList *list = build_list(rb->b, table[i].id);

                for (size_t k = 0; k < list->n && result != -ENOMEM; k++) {
                        int r = table[i].add(rb, table[i].id, &list->items[k]);

                        if (r < 0)
                                result = r;
                }
        }
        return result;
}

static int mount_error(RootBuilder *rb, const PlanMount *m, int error, const char *format, ...) _printf_(4, 5);
static int mount_error(RootBuilder *rb, const PlanMount *m, int error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = report_error_atv(rb->b->report, m->origin, m->key, error, format, ap);
        va_end(ap);
        return r;
}

/* What the policy says of a place stands over what is built in; two lines of the policy on one place contradict
 * each other. Returns 1 where m is to take the place, 0 where it is to be left out. */
static int settle_conflict(RootBuilder *rb, const PlanMount *m, PlanMount *there) {
        _cleanup_free_ char *where = NULL;

        if (!m->key)
                return 0;
        if (!there->key)
                return 1;

        where = origin_format(there->origin);
        return mount_error(rb, m, EEXIST, "%s: a mount is there already, by %s= of %s", m->destination, there->key,
                           where ?: "?");
}

static int count_entries(const char *path) {
        DIR *d = opendir(path);
        int n = 0;

        if (!d)
                return -errno;
        while (readdir(d))
                n++;
        closedir(d);
        return n;
}

static bool is_writable_volume(const PlanMount *m) {
        return m->kind == MOUNT_BIND && !m->read_only;
}

/* Makes the nearest directory that exists one to which more can be added. */
static int make_room(RootBuilder *rb, const PlanMount *m, Spot *spot) {
        PlanMount *there = root_model_find(&rb->model, spot->nearest);
        int n;

        if (there && there->merge)
                return 0;
        if (is_writable_volume(spot->cover))
                return mount_error(rb, m, ENOENT,
                                   "%s does not exist, and nothing is made inside a writable volume (%s): make it there",
                                   m->destination, spot->cover->source);

        n = count_entries(spot->nearest_host);
        if (n < 0)
                return mount_error(rb, m, -n, "%s does not exist, and %s cannot be read to make it in memory: %s",
                                   m->destination, spot->nearest_host, strerror(-n));
        if (n > MERGE_MAX)
                return mount_error(rb, m, E2BIG,
                                   "%s does not exist, and %s has too many entries to make it in memory there: "
                                   "choose a destination in another directory, such as /run",
                                   m->destination, spot->nearest);

        if (there) {
                there->merge = true;
                return 0;
        }
        there = root_model_add(&rb->model, (PlanMount) {
                                                   .kind = MOUNT_MERGE,
                                                   .destination = strdup(spot->nearest),
                                                   .source = strdup(spot->nearest_host),
                                                   .directory = true,
                                                   .read_only = true,
                                                   .exact = true,
                                                   .merge = true,
                                                   .origin = m->origin,
                                                   .key = m->key,
                                           });
        return there ? 0 : -ENOMEM;
}

static bool takes_new_entries(const PlanMount *cover) {
        return cover->kind == MOUNT_TMPFS || cover->kind == MOUNT_ROOT || cover->kind == MOUNT_BIND ||
               cover->kind == MOUNT_MERGE;
}

/* The destination is not there. Returns 1 where it can be made, 0 where m is to be left out. */
static int place_missing(RootBuilder *rb, const PlanMount *m, Spot *spot) {
        int r;

        if (m->optional)
                return 0;
        if (m->kind == MOUNT_BLOCKED)
                return mount_error(rb, m, ENOENT, "%s: there is no such path inside (write -%s to ignore that)",
                                   m->destination, m->destination);
        if (!takes_new_entries(spot->cover))
                return mount_error(rb, m, ENOENT, "%s does not exist, and cannot be made in %s", m->destination,
                                   spot->cover->destination);
        if (!spot->nearest_host)
                return 1;
        r = make_room(rb, m, spot);
        return r < 0 ? r : 1;
}

static int place_existing(RootBuilder *rb, PlanMount *m, Spot *spot) {
        PlanMount *there = root_model_find(&rb->model, spot->path);
        int r;

        if (m->kind == MOUNT_BLOCKED)
                m->directory = spot->directory;
        if (m->directory != spot->directory)
                return mount_error(rb, m, m->directory ? ENOTDIR : EISDIR, "%s is a %s, and %s a %s", m->destination,
                                   spot->directory ? "directory" : "file", m->source ?: "what is to be there",
                                   m->directory ? "directory" : "file");
        m->exact = true;
        if (!there)
                return 1;

        r = settle_conflict(rb, m, there);
        if (r <= 0)
                return r;
        /* In its place in the model, which others may have been placed by. */
        m->exact = there->exact;
        m->merge = false;
        free(m->destination);
        m->destination = TAKE_PTR(there->destination);
        plan_mount_deinit(there);
        *there = *m;
        *m = (PlanMount) {};
        return 0;
}

/* The root, and what was made of it to have room for more, are not of the policy's choice. */
static bool is_policy_volume(const PlanMount *m) {
        return m->key && m->kind != MOUNT_ROOT && m->kind != MOUNT_MERGE;
}

/* Takes over *m. */
static int place(RootBuilder *rb, PlanMount *m) {
        _cleanup_(spot_deinit) Spot spot = {};
        int r;

        r = root_model_walk(&rb->model, m->destination, &spot);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return mount_error(rb, m, -r, "%s: %s", m->destination, strerror(-r));

        /* What is built in below a place that the policy has filled is not wanted there. */
        if (!m->key && !m->origin.file && (spot.through_volume || is_policy_volume(spot.cover)))
                return 0;
        if (spot.through_volume)
                return mount_error(rb, m, ELOOP,
                                   "%s: the way there is a symlink in a writable volume, which whoever writes there "
                                   "chooses", m->destination);
        if (m->kind == MOUNT_BLOCKED && spot.exists && is_writable_volume(spot.cover))
                report_notice_at(rb->b->report, m->origin, m->key,
                                 "%s lies in the writable volume %s: what can be written there can be moved to another "
                                 "path for the next start", m->destination, spot.cover->destination);

        r = spot.exists ? place_existing(rb, m, &spot) : place_missing(rb, m, &spot);
        if (r <= 0)
                return r;

        free(m->destination);
        m->destination = TAKE_PTR(spot.path);
        if (!root_model_add(&rb->model, *m))
                r = -ENOMEM;
        *m = (PlanMount) {};
        return r < 0 ? r : 0;
}

int root_builder_place(RootBuilder *rb, PlanMount mount) {
        int r = mount.destination ? place(rb, &mount) : -ENOMEM;

        plan_mount_deinit(&mount);
        return r;
}

/* What is to be hidden comes last, when all that might bring it to light has its place; what is built in after the
 * policy's own where both want the same place; and of two lines of the policy the earlier one first. */
static int compare_wanted(const void *a, const void *b) {
        const PlanMount *m = a, *n = b;
        int c = (m->kind == MOUNT_BLOCKED) - (n->kind == MOUNT_BLOCKED);

        c = c ?: destination_compare(m->destination, n->destination);
        c = c ?: !m->key - !n->key;
        return c ?: (int) m->origin.line - (int) n->origin.line;
}

static int place_all(RootBuilder *rb) {
        int result = 0;

        qsort(rb->wanted, rb->n_wanted, sizeof(PlanMount), compare_wanted);
        for (size_t i = 0; i < rb->n_wanted && result != -ENOMEM; i++) {
                int r = place(rb, &rb->wanted[i]);

                if (r < 0)
                        result = r;
        }
        return result;
}

static int begin_root(RootBuilder *rb) {
        const Setting *s = policy_get(rb->b->policy, D_RootDirectory);
        PlanMount root = { .kind = MOUNT_ROOT, .destination = strdup("/"), .directory = true, .read_only = true,
                           .recursive = true, .exact = true, .origin = s->origin, .key = "RootDirectory" };
        int r;

        r = resolve_source(rb->b, s, D_RootDirectory, s->value.text, &root.source, &root.directory);
        if (r >= 0 && !root.directory)
                r = build_error(rb->b, s, D_RootDirectory, ENOTDIR, "%s is no directory", s->value.text);
        if (r < 0) {
                plan_mount_deinit(&root);
                return r;
        }
        rb->host_root = streq(root.source, "/");
        return root_model_add(&rb->model, root) ? 0 : -ENOMEM;
}

static int compare_placed(const void *a, const void *b) {
        return destination_compare((*(PlanMount *const *) a)->destination, (*(PlanMount *const *) b)->destination);
}

/* Moves what was placed into the plan. */
static int finish(RootBuilder *rb) {
        RootModel *model = &rb->model;
        Plan *plan = rb->b->plan;

        plan->mounts = calloc(model->n_mounts, sizeof(PlanMount));
        if (!plan->mounts)
                return -ENOMEM;

        qsort(model->mounts, model->n_mounts, sizeof(PlanMount *), compare_placed);
        for (size_t i = 0; i < model->n_mounts; i++) {
                plan->mounts[i] = *model->mounts[i];
                model->mounts[i]->destination = model->mounts[i]->source = model->mounts[i]->options = NULL;
        }
        plan->n_mounts = model->n_mounts;
        return 0;
}

/* An inner /proc is only given out where the outer one is whole: nothing over it, not a part of it. */
static int check_proc(Builder *b) {
        const Setting *who = policy_get(b->policy, D_ProtectProc), *subset = policy_get(b->policy, D_ProcSubset);
        bool inner = policy_is_true(b->policy, D_Nesting) || build_allows_namespace(b->policy, CLONE_NEWUSER);
        int r = 0;

        if (!inner)
                return 0;
        if (!streq(who->value.text, "default"))
                r = build_error(b, who, D_ProtectProc, EINVAL,
                                "cannot be held where user namespaces can be made inside (Nesting=yes or "
                                "RestrictNamespaces= without user): a /proc mounted there would show everything");
        if (!streq(subset->value.text, "all"))
                r = build_error(b, subset, D_ProcSubset, EINVAL,
                                "cannot be held where user namespaces can be made inside (Nesting=yes or "
                                "RestrictNamespaces= without user): a /proc mounted there would show everything");
        return r;
}

static void root_builder_deinit(RootBuilder *rb) {
        for (size_t i = 0; i < rb->n_wanted; i++)
                plan_mount_deinit(&rb->wanted[i]);
        free(rb->wanted);
        root_model_deinit(&rb->model);
}

int build_root(Builder *b) {
        _cleanup_(root_builder_deinit) RootBuilder rb = { .b = b };
        int r, q;

        q = check_proc(b);
        r = begin_root(&rb);
        if (r >= 0)
                r = add_built_in(&rb);
        if (r >= 0) {
                r = add_policy(&rb);
                if (r != -ENOMEM) {
                        int p = place_all(&rb);

                        r = r < 0 ? r : p;
                }
        }
        if (r >= 0)
                r = build_command(&rb);
        if (r >= 0)
                r = build_working_directory(&rb);
        if (r >= 0)
                r = finish(&rb);
        if (r == -ENOMEM)
                return report_oom(b->report);
        return r < 0 ? r : q;
}
